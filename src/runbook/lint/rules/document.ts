import { reviewOf } from '../../catalogue.ts'
import type { LintContext } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

const steps = bash('kubectl get pods -n shop')

/** What the reader noticed under the given kinds. */
function noteRule(rule: Omit<LintRule, 'check'>, kinds: string[], remedy: string): LintRule {
  return {
    ...rule,
    check: ({ runbook }) =>
      runbook.notes
        .filter(({ kind }) => kinds.includes(kind))
        .map(({ message, line, column }) => ({ line, column, message, remedy })),
  }
}

const mojibake: LintRule = {
  id: 'mojibake',
  severity: 'warning',
  summary: 'UTF-8 text that was saved as if it were Windows-1252',
  bad: `${steps}\nOn-call â†’ Manager\n`,
  good: `${steps}\nOn-call → Manager\n`,
  check: ({ runbook, lines }) =>
    runbook.notes
      .filter(({ kind }) => kind === 'mojibake')
      .map(({ line, column }) => ({
        line,
        column,
        message: `UTF-8 text was saved as if it were Windows-1252: "${characterAt(lines[line - 1] ?? '', column)}" was meant here`,
        remedy: 'Save the line as it was meant; erlmcp reads it so already, and --fix writes it back.',
        edits: [{ line, column: 1, length: -1, text: '' }],
      })),
}

const characterAt = (text: string, column: number): string =>
  String.fromCodePoint(text.codePointAt(column - 1) ?? 0x20)

const review: LintRule = {
  id: 'review-overdue',
  severity: 'warning',
  summary: 'The date of the next review has passed',
  bad: `---\nnext_review: 2020-01-01\n---\n${steps}`,
  good: `---\nnext_review: 2999-01-01\n---\n${steps}`,
  check: (context) => {
    const { nextReview } = reviewOf(context.runbook)
    if (context.now === null || nextReview === null) return []
    const days = Math.floor((context.now.getTime() - Date.parse(nextReview)) / 86_400_000)
    if (days <= 0) return []
    const place = reviewLine(context)
    const message = `the review was due on ${nextReview}, ${days} ${days === 1 ? 'day' : 'days'} ago`
    return [{ ...place, message, remedy: 'Go through the page, rehearse it, and set the next date.' }]
  },
}

function reviewLine({ lines }: LintContext): { line: number; column: number } {
  for (const label of [
    /next[\s_-]?review/i,
    /review(?:ed)?[\s_-]?(?:in|cycle|on)|last[\s_-]?review/i,
    /last[\s_-]?updated|date/i,
  ]) {
    const at = lines.findIndex((text) => label.test(text) && /\d{4}/.test(text))
    if (at !== -1) return { line: at + 1, column: 1 }
  }
  return { line: 1, column: 1 }
}

interface AnchorLink {
  anchor: string
  line: number
  column: number
}

function anchorLinks({ lines, codeLines }: LintContext): AnchorLink[] {
  return lines.flatMap((text, at) =>
    codeLines.has(at + 1)
      ? []
      : [...text.matchAll(/(?<!!)\[[^\]]{1,300}\]\(#([^()\s]{1,200})\)/g)].map((match) => ({
          anchor: match[1] ?? '',
          line: at + 1,
          column: match.index + match[0].lastIndexOf('#') + 1,
        })),
  )
}

