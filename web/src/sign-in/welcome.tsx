import { useEffect, useState } from 'react'
import type { FormEvent, ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import type { Session } from '../api/model.ts'
import { navigate } from '../shell/router.tsx'
import { adopt } from '../shell/session.ts'
import { useTitle } from '../shell/title.ts'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { canMakePasskeys, makePasskey } from './passkey.ts'

interface Invitation {
  kind: 'owner' | 'invitation' | 'reset'
  login: string | null
  name: string | null
  expiresAt: string
}

const TITLES: Record<Invitation['kind'], string> = {
  owner: 'This erlmcp becomes yours',
  invitation: 'You are invited to erlmcp',
  reset: 'Choose a new password',
}
const SHORTEST = 12
/** Read once; what stands behind # never leaves the browser by itself. */
const token = location.pathname === '/welcome' ? location.hash.slice(1) : ''

/** A one-time link: whoever holds it says who they are. */
export function Welcome(): ReactNode {
  useTitle('Welcome')
  const [invitation, setInvitation] = useState<Invitation | null>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [login, setLogin] = useState('')
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    // the link works once; it does not stay in the address
    history.replaceState(null, '', '/welcome')
    const look = async (): Promise<void> => {
      try {
        const found = await post<Invitation>('/welcome/look', { token })
        setInvitation(found)
        setLogin(found.login ?? '')
        setName(found.name ?? '')
      } catch (error) {
        setProblem(error instanceof Problem ? error : new Problem(0, {}))
      }
    }
    void look()
  }, [])
  const accept = async (withPasskey: boolean): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      const session = await post<Session>('/welcome', {
        token,
        login,
        name: name === '' ? login : name,
        ...(withPasskey ? {} : { password }),
      })
      adopt(session)
      if (withPasskey) await makePasskey('this device')
      navigate('/', 'replace')
    } catch (error) {
      setProblem(
        error instanceof Problem
          ? error
          : new Problem(400, { detail: 'No passkey was made', action: 'Choose a password instead.' }),
      )
    } finally {
      setBusy(false)
    }
  }
  if (invitation === null) {
    return (
      <section className="card">
        <h1>Welcome to erlmcp</h1>
        {problem === null ? <Waiting what="the link" /> : <ProblemNotice problem={problem} />}
      </section>
    )
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void accept(false)
  }
  return (
    <section className="card">
      <h1>{TITLES[invitation.kind]}</h1>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <form onSubmit={submit}>
        <label>
          Login
          <input
            className="field"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            required
            pattern="[a-z0-9][a-z0-9._\-]*"
            title="small letters, digits, dots and hyphens"
            readOnly={invitation.login !== null}
            value={login}
            onChange={(event) => setLogin(event.target.value)}
          />
        </label>
        <label>
          Name
          <input
            className="field"
            autoComplete="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <label>
          Password <span className="quiet">{SHORTEST} characters or more</span>
          <input
            className="field"
            type="password"
            autoComplete="new-password"
            minLength={SHORTEST}
            required
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
        <Button kind="primary" type="submit" className="wide" disabled={busy}>
          {invitation.kind === 'reset' ? 'Set password' : 'Start'}
        </Button>
      </form>
      {canMakePasskeys() && invitation.kind !== 'reset' ? (
        <Button className="wide" disabled={busy || login === ''} onClick={() => void accept(true)}>
          Use a passkey instead
        </Button>
      ) : null}
    </section>
  )
}
