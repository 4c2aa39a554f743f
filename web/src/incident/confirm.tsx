import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Problem } from '../api/client.ts'
import type { Option, Run } from '../api/model.ts'
import { refresh } from '../live/data.ts'
import { announce } from '../shell/announce.tsx'
import { CommandBlock } from '../ui/command.tsx'
import { Button, Dialog, ProblemNotice } from '../ui/controls.tsx'
import { Effects } from './effects.tsx'

const HOLD_MS = 1_500
/** What is typed by whoever cannot hold a button down. */
const WORD = 'destroy'

/** The second confirmation of something destructive: held, or typed. */
export function ConfirmDialog({
  run,
  option,
  title,
  onClose,
  confirm,
}: {
  run: Run
  option: Option
  title: string
  onClose(): void
  confirm(): void
}): ReactNode {
  const [typed, setTyped] = useState('')
  return (
    <Dialog title={`Destructive: ${title}`} onClose={onClose} wide>
      <p>This cannot be taken back by erlmcp. Exactly this runs, once:</p>
      {option.commands.map((command) => (
        <CommandBlock key={command.index} command={command} label={`Command of ${title}`} />
      ))}
      <Effects run={run} option={option} />
      <label className="typed">
        Type <code>{WORD}</code>, or hold the button for {HOLD_MS / 1_000} seconds
        <input
          className="field"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </label>
      <div className="dialog-actions">
        <Button onClick={onClose}>Leave it</Button>
        <HoldButton ready={typed.trim().toLowerCase() === WORD} act={confirm}>
          Approve destructive change
        </HoldButton>
      </div>
    </Dialog>
  )
}

function HoldButton({
  ready,
  act,
  children,
}: {
  ready: boolean
  act(): void
  children: ReactNode
}): ReactNode {
  const [held, setHeld] = useState(false)
  const timer = useRef<number | null>(null)
  const stop = (): void => {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
  }
  const release = (): void => {
    setHeld(false)
    stop()
  }
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )
  const press = (): void => {
    if (timer.current !== null) return
    setHeld(true)
    timer.current = window.setTimeout(() => {
      release()
      act()
    }, HOLD_MS)
  }
  return (
    <button
      type="button"
      className={`button button-danger hold ${held ? 'is-held' : ''}`}
      onPointerDown={press}
      onPointerUp={release}
      onPointerLeave={release}
      onClick={() => {
        if (ready) act()
      }}
      onContextMenu={(event) => event.preventDefault()}
      aria-disabled={!ready}
    >
      {children}
    </button>
  )
}

/** A decision that needs its reason in words. */
export function ReasonDialog({
  title,
  text,
  verb,
  act,
  done,
  onClose,
  long = false,
  danger = false,
  least = 1,
}: {
  title: string
  text: string
  verb: string
  act(reason: string): Promise<unknown>
  done: string
  onClose(): void
  long?: boolean
  danger?: boolean
  /** Characters of the reason at least. */
  least?: number
}): ReactNode {
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const submit = async (): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      await act(reason.trim())
      announce(done)
      refresh('/')
      onClose()
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, {}))
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void submit()
        }}
      >
        <p>{text}</p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <label>
          {long ? 'Note' : 'Reason'}
          {least > 1 ? <span className="quiet"> {least} characters or more</span> : null}
          <textarea
            // oxlint-disable-next-line jsx-a11y/no-autofocus -- opened to be typed into
            autoFocus
            className="field"
            rows={long ? 5 : 3}
            required
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && reason.trim().length >= least)
                void submit()
            }}
          />
        </label>
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button
            kind={danger ? 'danger' : 'primary'}
            type="submit"
            disabled={busy || reason.trim().length < least}
            shortcut="ctrl ⏎"
          >
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
