import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import path from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { createRedactor } from '../../src/base/redact.ts'
import {
  createGuard,
  executeBash,
  killLeftover,
  type BashDeps,
  type ExecuteRequest,
  type OutputSink,
  type StartedProcess,
  type StepResult,
} from '../../src/step/index.ts'

let scratchDir = ''
let number = 0
const guard = createGuard()

beforeAll(async () => {
  scratchDir = await mkdtemp(path.join(tmpdir(), 'erlmcp-bash-'))
})
afterAll(async () => {
  guard.stop()
  await rm(scratchDir, { recursive: true, force: true })
})

interface Run {
  result: StepResult
  stdout: Buffer
  stderr: Buffer
  executionId: string
}

interface RunOptions extends Partial<Omit<ExecuteRequest, 'script' | 'limits'>> {
  timeoutMs?: number
  graceMs?: number
  maxOutputBytes?: number
  signal?: AbortSignal
  secrets?: string[]
  output?: OutputSink
  deps?: Partial<BashDeps>
}

async function run(script: string, options: RunOptions = {}): Promise<Run> {
  const {
    timeoutMs = 20_000,
    graceMs = 500,
    maxOutputBytes,
    signal,
    secrets = [],
    output,
    deps,
    ...rest
  } = options
  const chunks: { stream: string; bytes: Buffer }[] = []
  const memory: OutputSink = {
    append: async (_, stream, bytes) => {
      chunks.push({ stream, bytes })
    },
  }
  const executionId = rest.executionId ?? `exec_${(number += 1)}`
  const result = await executeBash(
    {
      now: () => new Date(),
      output: output ?? memory,
      redactor: createRedactor({ secrets }),
      scratchDir,
      guard,
      ...deps,
    },
    {
      inputs: {},
      environment: {},
      shellState: null,
      ...rest,
      executionId,
      script,
      limits: { timeoutMs, graceMs, ...(maxOutputBytes === undefined ? {} : { maxOutputBytes }) },
    },
    signal ?? new AbortController().signal,
  )
  const of = (stream: string): Buffer =>
    Buffer.concat(chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes))
  return { result, stdout: of('stdout'), stderr: of('stderr'), executionId }
}

/** Processes that still carry the marker of an execution. */
async function alive(executionId: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') Z')
      const zombie = status.slice(status.lastIndexOf(')')).startsWith(') Z')
      return environment.includes(`ERLMCP_EXECUTION_ID=${executionId}\0`) && !zombie ? pid : null
    }),
  )
  return found.filter((pid) => pid !== null)
}

/** Those that have become the program they are meant to be. */
async function sleeping(executionId: string): Promise<string[]> {
  const pids = await alive(executionId)
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')))
  return pids.filter((_, index) => names[index] === 'sleep\n')
}

async function untilGone(executionId: string): Promise<string[]> {
  for (let round = 0; round < 100; round += 1) {
    if ((await alive(executionId)).length === 0) return []
    await delay(50)
  }
  return alive(executionId)
}