const deadAnchor: LintRule = {
  id: 'dead-anchor',
  severity: 'warning',
  summary: 'A link within the page that leads nowhere on GitHub',
  bad: `${steps}\nSee [the steps](#all-steps).\n`,
  good: `${steps}\nSee [the steps](#steps).\n`,
  check: (context) => {
    const slugs = new Set(context.runbook.headings.map((heading) => heading.slug.toLowerCase()))
    const html = new Set(
      context.lines.flatMap((text) =>
        [...text.matchAll(/<[a-z][^<>]{0,300}\b(?:id|name)=["']?([^"'\s>]+)/gi)].map((match) =>
          (match[1] ?? '').toLowerCase(),
        ),
      ),
    )
    // Site generators make slugs of their own and know {#id}; there only what matches nothing is dead.
    const generated = context.lines[0] === '---' || /\.(?:erb|mdx|html\.md)$/.test(context.path)
    const loose = new Set(
      context.runbook.headings.flatMap(({ title, explicitId }) => [title, explicitId ?? ''].map(lettersOf)),
    )
    const byId = new Map(
      context.runbook.headings.map((heading) => [heading.explicitId?.toLowerCase(), heading]),
    )
    return anchorLinks(context).flatMap(({ anchor, line, column }): Problem[] => {
      const wanted = decode(anchor).toLowerCase()
      if (slugs.has(wanted) || html.has(wanted)) return []
      if (generated && loose.has(lettersOf(wanted))) return []
      const meant = byId.get(wanted)
      if (meant === undefined) {
        return [
          {
            line,
            column,
            message: `#${anchor} leads to no heading of this page`,
            remedy: 'Correct the link, or remove it.',
          },
        ]
      }
      const message = `#${anchor} is a {#id}, which GitHub does not know: there the heading is #${meant.slug}`
      return [
        {
          line,
          column,
          message,
          remedy: `Link to #${meant.slug}.`,
          edits: [{ line, column, length: anchor.length + 1, text: `#${meant.slug}` }],
        },
      ]
    })
  },
}

const lettersOf = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

function decode(anchor: string): string {
  try {
    return decodeURIComponent(anchor)
  } catch {
    return anchor
  }
}

const contents: LintRule = {
  id: 'not-in-contents',
  severity: 'info',
  summary: 'A section that the table of contents leaves out',
  bad: [
    '# Example',
    '',
    '## Contents',
    '',
    '- [One](#one)',
    '- [Two](#two)',
    '- [Three](#three)',
    '',
    '## One',
    '',
    '## Two',
    '',
    '## Three',
    '',
    '## Four',
    '',
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Contents',
    '',
    '- [One](#one)',
    '- [Two](#two)',
    '- [Three](#three)',
    '- [Four](#four)',
    '',
    '## One',
    '',
    '## Two',
    '',
    '## Three',
    '',
    '## Four',
    '',
  ].join('\n'),
  check: (context) => {
    const { headings } = context.runbook
    const own = headings.findIndex(
      ({ title, depth }) => depth >= 2 && /^(?:table of )?contents$|^toc$/i.test(title.trim()),
    )
    const list = headings[own]
    if (list === undefined) return []
    const next = headings[own + 1]?.line ?? context.lines.length + 1
    const linked = new Set(
      anchorLinks(context)
        .filter(({ line }) => line > list.line && line < next)
        .map(({ anchor }) => anchor.toLowerCase()),
    )
    if (linked.size < 3) return []
    return headings
      .slice(own + 1)
      .filter(
        ({ depth, slug, explicitId }) =>
          depth === list.depth &&
          !linked.has(slug.toLowerCase()) &&
          !linked.has(explicitId?.toLowerCase() ?? ' '),
      )
      .map(({ line, column, title }) => ({
        line,
        column,
        message: `"${title}" is not in the table of contents`,
        remedy: 'Add it there, or drop the list: forges show one by themselves.',
      }))
  },
}

const exampleLink: LintRule = {
  id: 'example-link',
  severity: 'info',
  summary: 'A link to example.com, which nobody has filled in',
  bad: `${steps}\nSee https://grafana.example.com/web.\n`,
  good: `${steps}\nSee https://grafana.internal/web.\n`,
  check: ({ lines, codeLines }) =>
    lines.flatMap((text, at) => {
      if (codeLines.has(at + 1)) return []
      const match = /https?:\/\/[\w.-]*\bexample\.(?:com|org|net)\b[^\s)>\]]*/.exec(text)
      return match === null
        ? []
        : [
            {
              line: at + 1,
              column: match.index + 1,
              message: `${match[0]} is an example, not an address`,
              remedy: 'Put the real address there.',
            },
          ]
    }),
}

const REACHABLE =
  /@|#\w|\+?\d[\d\s()-]{5,}|https?:|\bpager|\bslack\b|\bopsgenie\b|\brota(?:tion)?\b.*https?:|\[[^\]]+\]\(/i

const contact: LintRule = {
  id: 'contact-without-address',
  severity: 'info',
  summary: 'A contact that cannot be reached by what the page says',
  bad: ['# Example', '', '## Contacts', '', '- **Team Lead:** Escalate after 30 minutes', ''].join('\n'),
  good: [
    '# Example',
    '',
    '## Contacts',
    '',
    '- **Team Lead:** @web-lead in Slack, escalate after 30 minutes',
    '',
  ].join('\n'),
  check: ({ runbook }) =>
    runbook.contacts
      .filter((one) => !REACHABLE.test(`${one.name} ${one.contact}`))
      .map((one) => ({
        line: one.line,
        column: 1,
        message: `"${one.name}" has no address, number or channel`,
        remedy: 'Say how to reach them at night: a handle, a number, a rotation.',
      })),
}

export const DOCUMENT_RULES: LintRule[] = [
  mojibake,
  noteRule(
    {
      id: 'invalid-utf8',
      severity: 'warning',
      summary: 'Bytes that are no UTF-8',
      bad: `${steps}\nCaf\uFFFD\n`,
      good: `${steps}\nCafé\n`,
    },
    ['invalid-utf8'],
    'Save the page as UTF-8.',
  ),
  noteRule(
    {
      id: 'unclosed-fence',
      severity: 'error',
      summary: 'A code block that is never closed',
      bad: '# Example\n\n## Steps\n\n```bash\nkubectl get pods -n shop\n',
      good: steps,
    },
    ['unclosed-fence'],
    'Close it with ``` in a line of its own.',
  ),
  noteRule(
    {
      id: 'broken-front-matter',
      severity: 'error',
      summary: 'Front matter that cannot be read',
      bad: `---\ntitle: [web\n---\n${steps}`,
      good: `---\ntitle: Web\n---\n${steps}`,
    },
    ['front-matter'],
    'Correct the YAML between the --- lines.',
  ),
  review,
  deadAnchor,
  contents,
  exampleLink,
  contact,
]
