import type { Policy } from './policy.ts'

type Quiet = Policy['quiet'][number]
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const

/** The first quiet time that holds for this risk here and now. Without a time there is none. */
export function quietRule(
  rules: readonly Quiet[],
  risk: 'change' | 'destructive',
  about: { at?: Date; severity?: string; labels?: Readonly<Record<string, string>> },
): Quiet | null {
  const { at, severity, labels = {} } = about
  if (at === undefined) return null
  return (
    rules.find(
      (rule) =>
        rule.risks.includes(risk) &&
        !rule.except.some((excepted) => excepted === severity) &&
        Object.entries(rule.labels).every(([key, value]) => labels[key] === value) &&
        holdsAt(rule, at),
    ) ?? null
  )
}

/** A time that goes over midnight belongs to the day on which it began. */
function holdsAt(rule: Quiet, at: Date): boolean {
  const { day, minutes } = localTime(at, rule.timezone)
  const from = minutesOf(rule.from)
  const to = minutesOf(rule.to)
  const on = (index: number): boolean => {
    const name = DAYS[(index + 7) % 7]
    return rule.days === undefined || (name !== undefined && rule.days.includes(name))
  }
  if (from < to) return minutes >= from && minutes < to && on(day)
  return (minutes >= from && on(day)) || (minutes < to && on(day - 1))
}

function localTime(at: Date, timeZone: string): { day: number; minutes: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
  const day = DAYS.findIndex((name) => name === part('weekday').toLowerCase())
  return { day, minutes: Number(part('hour')) * 60 + Number(part('minute')) }
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