describe('a command', () => {
  test('ends with its own exit code and its output by stream', async () => {
    const { result, stdout, stderr } = await run('echo out; echo err >&2; exit 3')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 3, outputBytes: 8, truncated: false })
    expect(stdout.toString()).toBe('out\n')
    expect(stderr.toString()).toBe('err\n')
    expect(result.tail).toContain('out')
  })

  test('can write to /dev/stdout and /dev/stderr by name', async () => {
    const { stdout, stderr } = await run('echo a >/dev/stderr; echo b | tee /dev/stderr')
    expect(stdout.toString()).toBe('b\n')
    expect(stderr.toString()).toBe('a\nb\n')
  })

  test('gets inputs as variables, whatever they hold, and never as text', async () => {
    const value = `x"; touch ${scratchDir}/owned; $(touch ${scratchDir}/owned) '\n\``
    const { stdout } = await run('printf %s "$POD"', { inputs: { POD: value } })
    expect(stdout.toString()).toBe(value)
    expect(await readdir(scratchDir)).not.toContain('owned')
  })

  test('sees a clean environment, no terminal and nothing to read', async () => {
    const { stdout } = await run('env -0; printf "stdin:%s\\0umask:%s\\0" "$(cat)" "$(umask)"; tty >&2', {
      environment: { KUBECONFIG: '/k' },
    })
    const lines = stdout
      .toString()
      .split('\0')
      .filter((line) => line !== '')
    const names = lines.filter((line) => line.includes('=')).map((line) => line.split('=')[0])
    expect(new Set(names)).toEqual(
      new Set([
        'PATH',
        'LANG',
        'HOME',
        'TERM',
        'NO_COLOR',
        'PAGER',
        'PWD',
        'SHLVL',
        '_',
        'KUBECONFIG',
        'ERLMCP_EXECUTION_ID',
      ]),
    )
    expect(lines).toContain(`HOME=${scratchDir}`)
    expect(lines).toContain('stdin:')
    expect(lines).toContain('umask:0077')
  })

  test('that does not exist says so', async () => {
    const { result, stderr } = await run('echo before\nkubctl get pods')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 127, reason: 'kubctl: command not found' })
    expect(stderr.toString()).toBe('bash: line 2: kubctl: command not found\n')
  })

  test('that is not executable says so', async () => {
    await writeFile(path.join(scratchDir, 'plain.txt'), 'text')
    const { result } = await run('./plain.txt')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 126, reason: './plain.txt: Permission denied' })
  })

  test('with a syntax error fails and shows where', async () => {
    const { result, stderr } = await run('echo one\nif then')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 2 })
    expect(stderr.toString()).toContain('line 2: syntax error')
  })

  test('ended by a signal of its own says which', async () => {
    expect((await run('kill -SEGV $$')).result).toMatchObject({ kind: 'signalled', signal: 'SIGSEGV' })
  })

  test('that reads its input does not wait for ever', async () => {
    expect((await run('read -r line; echo "got:$line"; cat')).result).toMatchObject({
      kind: 'exited',
      exitCode: 0,
    })
  })

  test('leaves none of its files behind', async () => {
    await run('true')
    expect(await readdir(path.join(scratchDir, '.erlmcp'))).toEqual([])
  })
})

describe('a command is refused before it starts', () => {
  test.each([
    ['an input that changes which program runs', { inputs: { PATH: '/tmp' } }, 'PATH cannot be an input'],
    [
      'an input that is loaded into programs',
      { inputs: { LD_PRELOAD: '/x.so' } },
      'LD_PRELOAD cannot be an input',
    ],
    [
      'an input that is no variable',
      { inputs: { 'BASH_FUNC_ls%%': '() { :; }' } },
      'is no name of a variable',
    ],
    ['a value with a NUL character', { inputs: { A: 'a\0b' } }, 'NUL'],
    ['a value larger than the system allows', { inputs: { A: 'x'.repeat(300_000) } }, 'E2BIG'],
    ['a state that is damaged', { shellState: '{"version":1' }, 'cannot be read'],
    ['an execution with a path for a name', { executionId: '../../etc' }, 'no name of an execution'],
  ])('because of %s', async (_, options, reason) => {
    const { result } = await run('echo ran', options)
    expect(result).toMatchObject({ kind: 'not-started', reason: expect.stringContaining(reason) as string })
  })

  test('because its working directory is gone', async () => {
    const { result } = await run('mkdir gone; cd gone; rmdir ../gone')
    const next = await run('pwd', { shellState: result.shellState })
    expect(next.result).toMatchObject({ kind: 'not-started', shellState: result.shellState })
    expect(next.result).toHaveProperty('reason', expect.stringContaining('/gone, is not there any more'))
  })

  test('because it was stopped first', async () => {
    expect((await run('echo ran', { signal: AbortSignal.abort() })).result.kind).toBe('not-started')
  })

  test('because its process could not be put on record', async () => {
    const failing = run(`touch ${scratchDir}/ran-unrecorded`, {
      executionId: 'exec_unrecorded',
      onStart: () => Promise.reject(new Error('database away')),
    })
    await expect(failing).rejects.toThrow('database away')
    expect(await readdir(scratchDir)).not.toContain('ran-unrecorded')
    expect(await alive('exec_unrecorded')).toEqual([])
  })
})

