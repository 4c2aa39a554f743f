import { useSyncExternalStore } from 'react'
import type { ComponentProps, MouseEvent, ReactNode } from 'react'

const listeners = new Set<() => void>()
const tell = (): void => {
  for (const listener of listeners) listener()
}
globalThis.addEventListener('popstate', tell)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Where the page is: `/incidents/INC-7`. */
export const usePath = (): string => useSyncExternalStore(subscribe, () => location.pathname)

/** A value in the address behind `?`, so that a link shows the same: `panel` in `?panel=runbook`. */
export function useQuery(name: string): [string | null, (value: string | null) => void] {
  const value = useSyncExternalStore(subscribe, () => new URLSearchParams(location.search).get(name))
  const set = (next: string | null): void => {
    const address = new URL(location.href)
    if (next === null) address.searchParams.delete(name)
    else address.searchParams.set(name, next)
    history.replaceState(null, '', address)
    tell()
  }
  return [value, set]
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === location.pathname + location.search) return
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  tell()
  window.scrollTo(0, 0)
}

/** A link inside the page; with a modifier key it opens as any other link does. */
export function Link({
  to,
  children,
  ...rest
}: { to: string; children: ReactNode } & Omit<ComponentProps<'a'>, 'href'>): ReactNode {
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    rest.onClick?.(event)
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    navigate(to)
  }
  return (
    <a {...rest} href={to} onClick={follow}>
      {children}
    </a>
  )
}

/** `/incidents/:id` against `/incidents/INC-7` gives `{ id: 'INC-7' }`; `null` when it does not fit. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.replace(/\/+$/, '').split('/')
  if (wanted.length !== given.length && !(pattern === '/' && path === '/')) return null
  const found: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith(':')) {
      if (value === '') return null
      try {
        found[part.slice(1)] = decodeURIComponent(value)
      } catch {
        return null
      }
    } else if (part !== value) return null
  }
  return found
}
