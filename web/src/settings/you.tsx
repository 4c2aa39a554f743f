import { Fingerprint } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import { useData } from '../live/data.ts'
import { setPreferences, usePreferences } from '../shell/preferences.ts'
import type { Preferences } from '../shell/preferences.ts'
import { adopt, useSession } from '../shell/session.ts'
import { canMakePasskeys, makePasskey } from '../sign-in/passkey.ts'
import type { Session } from '../api/model.ts'
import { useAct } from '../ui/act.ts'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never } from '../ui/may.ts'
import { Ago } from '../ui/time.tsx'
import { grantText } from './model.ts'
import type { Grant, Passkey } from './model.ts'

export function YouPanel(): ReactNode {
  const state = useSession()
  const session = state.known ? state.session : null
  const person = session?.person ?? null
  const roles = (session as { roles?: Grant[] } | null)?.roles ?? []
  return (
    <>
      <section aria-labelledby="who">
        <h2 id="who">You</h2>
        {person === null ? (
          <p className="quiet">Nobody is signed in here; what stands before erlmcp let you in.</p>
        ) : (
          <dl className="facts">
            <div>
              <dt>Name</dt>
              <dd>
                {person.name} <span className="quiet">{person.login}</span>
              </dd>
            </div>
            <div>
              <dt>Roles</dt>
              <dd>{roles.length === 0 ? (session?.role ?? 'none') : roles.map(grantText).join(', ')}</dd>
            </div>
          </dl>
        )}
      </section>
      <Look />
      {person === null ? null : (
        <>
          <Passkeys />
          <Password hasPassword={person.hasPassword} />
        </>
      )}
    </>
  )
}

function Look(): ReactNode {
  const { theme, clock } = usePreferences()
  return (
    <section aria-labelledby="look" className="page-section">
      <h2 id="look">This device</h2>
      <div className="filters">
        <label>
          Theme
          <select
            className="field"
            value={theme}
            onChange={(event) => setPreferences({ theme: event.target.value as Preferences['theme'] })}
          >
            <option value="system">as the device</option>
            <option value="light">light</option>
            <option value="dark">dark</option>
          </select>
        </label>
        <label>
          Times
          <select
            className="field"
            value={clock}
            onChange={(event) => setPreferences({ clock: event.target.value as Preferences['clock'] })}
          >
            <option value="utc">UTC</option>
            <option value="local">local</option>
          </select>
        </label>
      </div>
    </section>
  )
}

function Passkeys(): ReactNode {
  const { value, problem } = useData<{ passkeys: Passkey[] }>('/passkeys', never)
  const [name, setName] = useState('this device')
  const { busy, problem: refused, act } = useAct()
  const make = (): Promise<boolean> =>
    act(async () => {
      try {
        await makePasskey(name.trim())
      } catch (error) {
        if (error instanceof Problem) throw error
        throw new Problem(400, {
          detail: 'No passkey was made.',
          action: 'Try again, or use another device.',
        })
      }
    }, 'The passkey is made')
  return (
    <section aria-labelledby="passkeys" className="page-section">
      <h2 id="passkeys">Passkeys</h2>
      {refused === null ? null : <ProblemNotice problem={refused} />}
      {value === null ? (
        problem === null ? (
          <Waiting what="your passkeys" />
        ) : (
          <ProblemNotice problem={problem} />
        )
      ) : (
        <ul className="rows plain">
          {value.passkeys.map((passkey) => (
            <li key={passkey.id}>
              <span>
                {passkey.name}
                <span className="under quiet small">
                  made <Ago at={passkey.createdAt} />,{' '}
                  {passkey.lastUsedAt === null ? (
                    'not used yet'
                  ) : (
                    <>
                      used <Ago at={passkey.lastUsedAt} />
                    </>
                  )}
                </span>
              </span>
              <Button
                kind="bare"
                disabled={busy}
                aria-label={`Remove ${passkey.name}`}
                onClick={() =>
                  void act(
                    () => post(`/passkeys/${encodeURIComponent(passkey.id)}/remove`),
                    'The passkey is removed',
                  )
                }
              >
                Remove
              </Button>
            </li>
          ))}
        </ul>
      )}
      {canMakePasskeys() ? (
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault()
            void make()
          }}
        >
          <label>
            Name of the device
            <input
              className="field"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <div className="button-row">
            <Button type="submit" disabled={busy || name.trim() === ''}>
              <Fingerprint size={16} aria-hidden /> Make a passkey
            </Button>
          </div>
        </form>
      ) : (
        <p className="quiet">This browser makes no passkeys here.</p>
      )}
    </section>
  )
}

function Password({ hasPassword }: { hasPassword: boolean }): ReactNode {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const { busy, problem, act } = useAct()
  const change = async (): Promise<void> => {
    const done = await act(async () => {
      adopt(await post<Session>('/session/password', { current: hasPassword ? current : null, password }))
    }, 'The password is changed; your other browsers were signed out')
    if (!done) return
    setCurrent('')
    setPassword('')
  }
  return (
    <section aria-labelledby="password" className="page-section">
      <h2 id="password">Password</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault()
          void change()
        }}
      >
        {hasPassword ? (
          <label>
            Now
            <input
              className="field"
              type="password"
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.target.value)}
            />
          </label>
        ) : null}
        <label>
          New <span className="quiet">12 characters or more</span>
          <input
            className="field"
            type="password"
            autoComplete="new-password"
            required
            minLength={12}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <div className="button-row">
          <Button type="submit" disabled={busy || password.length < 12}>
            {hasPassword ? 'Change password' : 'Set password'}
          </Button>
        </div>
      </form>
    </section>
  )
}
