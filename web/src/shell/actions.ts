import { useEffect, useRef, useSyncExternalStore } from 'react'

/** Something that can be done now: from a key, from the palette, listed under `?`. */
export interface Action {
  id: string
  label: string
  /** `a`, `?`, `g h`: keys one after the other. None: only in the palette. */
  keys?: string
  group: string
  run(): void
}

const actions = new Map<string, Action>()
const listeners = new Set<() => void>()
let list: readonly Action[] = []

function publish(): void {
  list = [...actions.values()]
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useActions = (): readonly Action[] => useSyncExternalStore(subscribe, () => list)

/** Offers an action as long as the component is shown; `null` offers none. */
export function useAction(action: Action | null): void {
  const run = useRef(action?.run)
  useEffect(() => {
    run.current = action?.run
  })
  const { id, label, keys, group } = action ?? {}
  useEffect(() => {
    if (id === undefined || label === undefined || group === undefined) return
    actions.set(id, { id, label, group, ...(keys === undefined ? {} : { keys }), run: () => run.current?.() })
    publish()
    return () => {
      actions.delete(id)
      publish()
    }
  }, [id, label, keys, group])
}

const SEQUENCE_MS = 1_200
let pressed = ''
let pressedAt = 0

/** Text fields keep their keys; so does anything while a dialog is open. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target
  if (event.ctrlKey || event.metaKey || event.altKey) return true
  if (document.querySelector('dialog[open]') !== null) return true
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
}

export function startKeys(openPalette: () => void): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      openPalette()
      return
    }
    if (isTaken(event) || event.key.length !== 1) return
    const before = Date.now() - pressedAt < SEQUENCE_MS ? `${pressed} ` : ''
    const found =
      list.find((action) => action.keys === `${before}${event.key}`) ??
      list.find((action) => action.keys === event.key)
    pressed = event.key
    pressedAt = Date.now()
    if (found === undefined) return
    pressed = ''
    event.preventDefault()
    found.run()
  }
  document.addEventListener('keydown', onKey)
  return () => document.removeEventListener('keydown', onKey)
}
