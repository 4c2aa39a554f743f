/** Standard input, terminals and what the local shell does before a command reaches the pod. */
import { hasFlag, kubectlOf, placeOf, programOf, wordTexts } from '../context.ts'
import type { LintContext, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintEdit, LintRule, Problem } from '../rule.ts'

const DESTROYS = /\bdropdb\b|\bdrop\s+(?:database|schema|table)\b|\btruncate\b|\brm\s+-[a-z]*r/i

const execWithoutStdin: LintRule = {
  id: 'exec-without-stdin',
  severity: 'error',
  summary:
    'kubectl exec is fed by "<" or a pipe but has no -i, so the program in the pod reads nothing and reports success',
  bad: bash('kubectl exec -n shop postgres-0 -- psql -v ON_ERROR_STOP=1 -U shop -d shop < dump.sql'),
  good: bash('kubectl exec -i -n shop postgres-0 -- psql -v ON_ERROR_STOP=1 -U shop -d shop < dump.sql'),
  check: (context) =>
    context.commands.flatMap((placed) =>
      placed.calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        if (kubectl?.verb !== 'exec' || hasFlag(kubectl, 'stdin') || kubectl.afterDash === null) return []
        const source = call.redirects.find(
          ({ operator, target }) => /^(?:<|<<-?|<<<)$/.test(operator) && target !== '/dev/null',
        )
        if (source === undefined && call.pipeIndex === 0) return []
        if (source === undefined && !readsInput(kubectl.afterDash)) return []
        return [
          stdinProblem(
            context,
            placed,
            call.words[1]?.start ?? call.start,
            call.words[1]?.end ?? call.end,
            source?.target ?? null,
          ),
        ]
      }),
    ),
}

/** Programs that do nothing useful without input; others in a pipeline may not want it. */
function readsInput(words: (string | null)[]): boolean {
  const [program, ...rest] = words
  if (program === null || program === undefined) return false
  if (/(?:^|\/)(?:psql|mysql|mongo|mongosh|sqlite3)$/.test(program))
    return !rest.some((word) => word !== null && /^(?:-c|-f|-e|--command|--file|--execute|--eval)/.test(word))
  if (/(?:^|\/)(?:sh|bash)$/.test(program)) return !rest.some((word) => word !== null && /^-\w*c/.test(word))
  return /(?:^|\/)(?:pg_restore|tee|tar|cat|gzip|gunzip|zcat|jq|kubectl|redis-cli|base64|xargs)$/.test(
    program,
  )
}

function stdinProblem(
  context: LintContext,
  placed: PlacedCommand,
  start: number,
  end: number,
  file: string | null,
): Problem {
  const place = placeOf(placed.command, start)
  const dropped = context.commands.find(
    (one) =>
      one.procedure === placed.procedure &&
      one.command.line < place.line &&
      DESTROYS.test(one.command.text) &&
      place.line - one.command.line < 40,
  )
  const from = file === null ? 'the pipe' : file
  const loss =
    dropped === undefined ? '' : `; line ${dropped.command.line} has destroyed the old data by then`
  return {
    ...place,
    endLine: placed.command.position.endLine,
    message: `without -i kubectl does not attach standard input: the program in the pod reads nothing of ${from} and still exits 0${loss}`,
    remedy: 'Write "kubectl exec -i", and check the result with a query before going on.',
    edits: [insertAfter(place, end - start, ' -i')],
  }
}

const insertAfter = (place: { line: number; column: number }, length: number, text: string): LintEdit => ({
  line: place.line,
  column: place.column + length,
  length: 0,
  text,
})

const ttyInPipeline: LintRule = {
  id: 'tty-in-pipeline',
  severity: 'warning',
  summary: 'A terminal (-t) is asked for where input or output is a pipe or a file',
  bad: bash('kubectl exec -it web-0 -n shop -- grep -i connection /var/log/shop.log | tail -20'),
  good: bash('kubectl exec web-0 -n shop -- grep -i connection /var/log/shop.log | tail -20'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        if (kubectl?.verb !== 'exec' || !hasFlag(kubectl, 'tty')) return []
        const redirected = call.redirects.some(({ operator }) => /^(?:<|>|>>|<<-?|<<<)$/.test(operator))
        if (call.pipeLength === 1 && !redirected && !call.captured) return []
        const word = call.words.find(({ text }) => text !== null && /^-(?:it|ti|t)$|^--tty$/.test(text))
        const place = placeOf(command, word?.start ?? call.start)
        const feeds = call.pipeIndex > 0 || call.redirects.some(({ operator }) => operator.startsWith('<'))
        const edits =
          word === undefined || !/^-(?:it|ti)$/.test(word.text ?? '') || !feeds
            ? []
            : [{ ...place, length: 3, text: '-i' }]
        const message = `${word?.text ?? '-t'} asks for a terminal, but ${feeds ? 'input' : 'output'} is no terminal here: kubectl warns, and the lines end in carriage returns`
        return [
          {
            ...place,
            message,
            remedy: feeds ? 'Write -i alone.' : 'Leave out -it.',
            ...(edits.length === 0 ? {} : { edits }),
          },
        ]
      }),
    ),
}

const SHELLS = /(?:^|\/)(?:sh|bash|ash|zsh|fish)$/
const CONSOLES =
  /(?:^|\/)(?:psql|mysql|mongo|mongosh|redis-cli|erl|iex|irb|python3?|node|rails|sqlite3|observer_cli)$/

