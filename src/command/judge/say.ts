import type { CommandFlag, Risk } from '../model.ts'
import type { Call } from './call.ts'

export function say(call: Call, risk: Risk, why: string, flags: CommandFlag[] = []): void {
  call.note(risk, why, call.word, call.args.at(-1), flags)
}

export function refuse(call: Call, why: string, flags: CommandFlag[] = []): void {
  say(call, 'destructive', why, flags)
}

/** The first word that is not known well enough to exclude that it is an option. */
export function openWord(call: Call): boolean {
  const word = call.args.find((arg) => arg.open)
  if (word !== undefined) call.note('destructive', 'options that are not known before it runs', word)
  return word !== undefined
}
