import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { AppError } from '../base/error.ts'

/** OWASP's first choice for scrypt: 128 MB and some 0.3 s for each guess. */
const COST = { N: 131_072, r: 8, p: 1 } as const
const KEY_BYTES = 32
const MAX_MEMORY = 256 * 1_048_576
const SHORTEST = 12
const LONGEST = 200

/** Two at a time: a burst of sign-ins must not take the memory that runs need. */
const AT_ONCE = 2
const waiting: (() => void)[] = []
let busy = 0

/** @throws AppError `input_invalid` for a password that is too short, too long, or repeats one character. */
export function checkPassword(password: string, login: string): void {
  const wrong =
    password.length < SHORTEST
      ? `it has ${password.length} characters, fewer than ${SHORTEST}`
      : password.length > LONGEST
        ? `it is longer than ${LONGEST} characters`
        : new Set(password).size < 5
          ? 'it repeats a few characters'
          : password.toLowerCase().includes(login.toLowerCase()) && login.length > 3
            ? 'it holds the name'
            : null
  if (wrong === null) return
  throw new AppError('input_invalid', `the password was not taken: ${wrong}`, {
    action: 'Take a few words, or use a passkey.',
  })
}

/** `scrypt$N$r$p$salt$key`, salt and key in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Takes as long for somebody who does not exist (`null`) as for a wrong password. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [kind, n, r, p, salt, key] = (stored ?? UNKNOWN).split('$')
  if (kind !== 'scrypt' || salt === undefined || key === undefined) return false
  const expected = Buffer.from(key, 'base64url')
  const given = await derive(password.slice(0, LONGEST), Buffer.from(salt, 'base64url'), {
    N: Number(n),
    r: Number(r),
    p: Number(p),
  })
  return given.length === expected.length && timingSafeEqual(given, expected) && stored !== null
}

const UNKNOWN = ['scrypt', COST.N, COST.r, COST.p, 'AAAAAAAAAAAAAAAAAAAAAA', 'A'.repeat(43)].join('$')

async function derive(
  password: string,
  salt: Buffer,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  if (busy >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else busy += 1
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
        error === null ? resolve(key) : reject(error),
      )
    })
  } finally {
    const next = waiting.shift()
    if (next === undefined) busy -= 1
    else next()
  }
}
