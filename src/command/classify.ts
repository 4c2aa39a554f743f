import { z } from 'zod'
import { AppError } from '../base/error.ts'
import { analyseCommand } from './analyse.ts'
import { languageOfTag } from './language.ts'
import type { CommandFlag, Risk } from './model.ts'

const Entries = z.array(
  z.looseObject({
    id: z.union([z.string().max(1_000), z.number()]),
    language: z.string().max(100).nullish(),
    command: z.string().max(2_000_000),
  }),
)

/** Of the words of a command in a reason. */
const MAX_WORDS = 500

export interface Classified {
  id: string | number
  risk: Risk
  flags: CommandFlag[]
  reasons: string[]
}

/** `[{ id, language, command }]` to `[{ id, risk, flags, reasons }]`, in the same order. */
export function classifyMany(json: unknown): Classified[] {
  const entries = Entries.safeParse(json)
  if (!entries.success) {
    const [issue] = entries.error.issues
    throw new AppError(
      'input_invalid',
      `not a list of commands: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
      {
        action: 'Give a JSON array of objects with id, language and command.',
      },
    )
  }
  return entries.data.map(({ id, language, command }) => {
    const analysis = analyseCommand(command, { language: languageOfTag(language ?? null) ?? 'bash' })
    return {
      id,
      risk: analysis.risk,
      flags: analysis.flags,
      reasons: analysis.reasons
        .filter((reason) => reason.risk === analysis.risk || reason.flag !== undefined)
        .map((reason) => `${reason.text.slice(0, MAX_WORDS)}: ${reason.why}`),
    }
  })
}
