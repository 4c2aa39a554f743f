import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAgent, ERAS } from '../support/agent.ts'
import type { Agent } from '../support/agent.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { tellStory } from '../support/story.ts'

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
