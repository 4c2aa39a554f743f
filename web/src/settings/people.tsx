import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import { ReasonDialog } from '../incident/confirm.tsx'
import { useData } from '../live/data.ts'
import { useAct } from '../ui/act.ts'
import { Button, CopyButton, Dialog, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never, useMay } from '../ui/may.ts'
import { Table } from '../ui/table.tsx'
import type { Column } from '../ui/table.tsx'
import { grantText } from './model.ts'
import type { ListedPerson } from './model.ts'

const ROLES = ['viewer', 'responder', 'lead', 'admin'] as const
const MEANINGS: Record<string, string> = {
  viewer: 'looks',
  responder: 'takes incidents, approves changes',
  lead: 'approves what is destructive, exports the audit',
  admin: 'people, roles, tokens',
}

export function PeoplePanel(): ReactNode {
  const { value, problem } = useData<{ people: ListedPerson[] }>('/people', never)
  const mayAdminister = useMay('administer')
  const [open, setOpen] = useState<'invite' | Opened | null>(null)
  const close = (): void => setOpen(null)
  if (value === null)
    return problem === null ? <Waiting what="the people" /> : <ProblemNotice problem={problem} />
  const columns = mayAdminister ? [...COLUMNS, changeColumn(setOpen)] : COLUMNS
  return (
    <section aria-label="People">
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value.people.length === 0 ? (
        <p className="empty">
          Nobody has an account yet. The first start prints a link for the owner; others are invited here or
          with <code>erlmcp person invite</code>.
        </p>
      ) : (
        <Table label="People" columns={columns} rows={value.people} keyOf={({ id }) => id} />
      )}
      {mayAdminister ? (
        <div className="button-row">
          <Button kind="primary" onClick={() => setOpen('invite')}>
            <UserPlus size={16} aria-hidden /> Invite a person
          </Button>
        </div>
      ) : (
        <p className="quiet">An administrator invites people and changes roles.</p>
      )}
      {open === 'invite' ? <Invite onClose={close} /> : null}
      {open !== null && open !== 'invite' && open.kind === 'role' ? (
        <Roles person={open.person} onClose={close} />
      ) : null}
      {open !== null && open !== 'invite' && open.kind === 'disable' ? (
        <ReasonDialog
          title={`Take ${open.person.name} out`}
          text="Their sessions and tokens end now. What they did stays in the record."
          verb="Take out"
          onClose={close}
          act={(reason) => post(`/people/${encodeURIComponent(open.person.id)}/disable`, { reason })}
          done={`${open.person.name} was taken out`}
        />
      ) : null}
    </section>
  )
}

type Opened = { kind: 'role' | 'disable'; person: ListedPerson }

const changeColumn = (open: (opened: Opened) => void): Column<ListedPerson> => ({
  label: 'Change',
  show: (person) => <PersonButtons person={person} open={open} />,
})

function PersonButtons({ person, open }: { person: ListedPerson; open(opened: Opened): void }): ReactNode {
  if (person.disabledAt !== null) return null
  return (
    <span className="button-row">
      <Button
        kind="bare"
        onClick={() => open({ kind: 'role', person })}
        aria-label={`Roles of ${person.name}`}
      >
        Roles
      </Button>
      <Button
        kind="bare"
        onClick={() => open({ kind: 'disable', person })}
        aria-label={`Take ${person.name} out`}
      >
        Take out
      </Button>
    </span>
  )
}

const COLUMNS: readonly Column<ListedPerson>[] = [
  {
    label: 'Person',
    by: ({ name }) => name,
    show: ({ name, login, disabledAt }) => (
      <>
        {name}
        <span className="under quiet">
          {login}
          {disabledAt === null ? '' : ', taken out'}
        </span>
      </>
    ),
  },
  {
    label: 'Roles',
    by: ({ roles }) => roles.map(grantText).join(', '),
    show: ({ roles }) =>
      roles.length === 0 ? <span className="tone-amber">none</span> : roles.map(grantText).join(', '),
  },
  {
    label: 'Signs in with',
    show: ({ signsInWith }) =>
      signsInWith.length === 0 ? (
        <span className="quiet">has not been here yet</span>
      ) : (
        signsInWith.join(', ')
      ),
  },
]

