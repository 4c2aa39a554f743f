import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import type { FormEvent, ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import type { Session } from '../api/model.ts'
import { navigate, useQuery } from '../shell/router.tsx'
import { adopt } from '../shell/session.ts'
import { useTitle } from '../shell/title.ts'
import { Button, ProblemNotice } from '../ui/controls.tsx'
import { signInWithPasskey } from './passkey.ts'

/** Where somebody wanted to go before they were asked who they are: only within this server. */
function wanted(): string {
  if (location.pathname !== '/login') return location.pathname + location.search
  const to = new URLSearchParams(location.search).get('to') ?? '/'
  return /^\/[^/\\]/.test(to) ? to : '/'
}

export function SignIn({ session }: { session: Session }): ReactNode {
  useTitle('Sign in')
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const [said] = useQuery('error')
  const attempt = async (signIn: () => Promise<Session>): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      const signedIn = await signIn()
      navigate(wanted(), 'replace')
      adopt(signedIn)
    } catch (error) {
      setProblem(
        error instanceof Problem
          ? error
          : new Problem(400, {
              detail: 'The passkey was not used',
              action: 'Try again, or sign in with your password.',
            }),
      )
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    void attempt(() => post<Session>('/login', { login, password }))
  }
  if (session.ownerMissing) {
    return (
      <section className="card">
        <h1>Nobody owns this erlmcp yet</h1>
        <p>Open the one-time link that it printed in its terminal when it started. It makes you its owner.</p>
      </section>
    )
  }
  const { passkey, oidc, password: withPassword } = session.methods
  return (
    <section className="card">
      <h1>Sign in to erlmcp</h1>
      {said === null ? null : <p className="notice notice-red">{said.slice(0, 300)}</p>}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {oidc === null ? null : (
        <a className="button button-primary wide" href={`/login/oidc?to=${encodeURIComponent(wanted())}`}>
          Sign in with {oidc.name}
        </a>
      )}
      {withPassword ? (
        <form onSubmit={submit}>
          <label>
            Login
            <input
              className="field"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              value={login}
              onChange={(event) => setLogin(event.target.value)}
            />
          </label>
          <label>
            Password
            <input
              className="field"
              type="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          <Button kind={oidc === null ? 'primary' : 'quiet'} type="submit" className="wide" disabled={busy}>
            Sign in
          </Button>
        </form>
      ) : null}
      {passkey ? (
        <Button className="wide" disabled={busy} onClick={() => void attempt(signInWithPasskey)}>
          <KeyRound size={16} aria-hidden /> Sign in with a passkey
        </Button>
      ) : null}
    </section>
  )
}
