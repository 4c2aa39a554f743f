import type { SeverityMatrix } from './matrix.ts'
import { linkOf } from './reach.ts'
import type { RosterState } from './roster-file.ts'
import { gapsBetween } from './rotation.ts'
import type { Override } from './rotation.ts'

export interface OncallFinding {
  /** `error`: somebody would not be reached. */
  level: 'error' | 'warning'
  /** Of what: `rotation primary`, `link Director`, `person ada`. */
  about: string
  message: string
}

const MAX_GAPS = 20

/** What would go wrong with the rotations in the time to come, before it does. */
export function checkOncall(
  state: RosterState,
  matrix: SeverityMatrix,
  request: { from: Date; to: Date; channels: readonly string[]; overrides: readonly Override[] },
): OncallFinding[] {
  const { roster } = state
  const findings: OncallFinding[] = []
  const say = (level: OncallFinding['level'], about: string, message: string): void => {
    findings.push({ level, about, message })
  }
  if (state.problem !== null) say('error', 'the file', state.problem)
  if (!state.found)
    say(
      'warning',
      'the file',
      `there is no ${state.file}: pages are written to the console of the server only`,
    )
  for (const [name, rotation] of Object.entries(roster.rotations)) {
    const gaps = gapsBetween(roster, name, request, request.overrides)
    for (const gap of gaps.slice(0, MAX_GAPS))
      say('error', `rotation ${name}`, `nobody is on call from ${minute(gap.from)} to ${minute(gap.to)}`)
    if (gaps.length > MAX_GAPS) say('error', `rotation ${name}`, `and ${gaps.length - MAX_GAPS} gaps more`)
    if (rotation.layers.some((layer) => new Set(layer.people).size !== layer.people.length))
      say('warning', `rotation ${name}`, 'somebody stands in one layer twice')
  }
  for (const word of wordsOf(matrix)) {
    if (state.found && linkOf(roster, word, null) === null)
      say('error', `link ${word}`, 'the severity matrix asks for it and the file does not say who it is')
  }
  const contacts = [
    ...Object.entries(roster.people).map(([key, person]) => [`person ${key}`, person.contacts] as const),
    ...Object.entries(roster.links).flatMap(([word, link]) =>
      'contacts' in link ? [[`link ${word}`, link.contacts] as const] : [],
    ),
  ]
  for (const [about, ways] of contacts) {
    for (const way of ways)
      if (!request.channels.includes(way.channel))
        say('error', about, `the channel ${way.channel} is not configured`)
    if (ways.length === 1 && about.startsWith('person '))
      say('warning', about, 'there is only one way to reach them')
  }
  return findings
}

const minute = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

function wordsOf(matrix: SeverityMatrix): string[] {
  const words = Object.values(matrix).flatMap((rule) => rule.escalation)
  return [...new Map(words.map((word) => [word.toLowerCase(), word])).values()]
}
