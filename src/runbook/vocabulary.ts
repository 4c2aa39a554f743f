/** What the words of a heading say: the kind of a phase, its time window, alternatives, special sections. */
import type { Alternative, PhaseKind } from './model.ts'

export interface PhaseTitle {
  name: string
  startMinute: number | null
  endMinute: number | null
  /** The words of the window as written, `null` without one. */
  window: string | null
}

const RANGE =
  /\(\s*(?:T\s*\+\s*)?(\d{1,4})\s*(?:-|–|—|to)\s*(\d{1,4})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)?\.?\s*\)/i
const FIRST = /\(\s*(?:first|within)\s+(\d{1,4})\s*(m|mins?|minutes?|h|hrs?|hours?)\s*\)/i
const WHEN =
  /\(\s*[^()]*\b(?:minutes?|mins?|hours?|hrs?|days?|weeks?|business day|immediately|asap)\b[^()]*\)\s*$/i

/** "Immediate Actions (0-2 minutes)": the name and its window. Hours are turned into minutes. */
export function phaseTitle(title: string): PhaseTitle {
  const range = RANGE.exec(title)
  if (range !== null) {
    const factor = minutesPer(range[3])
    return {
      name: without(title, range[0]),
      startMinute: Number(range[1]) * factor,
      endMinute: Number(range[2]) * factor,
      window: range[0].slice(1, -1),
    }
  }
  const first = FIRST.exec(title)
  if (first !== null) {
    const endMinute = Number(first[1]) * minutesPer(first[2])
    return { name: without(title, first[0]), startMinute: 0, endMinute, window: first[0].slice(1, -1) }
  }
  const when = WHEN.exec(title)
  if (when === null) return { name: decorated(title), startMinute: null, endMinute: null, window: null }
  const name = without(title, when[0])
  return { name, startMinute: null, endMinute: null, window: when[0].trim().slice(1, -1) }
}

function minutesPer(unit: string | undefined): number {
  if (unit === undefined || /^m/i.test(unit)) return 1
  return /^h/i.test(unit) ? 60 : 1 / 60
}

const without = (title: string, part: string): string => decorated(title.replace(part, ' '))

/** Without emoji and other decoration around the words, and without a list number in front. */
function decorated(title: string): string {
  const bare = title
    .replace(/^[\p{Extended_Pictographic}\uFE0F\u200D\s•:>-]+/u, '')
    .replace(/[\p{Extended_Pictographic}\uFE0F\u200D\s:]+$/u, '')
    .replace(/\s+/g, ' ')
  return bare === '' ? title.trim() : bare
}

/** A heading's words without "1.", "Step 2:", "Phase 3 -" in front. */
export function unnumbered(title: string): string {
  const bare = decorated(title).replace(
    /^(?:(?:step|phase|stage|part)\s+(?:\d{1,3}|[a-z])\b\s*[:.)–—-]?\s*|\d{1,3}(?:\.\d{1,3})*\s*[.):]\s*|\d{1,3}\s+[-–—]\s+)/i,
    '',
  )
  return bare === '' ? decorated(title) : bare
}

const PHASE_WORDS: [PhaseKind, RegExp][] = [
  ['follow-up', /\bpost[- ]?(?:incident|mortem)|\bfollow[- ]?up\b|\bprevent(?:ion|ive|ing)?\b|\blessons\b|\bretrospective\b|\bescalat(?:ion|e)\b|\bcommunicat|\bafter (?:the )?(?:incident|resolution)|\bclean[- ]?up\b|\blong[- ]term\b/i],
  ['context', /\bbefore continuing\b|^(?:meaning|impact|overview|description|summary|symptoms?|background|prerequisites?|requirements?|about|context|purpose|introduction|definition|scope|audience|severity|architecture|references?|related\b.*|see also|notes?|access(?: required)?|glossary|what\b.*|why\b.*|when\b.*|who\b.*|understanding\b.*|full context|alert(?: details| name| definition| expression| trigger)?s?|trigger(?:ed)?(?: by)?|service(?: overview)?|dashboards?|links|metrics|further reading|additional (?:resources|information)|owners?(?:hip)?|before you (?:begin|start)|terminology|baseline\b.*|example alert.*)$/i],
  ['verify', /\bverif(?:y|ication)\b|\bvalidat(?:e|ion)\b|\bconfirm(?:ation)?\b|\bsmoke tests?\b|\bpost[- ](?:maintenance|deploy|check|migration|restore)|\bsuccess criteria\b|\bhealth ?checks? after\b/i],
  ['mitigate', /\bmitigat|\bremediat|\bresol(?:ution|ve|ving)\b|\bfix(?:es|ing)?\b|\brecover(?:y|ing)?\b|\brestor(?:e|ation|ing)\b|\broll(?:ing)?[- ]?back\b|\bworkaround|\bsolutions?\b|\bactions? to take\b|\bscal(?:e|ing)\b|\brestart|\bfail ?over\b|\brepair|\bcontain(?:ment)?\b|\bdisaster\b|\bemergency\b|\bcommon causes\b|\bpossible (?:causes|actions|fixes)\b|\brollout\b/i],
  ['diagnose', /\bdiagnos|\binvestigat|\btriage\b|\bimmediate\b|\binitial\b|\bcheck(?:s|ing|list)?\b|\btroubleshoot|\bdebug|\bplaybook\b|\bidentif(?:y|ication)\b|\bassess|\binspect|\banaly[sz]|\broot cause\b|\bdetect(?:ion)?\b|\bcurrent (?:state|status|resource)|\bcommands\b|\bquer(?:y|ies)\b|\bresponse steps\b|\bfirst (?:steps|response)\b|\bmonitor(?:ing)?\b|\bhealth\b|\bstatus\b|\blogs?\b|\bview\b|\blist\b/i],
] // prettier-ignore

