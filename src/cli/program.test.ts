import { mkdtempSync, rmSync, statSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { AppError } from '../base/error.ts'
import { OPERATIONS } from '../operations/index.ts'
import type { Operation } from '../operations/index.ts'
import { runCli } from './program.ts'
import type { CliDeps } from './program.ts'
import { findLogin, profilesFileOf, readProfiles, saveProfile } from './profiles.ts'
import { fitTable } from './show.ts'

const home = mkdtempSync(path.join(tmpdir(), 'erlmcp-cli-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

type Row = Record<string, unknown>

/** The command line with a person at it who answers in this order, and a server that answers like this. */
async function type(
  words: readonly string[],
  answers: Readonly<Record<string, unknown>> = {},
  person: readonly string[] | null = null,
): Promise<{ code: number; out: string; err: string; calls: [string, Row][] }> {
  let out = ''
  let err = ''
  const said = [...(person ?? [])]
  const calls: [string, Row][] = []
  const deps = {
    version: '1.2.3',
    rehearsal: { sandbox: {} },
    backup: {},
    write: (text: string) => void (out += text),
    writeError: (text: string) => void (err += text),
    readInput: async () => '',
    now: () => new Date(0),
    settings: async () => ({ env: { HOME: home }, dataDir: home }),
    terminal: {
      interactive: person !== null,
      size: () => null,
      colour: false,
      pager: null,
      ask: async (question: string) => {
        out += question
        return said.shift() ?? ''
      },
      keys: () => () => undefined,
      onInterrupt: () => () => undefined,
    },
    connect: async () => ({
      where: 'http://test',
      async call(name: string, input: Row) {
        calls.push([name, input])
        const answer = answers[name]
        if (answer instanceof Error) throw answer
        return typeof answer === 'function' ? (answer as (given: Row) => unknown)(input) : answer
      },
      close: async () => undefined,
    }),
  } as unknown as CliDeps
  const code = await runCli(deps, words)
  return { code, out, err, calls }
}

const incidents = {
  'incident.list': {
    incidents: [
      {
        id: 'inc_1',
        name: 'INC-7',
        severity: 'P2',
        state: 'open',
        openedAt: '2026-11-24T10:00:00Z',
        title: 'checkout fails',
      },
    ],
    next: null,
  },
}

describe('the command line', () => {
  test('has every operation, each with an example in its help', async () => {
    const { out, code } = await type(['help', '--all'])
    expect(code).toBe(0)
    for (const operation of Object.values(OPERATIONS) as Operation[])
      expect(out).toContain(`erlmcp ${(operation.words ?? operation.name.split('.')).join(' ')}`)
    expect(out.match(/Examples?:/g)?.length).toBeGreaterThan(Object.keys(OPERATIONS).length)
    expect((await type(['help', '--man'])).out).toMatch(/^\.TH ERLMCP 1/)
  })

  test.each([
    [['incident', 'lst'], 'Did you mean list'],
    [['incidnt', 'list'], 'Did you mean incident'],
    [['incident', 'list', '--outpt', 'json'], 'Did you mean --output'],
    [['incident', 'list', '--output', 'xml'], 'Allowed choices'],
  ])('says for %j what was meant, with exit code 2', async (words, said) => {
    expect(await type(words)).toMatchObject({ code: 2, err: expect.stringContaining(said) as string })
  })

  test('shows an answer as a table, as JSON, as YAML, or as names for the next command', async () => {
    expect((await type(['incident', 'list'], incidents)).out).toMatch(/^NAME +SEVERITY/)
    expect(JSON.parse((await type(['incident', 'list', '--json'], incidents)).out)).toEqual(
      incidents['incident.list'],
    )
    expect(parse((await type(['incident', 'list', '--yaml'], incidents)).out)).toEqual(
      incidents['incident.list'],
    )
    expect((await type(['incident', 'list', '--quiet'], incidents)).out).toBe('INC-7\n')
  })

  test('ends with 3 when erlmcp refused, and says what to do', async () => {
    const refused = new AppError('forbidden', 'ada may not', { action: 'Ask a lead.' })
    const answer = await type(['incident', 'acknowledge', 'INC-7'], { 'incident.acknowledge': refused })
    expect(answer).toMatchObject({ code: 3, err: expect.stringContaining('Ask a lead.') as string })
  })

  test('completes commands, options, what an option may be, and incidents that there are', async () => {
    const complete = async (...words: string[]) => (await type(['__complete', '--', ...words], incidents)).out
    expect(await complete('inc')).toMatch(/^incident\t/)
    expect(await complete('incident', 'list', '--out')).toMatch(/^--output\t/)
    expect(await complete('incident', 'list', '--output', 'y')).toBe('yaml\t\n')
    expect(await complete('incident', 'list', '--state', 'mon')).toBe('monitoring\t\n')
    expect(await complete('incident', 'show', 'INC')).toBe('INC-7\tP2 open checkout fails\n')
    expect(await complete('nothing', 'like', 'this')).toBe('')
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await type(['completion', shell])).out).toContain('__complete --')
  })
})

const plan = {
  planHash: 'a'.repeat(64),
  severity: 'P3',
  procedure: { id: 'restart', title: 'Restart' },
  steps: [
    {
      id: 's',
      title: 'Restart it',
      option: 1,
      commands: [
        {
          text: 'kubectl delete pod $POD',
          risk: 'change',
          identity: 'operator',
          gate: 'approve',
          inputs: [],
        },
      ],
    },
  ],
}
const starting = {
  'page.list': { pages: [{ path: 'a.md', procedures: [{ id: 'restart', title: 'Restart' }] }], next: null },
  'run.plan': ({ inputs }: Row) => ({
    ...plan,
    missingInputs: (inputs as Row)['POD'] === undefined ? ['POD'] : [],
  }),
  'run.start': { incident: 'INC-8', started: true, next: '' },
}

describe('run start', () => {
  test('asks for what is missing, shows the plan, and starts exactly that', async () => {
    const { code, out, calls } = await type(['run', 'start', 'restart'], starting, ['web-0', 'y', 'it hangs'])
    expect(code).toBe(0)
    expect(out).toContain('waits for an approval')
    expect(calls.at(-2)).toEqual([
      'run.plan',
      { page: 'a.md', procedure: 'restart', inputs: { POD: 'web-0' } },
    ])
    expect(calls.at(-1)).toEqual(['run.start', { planHash: plan.planHash, reason: 'it hangs' }])
  })

  test('starts nothing for a dry run, for a no, and where a value is missing and nobody is asked', async () => {
    const started = ({ calls }: { calls: [string, Row][] }) => calls.some(([name]) => name === 'run.start')
    const dry = await type(['run', 'start', 'restart', '--dry-run'], starting)
    expect([dry.code, started(dry)]).toEqual([0, false])
    const no = await type(['run', 'start', 'restart', '--input', 'POD=x'], starting, ['n'])
    expect([no.code, started(no)]).toEqual([3, false])
    const alone = await type(['run', 'start', 'restart', '--yes', '--reason', 'x'], starting)
    expect([alone.code, started(alone)]).toEqual([2, false])
    expect(alone.err).toContain('--input POD=VALUE')
    const unknown = await type(['run', 'start', 'restrt-pod', '--dry-run'], starting)
    expect(unknown).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no procedure') as string,
    })
  })
})

