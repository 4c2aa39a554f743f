import { AppError } from '../base/error.ts'
import type { CommandInput } from './model.ts'

/** The environment variable that carries an input into the shell. */
export function inputVariable(name: string): string {
  return `ERLMCP_INPUT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
}

/** Shell source in which every placeholder is a quoted reference to its environment variable. */
export function bindInputs(text: string, inputs: CommandInput[]): string {
  const places = inputs
    .flatMap((input) => input.places.map((place) => ({ ...place, name: input.name })))
    .sort((a, b) => b.start - a.start)
  let bound = text
  for (const { start, end, name } of places) {
    const before = text.slice(0, start)
    if (/['"`]/.test(before)) {
      throw new AppError('input_invalid', `${text.slice(start, end)} stands inside quotes`, {
        action: 'Write the placeholder as a word of its own.',
      })
    }
    bound = `${bound.slice(0, start)}"\${${inputVariable(name)}}"${bound.slice(end)}`
  }
  return bound
}
