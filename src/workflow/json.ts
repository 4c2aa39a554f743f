const DATE = '$erlmcp.date'

/**
 * A value as the ledger keeps it: JSON, with dates that stay dates. The value that a step returns has been through
 * this, so that the first run and a replay see the same.
 * @throws Error for what JSON would lose silently: maps, sets, bytes, functions, big integers.
 */
export function encode(value: unknown): string {
  return JSON.stringify(
    { value },
    function replace(this: Record<string, unknown>, key: string, member: unknown) {
      const original = this[key]
      if (original instanceof Date) return { [DATE]: original.toISOString() }
      if (isLossy(original)) throw new Error(`a recorded value holds a ${describe(original)} at "${key}"`)
      return member
    },
  )
}

export function decode(text: string): unknown {
  const parsed = JSON.parse(text, (_key, member: unknown) => {
    if (member === null || typeof member !== 'object') return member
    const date = (member as Record<string, unknown>)[DATE]
    return typeof date === 'string' && Object.keys(member).length === 1 ? new Date(date) : member
  }) as { value?: unknown }
  return parsed.value
}

const isLossy = (value: unknown): boolean =>
  value instanceof Map ||
  value instanceof Set ||
  value instanceof Promise ||
  ArrayBuffer.isView(value) ||
  typeof value === 'bigint' ||
  typeof value === 'function' ||
  typeof value === 'symbol'

const describe = (value: unknown): string =>
  typeof value === 'object' && value !== null ? value.constructor.name : typeof value
