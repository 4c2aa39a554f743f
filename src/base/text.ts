/** Any value as text: nothing for null, JSON for what has no text of its own. */
export function asText(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? '' : value instanceof Date ? value.toISOString() : JSON.stringify(value)
    default:
      return ''
  }
}

/** Control and direction characters, but tab and line feed: text from outside must not steer a terminal. */
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

export const forTerminal = (value: unknown): string => asText(value).replaceAll(STEERING, '\ufffd')
