import { CircleUser, Command, Keyboard, LogOut, Menu, Moon, Sun } from 'lucide-react'
import { useState, useSyncExternalStore } from 'react'
import type { ReactNode } from 'react'
import { stream } from '../live/connection.ts'
import { ROUTES } from '../routes.tsx'
import { Dialog } from '../ui/controls.tsx'
import { spanText, useNow } from '../ui/time.tsx'
import { setPreferences, useShownTheme } from './preferences.ts'
import { Link } from './router.tsx'
import { signOut, useSession } from './session.ts'

export function Header({
  path,
  openPalette,
  openHelp,
}: {
  path: string
  openPalette(): void
  openHelp(): void
}): ReactNode {
  const theme = useShownTheme()
  return (
    <>
      <header className="header">
        <Link to="/" className="brand" aria-label="erlmcp, home">
          erlmcp
        </Link>
        <nav aria-label="Pages" className="only-wide">
          <PageLinks path={path} />
        </nav>
        <span className="spring" />
        <ConnectionDot />
        <button
          type="button"
          className="icon-button"
          onClick={openPalette}
          aria-label="Command palette"
          title="Command palette (Ctrl K)"
        >
          <Command size={16} aria-hidden />
        </button>
        <button
          type="button"
          className="icon-button only-wide"
          onClick={openHelp}
          aria-label="Keys"
          title="Keys (?)"
        >
          <Keyboard size={16} aria-hidden />
        </button>
        <button
          type="button"
          className="icon-button only-wide"
          onClick={() => setPreferences({ theme: theme === 'dark' ? 'light' : 'dark' })}
          aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
          title={theme === 'dark' ? 'Light theme' : 'Dark theme'}
        >
          {theme === 'dark' ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
        </button>
        <Person />
        <PhoneMenu path={path} openHelp={openHelp} />
      </header>
      <ConnectionBanner />
    </>
  )
}

function PageLinks({ path, onFollow }: { path: string; onFollow?: () => void }): ReactNode {
  return ROUTES.flatMap((route) =>
    route.nav === undefined
      ? []
      : [
          <Link
            key={route.path}
            to={route.path}
            aria-current={isWithin(path, route.path) ? 'page' : undefined}
            onClick={onFollow}
          >
            {route.nav.label}
          </Link>,
        ],
  )
}

/** `/runbooks/show` belongs to `/runbooks`; a review to the reviews. */
const isWithin = (path: string, area: string): boolean =>
  path.endsWith('/review') ? area === '/reviews' : area === '/' ? path === '/' : path.startsWith(area)

/** Where the bar has no room: the pages, and what else stands there. */
function PhoneMenu({ path, openHelp }: { path: string; openHelp(): void }): ReactNode {
  const [open, setOpen] = useState(false)
  const theme = useShownTheme()
  const close = (): void => setOpen(false)
  return (
    <>
      <button
        type="button"
        className="icon-button only-narrow"
        aria-label="Pages and more"
        onClick={() => setOpen(true)}
      >
        <Menu size={20} aria-hidden />
      </button>
      {open ? (
        <Dialog title="erlmcp" onClose={close}>
          <nav aria-label="Pages" className="phone-menu">
            <PageLinks path={path} onFollow={close} />
          </nav>
          <div className="menu">
            <button
              type="button"
              className="button"
              onClick={() => setPreferences({ theme: theme === 'dark' ? 'light' : 'dark' })}
            >
              {theme === 'dark' ? 'Light theme' : 'Dark theme'}
            </button>
            <button
              type="button"
              className="button"
              onClick={() => {
                close()
                openHelp()
              }}
            >
              Keys
            </button>
            <button type="button" className="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        </Dialog>
      ) : null}
    </>
  )
}

function Person(): ReactNode {
  const state = useSession()
  const session = state.known ? state.session : null
  if (session === null || session.person === null) return null
  return (
    <>
      <span className="person" title={`${session.person.login}, ${session.role ?? 'no role'}`}>
        <CircleUser size={16} aria-hidden />
        <span className="only-wide">{session.person.name}</span>
        <span className="only-heard">
          {session.person.name}, {session.role}
        </span>
      </span>
      <button
        type="button"
        className="icon-button only-wide"
        onClick={() => void signOut()}
        aria-label="Sign out"
        title="Sign out"
      >
        <LogOut size={16} aria-hidden />
      </button>
    </>
  )
}

export const useConnection = (): (typeof stream)['connection'] =>
  useSyncExternalStore(stream.onConnection, () => stream.connection)

/** Beats come every 10 s; after this the page may be behind. */
const STALE_MS = 14_000

/** Whether what is shown may no longer be so. */
export function useStale(): boolean {
  const { state, heardAt, startedAt, databaseAwaySince, skewMs } = useConnection()
  const now = useNow()
  if (databaseAwaySince !== null) return true
  // a server that went before its first word is away too
  return state === 'reconnecting' || now - skewMs - (heardAt ?? startedAt) > STALE_MS
}

function ConnectionDot(): ReactNode {
  const { state } = useConnection()
  const stale = useStale()
  const word = stale ? 'reconnecting' : state
  return (
    <span
      className={`dot dot-${word}`}
      title={word === 'connected' ? 'Live: changes appear by themselves' : word}
      role="img"
      aria-label={word}
    >
      <span aria-hidden className="dot-light" />
      <span className="only-wide" aria-hidden>
        {word}
      </span>
    </span>
  )
}

function ConnectionBanner(): ReactNode {
  const { heardAt, startedAt, databaseAwaySince, skewMs } = useConnection()
  const stale = useStale()
  const now = useNow()
  const offline = !navigator.onLine
  if (!stale) return null
  const since = databaseAwaySince ?? heardAt ?? startedAt
  return (
    <div className="banner" role="status">
      {databaseAwaySince !== null
        ? 'The server cannot reach its database'
        : offline
          ? 'This device is offline'
          : 'No connection to the server'}{' '}
      for {spanText(now - skewMs - since)}. What is shown may be old; decisions are not sent until it is back.
    </div>
  )
}
