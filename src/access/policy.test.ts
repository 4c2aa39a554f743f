import { expect, test } from 'vitest'
import type { Actor, Role } from './actor.ts'
import { mayApprove, mayDo, mayRun, requirementFor } from './decide.ts'
import { DEFAULT_POLICY, parsePolicy } from './policy.ts'

const person = (role: Role, id = 'person:x', scope: Record<string, string> = {}): Actor => ({
  id,
  kind: 'person',
  role,
  grants: [{ role, scope }],
})
const ada = person('lead', 'person:ada')
const policy = (text: string) => parsePolicy(`version: 1\n${text}`, 'policy.yaml')
const night = new Date('2026-11-24T02:30:00Z')
const day = new Date('2026-11-24T12:00:00Z')

test('whoever proposed a change may approve it in a P1 and nowhere else', () => {
  const ben = person('responder', 'person:ben')
  expect(mayApprove(ben, 'change', 'person:ben', { severity: 'P1' }).allowed).toBe(true)
  expect(mayApprove(ben, 'change', 'person:ben', { severity: 'P2' }).allowed).toBe(false)
  expect(mayApprove(ben, 'change', 'person:ada', { severity: 'P2' }).allowed).toBe(true)
})

test('something destructive is never approved by its requester, also in a P1', () => {
  expect(mayApprove(ada, 'destructive', 'person:ada', { severity: 'P1' }).allowed).toBe(false)
  expect(mayApprove(ada, 'destructive', 'agent:helper', { severity: 'P3' }).allowed).toBe(true)
})

test('a role with a scope holds where the labels fit', () => {
  const scoped = person('lead', 'person:eve', { team: 'payments' })
  expect(mayApprove(scoped, 'change', 'x', { labels: { team: 'payments' } }).allowed).toBe(true)
  expect(mayApprove(scoped, 'change', 'x', { labels: { team: 'search' } }).allowed).toBe(false)
  expect(mayDo(scoped, 'respond', { team: 'search' }).reason).toContain('team=payments')
  expect(mayDo(scoped, 'respond', null).allowed).toBe(false)
  expect(mayDo(scoped, 'look', null).allowed).toBe(true)
})

test('a fence holds at the approval, at the gate, and for break-glass', () => {
  const fenced = policy('fences: { contexts: [prod-*], namespaces: [shop] }')
  const inside = { kind: 'kubernetes', context: 'prod-eu', namespace: 'shop' } as const
  const about = (
    target: typeof inside | { kind: 'kubernetes'; context: string; namespace: string | null },
  ) => ({
    policy: fenced,
    target,
  })
  const approvals = [{ decidedBy: 'person:ada', breakGlass: true }]
  expect(mayApprove(ada, 'change', 'x', about(inside)).allowed).toBe(true)
  for (const outside of [
    { ...inside, context: 'staging' },
    { ...inside, namespace: 'kube-system' },
    { ...inside, namespace: null },
  ]) {
    expect(mayApprove(ada, 'change', 'x', about(outside)).reason).toContain('fence')
    expect(mayApprove(ada, 'change', 'x', { ...about(outside), breakGlass: true }).allowed).toBe(false)
    expect(mayRun('change', approvals, about(outside)).allowed).toBe(false)
  }
})

test('two approvals are two people, and break-glass is one', () => {
  const two = policy('risks: { destructive: { role: lead, approvals: 2 } }')
  const by = (...people: string[]) => people.map((decidedBy) => ({ decidedBy, breakGlass: false }))
  expect(mayRun('destructive', by('person:ada', 'person:ada'), { policy: two }).allowed).toBe(false)
  expect(mayRun('destructive', by('person:ada', 'person:ben'), { policy: two }).allowed).toBe(true)
  expect(
    mayRun('destructive', [{ decidedBy: 'person:ada', breakGlass: true }], { policy: two }).allowed,
  ).toBe(true)
  expect(mayRun('destructive', [], { policy: two }).allowed).toBe(false)
})

test('nobody breaks the glass where the policy has none, nor below its role, nor as an agent', () => {
  const breakGlass = true
  expect(mayApprove(ada, 'change', 'x', { policy: policy('breakGlass: null'), breakGlass }).allowed).toBe(
    false,
  )
  expect(mayApprove(person('viewer'), 'change', 'x', { breakGlass }).allowed).toBe(false)
  expect(mayApprove(person('responder', 'person:x'), 'destructive', 'person:x', { breakGlass }).allowed).toBe(
    true,
  )
  for (const kind of ['agent', 'system'] as const)
    expect(mayApprove({ id: `${kind}:x`, kind, role: 'admin' }, 'change', 'x', { breakGlass }).allowed).toBe(
      false,
    )
})

test('a quiet time over midnight asks for more, or refuses, except where it says so', () => {
  const quiet = policy(`quiet:
  - { name: night, from: '22:00', to: '06:00', risks: [change], hold: { role: lead, approvals: 2 } }
  - { name: freeze, days: [tue], from: '00:00', to: '23:59', risks: [destructive], hold: refuse }`)
  expect(requirementFor('change', { policy: quiet, at: night })).toMatchObject({ role: 'lead', approvals: 2 })
  expect(requirementFor('change', { policy: quiet, at: day })).toMatchObject({ role: 'responder' })
  expect(requirementFor('change', { policy: quiet, at: night, severity: 'P1' })).toMatchObject({
    role: 'responder',
  })
  expect(requirementFor('destructive', { policy: quiet, at: day })).toMatchObject({ allowed: false })
})

test('a policy with a fault is refused with the line of every fault', () => {
  const faulty = 'version: 1\nrisks:\n  change:\n    role: agent\nfences:\n  hosts: []\nsurprise: true\n'
  expect(() => parsePolicy(faulty, 'p.yaml')).toThrow(
    /p\.yaml:4: risks\.change\.role[\s\S]*p\.yaml:6: fences\.hosts/,
  )
  expect(() => parsePolicy('version: 1\nversion: 1\n', 'p.yaml')).toThrow('unique')
  expect(() => policy('risks: { change: { role: lead, approvals: 3 } }')).toThrow('less than a change')
  expect(parsePolicy('version: 1', 'p.yaml')).toEqual(DEFAULT_POLICY)
})
