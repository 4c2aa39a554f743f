import { Paperclip } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { get, post, Problem } from '../api/client.ts'
import type { Attachment, Change, Incident } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { useAct } from '../ui/act.ts'
import { seen } from '../ui/command.tsx'
import { Button, Dialog, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { useMay } from '../ui/may.ts'
import { Ago } from '../ui/time.tsx'
import { bytesOf, encoded, sizeText } from './encode.ts'
import { person } from './words.ts'

const MAX_BYTES = 4 * 1_048_576

/** Pictures and text that people add: chosen, or pasted anywhere on the page. */
export function Attachments({ incident }: { incident: Incident }): ReactNode {
  const at = `/incidents/${incident.name}/attachments`
  const concerns = useCallback(
    (change: Change) => change.topic === 'incident' && change.incident === incident.id,
    [incident.id],
  )
  const { value, problem } = useData<{ attachments: Attachment[] }>(at, concerns)
  const may = useMay('respond')
  const [open, setOpen] = useState<Attachment | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const { busy, problem: refused, act } = useAct()
  const add = (file: File): Promise<boolean> =>
    act(async () => {
      if (file.size > MAX_BYTES)
        throw new Problem(413, {
          code: 'too_large',
          detail: `${file.name} has ${sizeText(file.size)}; at most 4 MB can be attached`,
          action: 'Attach the part that matters.',
        })
      await post(at, { name: file.name, content: encoded(new Uint8Array(await file.arrayBuffer())) })
    }, `${file.name} is attached`)
  const choose = (): void => field.current?.click()
  useAction(
    may ? { id: 'attach', label: 'Attach a picture or a text', group: 'Incident', run: choose } : null,
  )
  const adding = useRef(add)
  useEffect(() => {
    adding.current = add
  })
  useEffect(() => {
    if (!may) return
    const pasted = (event: ClipboardEvent): void => {
      const file = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'))
      if (file === undefined) return
      event.preventDefault()
      void adding.current(file)
    }
    document.addEventListener('paste', pasted)
    return () => document.removeEventListener('paste', pasted)
  }, [may])
  if (value === null && problem === null) return null
  const attachments = value?.attachments ?? []
  return (
    <section aria-labelledby="attachments">
      <h2 id="attachments">Attachments</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {refused === null ? null : <ProblemNotice problem={refused} />}
      <ul className="attachment-list">
        {attachments.map((attachment) => (
          <li key={attachment.id}>
            <button type="button" className="link" onClick={() => setOpen(attachment)}>
              <Paperclip size={14} aria-hidden /> {seen(attachment.name)}
            </button>
            <span className="quiet">
              {sizeText(attachment.bytes)}, {person(attachment.addedBy)} <Ago at={attachment.addedAt} />
            </span>
          </li>
        ))}
      </ul>
      {may ? (
        <>
          <input
            ref={field}
            type="file"
            hidden
            accept="image/png,image/jpeg,image/gif,image/webp,text/plain,.log,.txt,.md,.json,.yaml"
            aria-label="File to attach"
            onChange={(event) => {
              const [file] = event.target.files ?? []
              if (file !== undefined) void add(file)
              event.target.value = ''
            }}
          />
          <Button kind="bare" disabled={busy} onClick={choose}>
            <Paperclip size={16} aria-hidden /> {busy ? 'Attaching…' : 'Attach a picture or text'}
          </Button>
        </>
      ) : attachments.length === 0 ? (
        <p className="quiet">None.</p>
      ) : null}
      {open === null ? null : (
        <Dialog title={seen(open.name)} onClose={() => setOpen(null)} wide>
          <Content at={`${at}/${open.id}`} attachment={open} />
        </Dialog>
      )}
    </section>
  )
}

function Content({ at, attachment }: { at: string; attachment: Attachment }): ReactNode {
  const [content, setContent] = useState<string | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  useEffect(() => {
    let address: string | null = null
    let gone = false
    const load = async (): Promise<void> => {
      try {
        const bytes = bytesOf((await get<{ content: string }>(at)).content)
        if (gone) return
        if (attachment.type === 'text/plain') setContent(new TextDecoder().decode(bytes))
        else {
          address = URL.createObjectURL(new Blob([bytes], { type: attachment.type }))
          setContent(address)
        }
      } catch (error) {
        setProblem(error instanceof Problem ? error : new Problem(0, {}))
      }
    }
    void load()
    return () => {
      gone = true
      if (address !== null) URL.revokeObjectURL(address)
    }
  }, [at, attachment.type])
  if (problem !== null) return <ProblemNotice problem={problem} />
  if (content === null) return <Waiting what={attachment.name} />
  if (attachment.type === 'text/plain')
    return (
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus
      <pre className="command-text" tabIndex={0} aria-label={attachment.name}>
        {seen(content)}
      </pre>
    )
  return <img className="attachment-picture" src={content} alt={attachment.name} />
}
