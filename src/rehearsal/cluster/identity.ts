import { randomBytes } from 'node:crypto'
import { ADMIN_GROUP } from './api/access.ts'
import type { User } from './api/request.ts'

/** The bearer tokens of a sandbox. They are random, live in memory, and end with it. */
export class Tokens {
  #users = new Map<string, User>()

  admin(): string {
    return this.#issue({ name: 'admin', uid: 'admin', groups: [ADMIN_GROUP, 'system:authenticated'] })
  }

  serviceAccount(namespace: string, name: string): string {
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated']
    return this.#issue({ name: `system:serviceaccount:${namespace}:${name}`, groups })
  }

  identify(token: string): User | null {
    return this.#users.get(token) ?? null
  }

  #issue(user: User): string {
    const token = randomBytes(24).toString('base64url')
    this.#users.set(token, user)
    return token
  }
}
