import { readFile, rename, writeFile } from 'node:fs/promises'
import { z } from 'zod'
import { AppError, messageOf } from '../../base/error.ts'
import { proofSchema } from './model.ts'
import type { Proof } from './model.ts'

/** The name that a folder of pages keeps its proofs under. */
export const PROOF_FILE = 'proofs.json'
const MAX_PROOFS = 10_000

const proofFile = z.strictObject({ version: z.literal(1), proofs: z.array(proofSchema).max(MAX_PROOFS) })

/**
 * Proofs that travel: from CI to a server, or in git beside the pages.
 * @throws AppError `not_found`; `input_invalid` naming the place.
 */
export async function readProofFile(file: string): Promise<Proof[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new AppError('not_found', `${file} cannot be read: ${messageOf(error)}`, {
      action: 'Write one with `erlmcp rehearse --all --proofs FILE`.',
      cause: error,
    })
  }
  const parsed = proofFile.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data.proofs
  const issue = parsed.error.issues[0]
  throw new AppError(
    'input_invalid',
    `${file}: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'invalid'}`,
    { action: 'Write it again with `erlmcp rehearse --all --proofs FILE`.' },
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Adds proofs to a file, which keeps the newest for each scenario and target. One a line, so that diffs read well. */
export async function addToProofFile(file: string, proofs: readonly Proof[]): Promise<void> {
  const known = await readProofFile(file).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'not_found') return []
    throw error
  })
  const kept = newestOnly([...known, ...proofs])
  const lines = kept.map((proof) => `    ${JSON.stringify(proof)}`).join(',\n')
  // written whole or not at all
  await writeFile(
    `${file}.new`,
    `{\n  "version": 1,\n  "proofs": [${lines === '' ? '' : `\n${lines}\n  `}]\n}\n`,
  )
  await rename(`${file}.new`, file)
}

function newestOnly(proofs: readonly Proof[]): Proof[] {
  const newest = new Map<string, Proof>()
  for (const proof of proofs.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
    const { page, procedure, scenario, target } = proof
    newest.set([page, procedure, scenario, target].join('\n'), proof)
  }
  return [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, proof]) => proof)
}
