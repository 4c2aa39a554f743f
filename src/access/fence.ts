import type { Policy } from './policy.ts'

/** Where a command acts. */
export type FencedTarget =
  | { kind: 'host'; host: string }
  | { kind: 'kubernetes'; context: string; namespace: string | null }

/** Why something may not act on this target, or `null`. A fence of namespaces refuses a target that names none. */
export function outsideFence(fences: Policy['fences'], target: FencedTarget | undefined): string | null {
  if (target === undefined) return null
  if (target.kind === 'host') return outside('host', target.host, fences.hosts)
  return (
    outside('context', target.context, fences.contexts) ??
    outside('namespace', target.namespace, fences.namespaces)
  )
}

function outside(what: string, value: string | null, allowed: readonly string[] | undefined): string | null {
  if (allowed === undefined) return null
  if (value !== null && allowed.some((pattern) => matches(pattern, value))) return null
  const named = value === null ? `a target without a ${what}` : `${what} ${value}`
  return `${named} is outside the fence of the policy (${allowed.join(', ')})`
}

/** `*` is any run of characters; everything else stands for itself. */
function matches(pattern: string, value: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return value === pattern
  if (!value.startsWith(first)) return false
  const last = rest.pop() ?? ''
  let at = first.length
  for (const part of rest) {
    const found = value.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return value.length - last.length >= at && value.endsWith(last)
}
