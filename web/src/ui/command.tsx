import type { ReactNode } from 'react'
import type { Command, CommandInput } from '../api/model.ts'
import { CopyButton } from './controls.tsx'

/** Text that turns itself around would hide what a command does. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g

/** Characters that cannot be seen are written out. */
export const seen = (text: string): string =>
  text.replaceAll(HIDDEN, (character) =>
    character === '\t'
      ? '    '
      : `\u27e8U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? ''}\u27e9`,
  )

/** The exact command, whole, with the places of its inputs marked and their values below. */
export function CommandBlock({
  command,
  label = 'Command',
  inputs = true,
}: {
  command: Command
  label?: string
  /** Whether the values of its inputs stand below it. */
  inputs?: boolean
}): ReactNode {
  return (
    <div className="command">
      <div className="command-text">
        {/* the keyboard scrolls what has the focus */}
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} aria-label={label}>
          <code>{marked(command)}</code>
        </pre>
        <CopyButton text={command.text} what="command" />
      </div>
      {inputs ? <Inputs inputs={command.inputs} /> : null}
    </div>
  )
}

/** The values that go into the marked places, each once. */
export function Inputs({ inputs }: { inputs: readonly CommandInput[] }): ReactNode {
  const each = [...new Map(inputs.map((input) => [input.name, input])).values()]
  if (each.length === 0) return null
  return (
    <dl className="inputs">
      {each.map((input) => (
        <div key={input.name}>
          <dt>
            <code>{input.name}</code>
          </dt>
          <dd>
            {input.value === null ? (
              <span className="tone-amber">missing</span>
            ) : (
              <>
                <code>{seen(input.value)}</code>
                {input.from === null ? null : <span className="quiet"> from {input.from}</span>}
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

function marked(command: Command): ReactNode[] {
  const names = command.inputs.map((input) => input.name).filter((name) => name !== '')
  const text = seen(command.text)
  if (names.length === 0) return [text]
  const pattern = new RegExp(
    `(${names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`,
  )
  return text
    .split(pattern)
    .map((part, index) => (names.includes(part) ? <mark key={index}>{part}</mark> : part))
}
