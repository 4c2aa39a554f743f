/** Dates and review cycles as pages write them. Days only, UTC; nothing depends on the machine's locale. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** "January 27, 2026", "27 Jan 2026", "2026-01-27", "2026/01/27" to `2026-01-27`; `null` for anything else. */
export function parseDate(text: string): string | null {
  const iso = /\b(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\b/.exec(text)
  if (iso !== null) return isoDate(Number(iso[1]), Number(iso[2]), Number(iso[3]))
  const american = /\b([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b/.exec(text)
  if (american !== null) return isoDate(Number(american[3]), monthOf(american[1]), Number(american[2]))
  const european = /\b(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})\b/.exec(text)
  return european === null ? null : isoDate(Number(european[3]), monthOf(european[2]), Number(european[1]))
}

const monthOf = (name: string | undefined): number =>
  MONTHS.indexOf((name ?? '').slice(0, 3).toLowerCase()) + 1

function isoDate(year: number, month: number, day: number): string | null {
  if (month < 1 || month > 12 || day < 1 || day > 31) return null
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 ? date.toISOString().slice(0, 10) : null
}

const CYCLES: [RegExp, number][] = [
  [/\bweekly\b/i, 0.25], [/\bmonthly\b/i, 1], [/\bquarterly\b/i, 3], [/\b(?:half-?yearly|semi-?annual(?:ly)?|biannual(?:ly)?)\b/i, 6],
  [/\b(?:yearly|annual(?:ly)?)\b/i, 12],
] // prettier-ignore

/** "Quarterly (every 3 months)", "6 months", "every 2 weeks" in months (a week is a quarter); `null` without one. */
export function reviewMonths(text: string): number | null {
  const match = /(\d{1,3})\s*(day|week|month|year)s?\b/i.exec(text)
  if (match !== null) {
    const unit = (match[2] ?? '').toLowerCase()
    const factor = unit === 'day' ? 1 / 30 : unit === 'week' ? 0.25 : unit === 'month' ? 1 : 12
    return Number(match[1]) * factor
  }
  return CYCLES.find(([words]) => words.test(text))?.[1] ?? null
}

export function addMonths(date: string, months: number): string {
  const [year = 1970, month = 1, day = 1] = date.split('-').map(Number)
  const whole = Math.floor(months)
  const target = new Date(Date.UTC(year, month - 1 + whole, 1))
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate()
  target.setUTCDate(Math.min(day, last) + Math.round((months - whole) * 28))
  return target.toISOString().slice(0, 10)
}
