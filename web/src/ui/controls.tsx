import { Check, Copy, X } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import type { ComponentProps, ReactNode } from 'react'
import type { Problem } from '../api/client.ts'
import { announce } from '../shell/announce.tsx'

/** `primary` is the one filled button of a page; `danger` opens or does something destructive. */
export function Button({
  kind = 'quiet',
  shortcut,
  children,
  ...rest
}: {
  kind?: 'primary' | 'danger' | 'quiet' | 'bare'
  shortcut?: string
} & ComponentProps<'button'>): ReactNode {
  return (
    <button type="button" {...rest} className={`button button-${kind} ${rest.className ?? ''}`}>
      {children}
      {shortcut === undefined ? null : (
        <kbd className="key" aria-hidden>
          {shortcut}
        </kbd>
      )}
    </button>
  )
}

export function CopyButton({ text, what }: { text: string | (() => string); what: string }): ReactNode {
  const [done, setDone] = useState(false)
  useEffect(() => {
    if (!done) return
    const timer = setTimeout(() => setDone(false), 1_500)
    return () => clearTimeout(timer)
  }, [done])
  const copy = async (): Promise<void> => {
    const value = typeof text === 'string' ? text : text()
    try {
      await navigator.clipboard.writeText(value)
    } catch {
      copyTheOldWay(value)
    }
    setDone(true)
    announce(`${what} copied`)
  }
  return (
    <button
      type="button"
      className="icon-button"
      onClick={() => void copy()}
      title={`Copy ${what}`}
      aria-label={`Copy ${what}`}
    >
      {done ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
    </button>
  )
}

/** Pages that are not served over TLS have no clipboard of their own. */
function copyTheOldWay(text: string): void {
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'only-heard'
  document.body.append(field)
  field.select()
  document.execCommand('copy')
  field.remove()
}

/** A modal dialog; the browser keeps the focus in it and gives it back. Escape and the backdrop close it. */
export function Dialog({
  title,
  onClose,
  children,
  wide = false,
  side = false,
}: {
  title: ReactNode
  onClose(): void
  children: ReactNode
  wide?: boolean
  side?: boolean
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const dialog = ref.current
    if (dialog === null) return
    if (!dialog.open) dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- Escape is the key
    <dialog
      ref={ref}
      className={`dialog ${wide ? 'dialog-wide' : ''} ${side ? 'dialog-side' : ''}`}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      <div className="dialog-head">
        <h2 id={heading}>{title}</h2>
        <button type="button" className="icon-button" onClick={onClose} aria-label="Close">
          <X size={20} aria-hidden />
        </button>
      </div>
      <div className="dialog-body">{children}</div>
    </dialog>
  )
}

/** What was refused or failed: what, why, and what to do. */
export function ProblemNotice({ problem }: { problem: Problem }): ReactNode {
  return (
    <div className="notice notice-red" role="alert">
      <p>
        <strong>{sentence(problem.message)}</strong>
      </p>
      <p>
        {problem.action} <code className="quiet">{problem.code}</code>
      </p>
    </div>
  )
}

const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(first) ? first : `${first}.`
}

/** Says what is waited for. */
export function Waiting({ what }: { what: string }): ReactNode {
  return (
    <p className="waiting quiet" role="status">
      Reading {what}…
    </p>
  )
}
