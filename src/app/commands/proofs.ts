import { stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import { PROOF_FILE, proofStatus, readProofFile } from '../../rehearsal/proof/index.ts'
import type { Proof, ProofStatus } from '../../rehearsal/proof/index.ts'
import { reviewCycleMonths } from '../../runbook/index.ts'
import type { LoadedPage } from '../../runbook/index.ts'
import { rehearsalDirOf } from './context.ts'
import type { CommandContext } from './context.ts'

/** Without a server: the proofs that lie beside the pages, and those that were made on this machine. */
export async function proofTeller(
  context: CommandContext,
  folder: string,
): Promise<(page: LoadedPage, procedure: string) => ProofStatus> {
  const beside =
    (await stat(folder).catch(() => null))?.isDirectory() === true ? folder : path.dirname(folder)
  const proofs = [
    ...(await known(path.join(beside, PROOF_FILE))),
    ...(await known(path.join(rehearsalDirOf(context), PROOF_FILE))),
  ]
  const now = new Date()
  return ({ path: page, source, runbook }, procedure) => {
    const contentHash = sha256(source)
    return proofStatus(
      proofs,
      { page, procedure, contentHash, reviewMonths: reviewCycleMonths(runbook) },
      now,
    )
  }
}

const known = (file: string): Promise<Proof[]> =>
  readProofFile(file).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return []
    throw error
  })