describe('the next command', () => {
  const after = async (first: string, second: string, options: RunOptions = {}): Promise<Run> => {
    const { result } = await run(first, options)
    return run(second, { ...options, shellState: result.shellState })
  }

  test('has the variables, lists, functions, options and directory of the one before', async () => {
    const { stdout } = await after(
      `X=1; export Y=$'two\\nlines'; list=(a "b c"); declare -A map=([k]="v w" ["a b"]=c); declare -i n=4
       greet() { echo "hello $1"; }; export -f greet; set -o pipefail; shopt -s nullglob; mkdir -p sub; cd sub`,
      `echo "$X|$Y|\${list[1]}|\${map[k]}|\${map["a b"]}|$((n + 1))|$(greet you)|$(bash -c 'greet all; echo $Y')"
       [[ -o pipefail ]] && shopt -q nullglob && pwd`,
    )
    expect(stdout.toString()).toBe(
      `1|two\nlines|b c|v w|c|5|hello you|hello all\ntwo lines\n${scratchDir}/sub\n`,
    )
  })

  test('has them although the script ended by exit, by set -e or inside a function', async () => {
    expect((await after('X=1; exit 3', 'echo "$X"')).stdout.toString()).toBe('1\n')
    expect((await after('set -e; X=1; false; X=2', 'echo "$X"')).stdout.toString()).toBe('1\n')
    expect(
      (await after('f() { local inner=1; X=3; exit 4; }; f', 'echo "$X${inner-}"')).stdout.toString(),
    ).toBe('3\n')
  })

  test('has them although the script set an exit trap, which runs too', async () => {
    const first = await run(`tmp=kept; trap 'echo "cleaning $tmp $?"' EXIT; exit 5`)
    expect(first.stdout.toString()).toBe('cleaning kept 5\n')
    expect(first.result).toMatchObject({ exitCode: 5 })
    const { stdout } = await run('echo "$tmp"; trap -p EXIT | grep -c cleaning', {
      shellState: first.result.shellState,
    })
    expect(stdout.toString()).toBe('kept\n0\n')
  })

  test('keeps the state from before when a command is killed or replaces its shell', async () => {
    const first = await run('X=1')
    for (const script of ['X=2; kill -9 $$', 'X=2; exec true']) {
      const second = await run(script, { shellState: first.result.shellState })
      const third = await run('echo "$X"', { shellState: second.result.shellState })
      expect(third.stdout.toString()).toBe('1\n')
    }
  })

  test('does not have inputs, what identity and target gave, or readonly variables', async () => {
    const { result } = await run(
      'readonly FIXED=1; export TOKEN_COPY=x; export KUBECONFIG=/other; OWN=$POD',
      {
        inputs: { POD: 'pod-1' },
        environment: { KUBECONFIG: '/k', PGPASSWORD: 'hunter2' },
      },
    )
    expect(result.shellState).not.toContain('hunter2')
    const { stdout } = await run('echo "${FIXED-}|${KUBECONFIG-}|${POD-}|${PGPASSWORD-}|$OWN"', {
      shellState: result.shellState,
    })
    expect(stdout.toString()).toBe('||||pod-1\n')
  })

  test('gets its own inputs, not the old value', async () => {
    const { result } = await run('POD=changed')
    const { stdout } = await run('echo "$POD"', { shellState: result.shellState, inputs: { POD: 'given' } })
    expect(stdout.toString()).toBe('given\n')
  })

  test('has PATH as the one before left it', async () => {
    const { stdout } = await after(
      'mkdir -p bin; printf "#!/bin/sh\\necho mine" >bin/mytool; chmod +x bin/mytool; PATH=$PATH:$PWD/bin',
      'mytool',
    )
    expect(stdout.toString()).toBe('mine\n')
  })

  test('has every value byte for byte', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 0, maxLength: 30 })
      .map((value) => value.replaceAll('\0', '').toWellFormed())
    const values = fc.sample(
      fc.oneof(text, fc.constantFrom(`'`, `"`, '\\', '$(id)', '`id`', '\n\n', ' ', '!!', '$HOME', `$'\\n'`)),
      120,
    )
    const inputs = Object.fromEntries(values.map((value, index) => [`IN_${index}`, value]))
    const names = values.map((_, index) => index)
    const { stdout } = await after(
      names.map((index) => `V${index}=$IN_${index}; A[${index}]=$IN_${index}`).join('\n'),
      names.map((index) => `printf '%s\\0' "$V${index}" "\${A[${index}]}"`).join('\n'),
      { inputs },
    )
    expect(stdout.toString().split('\0').slice(0, -1)).toEqual(values.flatMap((value) => [value, value]))
  })

  test('goes without a variable that is too large, and is told', async () => {
    const { result, stderr } = await run('BIG=$(head -c 400000 /dev/zero | tr "\\0" x); SMALL=1')
    expect(stderr.toString()).toContain('too large to be kept for the next command: BIG')
    const { stdout } = await run('echo "$SMALL${BIG-}"', { shellState: result.shellState })
    expect(stdout.toString()).toBe('1\n')
  })
})

