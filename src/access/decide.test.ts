import { expect, test } from 'vitest'
import { ROLES } from './actor.ts'
import type { Actor, Role } from './actor.ts'
import { mayApprove, mayDo } from './decide.ts'
import { NEEDS } from './schema.ts'

const actor = (role: Role, kind: Actor['kind'] = 'person', id = `${kind}:x`): Actor => ({ id, kind, role })

test('an agent never decides, whatever role it was given', () => {
  for (const role of ROLES) {
    for (const need of NEEDS.filter((candidate) => candidate !== 'look' && candidate !== 'propose')) {
      expect(mayDo(actor(role, 'agent'), need).allowed).toBe(false)
      expect(mayDo(actor(role, 'system'), need).allowed).toBe(false)
    }
    expect(mayApprove(actor(role, 'agent'), 'read', 'x').allowed).toBe(false)
    expect(mayApprove(actor(role, 'agent'), 'change', 'x').allowed).toBe(false)
    expect(mayApprove(actor(role, 'agent'), 'destructive', 'x').allowed).toBe(false)
  }
})

test('a change needs a responder, something destructive a lead', () => {
  expect(mayApprove(actor('viewer'), 'change', 'x').allowed).toBe(false)
  expect(mayApprove(actor('responder'), 'change', 'x').allowed).toBe(true)
  expect(mayApprove(actor('responder'), 'destructive', 'x').allowed).toBe(false)
  expect(mayApprove(actor('lead'), 'destructive', 'x').allowed).toBe(true)
})

test('whoever asked for something destructive cannot approve it', () => {
  const lead = actor('lead', 'person', 'person:ada')
  expect(mayApprove(lead, 'destructive', 'person:ada').allowed).toBe(false)
  expect(mayApprove(lead, 'destructive', 'person:grace').allowed).toBe(true)
})

test('every refusal says why in words', () => {
  for (const role of ROLES) {
    for (const need of NEEDS) {
      const { allowed, reason } = mayDo(actor(role), need)
      expect(reason).toMatch(allowed ? /may/ : /may not|decides/)
    }
  }
})
