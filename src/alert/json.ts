import { AppError, messageOf } from '../base/error.ts'

/** Escapes of one text, from left to right, so that `\\u0000` (a backslash and letters) is not taken for one. */
const ESCAPE = /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u([0-9a-fA-F]{4})|[^u])/g

/**
 * The JSON of a body. What PostgreSQL cannot hold, U+0000 and halves of surrogate pairs, becomes U+FFFD: one such
 * character would otherwise lose the delivery.
 * @throws AppError `input_invalid`
 */
export function readJsonBody(raw: Buffer): unknown {
  let text = raw.toString('utf8')
  if (text.includes('\\u0000') || /\\u[dD][89a-fA-F]/.test(text)) {
    text = text.replace(ESCAPE, (escape, unit: string | undefined) =>
      unit !== undefined && isUnstorable(Number.parseInt(unit, 16)) ? '\\ufffd' : escape,
    )
  }
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new AppError('input_invalid', `the body is not valid JSON: ${messageOf(error).slice(0, 200)}`, {
      action: 'Send `Content-Type: application/json` and JSON.',
      cause: error,
    })
  }
}

const isUnstorable = (unit: number): boolean => unit === 0 || (unit >= 0xd800 && unit <= 0xdfff)
