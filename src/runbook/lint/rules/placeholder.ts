import { placeOf } from '../context.ts'
import type { LintContext } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

const undeclared: LintRule = {
  id: 'undeclared-placeholder',
  severity: 'info',
  summary: 'A value to fill in that the page does not explain',
  bad: bash('kubectl describe pod POD_NAME -n shop'),
  good: `---\ninputs:\n  POD_NAME:\n    description: A pod of the namespace shop\n---\n${bash('kubectl describe pod POD_NAME -n shop')}`,
  check: (context) => {
    const seen = new Set<string>()
    return context.commands.flatMap(({ command, procedure }): Problem[] => {
      if (command.tag === 'inline' || !command.runnable) return []
      const declared = new Set((procedure.inputs ?? []).map(({ name }) => plain(name)))
      return command.inputs.flatMap((input) => {
        const place = input.places[0]
        if (input.form === 'unset-variable' || place === undefined) return []
        if (input.form === 'angle' && input.text.split(' ').length > 2) return []
        if (seen.has(input.name) || declared.has(plain(input.name)) || declared.has(plain(input.text)))
          return []
        seen.add(input.name)
        const message = `${input.text} has to be filled in, and the page does not say with what`
        return [
          {
            ...placeOf(command, place.start),
            message,
            remedy: `Declare it in the front matter under "inputs:" with a description; the value is then asked for and checked.`,
          },
        ]
      })
    })
  },
}

const plain = (name: string): string =>
  name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')

const HTML = new Set(
  `a abbr address article aside audio b base bdi bdo blockquote body br button canvas caption center cite code col colgroup data
  datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header
  hgroup hr html i iframe img input ins kbd label legend li link main map mark menu meta meter nav noscript object ol optgroup
  option output p param picture pre progress q rp rt ruby s samp script section select slot small source span strike strong
  style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr path g rect circle line`.split(
    /\s+/,
  ),
)

const vanishes: LintRule = {
  id: 'placeholder-as-html',
  severity: 'warning',
  summary: 'A <placeholder> outside code: it is an HTML tag to Markdown, and vanishes from the page',
  bad: `${bash('kubectl get pods -n shop')}\nThen look at the log of <pod-name>.\n`,
  good: `${bash('kubectl get pods -n shop')}\nThen look at the log of \`<pod-name>\`.\n`,
  check: (context) => context.lines.flatMap((text, at) => htmlPlaceholders(context, text, at + 1)),
}

function htmlPlaceholders({ codeLines }: LintContext, text: string, line: number): Problem[] {
  if (codeLines.has(line) || !text.includes('<') || /^(?: {4}|\t)/.test(text)) return []
  const outside = text
    .replace(/(?<!`)(`{1,3})(?!`)[^`]{0,500}\1(?!`)/g, (code) => ' '.repeat(code.length))
    .replace(/<!--.{0,500}?-->/g, (comment) => ' '.repeat(comment.length))
  const found = [...outside.matchAll(/(?<![\\\w])<([A-Za-z][A-Za-z0-9]*(?:[- ][A-Za-z0-9]+){0,5})>/g)].filter(
    ([, name = '']) => !HTML.has(name.toLowerCase()) && !text.includes(`</${name}>`),
  )
  const first = found[0]
  if (first === undefined) return []
  const names = [...new Set(found.map(([tag]) => tag))]
  const vanish =
    names.length === 1 ? 'is an HTML tag to Markdown and vanishes' : 'are HTML tags to Markdown and vanish'
  return [
    {
      line,
      column: first.index + 1,
      message: `${names.join(', ')} ${vanish} when the page is shown`,
      remedy: `Write \`${names[0] ?? ''}\` in backticks.`,
      edits: found.map((match) => ({
        line,
        column: match.index + 1,
        length: match[0].length,
        text: `\`${match[0]}\``,
      })),
    },
  ]
}

const sampleValues: LintRule = {
  id: 'sample-values-in-template',
  severity: 'info',
  summary: 'A message template with sample values that pass for real ones',
  bad: template('Rolled back to v1.2.2 at 14:32 UTC'),
  good: template('Rolled back to @{version} at @{time}'),
  check: ({ runbook, lines }) =>
    runbook.templates.flatMap((one) => {
      const samples = one.fields.filter((field) =>
        /^v?\d+(?:\.\d+)+$|^\d{1,2}:\d{2}|^\d[\d.,]*\s*%$|^\d[\d,]*\s*minutes?$|^\d{1,3}(?:,\d{3})+$/.test(
          field,
        ),
      )
      const first = samples[0]
      if (first === undefined) return []
      const at = lines.findIndex((text, index) => index >= one.line - 1 && text.includes(first))
      const message = `"${one.title}" has sample values that pass for real: ${samples.slice(0, 4).join(', ')}${samples.length > 4 ? ' …' : ''}`
      return [
        {
          line: at === -1 ? one.line : at + 1,
          column: Math.max((lines[at] ?? '').indexOf(first) + 1, 1),
          message,
          remedy: 'Write placeholders that are filled in from the incident: @{version}, @{time}.',
        },
      ]
    }),
}

function template(line: string): string {
  return [
    '# Example',
    '',
    '## Communication Templates',
    '',
    '### Resolved',
    '',
    '**Channel:** #incidents',
    '',
    '```',
    line,
    '```',
    '',
  ].join('\n')
}

export const PLACEHOLDER_RULES: LintRule[] = [undeclared, vanishes, sampleValues]
