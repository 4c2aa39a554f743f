export interface Grant {
  role: string
  scope: Record<string, string>
  source?: string
}

export interface ListedPerson {
  id: string
  login: string
  name: string
  roles: Grant[]
  signsInWith: string[]
  createdAt: string
  disabledAt: string | null
}

export interface ListedToken {
  id: string
  name: string
  identity: string
  role: string
  scope: Record<string, string>
  createdAt: string
  expiresAt: string
  usedAt: string | null
  revokedAt: string | null
}

export interface ListedSession {
  id: string
  person: string
  method: string
  address: string
  agent: string
  createdAt: string
  seenAt: string
}

export interface Passkey {
  id: string
  name: string
  createdAt: string
  lastUsedAt: string | null
}

export interface Integrations {
  channels: { name: string; perSecond: number | null; waiting: number }[]
  destinations: {
    channel: string
    target: string
    sentAt: string | null
    failingSince: string | null
    failures: number
    error: string | null
  }[]
}

export interface Tested {
  channel: string
  good: boolean
  findings: { ok: boolean; what: string; said: string }[]
}

/** "lead where team=payments" */
export function grantText({ role, scope }: Grant): string {
  const where = Object.entries(scope).map(([key, value]) => `${key}=${value}`)
  return where.length === 0 ? role : `${role} where ${where.join(' and ')}`
}

/** A browser in a word or two, from what it says of itself. */
export function agentText(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1]
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1]
  const name = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser
  return [name, system].filter((part) => part !== undefined).join(', ') || agent.slice(0, 40) || 'unknown'
}
