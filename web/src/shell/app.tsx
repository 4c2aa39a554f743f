import { Suspense, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import { ROUTES } from '../routes.tsx'
import { SignIn } from '../sign-in/page.tsx'
import { Welcome } from '../sign-in/welcome.tsx'
import { Waiting } from '../ui/controls.tsx'
import { startKeys, useAction } from './actions.ts'
import { Announcer } from './announce.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { Header } from './header.tsx'
import { Help } from './help.tsx'
import { Palette } from './palette.tsx'
import { setPreferences, usePreferences } from './preferences.ts'
import { matchPath, navigate, usePath } from './router.tsx'
import { useSession } from './session.ts'

export function App(): ReactNode {
  const path = usePath()
  const session = useSession()
  if (path === '/welcome')
    return (
      <Outside>
        <Welcome />
      </Outside>
    )
  if (!session.known) {
    return (
      <Outside>
        {session.problem === null ? (
          <Waiting what="who you are" />
        ) : (
          <p className="waiting quiet" role="status">
            {session.problem.message} Trying again…
          </p>
        )}
      </Outside>
    )
  }
  if (!session.session.signedIn || path === '/login') {
    return (
      <Outside>
        <SignIn session={session.session} />
      </Outside>
    )
  }
  return <Inside path={path} />
}

function Outside({ children }: { children: ReactNode }): ReactNode {
  return (
    <>
      <main className="outside-page" id="content">
        {children}
      </main>
      <Announcer />
    </>
  )
}

function Inside({ path }: { path: string }): ReactNode {
  const [open, setOpen] = useState<'palette' | 'help' | null>(null)
  const { clock, theme } = usePreferences()
  useEffect(() => startKeys(() => setOpen('palette')), [])
  useAction({ id: 'palette', label: 'Command palette', group: 'Anywhere', run: () => setOpen('palette') })
  useAction({ id: 'help', label: 'Keys', keys: '?', group: 'Anywhere', run: () => setOpen('help') })
  useAction({
    id: 'clock',
    label: clock === 'utc' ? 'Show local times' : 'Show UTC times',
    keys: 't',
    group: 'Anywhere',
    run: () => setPreferences({ clock: clock === 'utc' ? 'local' : 'utc' }),
  })
  useAction({
    id: 'theme',
    label: 'Next theme: system, light, dark',
    group: 'Anywhere',
    run: () =>
      setPreferences({ theme: theme === 'system' ? 'light' : theme === 'light' ? 'dark' : 'system' }),
  })
  return (
    <>
      <a className="skip" href="#content">
        Skip to content
      </a>
      <Header path={path} openPalette={() => setOpen('palette')} openHelp={() => setOpen('help')} />
      {ROUTES.flatMap((route) =>
        route.nav === undefined ? [] : [<GoTo key={route.path} path={route.path} {...route.nav} />],
      )}
      <main id="content" tabIndex={-1}>
        <ErrorBoundary what="This page" key={path}>
          <Suspense fallback={<Waiting what="the page" />}>
            <Page path={path} />
          </Suspense>
        </ErrorBoundary>
      </main>
      {open === 'palette' ? <Palette onClose={() => setOpen(null)} /> : null}
      {open === 'help' ? <Help onClose={() => setOpen(null)} /> : null}
      <Announcer />
    </>
  )
}

function GoTo({ path, label, keys }: { path: string; label: string; keys: string }): null {
  useAction({ id: `go ${path}`, label: `Go to ${label}`, keys, group: 'Go to', run: () => navigate(path) })
  return null
}

function Page({ path }: { path: string }): ReactNode {
  for (const { path: pattern, page: Found } of ROUTES) {
    const params = matchPath(pattern, path)
    if (params !== null) return <Found params={params} />
  }
  return (
    <div className="column">
      <h1>There is nothing here</h1>
      <p>
        <code>{path}</code> is no page of erlmcp. <a href="/">Go to the incidents</a>.
      </p>
    </div>
  )
}
