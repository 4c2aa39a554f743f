import { appendFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAgent, ERAS } from '../support/agent.ts'
import type { Agent } from '../support/agent.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
let robot: string
const { fire, runIn } = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  desk = await openDesk({ mcp: { readOnly: false } })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  robot = await desk.app.issueToken({ id: 'agent:robot', kind: 'agent', role: 'agent' })
})
afterAll(() => desk.stop())

describe.each(ERAS)('an agent that speaks %s', (era) => {
  let agent: Agent
  beforeAll(async () => {
    agent = await connectAgent(desk.app.address(), robot, era)
  })
  afterAll(() => agent.close())

  test('sees the tools, each with a strict input and an object as its answer', async () => {
    const { tools } = await agent.client.listTools()
    expect(tools.length).toBeGreaterThan(10)
    for (const tool of tools) {
      expect(tool.inputSchema, tool.name).toMatchObject({ type: 'object', additionalProperties: false })
      expect(tool.outputSchema, tool.name).toMatchObject({ type: 'object' })
      expect(tool.annotations?.readOnlyHint, tool.name).toBeTypeOf('boolean')
    }
  })

  test('finds an incident, reads its evidence and proposes; nothing has run by that', async () => {
    const incident = await fire('DeskFailing')
    const waiting = await runIn(incident, 'awaiting-decision')
    const listed = await agent.call('incident_list', { state: 'active' })
    expect((listed['incidents'] as Row[]).map((each) => each['id'])).toContain(incident)
    const run = await agent.call('run_get', { id: waiting['id'] })
    const execution = (run['executions'] as Row[])[0]?.['id']
    const log = await agent.call('run_log_read', { execution })
    expect(log['output']).toMatchObject({ trust: 'untrusted', source: { execution } })
    const waited = await agent.call('run_wait', { id: waiting['id'], until: 'attention', timeout_s: 5 })
    expect((waited['attention'] as Row)['url']).toContain(`${desk.app.address()}/incidents/`)
    const proposed = await agent.call('run_propose', {
      id: waiting['id'],
      option: '2',
      reason: 'the log says so',
    })
    expect(proposed).toMatchObject({ by: 'agent:robot' })
    const after = await runIn(incident, 'awaiting-decision')
    expect((after['approvals'] as Row[]).length).toBe(0)
    await desk.api(ada, 'POST', `/incidents/${incident}/resolve`, { reason: 'enough seen' })
  })
})

describe('a plan', () => {
  test('starts once, as it was shown, and parks at what a person has to approve', async () => {
    const agent = await connectAgent(desk.app.address(), robot, '2026-07-28')
    const pages = (await agent.call('runbook_list'))['pages'] as Row[]
    const page = String(pages[0]?.['path'])
    const plan = await agent.call('run_plan', { page, procedure: 'desk-failing', service: 'desk' })
    const gates = (plan['steps'] as Row[]).flatMap((step) =>
      (step['commands'] as Row[]).map((each) => each['gate']),
    )
    expect(new Set(gates)).toEqual(new Set(['none', 'approve']))
    const start = { plan_hash: plan['planHash'], reason: 'requests fail', idempotency_key: 'first-try' }
    const begun = await agent.call('run_start', start)
    const waiting = await runIn(String(begun['incident']), 'awaiting-decision')
    expect((waiting['procedure'] as Row)['id']).toBe('desk-failing')
    // the same again, with its key and with another one: it is one run
    expect(await agent.call('run_start', start)).toMatchObject({ incident: begun['incident'] })
    const again = await agent.call('run_start', { ...start, idempotency_key: 'second-try' })
    expect(again).toMatchObject({ incident: begun['incident'], started: false })
    expect((waiting['approvals'] as Row[]).length).toBe(0)
    await desk.api(ada, 'POST', `/incidents/${String(begun['incident'])}/resolve`, { reason: 'enough seen' })
    await agent.close()
  })

  test('is nobody else’s, and none after its page has changed', async () => {
    const agent = await connectAgent(desk.app.address(), robot, '2025-11-25')
    const token = await desk.app.issueToken({ id: 'agent:other', kind: 'agent', role: 'agent' })
    const other = await connectAgent(desk.app.address(), token, '2025-11-25')
    const page = String(((await agent.call('runbook_list'))['pages'] as Row[])[0]?.['path'])
    const plan = await agent.call('run_plan', { page, procedure: 'desk-slow', service: 'desk' })
    const start = { plan_hash: plan['planHash'], reason: 'stolen', idempotency_key: 'stolen-one' }
    await expect(other.call('run_start', start)).rejects.toThrow('not_found')
    await appendFile(desk.page, '\nOne more line.\n')
    const refused = await until('the new page', async () => {
      const now = await agent.call('run_plan', { page, procedure: 'desk-slow', service: 'desk' })
      return now['planHash'] === plan['planHash'] ? null : agent.raw('run_start', start)
    })
    expect(JSON.stringify(refused)).toContain('approval_mismatch')
    await Promise.all([agent.close(), other.close()])
  })
})
