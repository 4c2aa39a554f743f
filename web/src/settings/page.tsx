import type { ReactNode } from 'react'
import { useQuery } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { IntegrationsPanel } from './integrations.tsx'
import { PeoplePanel } from './people.tsx'
import { PolicyPanel } from './policy.tsx'
import { TokensPanel } from './tokens.tsx'
import { YouPanel } from './you.tsx'
import '../styles/pages.css'

const PANELS = {
  you: { label: 'You', panel: YouPanel },
  people: { label: 'People', panel: PeoplePanel },
  tokens: { label: 'Tokens', panel: TokensPanel },
  policy: { label: 'Policy', panel: PolicyPanel },
  integrations: { label: 'Integrations', panel: IntegrationsPanel },
} as const

type Name = keyof typeof PANELS
const NAMES = Object.keys(PANELS) as Name[]

/** Who may come in, what may be decided by whom, and the ways to reach people. */
export function SettingsPage(): ReactNode {
  const [tab, setTab] = useQuery('tab')
  const chosen = NAMES.find((name) => name === tab) ?? 'you'
  const { panel: Panel, label } = PANELS[chosen]
  useTitle(`${label}, settings`)
  return (
    <div className="column wide-column">
      <div className="page-head">
        <h1>Settings</h1>
        <div className="segments" role="group" aria-label="Part of the settings">
          {NAMES.map((name) => (
            <button key={name} type="button" aria-pressed={name === chosen} onClick={() => setTab(name)}>
              {PANELS[name].label}
            </button>
          ))}
        </div>
      </div>
      <Panel />
    </div>
  )
}