/** What a heading says its phase is for; `null` when its words do not say. */
export function phaseKindOf(title: string): PhaseKind | null {
  const bare = unnumbered(title)
  return PHASE_WORDS.find(([, words]) => words.test(bare))?.[0] ?? null
}

/** Headings that make a page one procedure when they stand at its top level. */
const PARTS = /^(?:meaning|impact|diagnos(?:is|tics?|e|tic steps)|mitigation|remediation|resolution(?: steps| actions| procedures)?|symptoms?|investigation(?: steps)?|immediate actions?|triage|troubleshooting(?: steps)?|playbook|verification|validation|recovery(?: procedures| steps)?|post[- ]?(?:incident|mortem).*|root cause(?: analysis)?|escalation.*|prevention|steps|possible (?:causes|actions)|description|summary|overview|severity|trigger|workaround|solution|follow[- ]?up|detection|actions?|alert details|checking .*|understanding the alert|diagnostic steps|response|initial response|initial (?:assessment|triage)|fix)\b/i // prettier-ignore

export const isPart = (title: string): boolean => PARTS.test(unnumbered(phaseTitle(title).name))

export interface AlternativeTitle {
  kind: Alternative['kind']
  label: string
  title: string
  condition: string | null
}

const ALTERNATIVE =
  /^(option|alternative|approach|method|cause|scenario|case)\s+(\d{1,3}|[a-z]|[ivx]{1,4})\b\s*(?:[:.)–—-]\s*|\s+|$)(.*)$/i
const CONDITION = /\(\s*((?:if|when|only|in case|unless|for|after)\b[^()]*)\)\s*$/i

/** "Option 3: Rollback (if recent deployment)", also with Cause, Scenario, Case, Alternative, Approach, Method. */
export function alternativeOf(title: string): AlternativeTitle | null {
  const match = ALTERNATIVE.exec(decorated(title))
  if (match === null) return null
  const word = (match[1] ?? '').toLowerCase()
  const kind = word === 'cause' || word === 'scenario' || word === 'case' ? word : 'option'
  const rest = (match[3] ?? '').trim()
  const condition = CONDITION.exec(rest)
  const name = condition === null ? rest : rest.slice(0, condition.index).trim()
  return {
    kind,
    label: (match[2] ?? '').toLowerCase(),
    title: name === '' ? decorated(title) : name,
    condition: condition?.[1]?.trim() ?? null,
  }
}

/** Headings such as "For Permission Issues" or "If the disk is full" name cases when several stand together. */
const CASE_HEADING = /^(?:for|if|when|in case(?: of)?)\s+\S/i
const AUDIENCE =
  /^for\s+(?:ai|humans?|people|agents?|dev|sre|ops|engineers?|on[- ]?call|operators?|administrators?|users?|more|further|example)\b/i

export const isCaseHeading = (title: string): boolean => CASE_HEADING.test(title) && !AUDIENCE.test(title)
export const isForAgents = (title: string): boolean => /^for\s+(?:ai|llm|nlp)\b/i.test(title)

/** Bold lines that say something about the alternative they stand in. */
export const belongsToAlternative = (title: string): boolean =>
  /^(?:verif|validat|expect|revert|undo|roll ?back|note|warning|caution|why|when|risk|then|steps?|commands?|pros?|cons?|impact)/i.test(
    title,
  )

export const SECTION_WORDS = {
  contents: /^(?:table of )?contents$|^toc$|^index$/i,
  contacts: /\bcontacts?\b|^escalation (?:contacts|list)$|^who to (?:call|contact)/i,
  links:
    /^(?:useful |related |quick |external |important )?(?:links|dashboards|resources|bookmarks)$|^(?:further|additional) (?:reading|resources)$|^see also$|^references?$/i,
  severities: /\bseverit(?:y|ies)\b|\bpriorit(?:y|ies)\b/i,
  templates: /\bcommunications?\b|\btemplates?\b|\bnotifications?\b|\bannouncements?\b/i,
  reference: /^quick reference|\bcheat ?sheet\b|^reference$|^essential commands/i,
  inputs: /^(?:inputs?|parameters|variables)$/i,
} as const
