import { appendFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectAgent, ERAS } from '../support/agent.ts'
import type { Agent } from '../support/agent.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
let robot: string
const { approve, fire, incidentIn, runIn } = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  desk = await openDesk({ mcp: { readOnly: false, tasks: true, skills: true } })
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

test.each(ERAS)(
  'an agent that speaks %s goes from the alert to the review; a person decides in between',
  async (era) => {
    await writeFile(desk.file('release'), 'bad\n')
    const agent = await connectAgent(desk.app.address(), robot, era)
    const incident = await fire('DeskFailing')
    const waiting = await runIn(incident, 'awaiting-decision')
    const run = await agent.call('run_get', { id: waiting['id'] })
    const mends = (run['options'] as Row[]).find((option) =>
      String(option['title']).includes('release before'),
    )
    const option = String(mends?.['number'])
    await agent.call('run_propose', { id: run['id'], option, reason: 'the release is bad' })
    expect((await approve(ada, await runIn(incident, 'awaiting-decision'), option)).status).toBe(200)
    const ended = await until('the end of the run', async () => {
      const answer = await agent.call('run_wait', { id: run['id'], until: 'end', timeout_s: 20 })
      return answer['ended'] === true ? answer : null
    })
    expect(ended).toMatchObject({ state: 'succeeded', attention: null })
    await incidentIn(incident, 'resolved')
    const shown = await agent.call('run_get', { id: run['id'] })
    expect((shown['verifications'] as Row[]).at(-1)).toMatchObject({ verdict: 'passed' })
    const review = await until('the review', () =>
      agent.call('incident_review', { id: incident }).catch(() => null),
    )
    expect(String(review['markdown'])).toContain('person:ada')
    const { messages } = await agent.client.getPrompt({ name: 'postmortem', arguments: { incident } })
    expect(JSON.stringify(messages)).toContain('incident_review')
    const text = 'Draft: the release was bad; undone within a minute. Guess: no canary.'
    await agent.call('incident_note', { id: incident, text })
    expect(JSON.stringify((await incidentIn(incident, 'resolved'))['timeline'])).toContain('agent:robot')
    await agent.close()
  },
  120_000,
)

/** A request of 2026-07-28 as it stands on the wire: the SDK's client has no tasks. */
async function wire(method: string, params: Row, extensions: Row = {}, more: Row = {}): Promise<Row> {
  const named = params['taskId'] ?? params['name']
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'wire', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': { extensions, ...more },
  }
  const response = await fetch(`${desk.app.address()}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${robot}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof named === 'string' ? { 'mcp-name': named } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  })
  const text = await response.text()
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Row
}
const TASKS = { 'io.modelcontextprotocol/tasks': {} }

test('a run is a task for those who declare tasks: it waits for a person, and no answer of a client approves', async () => {
  const incident = await fire('DeskFailing')
  const run = await runIn(incident, 'awaiting-decision')
  const id = String(run['id'])
  const wait = { name: 'run_wait', arguments: { id, until: 'end', timeout_s: 1 } }
  expect((await wire('tools/call', wait))['result']).toMatchObject({ resultType: 'complete' })
  const made = (await wire('tools/call', wait, TASKS))['result'] as Row
  expect(made).toMatchObject({ resultType: 'task', taskId: id, status: 'working' })
  expect((await wire('tasks/get', { taskId: id }))['error']).toMatchObject({ code: -32_021 })
  const asked = (await wire('tasks/get', { taskId: id }, TASKS, { elicitation: { url: {} } }))[
    'result'
  ] as Row
  expect(asked['status']).toBe('input_required')
  expect(JSON.stringify(asked['inputRequests'])).toContain(`${desk.app.address()}/incidents/`)
  const inputResponses = { decision: { action: 'accept', content: { approved: true } } }
  expect((await wire('tasks/update', { taskId: id, inputResponses }, TASKS))['result']).toMatchObject({
    resultType: 'complete',
  })
  expect((await wire('tasks/cancel', { taskId: id }, TASKS))['result']).toMatchObject({
    resultType: 'complete',
  })
  const after = await runIn(incident, 'awaiting-decision')
  expect(after['approvals']).toEqual([])
  expect((await wire('tasks/get', { taskId: 'none' }, TASKS))['error']).toMatchObject({ code: -32_602 })
  await desk.api(ada, 'POST', `/incidents/${incident}/resolve`, { reason: 'enough seen' })
  await until('the end of the task', async () => {
    const task = (await wire('tasks/get', { taskId: id }, TASKS))['result'] as Row
    return task['status'] === 'cancelled' || task['status'] === 'completed' ? task : null
  })
})

test('a runbook is a skill that says how to run it here, and nowhere else', async () => {
  const listed = (await wire('skills/list', {}))['result'] as { skills: { uri: string; resources: Row[] }[] }
  const [skill] = listed.skills
  expect(skill?.uri).toMatch(/^skill:\/\/erlmcp\/[a-z0-9-]+\/SKILL\.md$/)
  const agent = await connectAgent(desk.app.address(), robot, '2026-07-28')
  const texts = await Promise.all(
    (skill?.resources ?? []).map(async ({ uri, size }) => {
      const read = await agent.client.readResource({ uri: String(uri) })
      const [content] = read.contents
      const text = content !== undefined && 'text' in content ? content.text : ''
      expect(Buffer.byteLength(text)).toBe(size)
      return text
    }),
  )
  expect(texts.join('')).toContain('run_plan')
  expect(texts.join('')).toContain('You cannot approve')
  expect((await wire('skills/get', { uri: 'skill://erlmcp/none/SKILL.md' }))['error']).toMatchObject({
    code: -32_602,
  })
  await agent.close()
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