/** A disk of 64 KiB; needs the right to mount. */
async function smallDisk(use: (folder: string) => Promise<void>): Promise<boolean> {
  const folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status === 0
  try {
    if (mounted) await use(folder)
  } finally {
    if (mounted) spawnSync('umount', ['-l', folder])
    await rm(folder, { recursive: true, force: true })
  }
  return mounted
}

describe('a full disk', () => {
  test('keeps a command from starting, with its reason, or leaves the state from before, loudly', async ({
    skip,
  }) => {
    const mounted = await smallDisk(async (folder) => {
      const first = await run('X=1', { deps: { scratchDir: folder } })
      const filled = await run('X=2; head -c 200000 /dev/zero >fill; :', {
        deps: { scratchDir: folder },
        shellState: first.result.shellState,
      })
      expect(filled.stderr.toString()).toMatch(/No space left on device[^]*could not be written/)
      expect(filled.result.shellState).toBe(first.result.shellState)
      await writeFile(path.join(folder, 'rest'), Buffer.alloc(100_000)).catch(() => {})
      const refused = await run('echo ran', {
        deps: { scratchDir: folder },
        shellState: first.result.shellState,
      })
      expect(refused.result).toMatchObject({
        kind: 'not-started',
        reason: expect.stringContaining('ENOSPC') as string,
      })
    })
    if (!mounted) skip()
  })
})

describe('nothing is left running', () => {
  test('after the time limit: group, background processes, and those that left the group', async () => {
    const { result, executionId } = await run(
      `sleep 300 & setsid sleep 301 & (sleep 302 &) ; trap '' TERM; sleep 303`,
      { timeoutMs: 500, graceMs: 300 },
    )
    expect(result.kind).toBe('timed-out')
    expect(await alive(executionId)).toEqual([])
  })

  test('when it is stopped from outside, also while it ignores the request', async () => {
    const stop = new AbortController()
    const { result, executionId } = await run(`trap '' TERM INT; while :; do sleep 0.1; done`, {
      signal: stop.signal,
      graceMs: 200,
      onStart: async () => void setTimeout(() => stop.abort(), 300),
    })
    expect(result.kind).toBe('stopped')
    expect(await alive(executionId)).toEqual([])
  })

  test('when a stopped (frozen) process is in the group', async () => {
    const { result, executionId } = await run('sleep 300 & kill -STOP $!; wait', {
      timeoutMs: 400,
      graceMs: 300,
    })
    expect(result.kind).toBe('timed-out')
    expect(await alive(executionId)).toEqual([])
  })

  test('after the window of an endless command, which is asked first so that it can say its last words', async () => {
    const { result, stdout, executionId } = await run(
      `trap 'echo summary; exit 0' INT; while :; do echo tick; sleep 0.1; done`,
      { windowMs: 500 },
    )
    expect(result.kind).toBe('window-ended')
    expect(stdout.toString()).toContain('tick')
    expect(stdout.toString()).toContain('summary')
    expect(await alive(executionId)).toEqual([])
  })

  test('after a normal end, as at a logout: background processes go, those that asked to stay do', async () => {
    const { result, executionId } = await run('sleep 300 & nohup sleep 2 >/dev/null 2>&1 & echo done')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0 })
    expect(await alive(executionId)).toHaveLength(1)
    expect(await untilGone(executionId)).toEqual([])
  })

  test('a background process that keeps the output open does not hold up the end', async () => {
    const { result, stdout, stderr, executionId } = await run('setsid sleep 3 & echo done')
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0 })
    expect(stdout.toString()).toBe('done\n')
    expect(stderr.toString()).toContain('a background process keeps the output open')
    expect(await untilGone(executionId)).toEqual([])
  })
})

