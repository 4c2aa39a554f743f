/**
 * What an agent reads was written by somebody else: a log line, the name of a pod, a title. Nothing here makes such text
 * safe to obey; it takes away what hides or disguises, and counts what it took.
 */
export const NEUTRALISED = ['ansi', 'control', 'bidi', 'zeroWidth', 'tags', 'framing'] as const
export type Neutralised = Record<(typeof NEUTRALISED)[number], number>

export const noneNeutralised = (): Neutralised => ({
  ansi: 0,
  control: 0,
  bidi: 0,
  zeroWidth: 0,
  tags: 0,
  framing: 0,
})

const ANSI = /[\u001b\u009b](?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)|[PX^_][^\u001b\u009c]{0,4096}(?:\u001b\\|\u009c)|[ -/]{0,4}[0-~])?/g // prettier-ignore
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const BIDI = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
/** Variation selectors, fillers and joiners among them. */
const ZERO_WIDTH = /\p{Default_Ignorable_Code_Point}/gu
const TAGS = /[\u{e0000}-\u{e007f}]/gu
/** How models are told who speaks; a text that holds these pretends to be somebody else. */
const FRAMING = /<\|[^|<>\n]{1,64}\|>|<\/?(?:system|assistant|user|human|tool|tools|tool_call|tool_result|function_calls?|invoke|antml:[a-z_]{1,30})\b[^<>\n]{0,200}>|\[\/?INST\]|<<\/?SYS>>|^[ \t]*(?:#{1,6}[ \t]*)?(?:system|assistant|human|user|developer)[ \t]*(?=:)/gimu // prettier-ignore

const BRACKETS = /[<>|[\]]/g
const DEEPEST = 8

/**
 * The text without escape sequences, control, direction, invisible and tag characters (but line feed and tab), with
 * what frames a model's conversation made visible: `<|im_start|>` becomes `⟦im_start⟧`. Adds to `counts`.
 */
export function neutralise(text: string, counts: Neutralised): string {
  const taken = (kind: keyof Neutralised, pattern: RegExp, by: string) => (value: string) =>
    value.replaceAll(pattern, () => {
      counts[kind] += 1
      return by
    })
  let value = text.replaceAll('\r\n', '\n').toWellFormed()
  value = taken('ansi', ANSI, '')(value)
  value = taken('tags', TAGS, '')(value)
  value = taken('bidi', BIDI, '')(value)
  value = taken('zeroWidth', ZERO_WIDTH, '')(value)
  value = taken('control', CONTROL, '\ufffd')(value)
  const shown = (given: string): string =>
    given.replaceAll(FRAMING, (frame) => {
      counts.framing += 1
      return `⟦${frame.replaceAll(BRACKETS, '').trim()}⟧`
    })
  // What is left of a frame within a frame may be one again. Who nests deeper than this means to, and loses the brackets.
  for (let round = 0; round < DEEPEST; round += 1) {
    const next = shown(value)
    if (next === value) return value
    value = next
  }
  return shown(value.replaceAll(BRACKETS, ''))
}

/** Every text inside a value of JSON, keys included. */
export function neutraliseDeep(value: unknown, counts: Neutralised): unknown {
  if (typeof value === 'string') return neutralise(value, counts)
  if (Array.isArray(value)) return value.map((each) => neutraliseDeep(each, counts))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [neutralise(key, counts), neutraliseDeep(each, counts)]),
  )
}
