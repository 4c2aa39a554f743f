/**
 * What a variable may hold, over the whole text at once: `text` when only one value is ever assigned, `data` when it
 * comes from outside or from other commands, `open` when the text itself may have put options or several words in it.
 */
export type VariableValue = { kind: 'text'; text: string } | { kind: 'data' } | { kind: 'open' }

export interface Variables {
  values: Map<string, VariableValue>
  /** `$1`, `$@`: `open` inside functions and scripts that are given arguments. */
  positional: 'data' | 'open'
}

const DATA: VariableValue = { kind: 'data' }
const OPEN: VariableValue = { kind: 'open' }

export function variableValue(name: string, variables: Variables): VariableValue {
  if (/^[\d]+$/.test(name)) return variables.positional === 'open' ? OPEN : DATA
  if (name === '@' || name === '*' || name === '-' || name === '_') return OPEN
  if (/^[?$!#]$/.test(name)) return DATA
  const value = variables.values.get(name) ?? DATA
  // With another IFS words split elsewhere than at white space.
  return value.kind === 'text' && variables.values.has('IFS') && !/^[\w./:-]*$/.test(value.text)
    ? OPEN
    : value
}

/** Adds one more value that the variable may have at some time. */
export function assignVariable(variables: Variables, name: string, value: VariableValue): void {
  const before = variables.values.get(name)
  if (before === undefined) variables.values.set(name, value)
  else if (before.kind !== 'text' || value.kind !== 'text' || before.text !== value.text) {
    variables.values.set(name, isHarmless(before) && isHarmless(value) ? DATA : OPEN)
  }
}

/** Whether it can only ever be one word that is no option. */
export function isHarmless(value: VariableValue): boolean {
  return value.kind === 'data' || (value.kind === 'text' && !/^-|[\s*?[\]{}]/.test(value.text))
}