describe('a login', () => {
  const file = profilesFileOf({ HOME: home })
  test('is kept for its user alone, and is found by name and by URL', () => {
    saveProfile(file, 'staging', { url: 'https://staging.example', token: 'erlmcp_secret' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(findLogin('staging', { HOME: home })?.token).toBe('erlmcp_secret')
    expect(findLogin('https://staging.example/', { HOME: home })?.token).toBe('erlmcp_secret')
    expect(findLogin(undefined, { HOME: home })?.url).toBe('https://staging.example')
    expect(() => findLogin('https://other.example', { HOME: home })).toThrow('no token')
    expect(() => findLogin('stagin', { HOME: home })).toThrow('neither a URL nor a profile')
  })

  test('is refused where others can read it', () => {
    chmodSync(file, 0o644)
    expect(() => readProfiles(file)).toThrow('others may read it')
    chmodSync(file, 0o600)
  })
})

test('a table is made to fit: its widest columns are shortened, and other text is left alone', () => {
  const wide = ['NAME   TITLE', `INC-7  ${'x'.repeat(200)}`].join('\n')
  const lines = fitTable(wide, 40).split('\n')
  expect(lines.every((line) => line.length <= 40)).toBe(true)
  expect(lines[1]).toMatch(/^INC-7 {2}x+…$/)
  expect(fitTable('y'.repeat(200), 40)).toHaveLength(200)
})
