import { useEffect } from 'react'

export type Tone = 'quiet' | 'red' | 'amber' | 'blue' | 'green'

/** The tab says what the page says. Colours as in `tokens.css`; an icon file cannot read them. */
const COLOURS: Record<Tone, string> = {
  quiet: '#5b6472',
  red: '#b3261e',
  amber: '#b86e00',
  blue: '#0b5bd3',
  green: '#1a6b35',
}

const iconOf = (tone: Tone): string =>
  `data:image/svg+xml,${encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="${COLOURS[tone]}"/><path d="M3 9h2.5L7 5l2.2 6L10.6 8H13" fill="none" stroke="#fff" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`,
  )}`

export function useTitle(title: string, tone: Tone = 'quiet'): void {
  useEffect(() => {
    document.title = `${title} · erlmcp`
  }, [title])
  useEffect(() => {
    document.querySelector('link[rel=icon]')?.setAttribute('href', iconOf(tone))
  }, [tone])
}