const RoleField = ({ role, change }: { role: string; change(role: string): void }): ReactNode => (
  <label>
    Role
    <select className="field" value={role} onChange={(event) => change(event.target.value)}>
      {ROLES.map((each) => (
        <option key={each} value={each}>
          {each}: {MEANINGS[each]}
        </option>
      ))}
    </select>
  </label>
)

const ScopeField = ({ scope, change }: { scope: string; change(scope: string): void }): ReactNode => (
  <label>
    Only where <span className="quiet">labels, as team=payments; empty: everywhere</span>
    <input className="field" value={scope} onChange={(event) => change(event.target.value)} />
  </label>
)

function Invite({ onClose }: { onClose(): void }): ReactNode {
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState('responder')
  const [scope, setScope] = useState('')
  const [link, setLink] = useState<string | null>(null)
  const { busy, problem, act } = useAct()
  const invite = (): Promise<boolean> =>
    act(async () => {
      const made = await post<{ link: string }>('/people', {
        login: login.trim(),
        name: name.trim(),
        role,
        ...(scope.trim() === '' ? {} : { scope: scope.trim() }),
      })
      setLink(made.link)
    }, 'The link is made')
  return (
    <Dialog title="Invite a person" onClose={onClose}>
      {link === null ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void invite()
          }}
        >
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <label>
            Login
            <input
              className="field"
              required
              autoCapitalize="none"
              spellCheck={false}
              value={login}
              onChange={(event) => setLogin(event.target.value)}
            />
          </label>
          <label>
            Name
            <input
              className="field"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <RoleField role={role} change={setRole} />
          <ScopeField scope={scope} change={setScope} />
          <div className="dialog-actions">
            <Button onClick={onClose}>Leave it</Button>
            <Button kind="primary" type="submit" disabled={busy || login.trim() === '' || name.trim() === ''}>
              Make a link
            </Button>
          </div>
        </form>
      ) : (
        <Once what="link" value={link} onClose={onClose}>
          Send this link to {name}. It is good once, for 72 hours, and shown only now.
        </Once>
      )}
    </Dialog>
  )
}

/** Something that is shown once. */
export function Once({
  what,
  value,
  children,
  onClose,
}: {
  what: string
  value: string
  children: ReactNode
  onClose(): void
}): ReactNode {
  return (
    <>
      <p>{children}</p>
      <div className="command-text">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus */}
        <pre tabIndex={0} aria-label={what}>
          <code>{value}</code>
        </pre>
        <CopyButton text={value} what={what} />
      </div>
      <div className="dialog-actions">
        <Button kind="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </>
  )
}

function Roles({ person, onClose }: { person: ListedPerson; onClose(): void }): ReactNode {
  const [role, setRole] = useState('responder')
  const [scope, setScope] = useState('')
  const [reason, setReason] = useState('')
  const { busy, problem, act } = useAct()
  const change = async (given: { role: string; scope: string; remove: boolean }): Promise<void> => {
    const done = await act(
      () =>
        post(`/people/${encodeURIComponent(person.id)}/role`, {
          role: given.role,
          ...(given.scope === '' ? {} : { scope: given.scope }),
          remove: given.remove,
          reason: reason.trim(),
        }),
      `The roles of ${person.name} were changed`,
    )
    if (done) onClose()
  }
  return (
    <Dialog title={`Roles of ${person.name}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void change({ role, scope: scope.trim(), remove: false })
        }}
      >
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <label>
          Reason
          <input
            className="field"
            required
            maxLength={2_000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <ul className="rows plain">
          {person.roles.map((grant) => (
            <li key={grantText(grant)}>
              <span>
                {grantText(grant)}
                {grant.source === 'oidc' ? <span className="quiet"> from a group</span> : null}
              </span>
              {grant.source === 'oidc' ? null : (
                <Button
                  kind="bare"
                  disabled={busy || reason.trim() === ''}
                  onClick={() =>
                    void change({
                      role: grant.role,
                      scope: Object.entries(grant.scope)
                        .map(([key, value]) => `${key}=${value}`)
                        .join(','),
                      remove: true,
                    })
                  }
                >
                  Take away
                </Button>
              )}
            </li>
          ))}
        </ul>
        <RoleField role={role} change={setRole} />
        <ScopeField scope={scope} change={setScope} />
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          <Button kind="primary" type="submit" disabled={busy || reason.trim() === ''}>
            Give role
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
