import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { kinds, messages, STARTED, tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
let ben: string
const story = tellStory(
  () => desk,
  () => ada,
)
const { newGroup, alert, fire, show, showRun, runIn, incidentIn, approve } = story

beforeAll(async () => {
  desk = await openDesk()
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  ben = await desk.app.issueToken({ id: 'person:ben', kind: 'person', role: 'lead' })
})
afterAll(() => desk.stop())
beforeEach(async () => {
  await writeFile(desk.file('release'), 'bad\n')
  for (const name of ['restarted', 'first', 'second', 'begun', 'ended']) {
    await rm(desk.file(name), { force: true })
  }
})

const executions = (run: Row): Row[] => run['executions'] as Row[]
const optionOf = (run: Row, number: number): Row => (run['options'] as Row[])[number - 1] ?? {}

describe('an incident', () => {
  test('goes from its alert to a diagnosis, an approved change, a measured proof and a review', async () => {
    const incident = await fire('DeskFailing')
    const waiting = await runIn(incident, 'awaiting-decision')
    // they run beside each other, in any order
    const reads = executions(waiting).toSorted((a, b) =>
      String(a['command']) < String(b['command']) ? -1 : 1,
    )
    expect(reads.map((row) => [row['command'], row['state'], row['risk']])).toEqual([
      ['cat $DESK/desk.log', 'done', 'read'],
      ['cat $DESK/release', 'done', 'read'],
    ])
    const output = await desk.api(ada, 'GET', `/executions/${String(reads[0]?.['id'])}/output`)
    expect(JSON.stringify(output.value)).toContain('out of tickets')

    const approved = await approve(ada, waiting, '2', { hashes: optionOf(waiting, 2)['hashes'] })
    expect(approved.status).toBe(200)
    const resolved = await incidentIn(incident, 'resolved')
    expect(await readFile(desk.file('release'), 'utf8')).toBe('good\n')
    expect(kinds(resolved)).toEqual(
      expect.arrayContaining([
        'incident.declared',
        'run.started',
        'signal.measured',
        'decision.asked',
        'incident.acknowledged',
        'command.done',
        'incident.monitoring',
        'verification.passed',
        'run.succeeded',
        'incident.resolved',
      ]),
    )
    expect(resolved).toMatchObject({ severity: 'P2', acknowledgedBy: 'person:ada' })
    const review = await until('the review', async () => {
      const answer = await desk.api(ada, 'GET', `/incidents/${incident}/review`)
      return answer.status === 200 ? String(answer.value['markdown']) : null
    })
    expect(review).toContain('person:ada')
    expect(review).toMatch(/cp \$DESK\/good \$DESK\/release.*done \(exit 0\)/)
    const sent = (await show(incident))['messages'] as Row[]
    expect(new Set(sent.map((message) => message['kind']))).toContain('resolution')
  })

  test('is offered the next option when the first did not help', async () => {
    const incident = await fire('DeskFailing')
    const first = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, first, '1')).status).toBe(200)
    await until('the next question', async () => {
      const run = await showRun(String(first['id']))
      return (run['decisions'] as Row[]).length === 2 && run['waitsFor'] !== null ? run : null
    })
    const second = await showRun(String(first['id']))
    const question = (second['waitsFor'] as Row)['question'] as { options: Row[] }
    expect(question.options.map((option) => option['label'])).toEqual(['Go back to the release before'])
    expect((second['verifications'] as Row[])[0]).toMatchObject({ verdict: 'failed' })
    // what was tried is not offered, and so cannot be approved a second time
    expect((await approve(ada, second, '1')).status).toBe(409)
    expect((await approve(ada, second, '2')).status).toBe(200)
    await incidentIn(incident, 'resolved')
  })

  test('without a page stays with people until its alerts are gone', async () => {
    const group = newGroup()
    const incident = await fire('NobodyKnowsThis', group)
    const open = await until('the note', async () => {
      const shown = await show(incident)
      return kinds(shown).includes('runbook.missing') ? shown : null
    })
    expect(open).toMatchObject({ state: 'open', runs: [], procedure: null })
    await desk.webhook(notification('NobodyKnowsThis', group, [alert(group, 'resolved')]))
    expect(await incidentIn(incident, 'resolved')).toMatchObject({
      reason: 'all alerts are resolved at their source',
    })
  })

  test('keeps the text of the page that it began with, also when the page is gone', async () => {
    const page = await readFile(desk.page, 'utf8')
    const incident = await fire('DeskFailing')
    const before = await runIn(incident, 'awaiting-decision')
    try {
      await writeFile(desk.page, page.replaceAll('cp $DESK/good', 'rm -rf $DESK/good'))
      await desk.restart()
      const after = await showRun(String(before['id']))
      expect(after['page']).toEqual(before['page'])
      expect(after['options']).toEqual(before['options'])
      await rm(desk.page)
      expect((await approve(ada, after, '2')).status).toBe(200)
      await incidentIn(incident, 'resolved')
      expect(existsSync(desk.file('good'))).toBe(true)
    } finally {
      await writeFile(desk.page, page)
      await desk.restart()
    }
  })

  test('whose response meets an unforeseen fault ends its run with the reason, and still ends with its alerts', async () => {
    const group = newGroup()
    const incident = await fire('DeskFailing', group)
    const waiting = await runIn(incident, 'awaiting-decision')
    const { kysely } = desk.store.database
    await sql`alter table verification rename to verification_away`.execute(kysely)
    try {
      expect((await approve(ada, waiting, '2')).status).toBe(200)
      await until('the end of the run', async () => {
        const row = await kysely
          .selectFrom('run')
          .selectAll()
          .where('id', '=', String(waiting['id']))
          .executeTakeFirst()
        return row?.ended_at ?? null
      })
    } finally {
      await sql`alter table verification_away rename to verification`.execute(kysely)
    }
    expect(await showRun(String(waiting['id']))).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('verification'),
    })
    expect(desk.log.some((line) => line.level === 'error' && line.message.includes('response'))).toBe(true)
    await desk.webhook(notification('DeskFailing', group, [alert(group, 'resolved')]))
    expect(kinds(await incidentIn(incident, 'resolved'))).toContain('response.failed')
  })
})

