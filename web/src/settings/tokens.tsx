import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import { useData } from '../live/data.ts'
import { useAct } from '../ui/act.ts'
import { Button, Dialog, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never, useMay } from '../ui/may.ts'
import { Table } from '../ui/table.tsx'
import type { Column } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { agentText, grantText } from './model.ts'
import type { ListedSession, ListedToken } from './model.ts'
import { Once } from './people.tsx'

export function TokensPanel(): ReactNode {
  const { value, problem } = useData<{ tokens: ListedToken[] }>('/tokens', never)
  const may = useMay('respond')
  const [making, setMaking] = useState(false)
  const { busy, problem: refused, act } = useAct()
  if (value === null)
    return problem === null ? <Waiting what="the tokens" /> : <ProblemNotice problem={problem} />
  const live = value.tokens.filter(({ revokedAt }) => revokedAt === null)
  const end = (token: ListedToken): void =>
    void act(() => post(`/tokens/${token.id}/revoke`), `The token ${token.name} has ended`)
  const columns = may ? [...COLUMNS, endColumn(end, busy)] : COLUMNS
  return (
    <>
      <section aria-label="Tokens">
        <p className="quiet">For programs: sent as a bearer token, never more than its person may.</p>
        {refused === null ? null : <ProblemNotice problem={refused} />}
        {live.length === 0 ? (
          <p className="empty">
            You have no token. Make one here, or with <code>erlmcp token create NAME --role responder</code>.
          </p>
        ) : (
          <Table label="Tokens" columns={columns} rows={live} keyOf={({ id }) => id} />
        )}
        {may ? (
          <div className="button-row">
            <Button kind="primary" onClick={() => setMaking(true)}>
              <KeyRound size={16} aria-hidden /> Make a token
            </Button>
          </div>
        ) : null}
        {making ? <Make onClose={() => setMaking(false)} /> : null}
      </section>
      <Sessions />
    </>
  )
}

const endColumn = (end: (token: ListedToken) => void, busy: boolean): Column<ListedToken> => ({
  label: 'End',
  show: (token) => (
    <Button kind="bare" disabled={busy} aria-label={`End ${token.name}`} onClick={() => end(token)}>
      End now
    </Button>
  ),
})

const COLUMNS: readonly Column<ListedToken>[] = [
  {
    label: 'Token',
    by: ({ name }) => name,
    show: ({ name, identity }) => (
      <>
        {name}
        <span className="under quiet">{identity}</span>
      </>
    ),
  },
  { label: 'Role', by: ({ role }) => role, show: grantText },
  { label: 'Expires', by: ({ expiresAt }) => expiresAt, show: ({ expiresAt }) => expiresAt.slice(0, 10) },
  {
    label: 'Last used',
    by: ({ usedAt }) => usedAt,
    show: ({ usedAt }) => (usedAt === null ? <span className="quiet">never</span> : <Ago at={usedAt} />),
  },
]

function Make({ onClose }: { onClose(): void }): ReactNode {
  const administers = useMay('administer')
  const [name, setName] = useState('')
  const [role, setRole] = useState('responder')
  const [agent, setAgent] = useState('')
  const [days, setDays] = useState('30')
  const [token, setToken] = useState<string | null>(null)
  const { busy, problem, act } = useAct()
  const make = (): Promise<boolean> =>
    act(async () => {
      const made = await post<{ token: string }>('/tokens', {
        name: name.trim(),
        role,
        days: Number(days),
        ...(agent.trim() === '' ? {} : { agent: agent.trim() }),
      })
      setToken(made.token)
    }, 'The token is made')
  return (
    <Dialog title="Make a token" onClose={onClose}>
      {token !== null ? (
        <Once what="token" value={token} onClose={onClose}>
          Keep it now: it is shown only once, and stored as a hash.
        </Once>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void make()
          }}
        >
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <label>
            What it is for
            <input
              className="field"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <label>
            Role
            <select className="field" value={role} onChange={(event) => setRole(event.target.value)}>
              {['viewer', 'agent', 'responder', 'lead', 'admin'].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          <label>
            Days until it expires
            <input
              className="field"
              type="number"
              min={1}
              max={366}
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          </label>
          {administers ? (
            <label>
              For an agent <span className="quiet">its name; empty: for yourself</span>
              <input className="field" value={agent} onChange={(event) => setAgent(event.target.value)} />
            </label>
          ) : null}
          <div className="dialog-actions">
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="primary" type="submit" disabled={busy || name.trim() === ''}>
              Make token
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  )
}

function Sessions(): ReactNode {
  const { value, problem } = useData<{ sessions: ListedSession[] }>('/sessions', never)
  const may = useMay('respond')
  const { busy, problem: refused, act } = useAct()
  return (
    <section aria-labelledby="sessions" className="page-section">
      <h2 id="sessions">Signed-in browsers</h2>
      {refused === null ? null : <ProblemNotice problem={refused} />}
      {value === null ? (
        problem === null ? (
          <Waiting what="the sessions" />
        ) : (
          <ProblemNotice problem={problem} />
        )
      ) : value.sessions.length === 0 ? (
        <p className="quiet">No browser is signed in by a session.</p>
      ) : (
        <ul className="rows plain">
          {value.sessions.map((session) => (
            <li key={session.id}>
              <span>
                {session.person.replace(/^person:/, '')}, {agentText(session.agent)}
                <span className="under quiet small">
                  by {session.method} from {session.address}, seen <Ago at={session.seenAt} />
                </span>
              </span>
              <Button
                kind="bare"
                disabled={busy || !may}
                aria-label={`Sign out ${agentText(session.agent)} of ${session.person}`}
                onClick={() =>
                  void act(() => post(`/sessions/${session.id}/revoke`), 'The browser was signed out')
                }
              >
                Sign out
              </Button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
