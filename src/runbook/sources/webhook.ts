import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Forge } from './forge.ts'

export type Headers = Readonly<Record<string, string | string[] | undefined>>

const HEADERS = {
  github: { signature: 'x-hub-signature-256', event: 'x-github-event', push: /^(?:push|ping)$/ },
  gitea: { signature: 'x-gitea-signature', event: 'x-gitea-event', push: /^(?:push|ping)$/ },
  gitlab: { signature: 'x-gitlab-token', event: 'x-gitlab-event', push: /^(?:Push Hook|System Hook)$/ },
} as const satisfies Record<Forge, { signature: string; event: string; push: RegExp }>

/**
 * Whether a delivery was sent by somebody who knows the secret. GitHub and Gitea sign the body as it came over the
 * wire, GitLab sends the secret itself; each is compared in constant time. With `forge` only its own form counts.
 */
export function isSigned(secret: string, headers: Headers, body: Uint8Array, forge: Forge | null): boolean {
  const given = (name: Forge): string | null => {
    const value = forge === null || forge === name ? headers[HEADERS[name].signature] : undefined
    return typeof value === 'string' && value !== '' && value.length <= 512 ? value : null
  }
  const gitlab = given('gitlab')
  if (gitlab !== null) return same(gitlab, secret)
  const github = given('github')
  const signature = github === null ? given('gitea') : github.replace(/^sha256=/, '')
  const digest = createHmac('sha256', secret).update(body).digest('hex')
  return signature !== null && same(signature.toLowerCase(), digest)
}

/** Whether a signed delivery can mean a new commit on the branch. What cannot be read may. */
export function concernsBranch(headers: Headers, body: Uint8Array, branch: string): boolean {
  for (const { event, push } of Object.values(HEADERS)) {
    const kind = headers[event]
    if (typeof kind === 'string' && !push.test(kind)) return false
  }
  try {
    const text = Buffer.from(body).toString('utf8')
    const form = text.startsWith('payload=') ? (new URLSearchParams(text).get('payload') ?? '') : text
    const parsed: unknown = JSON.parse(form)
    const ref = (parsed as { ref?: unknown } | null)?.ref
    return typeof ref !== 'string' || ref === `refs/heads/${branch}`
  } catch {
    return true
  }
}

/** Hashed first, so that the comparison says nothing about the length either. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
