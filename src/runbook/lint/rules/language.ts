import { detectLanguage } from '../../../command/index.ts'
import type { Language } from '../../../command/index.ts'
import type { RunbookCommand } from '../../model.ts'
import type { LintContext, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

const SHELL_TAG = /^(?:bash|sh|shell|zsh|ksh|shel|bach|!bash|8sh|command|commands|cmd|terminal)$/i
const NAMES: Partial<Record<Language, string>> = {
  erlang: 'Erlang', slack: 'a Slack command', promql: 'PromQL', sql: 'SQL', powershell: 'PowerShell',
  python: 'Python', ruby: 'Ruby', javascript: 'JavaScript',
} // prettier-ignore
/** Tags that name one language, so that anything else in the block is out of place. */
const OWN_TAG: Partial<Record<string, Language>> = {
  sql: 'sql',
  postgresql: 'sql',
  erlang: 'erlang',
  promql: 'promql',
}

const otherLanguage: LintRule = {
  id: 'other-language-in-block',
  severity: 'error',
  summary: 'A line in another language than its block, so the block cannot be run',
  bad: bash('kubectl get pods -n shop', 'shop:observer_start().'),
  good: [bash('kubectl get pods -n shop'), '```erlang', 'shop:observer_start().', '```', ''].join('\n'),
  check: ({ commands, lines }) => firstOfBlock(commands, (placed) => checkLanguage(placed, lines)),
}

/** One finding a block is enough: what is no shell seldom comes in one line. */
function firstOfBlock(commands: PlacedCommand[], check: (placed: PlacedCommand) => Problem[]): Problem[] {
  const seen = new Set<number>()
  return commands.flatMap((placed) => {
    const block = placed.command.block ?? -placed.command.line
    if (seen.has(block)) return []
    const found = check(placed)
    if (found.length > 0) seen.add(block)
    return found
  })
}

function checkLanguage({ command }: PlacedCommand, lines: string[]): Problem[] {
  const { language, tag, line, position } = command
  if (tag === null || tag === 'inline') return []
  // A recorded session shows the prompt of the program that reads the line.
  if ((lines[line - 1] ?? '').slice(0, position.column - 1).trim() !== '') return []
  const name = NAMES[language]
  if (SHELL_TAG.test(tag) && name !== undefined) {
    const rows = command.text.split('\n').map((row) => detectLanguage(row, null))
    // Read as part of a foreign block, but shell by itself: the finding belongs to another line of the block.
    if (!rows.includes(language) && rows.includes('bash')) return []
    return [
      {
        ...foreignLine(command),
        endLine: position.endLine,
        message: `this is ${name}, not shell: a block of ${tag} cannot run it`,
        remedy: remedyFor(language, name),
      },
    ]
  }
  const own = OWN_TAG[tag.toLowerCase()]
  if (own === undefined || language !== 'bash') return []
  const message = `this is a shell command in a block of ${tag}: neither a shell nor ${NAMES[own]} can run both`
  return [
    {
      line,
      column: position.column,
      message,
      remedy: `Put it into a bash block of its own, before the ${tag} block.`,
    },
  ]
}

/** The first line that is in the other language by itself; comments and shell lines may stand above it. */
function foreignLine(command: RunbookCommand): { line: number; column: number } {
  const rows = command.text.split('\n')
  const own = rows.findIndex((row) => row.trim() !== '' && detectLanguage(row, null) === command.language)
  const code = rows.findIndex((row) => !/^\s*(?:#|%|--|$)/.test(row))
  const row = own === -1 ? Math.max(code, 0) : own
  const origin = command.origin?.[row]
  if (origin === undefined) return { line: command.line, column: command.position.column }
  const indent = /^\s*/.exec(rows[row] ?? '')?.[0].length ?? 0
  return { line: origin.line, column: origin.column + indent }
}

function remedyFor(language: Language, name: string): string {
  if (language === 'slack') return 'Make it a step in words: "In Slack, type …". Shells have no such command.'
  if (language === 'promql') return 'Put it into a block of its own with the tag promql.'
  return `Put it into a block of its own with the tag ${language}, and say where that ${name} prompt is opened.`
}

const shellSyntax: LintRule = {
  id: 'shell-syntax',
  severity: 'error',
  summary: 'A command that a shell cannot parse',
  bad: bash('kubectl exec web-0 -n shop -- shop:status(full)'),
  good: bash("kubectl exec web-0 -n shop -- shop-cli rpc 'shop:status(full)'"),
  check: ({ commands, lines }) => {
    const foreign = new Set(
      commands.flatMap((placed) => (checkLanguage(placed, lines).length > 0 ? [placed.command.block] : [])),
    )
    return firstOfBlock(commands, ({ command, shellError }) => {
      if (shellError === null || command.tag === null || !SHELL_TAG.test(command.tag)) return []
      if (foreign.has(command.block)) return []
      const { line, position } = command
      const message = `bash cannot read this: ${shellError}`
      const remedy =
        'Quote what is not for the shell; if it is not shell at all, give the block its own language.'
      return [{ line, column: position.column, endLine: position.endLine, message, remedy }]
    })
  },
}

const commentOnly: LintRule = {
  id: 'comment-only-block',
  severity: 'info',
  summary: 'A shell block that holds only comments',
  bad: bash('# Open the dashboard and look at the error rate'),
  good: ['# Example', '', '## Steps', '', 'Open the dashboard and look at the error rate.', ''].join('\n'),
  check: ({ runbook }) =>
    runbook.blocks.flatMap((block) => {
      if (block.tag === null || !SHELL_TAG.test(block.tag)) return []
      const lines = block.lines.filter(({ text }) => text.trim() !== '')
      const first = lines[0]
      if (first === undefined || !lines.every(({ text }) => text.trim().startsWith('#'))) return []
      return [
        {
          line: block.line,
          column: 1,
          endLine: block.endLine,
          message: 'the block has only comments: nothing in it can be run, copied or ticked off',
          remedy: 'Write the steps as text or a checklist, and queries in blocks of their own language.',
        },
      ]
    }),
}

const QUERY =
  /(?:^|[\s:`])((?:sum|rate|increase|irate|histogram_quantile|avg|max|min|topk)\s*(?:by\s*\([^)]*\)\s*)?\([^`]*\).*)$/

const queryInComment: LintRule = {
  id: 'query-in-comment',
  severity: 'warning',
  summary: 'A PromQL query in a comment of a shell block, where nothing runs it',
  bad: bash('kubectl get pods -n shop', '# Query: sum(rate(errors_total[5m]))'),
  good: [bash('kubectl get pods -n shop'), '```promql', 'sum(rate(errors_total[5m]))', '```', ''].join('\n'),
  check: (context) =>
    shellComments(context).flatMap(({ text, line, column }) => {
      const query = QUERY.exec(text)?.[1]
      if (query === undefined || !/\[\d+[smhd]\]|\{[^}]*\}/.test(query)) return []
      const at = (context.lines[line - 1] ?? '').indexOf(query)
      const message = `this PromQL stands in a comment of a shell block: nobody runs it`
      return [
        {
          line,
          column: at === -1 ? column : at + 1,
          message,
          remedy: 'Put it into a block with the tag promql; then it is run and its result shown.',
        },
      ]
    }),
}

function shellComments({ runbook }: LintContext): { text: string; line: number; column: number }[] {
  return runbook.blocks
    .filter((block) => block.tag === null || SHELL_TAG.test(block.tag))
    .flatMap((block) => block.lines.filter(({ text }) => text.trim().startsWith('#')))
}

export const LANGUAGE_RULES: LintRule[] = [otherLanguage, shellSyntax, commentOnly, queryInComment]