describe('an approval', () => {
  test('of two people at once is one: the other hears who was first', async () => {
    const incident = await fire('DeskFailing')
    const run = await runIn(incident, 'awaiting-decision')
    const answers = await Promise.all([
      approve(ada, run, '2'),
      approve(ben, run, '2'),
      approve(ada, run, '1'),
    ])
    expect(answers.map((answer) => String(answer.status)).toSorted()).toEqual(['200', '409', '409'])
    await incidentIn(incident, 'resolved')
    const after = await showRun(String(run['id']))
    const [approval, ...others] = after['approvals'] as Row[]
    expect(others).toEqual([])
    const winner = answers.findIndex((answer) => answer.status === 200) === 1 ? 'person:ben' : 'person:ada'
    expect(approval).toMatchObject({ decidedBy: winner, state: 'consumed' })
    for (const answer of answers.filter((candidate) => candidate.status === 409)) {
      expect(answer.value).toMatchObject({ code: 'conflict', detail: expect.stringContaining(winner) })
    }
  })

  test('of other commands than those shown is refused, and nothing runs', async () => {
    const incident = await fire('DeskFailing')
    const run = await runIn(incident, 'awaiting-decision')
    const wrong = await approve(ada, run, '2', { hashes: ['0'.repeat(64)] })
    expect(wrong).toMatchObject({ status: 409, value: { code: 'approval_mismatch' } })
    const other = await approve(ada, run, '2', { hashes: optionOf(run, 1)['hashes'] })
    expect(other).toMatchObject({ status: 409, value: { code: 'approval_mismatch' } })
    const after = await showRun(String(run['id']))
    expect(after).toMatchObject({ state: 'awaiting-decision', approvals: [] })
    await desk.api(ada, 'POST', `/runs/${String(run['id'])}/reject`, { reason: 'enough' })
    expect(await runIn(incident, 'failed')).toMatchObject({ reason: expect.stringContaining('enough') })
  })

  test('by an agent is refused and audited, whatever role its token has', async () => {
    const incident = await fire('DeskFailing')
    const run = await runIn(incident, 'awaiting-decision')
    for (const role of ['agent', 'lead'] as const) {
      const token = await desk.app.issueToken({ id: `agent:${role}`, kind: 'agent', role })
      expect(await approve(token, run, '2')).toMatchObject({ status: 403, value: { code: 'forbidden' } })
      const row = await desk.store.database.kysely
        .selectFrom('audit_entry')
        .selectAll()
        .where('actor', '=', `agent:${role}`)
        .executeTakeFirstOrThrow()
      expect(row).toMatchObject({ operation: 'run.approve', outcome: 'refused' })
    }
    expect(await showRun(String(run['id']))).toMatchObject({ state: 'awaiting-decision', approvals: [] })
  })

  test('that has expired before its command began is not used', async () => {
    const incident = await fire('DeskSlow')
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '1')).status).toBe(200)
    await until('the first command', async () => {
      const row = executions(await showRun(String(run['id'])))[0]
      return row?.['state'] === 'running' ? row : null
    })
    desk.moveClock(11 * 60_000)
    await until('the refusal', async () =>
      kinds(await show(incident)).includes('command.refused') ? true : null,
    )
    expect(existsSync(desk.file('first'))).toBe(true)
    expect(existsSync(desk.file('second'))).toBe(false)
    expect(messages(await show(incident))).toContain('expired before it was used')
  })
})

