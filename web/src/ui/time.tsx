import { useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { stream } from '../live/connection.ts'
import { usePreferences } from '../shell/preferences.ts'

/** One tick a second for the whole page, and none while it is hidden. */
const listeners = new Set<() => void>()
let second = Math.floor(Date.now() / 1_000)
let timer: number | null = null

function tick(): void {
  second = Math.floor((Date.now() + stream.connection.skewMs) / 1_000)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= window.setInterval(() => {
    if (document.visibilityState === 'visible') tick()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0 || timer === null) return
    clearInterval(timer)
    timer = null
  }
}

/** The server's time in whole seconds. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => second) * 1_000

const two = (value: number): string => String(value).padStart(2, '0')

/** "14:32" or "14:32:05", with the date where it is another day. */
export function clockText(at: string | number, zone: 'utc' | 'local', seconds = false): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return 'unknown time'
  const [hours, minutes, rest] =
    zone === 'utc'
      ? [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
      : [date.getHours(), date.getMinutes(), date.getSeconds()]
  return `${two(hours)}:${two(minutes)}${seconds ? `:${two(rest)}` : ''}`
}

export function dateText(at: string | number, zone: 'utc' | 'local'): string {
  const date = new Date(at)
  return date.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
  })
}

/** "45 s", "4 min", "3 h", "2 d": one unit, rounded down. */
export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** "6:12", "1:02:03": for clocks that run. */
export function runningText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

const absolute = (at: string | number, zone: 'utc' | 'local'): string =>
  `${dateText(at, zone)} ${clockText(at, zone, true)} ${zone === 'utc' ? 'UTC' : 'local time'}`

/** "4 min ago", with the time of day on hover and in the accessible name. */
export function Ago({ at }: { at: string }): ReactNode {
  const now = useNow()
  const { clock } = usePreferences()
  const age = now - Date.parse(at)
  const text = age < 5_000 ? 'now' : `${spanText(age)} ago`
  const full = absolute(at, clock)
  return (
    <time dateTime={at} title={full} aria-label={`${text}, ${full}`}>
      {text}
    </time>
  )
}

/** "14:32", with the date and the age on hover. */
export function At({ at, seconds = false }: { at: string; seconds?: boolean }): ReactNode {
  const { clock } = usePreferences()
  return (
    <time dateTime={at} title={absolute(at, clock)} aria-label={absolute(at, clock)}>
      {clockText(at, clock, seconds)}
    </time>
  )
}

/** Counts up from a time. */
export function Elapsed({ since, until }: { since: string; until?: string | null }): ReactNode {
  const now = useNow()
  const end = until === undefined || until === null ? now : Date.parse(until)
  return <span className="digits">{runningText(end - Date.parse(since))}</span>
}

/** Counts down to a time, then says for how long it has passed. */
export function Countdown({ to, over = 'overdue by' }: { to: string; over?: string }): ReactNode {
  const now = useNow()
  const left = Date.parse(to) - now
  const { clock } = usePreferences()
  return (
    <span
      className={left < 0 ? 'digits tone-red' : left < 120_000 ? 'digits tone-amber' : 'digits'}
      title={absolute(to, clock)}
    >
      {left < 0 ? `${over} ${runningText(-left)}` : runningText(left)}
    </span>
  )
}
