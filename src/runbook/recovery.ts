/** When a fix counts as proved: a stated line, else what the page's own words about "normal" give. */
import { durationSeconds, holdSeconds, measure, parseCondition } from './condition.ts'
import { plainText } from './inline.ts'
import type { LabelLine } from './labels.ts'
import type { Condition, Phase } from './model.ts'
import type { Page } from './page.ts'

const NORMAL = /\bnormal\b|\brecover|\bbelow\b|\bdrops?\b|\bunder\b|\bhealthy\b|\bstable\b/i
const WATCH = /\bobserv|\bstable\b|\bstays?\b|\bmonitor\b|\bhold/i

interface Words {
  text: string
  line: number
}

export function recoveryOf(
  label: LabelLine | undefined,
  trigger: Condition | null,
  phases: Phase[],
  page: Page,
): Condition | null {
  if (label !== undefined) {
    const condition = parseCondition(
      plainText(label.value),
      page.range(label.line, label.endLine, label.column),
    )
    return { ...condition, signal: condition.signal ?? trigger?.signal ?? null }
  }
  if (trigger === null) return null
  const words = phases
    .filter((phase) => phase.kind === 'verify' || phase.kind === 'mitigate')
    .flatMap(wordsOf)
  const normal = words.find(({ text }) => NORMAL.test(text) && isBelow(text))
  if (normal === undefined) return null
  const condition = parseCondition(normal.text, page.range(normal.line, normal.line), 'prose')
  const watched = words.find(({ text }) => WATCH.test(text) && durationSeconds(text) !== null)
  return {
    ...condition,
    signal: condition.signal ?? trigger.signal,
    forSeconds:
      condition.forSeconds ??
      (watched === undefined ? null : (holdSeconds(watched.text) ?? durationSeconds(watched.text))),
    text: watched === undefined || watched === normal ? normal.text : `${normal.text}; ${watched.text}`,
  }
}

function isBelow(text: string): boolean {
  const comparison = measure(text)?.comparison
  return comparison === '<' || comparison === '<='
}

function wordsOf(phase: Phase): Words[] {
  const own = phase.text.split('\n').map((text) => ({ text, line: phase.line }))
  const steps = phase.steps.flatMap((step) => [
    ...(step.comments ?? []).map(({ text, line }) => ({ text, line })),
    ...step.commands.flatMap((command) =>
      [command.explanation, command.expectation].flatMap((text) =>
        text === null ? [] : [{ text, line: command.line }],
      ),
    ),
    { text: step.title, line: step.line },
    ...step.text.split('\n').map((text) => ({ text, line: step.line })),
  ])
  return [...own, ...steps]
}