describe('a run', () => {
  test('that is cancelled while a command runs kills the command and starts nothing more', async () => {
    const incident = await fire('DeskSlow')
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '2')).status).toBe(200)
    const id = await until('the start of the command', async () =>
      existsSync(desk.file('begun')) ? executions(await showRun(String(run['id'])))[0]?.['id'] : null,
    )
    const process = await desk.store.database.kysely
      .selectFrom('execution')
      .select('process_id')
      .where('id', '=', String(id))
      .executeTakeFirstOrThrow()
    expect(isAlive(process.process_id)).toBe(true)
    const cancelled = await desk.api(ben, 'POST', `/runs/${String(run['id'])}/cancel`, {
      reason: 'wrong desk',
    })
    expect(cancelled.status).toBe(200)
    await until('the end of the command', async () => (isAlive(process.process_id) ? null : true))
    const after = await until('its record', async () => {
      const shown = await showRun(String(run['id']))
      return executions(shown)[0]?.['state'] === 'running' ? null : shown
    })
    expect(after).toMatchObject({ state: 'cancelled', reason: 'cancelled by person:ben: wrong desk' })
    expect(executions(after)[0]).toMatchObject({ state: 'unknown', reason: 'stopped before its end' })
    expect(existsSync(desk.file('ended'))).toBe(false)
    expect((await approve(ada, run, '1')).status).toBe(409)
  })

  test('whose command is interrupted by a stop of erlmcp asks what became of it, and does not run it again', async () => {
    const incident = await fire('DeskSlow')
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '2')).status).toBe(200)
    await until('the start of the command', async () => (existsSync(desk.file('begun')) ? true : null))
    await desk.restart()
    await rm(desk.file('begun'))
    const asking = await runIn(incident, 'awaiting-person')
    expect(executions(asking)[0]).toMatchObject({ state: 'unknown' })
    expect((asking['waitsFor'] as Row)['kind']).toBe('unknown-outcome')
    const said = { as: 'not-done', reason: 'looked' }
    expect((await desk.api(ben, 'POST', `/runs/${String(run['id'])}/answer`, said)).status).toBe(200)
    const again = await runIn(incident, 'awaiting-decision')
    const { question } = again['waitsFor'] as { question: { options: Row[] } }
    expect(question.options.map((option) => option['label'])).toEqual(['In two steps'])
    expect(existsSync(desk.file('begun'))).toBe(false)
  })

  test('goes on when its alert was silent for a moment only', async () => {
    const group = newGroup()
    const incident = await fire('DeskSlow', group)
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '1')).status).toBe(200)
    await runIn(incident, 'executing')
    const again = { ...alert(group), startsAt: new Date(Date.parse(STARTED) + 60_000).toISOString() }
    await desk.webhook(notification('DeskSlow', group, [alert(group, 'resolved')]))
    const joined = await desk.webhook(notification('DeskSlow', group, [again]))
    expect(joined.value).toMatchObject({ incident, declared: false })
    await until('the question whether it helped', async () => {
      const shown = await showRun(run['id'])
      return shown['waitsFor'] !== null && kinds(await show(incident)).includes('alert.fired-again')
        ? shown
        : null
    })
    expect(existsSync(desk.file('second'))).toBe(true)
    const said = { as: 'done', reason: 'looks well' }
    expect((await desk.api(ben, 'POST', `/runs/${String(run['id'])}/answer`, said)).status).toBe(200)
    expect(await incidentIn(incident, 'resolved')).toMatchObject({
      reason: expect.stringContaining('confirmed'),
    })
  })

  test('that is cancelled while it measures ends, and the incident ends with its alerts', async () => {
    const group = newGroup()
    const incident = await fire('DeskFailing', group)
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '1')).status).toBe(200)
    await runIn(incident, 'verifying')
    await desk.api(ben, 'POST', `/runs/${String(run['id'])}/cancel`, { reason: 'we know it did not help' })
    await until('the end of the measurement', async () => {
      const [verification] = (await showRun(String(run['id'])))['verifications'] as Row[]
      return verification?.['verdict'] ?? null
    })
    await desk.webhook(notification('DeskFailing', group, [alert(group, 'resolved')]))
    const over = await incidentIn(incident, 'resolved')
    expect(kinds(over)).not.toContain('response.failed')
    expect(await showRun(String(run['id']))).toMatchObject({ state: 'cancelled' })
  })
})

