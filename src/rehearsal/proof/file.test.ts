import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addToProofFile, readProofFile } from './file.ts'
import type { Proof } from './model.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-proofs-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const proof = (digit: string, at: string, more: Partial<Proof> = {}): Proof => ({
  id: `proof_${digit.repeat(24)}`,
  scenario: 'bad-release',
  page: 'high-error-rate.md',
  procedure: 'high-error-rate',
  contentHash: 'a'.repeat(64),
  commit: null,
  target: 'sandbox',
  at,
  speed: 30,
  passed: true,
  reason: 'held',
  incident: 'INC-1',
  severity: 'P2',
  responseTimeSeconds: 900,
  secondsToDetect: 5,
  secondsToAcknowledge: 1,
  secondsToMitigate: 4,
  secondsToResolve: 12,
  commands: ['kubectl rollout undo'],
  ...more,
})

test('a file of proofs keeps the newest of each scenario, whatever the order in which they come', async () => {
  const file = path.join(folder, 'proofs.json')
  await addToProofFile(file, [proof('2', '2026-11-23T10:00:00.000Z')])
  await addToProofFile(file, [
    proof('1', '2026-11-20T10:00:00.000Z'),
    proof('3', '2026-11-21T10:00:00.000Z', { scenario: 'overload' }),
  ])
  expect((await readProofFile(file)).map(({ id }) => id[6])).toEqual(['2', '3'])
  expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(8)
})

test('a file that is missing, not JSON, or has a value that does not fit is refused with its place', async () => {
  const file = path.join(folder, 'proofs.json')
  await expect(readProofFile(file)).rejects.toMatchObject({ code: 'not_found' })
  await writeFile(file, '{')
  await expect(readProofFile(file)).rejects.toMatchObject({ code: 'input_invalid' })
  const wrong = { version: 1, proofs: [{ ...proof('1', 'yesterday') }] }
  await writeFile(file, JSON.stringify(wrong))
  await expect(readProofFile(file)).rejects.toMatchObject({
    message: expect.stringContaining('proofs.0.at'),
  })
  // a broken file is not replaced by an empty one
  await expect(addToProofFile(file, [])).rejects.toMatchObject({ code: 'input_invalid' })
})
