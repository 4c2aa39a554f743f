import type { Argument } from './argument.ts'
import type { CommandFlag, InnerCommand, Reason, Risk } from '../model.ts'

/** What one analysis gathers while it walks through a command and everything inside it. */
export interface Session {
  /** The command as given. */
  text: string
  reasons: Reason[]
  commands: InnerCommand[]
  changesShell: boolean
  /** Stretches of the command that are code of another language or of a remote shell. */
  code: { start: number; end: number }[]
  /** Texts that a shell started right here runs: it has the same environment. */
  localCode: Argument[]
  /** Steps left before the command counts as too large to judge. */
  budget: number
}

export function openSession(text: string): Session {
  return { text, reasons: [], commands: [], changesShell: false, code: [], localCode: [], budget: 20_000 }
}

export function addReason(
  session: Session,
  risk: Risk,
  why: string,
  start: number,
  end: number,
  flags: readonly CommandFlag[] = [],
): void {
  const text = session.text.slice(start, end)
  if (flags.length === 0) session.reasons.push({ text, why, risk, start, end })
  for (const flag of flags) session.reasons.push({ text, why, risk, flag, start, end })
}

/** Thrown, and caught at the top, when a command asks for more work than a command can need. */
export class TooLarge extends Error {}

export function spend(session: Session): void {
  if (--session.budget < 0) throw new TooLarge('too large to be judged')
}
