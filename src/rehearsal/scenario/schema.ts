import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { AppError, messageOf } from '../../base/error.ts'
import { FAULT_KINDS } from '../cluster/world/fault.ts'
import type { Fault } from '../cluster/world/fault.ts'

const text = z.string().min(1).max(500)

const scenarioFile = z.strictObject({
  /** What goes wrong, in a sentence. */
  title: text,
  fault: z.looseObject({ kind: z.enum(FAULT_KINDS) }),
  /** The page, relative to the runbooks, and the procedure whose trigger has to fire. */
  page: text,
  procedure: text,
  alert: z.strictObject({ name: text, labels: z.record(text, text).default({}) }),
  /** What a responder chooses, in turn: words of the option's title. */
  choose: z.array(text).min(1).max(10),
  /** What must hold afterwards: kubectl's output, trimmed. */
  expect: z
    .array(z.strictObject({ kubectl: z.array(text).min(1).max(30), equals: z.string().max(2_000) }))
    .max(20)
    .default([]),
  timeLimitSeconds: z.number().positive().max(3_600).default(300),
})

export type Scenario = Omit<z.output<typeof scenarioFile>, 'fault'> & { name: string; fault: Fault }

/**
 * Scenarios of a folder, by name.
 * @throws AppError `input_invalid` naming file and key.
 */
export async function loadScenarios(folder: string): Promise<Scenario[]> {
  const files = (await readdir(folder).catch(() => [])).filter((file) => /\.ya?ml$/.test(file)).toSorted()
  return Promise.all(files.map((file) => loadScenario(path.join(folder, file))))
}

async function loadScenario(file: string): Promise<Scenario> {
  const name = path.basename(file).replace(/\.ya?ml$/, '')
  let raw: unknown
  try {
    raw = parse(await readFile(file, 'utf8'))
  } catch (error) {
    throw new AppError(
      'input_invalid',
      `${file} is not valid YAML: ${messageOf(error).split('\n', 1)[0] ?? ''}`,
      {
        action: 'Mend the file at the place named.',
        cause: error,
      },
    )
  }
  const parsed = scenarioFile.safeParse(raw)
  if (parsed.success) return { name, ...parsed.data, fault: parsed.data.fault as Fault }
  const issue = parsed.error.issues[0]
  throw new AppError(
    'input_invalid',
    `${file}: ${issue?.path.join('.') || 'top level'}: ${issue?.message ?? 'invalid'}`,
    {
      action: 'See docs/guide/rehearsal.md for the form of a scenario.',
    },
  )
}
