import { useSyncExternalStore } from 'react'
import { get, onSignedOut, post, Problem, setCsrfToken } from '../api/client.ts'
import type { Session } from '../api/model.ts'
import { refresh } from '../live/data.ts'
import { stream } from '../live/connection.ts'

type State = { known: false; problem: Problem | null } | { known: true; session: Session }

const WITHOUT: Session = {
  signedIn: true,
  ownerMissing: false,
  methods: { password: false, passkey: false, oidc: null },
  person: null,
  role: null,
  csrfToken: null,
  expiresAt: null,
}

let state: State = { known: false, problem: null }
const listeners = new Set<() => void>()

function publish(next: State): void {
  state = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

export const useSession = (): State => useSyncExternalStore(subscribe, () => state)

/** What a sign-in answered: from here on the page is theirs. */
export function adopt(session: Session): void {
  setCsrfToken(session.csrfToken)
  publish({ known: true, session })
  if (!session.signedIn) return
  stream.start()
  stream.restart()
  refresh('/')
}

export async function loadSession(): Promise<void> {
  try {
    adopt(await get<Session>('/session'))
  } catch (error) {
    // a server without sign-in of its own: whoever reached it was let through by what stands before it
    if (error instanceof Problem && error.status === 404) {
      adopt(WITHOUT)
      return
    }
    publish({ known: false, problem: error instanceof Problem ? error : new Problem(0, {}) })
    setTimeout(() => void loadSession(), 3_000)
  }
}

export async function signOut(): Promise<void> {
  await post('/logout')
  // nothing of what was seen stays in this page
  location.assign('/login')
}

// a session that ended while the page was open
onSignedOut(() => {
  if (state.known && state.session.signedIn)
    publish({ known: true, session: { ...state.session, signedIn: false } })
})
