import type { Proof } from './model.ts'

/**
 * `proved`: on this very text, within its review cycle. `stale`: on this text, but longer ago. `changed`: the text is
 * another one now. `failed`: the newest rehearsal of some scenario on this text failed. `never`: none has passed.
 */
export const PROOF_STATES = ['proved', 'stale', 'changed', 'failed', 'never'] as const
export type ProofState = (typeof PROOF_STATES)[number]

export interface ProofStatus {
  state: ProofState
  /** When the rehearsal was that decides. */
  at: string | null
  scenario: string | null
  target: string | null
  /** For people: "proved 3 days ago on this text". */
  text: string
}

/** One procedure of one text of a page. */
export interface Provable {
  page: string
  procedure: string
  contentHash: string
  /** Months after which a proof is stale; `null` where the page names no cycle. */
  reviewMonths: number | null
}

type Known = Pick<
  Proof,
  'scenario' | 'page' | 'procedure' | 'contentHash' | 'target' | 'at' | 'passed' | 'reason'
>

/** For pages that name no review cycle. */
const DEFAULT_REVIEW_MONTHS = 3
const DAY_MS = 86_400_000
const MONTH_MS = (365.25 / 12) * DAY_MS

/** What the rehearsals known say about a procedure, now. */
export function proofStatus(proofs: readonly Known[], subject: Provable, now: Date): ProofStatus {
  const own = proofs
    .filter(
      (proof) =>
        proof.procedure === subject.procedure &&
        (proof.contentHash === subject.contentHash || samePage(proof.page, subject.page)),
    )
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  const newest = newestOfEach(own.filter((proof) => proof.contentHash === subject.contentHash))
  const ago = (proof: Known): string => inWords(now.getTime() - Date.parse(proof.at))
  const failed = newest.find((proof) => !proof.passed)
  if (failed !== undefined) {
    return status('failed', failed, `not proved: ${failed.scenario} failed ${ago(failed)} (${failed.reason})`)
  }
  const proved = newest[0]
  if (proved !== undefined) {
    const limitMs = (subject.reviewMonths ?? DEFAULT_REVIEW_MONTHS) * MONTH_MS
    return now.getTime() - Date.parse(proved.at) > limitMs
      ? status('stale', proved, `proved ${ago(proved)} on this text, longer ago than its review cycle`)
      : status('proved', proved, `proved ${ago(proved)} on this text`)
  }
  const before = own.find((proof) => proof.passed)
  return before === undefined
    ? { state: 'never', at: null, scenario: null, target: null, text: 'never proved by a rehearsal' }
    : status('changed', before, `text changed since it was proved ${ago(before)}`)
}

const status = (state: ProofState, proof: Known, text: string): ProofStatus => ({
  state,
  at: proof.at,
  scenario: proof.scenario,
  target: proof.target,
  text,
})

/** Servers may serve a page below another folder than it was rehearsed from. */
const samePage = (a: string, b: string): boolean => a === b || a.endsWith(`/${b}`) || b.endsWith(`/${a}`)

/** The first of each scenario on each target, from a list that is newest first. */
function newestOfEach(proofs: readonly Known[]): Known[] {
  const seen = new Map<string, Known>()
  for (const proof of proofs) {
    const key = `${proof.scenario}\n${proof.target}`
    if (!seen.has(key)) seen.set(key, proof)
  }
  return [...seen.values()]
}

function inWords(ms: number): string {
  const [count, unit] =
    ms >= DAY_MS
      ? [ms / DAY_MS, 'day']
      : ms >= 3_600_000
        ? [ms / 3_600_000, 'hour']
        : [Math.max(0, ms) / 60_000, 'minute']
  const whole = Math.floor(count)
  if (whole === 0) return 'just now'
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`
}