function isAlive(pid: number | null): boolean {
  try {
    return pid !== null && process.kill(pid, 0)
  } catch {
    return false
  }
}

test('the runs are read in pages, each once', async () => {
  const page = async (rest: string): Promise<{ runs: Row[]; next: string | null }> =>
    (await desk.api(ada, 'GET', `/runs?${rest}`)).value as { runs: Row[]; next: string | null }
  const all = (await page('limit=200')).runs.map((run) => run['id'])
  const read: unknown[] = []
  for (let next: string | null = '', pages = 0; next !== null && pages < 20; pages += 1) {
    const { runs, next: after } = await page(next === '' ? 'limit=3' : `limit=3&before=${next}`)
    read.push(...runs.map((run) => run['id']))
    next = after
  }
  expect(all.length).toBeGreaterThan(6)
  expect(read).toEqual(all)
})

test('the audit of all this is intact, and a row that somebody changes is found', async () => {
  const { kysely } = desk.store.database
  const verify = async (): Promise<Row> => (await desk.api(ada, 'GET', '/audit/verify')).value
  expect(await verify()).toMatchObject({ intact: true, brokenAt: null })
  const row = await kysely
    .selectFrom('audit_entry')
    .select(['seq', 'actor'])
    .where('operation', '=', 'run.approve')
    .where('outcome', '=', 'done')
    .orderBy('seq')
    .executeTakeFirstOrThrow()
  await expect(
    kysely.updateTable('audit_entry').set({ actor: 'person:eve' }).where('seq', '=', row.seq).execute(),
  ).rejects.toThrow(/append-only/)
  await sql`alter table audit_entry disable trigger all`.execute(kysely)
  await kysely.updateTable('audit_entry').set({ actor: 'person:eve' }).where('seq', '=', row.seq).execute()
  await sql`alter table audit_entry enable trigger all`.execute(kysely)
  expect(await verify()).toMatchObject({ intact: false, brokenAt: Number(row.seq) })
})
