import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import type { RunRow } from '../db/index.ts'
import type { Provable, ProofState, ProofStatus, StoredProof } from '../rehearsal/proof/index.ts'
import {
  decidingProofs,
  findProof,
  listProofs,
  PROOF_STATES,
  proofStatus,
  recordProofs,
} from '../rehearsal/proof/index.ts'
import type { Runbook } from '../runbook/index.ts'
import { reviewCycleMonths } from '../runbook/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'

export async function listRehearsals(
  deps: OperationDeps,
  input: InputOf<'rehearsal.list'>,
): Promise<unknown> {
  const { passed, ...filter } = input
  const proofs = await listProofs(deps.database, {
    ...filter,
    ...(passed === undefined ? {} : { passed: passed === 'true' }),
  })
  return { rehearsals: proofs.map(({ commands, ...rest }) => ({ ...rest, commands: commands.length })) }
}

export async function showRehearsal(deps: OperationDeps, id: string): Promise<unknown> {
  const proof = await findProof(deps.database, id)
  if (proof !== null) return { ...proof, withinResponseTime: withinResponseTime(proof) }
  throw new AppError('not_found', `there is no rehearsal ${id}`, {
    action: 'List them with `erlmcp rehearsal list`.',
  })
}

function withinResponseTime(proof: StoredProof): boolean | null {
  const { secondsToAcknowledge, responseTimeSeconds } = proof
  if (secondsToAcknowledge === null || responseTimeSeconds === null) return null
  return secondsToAcknowledge <= responseTimeSeconds
}

export async function recordRehearsals(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'rehearsal.record'>,
): Promise<unknown> {
  const recorded = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const count = await recordProofs(trx, at, actor.id, input.proofs)
    await appendAudit(trx, at, {
      actor,
      operation: 'rehearsal.record',
      subject: input.proofs[0]?.id ?? 'nothing',
      outcome: 'done',
      data: { given: input.proofs.length, recorded: count, ids: input.proofs.map(({ id }) => id) },
    })
    return count
  })
  return { recorded, known: input.proofs.length - recorded }
}

/** How the procedures of a page stand, now: `page` and `contentHash` name the text. */
export type ProofTeller = (
  page: string,
  contentHash: string,
  runbook: Runbook | null,
) => (procedure: string) => ProofStatus

export async function proofTeller(deps: Pick<OperationDeps, 'database' | 'clock'>): Promise<ProofTeller> {
  const proofs = await decidingProofs(deps.database)
  const now = deps.clock.now()
  return (page, contentHash, runbook) => (procedure) => {
    const reviewMonths = runbook === null ? null : reviewCycleMonths(runbook)
    const subject: Provable = { page, procedure, contentHash, reviewMonths }
    return proofStatus(proofs, subject, now)
  }
}

/** What was proved, by now, of the very text that a run follows. */
export async function proofOfRun(
  deps: Pick<OperationDeps, 'database' | 'clock' | 'pages'>,
  run: Pick<RunRow, 'page_path' | 'page_hash' | 'procedure_id'>,
): Promise<ProofStatus> {
  const [tell, pages] = await Promise.all([proofTeller(deps), deps.pages.pages()])
  const runbook = pages.find(({ path }) => path === run.page_path)?.runbook ?? null
  return tell(run.page_path, run.page_hash, runbook)(run.procedure_id)
}

export async function rehearsalStatus(deps: OperationDeps): Promise<unknown> {
  const procedures = await provableProcedures(deps)
  return { counts: countByState(procedures.map(({ proof }) => proof)), procedures }
}

/** Procedures by state of their proof: what a metric of stale proofs shows. */
export async function countProofs(
  deps: Pick<OperationDeps, 'database' | 'clock' | 'pages'>,
): Promise<Record<ProofState, number>> {
  return countByState((await provableProcedures(deps)).map(({ proof }) => proof))
}

/** Procedures that an alert can start and whose proof has gone: stale, text changed, or failed. Never proved is not counted. */
export async function countStaleProofs(
  deps: Pick<OperationDeps, 'database' | 'clock' | 'pages'>,
): Promise<number> {
  const { stale, changed, failed } = await countProofs(deps)
  return stale + changed + failed
}

function countByState(proofs: readonly ProofStatus[]): Record<ProofState, number> {
  const counts = Object.fromEntries(PROOF_STATES.map((state) => [state, 0])) as Record<ProofState, number>
  for (const { state } of proofs) counts[state] += 1
  return counts
}

/** Only what an alert can start is rehearsed; the rest of a page is reference. */
async function provableProcedures(
  deps: Pick<OperationDeps, 'database' | 'clock' | 'pages'>,
): Promise<{ page: string; procedure: string; title: string; proof: ProofStatus }[]> {
  const tell = await proofTeller(deps)
  return (await deps.pages.catalogue()).flatMap(({ page }) =>
    page === null
      ? []
      : page.runbook.procedures
          .filter(({ trigger, alertNames }) => trigger !== null || alertNames.length > 0)
          .map(({ id, title }) => ({
            page: page.path,
            procedure: id,
            title,
            proof: tell(page.path, page.contentHash, page.runbook)(id),
          })),
  )
}