/** A process that runs one command and is then killed. */
const PARENT = `
import { executeBash } from ${JSON.stringify(path.resolve('src/step/index.ts'))}
import { createRedactor } from ${JSON.stringify(path.resolve('src/base/redact.ts'))}
const [executionId, scratchDir, script] = process.argv.slice(2)
await executeBash(
  { now: () => new Date(), output: { append: async () => {} }, redactor: createRedactor(), scratchDir },
  { executionId, script, inputs: {}, environment: {}, shellState: null, limits: { timeoutMs: 60000, graceMs: 1000 },
    onStart: async (started) => { console.log(JSON.stringify(started)); if (script === 'wait') await new Promise(() => setTimeout(() => {}, 60000)) } },
  new AbortController().signal,
)
`

async function killedParent(
  executionId: string,
  script: string,
  ready: () => Promise<boolean>,
): Promise<StartedProcess> {
  const file = path.join(scratchDir, 'parent.ts')
  await writeFile(file, PARENT)
  const child = spawn(process.execPath, [file, executionId, scratchDir, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  while (!(await ready())) await delay(20)
  child.kill('SIGKILL')
  await once(child, 'exit')
  return JSON.parse(line.toString()) as StartedProcess
}

describe('kill -9 of erlmcp', () => {
  test('leaves nothing of the command running', async () => {
    await killedParent(
      'exec_killed',
      'sleep 300 & setsid sleep 301 & sleep 302',
      async () => (await sleeping('exec_killed')).length === 3,
    )
    expect(await untilGone('exec_killed')).toEqual([])
  })

  test('before the process is on record: the command never runs', async () => {
    const never = path.join(scratchDir, 'never')
    await killedParent('exec_never', 'wait', async () => (await alive('exec_never')).length === 1)
    expect(await untilGone('exec_never')).toEqual([])
    await expect(readFile(never)).rejects.toThrow('ENOENT')
  })
})

describe('what a crash has left', () => {
  const leave = async (
    executionId: string,
  ): Promise<{ pid: number; startedAt: string; end: Promise<unknown> }> => {
    const started = Promise.withResolvers<StartedProcess>()
    const end = run('sleep 300 & setsid sleep 301 & sleep 302', {
      executionId,
      onStart: async (process) => started.resolve(process),
    })
    const { pid, startedAt } = await started.promise
    while ((await sleeping(executionId)).length < 3) await delay(20)
    return { pid, startedAt, end }
  }

  test('is killed, with what left its group, and reported', async () => {
    const { pid, startedAt, end } = await leave('exec_left')
    const report = await killLeftover({ host: hostname(), pid, startedAt, executionId: 'exec_left' })
    expect(report).toMatchObject({
      kind: 'killed',
      message: expect.stringContaining('was still running') as string,
    })
    expect(await untilGone('exec_left')).toEqual([])
    await end
    expect(await killLeftover({ host: hostname(), pid, startedAt, executionId: 'exec_left' })).toEqual({
      kind: 'gone',
      message: null,
    })
  })

  test('is not touched when it is another process with the same number, or on another host', async () => {
    const { pid, startedAt, end } = await leave('exec_other')
    const before = await alive('exec_other')
    expect(await killLeftover({ host: hostname(), pid, startedAt: '1@other-boot' })).toMatchObject({
      kind: 'gone',
    })
    expect(await killLeftover({ host: 'elsewhere', pid, startedAt })).toMatchObject({ kind: 'unseen' })
    expect(await alive('exec_other')).toEqual(before)
    await killLeftover({ host: hostname(), pid, startedAt, executionId: 'exec_other' })
    await end
  })
})

describe('output', () => {
  test('of 12 MB arrives whole and in order', async () => {
    const { result, stdout } = await run(
      'seq -f "line %.0f of a long report, with some more words on it" 1 220000',
    )
    expect(result).toMatchObject({ kind: 'exited', truncated: false })
    expect(stdout.length).toBeGreaterThan(12_000_000)
    const lines = stdout.toString().trimEnd().split('\n')
    expect(lines).toHaveLength(220_000)
    expect(lines.every((line, index) => line.startsWith(`line ${index + 1} of`))).toBe(true)
  })

  test('without end is dropped loudly after the limit, and the command goes on', async () => {
    const { result, stdout, stderr } = await run(
      'head -c 3000000 /dev/zero | tr "\\0" "y"; echo; echo last words',
      { maxOutputBytes: 100_000 },
    )
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0, truncated: true, outputBytes: 3_000_012 })
    expect(stdout.length).toBe(100_000)
    expect(stderr.toString()).toContain('the limit of 100000 bytes of output is reached')
    expect(stderr.toString()).toContain('2,900,012 bytes of output were dropped')
    expect(result.tail).toMatch(/last words$/)
  })

  test('without end and without line breaks ends with the time limit', async () => {
    const { result, stdout } = await run('yes | tr -d "\\n"', { timeoutMs: 800, maxOutputBytes: 1_048_576 })
    expect(result).toMatchObject({ kind: 'timed-out', truncated: true })
    expect(stdout.length).toBe(1_048_576)
  })

  test('that is binary is stored byte for byte, and its tail is text that a database takes', async () => {
    const all = Array.from({ length: 256 }, (_, index) => index)
    const escapes = all.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
    const { result, stdout } = await run(`printf '${escapes}'`)
    expect([...stdout]).toEqual(all)
    expect(result.tail).not.toContain('\0')
    expect(result.tail.isWellFormed()).toBe(true)
  })

  test('waits for a slow store instead of growing in memory', async () => {
    let largest = 0
    const output: OutputSink = {
      async append(_, __, bytes) {
        largest = Math.max(largest, bytes.length)
        await delay(1)
      },
    }
    const { result } = await run('head -c 4000000 /dev/zero | tr "\\0" "\\n"', { output })
    expect(result).toMatchObject({ kind: 'exited', exitCode: 0, outputBytes: 4_000_000 })
    expect(largest).toBeLessThanOrEqual(300_000)
  })

  test('that the store refuses ends the command and is an error', async () => {
    const output: OutputSink = { append: () => Promise.reject(new Error('no such execution')) }
    await expect(run('echo x; sleep 300', { output, executionId: 'exec_refused' })).rejects.toThrow(
      'no such execution',
    )
    expect(await alive('exec_refused')).toEqual([])
  })

  test('is redacted before it is stored, also when a secret arrives in pieces', async () => {
    const { result, stdout } = await run(
      `printf 'password=hun'; sleep 0.3; echo 'ter2 next'; echo "$SECRET" | base64; echo "$SECRET"`,
      { inputs: { SECRET: 'correct horse battery' }, secrets: ['correct horse battery'] },
    )
    const text = `${stdout.toString()}${result.tail}`
    expect(text).not.toMatch(/hun|ter2|correct horse|Y29ycmVjdCBob3/)
    expect(text).toContain('next')
  })

  test('shows no credential of the identity, whatever the command does with it', async () => {
    const { stdout } = await run('echo "$PGPASSWORD" "${PGPASSWORD}x" | tee >(base64) | cat; wait', {
      environment: { PGPASSWORD: 'opensesame' },
    })
    expect(stdout.toString()).not.toMatch(/opensesame|b3BlbnNlc2FtZ/)
  })

  test('is there while the command still runs', async () => {
    const seen = Promise.withResolvers<void>()
    const stop = new AbortController()
    const output: OutputSink = { append: async () => seen.resolve() }
    const running = run('echo early; sleep 300', { output, signal: stop.signal })
    await seen.promise
    stop.abort()
    expect((await running).result.kind).toBe('stopped')
  })
})

test('commands that run side by side do not mix', async () => {
  const runs = await Promise.all(
    Array.from({ length: 8 }, (_, index) => run(`for i in {1..50}; do echo ${index}; done; X=${index}`)),
  )
  runs.forEach(({ stdout, result }, index) => {
    expect(new Set(stdout.toString().trim().split('\n'))).toEqual(new Set([String(index)]))
    expect(result.shellState).toContain(`"name":"X","flags":"--","source":"\\"${index}\\""`)
  })
})
