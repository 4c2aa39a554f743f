import type { Language } from '../../../command/index.ts'
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
  check: ({ commands }) => commands.flatMap(checkLanguage),
}

function checkLanguage({ command }: PlacedCommand): Problem[] {
  const { language, tag, line, position } = command
  if (tag === null || tag === 'inline') return []
  const name = NAMES[language]
  if (SHELL_TAG.test(tag) && name !== undefined) {
    return [
      {
        line,
        column: position.column,
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
  check: ({ commands }) =>
    commands.flatMap(({ command, shellError }) => {
      if (shellError === null || command.tag === null || !SHELL_TAG.test(command.tag)) return []
      const { line, position } = command
      const message = `bash cannot read this: ${shellError}`
      const remedy =
        'Quote what is not for the shell; if it is not shell at all, give the block its own language.'
      return [{ line, column: position.column, endLine: position.endLine, message, remedy }]
    }),
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
