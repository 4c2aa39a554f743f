import { AppError, messageOf } from '../../base/error.ts'
import type { Runbook } from '../model.ts'

/** The revision of a page that is served. */
export interface GoodRevision {
  contentHash: string
  commit: string | null
  committedAt: Date | null
  procedures: number
}

/** The newer revision that is not served, and why. */
export interface RefusedRevision {
  /** `null` where the text was too large to be kept. */
  contentHash: string | null
  commit: string | null
  at: Date
  reason: string
}

/** Where a page of a source stands: `broken` while its newest revision is refused, whatever is served meanwhile. */
export interface PageHead {
  path: string
  /** From the root of the repository; `null` outside one. */
  repositoryPath: string | null
  good: GoodRevision | null
  refused: RefusedRevision | null
}

/** The newest revision of a page, as its source has it. */
export interface Incoming {
  path: string
  repositoryPath: string | null
  contentHash: string | null
  commit: string | null
  committedAt: Date | null
  /** Why it cannot be read, where that is known before reading. */
  problem: string | null
}

/** What a page is read by; throws for what is no page. */
export type ReadPage = (content: Uint8Array, path: string) => Runbook

export interface NextHead {
  head: PageHead
  /** The page as read, where it had to be. */
  runbook: Runbook | null
}

/**
 * Where a page stands once its source has a new revision. One that cannot be read, or that has lost every procedure of
 * the last good one, never replaces it.
 */
export async function nextHead(
  before: PageHead | null,
  incoming: Incoming,
  at: Date,
  content: () => Promise<Uint8Array>,
  read: ReadPage,
): Promise<NextHead> {
  const good = before?.good ?? null
  const { path, repositoryPath, contentHash, commit, committedAt } = incoming
  const refuse = (reason: string): NextHead => {
    const same = before?.refused?.contentHash === contentHash && before.refused.reason === reason
    const refused = same ? before.refused : { contentHash, commit, at, reason }
    return { head: { path, repositoryPath, good, refused }, runbook: null }
  }
  if (incoming.problem !== null || contentHash === null)
    return refuse(incoming.problem ?? 'it cannot be read')
  if (good?.contentHash === contentHash) {
    return {
      head: { path, repositoryPath, good: { ...good, commit, committedAt }, refused: null },
      runbook: null,
    }
  }
  if (before?.refused?.contentHash === contentHash)
    return { head: { ...before, repositoryPath }, runbook: null }
  const runbook = await readOrReason(content, path, read)
  if (typeof runbook === 'string') return refuse(runbook)
  const procedures = countProcedures(runbook)
  if (procedures === 0 && good !== null && good.procedures > 0) {
    return refuse(`it has no procedure any more; the last good revision has ${good.procedures}`)
  }
  return {
    head: { path, repositoryPath, good: { contentHash, commit, committedAt, procedures }, refused: null },
    runbook,
  }
}

/** What can be followed: prose under a heading alone is a reference, and a page cut down to it has lost its procedures. */
const countProcedures = ({ procedures }: Runbook): number =>
  procedures.filter(
    ({ kind, phases }) => kind !== 'reference' || phases.some((phase) => phase.steps.length > 0),
  ).length

async function readOrReason(
  content: () => Promise<Uint8Array>,
  path: string,
  read: ReadPage,
): Promise<Runbook | string> {
  const bytes = await content()
  try {
    return read(bytes, path)
  } catch (error) {
    return error instanceof AppError ? error.message : `it cannot be read: ${messageOf(error)}`
  }
}

/** Whether two heads say the same, so that nothing has to be stored. */
export function sameHead(a: PageHead | null, b: PageHead): boolean {
  return (
    a !== null &&
    a.repositoryPath === b.repositoryPath &&
    a.good?.contentHash === b.good?.contentHash &&
    a.good?.commit === b.good?.commit &&
    a.refused?.contentHash === b.refused?.contentHash &&
    a.refused?.reason === b.refused?.reason
  )
}
