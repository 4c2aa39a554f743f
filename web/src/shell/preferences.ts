import { useSyncExternalStore } from 'react'

export interface Preferences {
  theme: 'system' | 'light' | 'dark'
  clock: 'utc' | 'local'
  wrap: boolean
}

const KEY = 'erlmcp.preferences'
const DEFAULTS: Preferences = { theme: 'system', clock: 'utc', wrap: false }
const listeners = new Set<() => void>()
const dark = matchMedia('(prefers-color-scheme: dark)')

function load(): Preferences {
  try {
    const stored = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Preferences>
    return {
      theme: stored.theme === 'light' || stored.theme === 'dark' ? stored.theme : 'system',
      clock: stored.clock === 'local' ? 'local' : 'utc',
      wrap: stored.wrap === true,
    }
  } catch {
    return DEFAULTS
  }
}

let current = load()

function apply(): void {
  const theme = current.theme === 'system' ? (dark.matches ? 'dark' : 'light') : current.theme
  document.documentElement.dataset['theme'] = theme
}

export function setPreferences(part: Partial<Preferences>): void {
  current = { ...current, ...part }
  try {
    localStorage.setItem(KEY, JSON.stringify(current))
  } catch {
    // private windows may refuse; it holds until the page is closed
  }
  apply()
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current)

/** The theme that is shown, whoever chose it. */
export const useShownTheme = (): string =>
  useSyncExternalStore(subscribe, () => document.documentElement.dataset['theme'] ?? 'light')

export function startPreferences(): void {
  apply()
  dark.addEventListener('change', () => {
    apply()
    for (const listener of listeners) listener()
  })
}
