import type { Word } from './words.ts'

export const USAGE_PROBLEM_KINDS = [
  'unknown-command', 'plugin', 'unknown-flag', 'removed-flag', 'deprecated-flag', 'missing-value', 'bad-value',
  'unknown-resource', 'type-and-name-mixed', 'name-with-all-namespaces', 'name-with-selector',
  'exec-without-dash', 'missing-argument', 'too-many-arguments', 'missing-flag',
] as const // prettier-ignore
export type UsageProblemKind = (typeof USAGE_PROBLEM_KINDS)[number]

/** Something kubectl refuses before it does anything, or (`certain: false`) something to ask about. */
export interface UsageProblem {
  kind: UsageProblemKind
  /** What is wrong, without a full stop. */
  message: string
  /** What to write instead, as one sentence. */
  remedy: string
  /** Place in the argv as it was given. */
  argIndex: number
  /** False: depends on plug-ins or the version of kubectl, so it is a question and not an error. */
  certain: boolean
}

export function problem(
  kind: UsageProblemKind,
  at: Word | number,
  message: string,
  remedy: string,
): UsageProblem {
  return { kind, message, remedy, argIndex: typeof at === 'number' ? at : at.index, certain: true }
}

export const question = (
  kind: UsageProblemKind,
  at: Word | number,
  message: string,
  remedy: string,
): UsageProblem => ({
  ...problem(kind, at, message, remedy),
  certain: false,
})