const interactive: LintRule = {
  id: 'interactive-command',
  severity: 'warning',
  summary: 'A command that waits for a person at a terminal; unattended it cannot go on',
  bad: bash('kubectl exec -it web-0 -n shop -- /bin/sh'),
  good: bash('kubectl exec web-0 -n shop -- ls -l /var/log'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) => {
      if (command.tag === 'inline') return []
      const call = calls.find(
        (one) =>
          one.pipeIndex === 0 &&
          one.redirects.every(({ operator }) => !operator.startsWith('<')) &&
          isInteractive(one, calls),
      )
      if (call === undefined) return []
      const place = placeOf(command, call.start)
      const what = wordTexts(call.words)
        .map((text) => text ?? '…')
        .join(' ')
      const message = `"${what.length > 60 ? `${what.slice(0, 59)}…` : what}" opens a session for a person: unattended it hangs or ends at once`
      return [
        {
          ...place,
          endLine: command.position.endLine,
          message,
          remedy:
            'Say what to type there and what to look for; or run the one command that is meant (sh -c, psql -c, erl_call).',
        },
      ]
    }),
}

function isInteractive(call: PlacedCommand['calls'][number], calls: PlacedCommand['calls']): boolean {
  const kubectl = kubectlOf(call)
  if (kubectl !== null) {
    if (kubectl.verb === 'edit') return true
    if (!['exec', 'attach', 'debug', 'run'].includes(kubectl.verb) || !hasFlag(kubectl, 'tty')) return false
    const [program, ...rest] = kubectl.afterDash ?? []
    if (program === undefined) return kubectl.verb !== 'exec'
    if (program === null) return false
    return consoleWithoutCode(program, rest)
  }
  if (call.through.length > 0 && calls.some((one) => kubectlOf(one)?.verb === 'exec')) return false
  const program = programOf(call)
  if (program === 'ssh' && call.words.some((word) => word.text === '-T')) return false
  if (program === 'ssh')
    return call.words.filter((word) => word.text === null || !word.text.startsWith('-')).length === 2
  return (
    /^(?:psql|mysql|mongosh?|redis-cli|erl|iex|irb|vi|vim|nano|top|htop|less|more)$/.test(program) &&
    consoleWithoutCode(program, wordTexts(call.words).slice(1))
  )
}

function consoleWithoutCode(program: string, args: (string | null)[]): boolean {
  if (args.includes(null)) return /^(?:vi|vim|nano)$/.test(program)
  const words = args.filter((word) => word !== null)
  if (SHELLS.test(program))
    return !words.some((word) => /^-\w*c$/.test(word)) && words.every((word) => word.startsWith('-'))
  if (/^(?:vi|vim|nano|htop|less|more)$/.test(program)) return true
  if (program === 'top') return !words.some((word) => /^-\w*b/.test(word))
  if (!CONSOLES.test(program)) return false
  if (program.endsWith('redis-cli'))
    return words.every((word, at) => word.startsWith('-') || /^-[hpanu]$/.test(words[at - 1] ?? ''))
  if (/(?:python3?|node|sqlite3|rails)$/.test(program))
    return words.length === 0 || (program.endsWith('rails') && /^c(?:onsole)?$/.test(words[0] ?? ''))
  return !words.some((word) =>
    /^(?:-c|-f|-e|-l|-V|-eval|-noshell|-s|--command|--file|--execute|--eval|--list|--version|-tAc|-\w*c)$|^--(?:command|file|execute|eval)=/.test(
      word,
    ),
  )
}

const globInPod: LintRule = {
  id: 'glob-expanded-locally',
  severity: 'warning',
  summary: 'An unquoted * in a command for a pod: the local shell expands it, with local files',
  bad: bash('kubectl exec web-0 -n shop -- ls /var/log/*.log'),
  good: bash("kubectl exec web-0 -n shop -- sh -c 'ls /var/log/*.log'"),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        if (kubectlOf(call)?.verb !== 'exec') return []
        const dash = call.words.findIndex((word) => word.text === '--')
        const word = dash === -1 ? undefined : call.words.slice(dash + 1).find((one) => one.glob)
        if (word === undefined) return []
        return [
          {
            ...placeOf(command, word.start),
            message: `${word.text ?? 'this pattern'} is expanded by the local shell, not in the pod`,
            remedy: "Give the pod a shell: kubectl exec … -- sh -c '…'.",
          },
        ]
      }),
    ),
}

const erlEval: LintRule = {
  id: 'erl-eval-without-noshell',
  severity: 'warning',
  summary: 'erl -eval without -noshell: when the expression fails, a shell opens and waits',
  bad: bash(
    `kubectl exec web-0 -n shop -- erl -eval "{ok, _} = file:consult('/config/sys.config'), halt()."`,
  ),
  good: bash(
    `kubectl exec web-0 -n shop -- erl -noshell -eval "{ok, _} = file:consult('/config/sys.config'), halt()."`,
  ),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        const words = wordTexts(call.words)
        if (
          programOf(call) !== 'erl' ||
          !words.includes('-eval') ||
          words.includes('-noshell') ||
          words.includes('-noinput')
        )
          return []
        const at = call.words.find((word) => word.text === '-eval')
        const message = 'without -noshell a failing expression leaves an Erlang shell that waits for input'
        return [{ ...placeOf(command, at?.start ?? call.start), message, remedy: 'Add -noshell.' }]
      }),
    ),
}

export const STREAM_RULES: LintRule[] = [execWithoutStdin, ttyInPipeline, interactive, globInPod, erlEval]
