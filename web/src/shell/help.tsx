import type { ReactNode } from 'react'
import { Dialog } from '../ui/controls.tsx'
import { useActions } from './actions.ts'

/** Every key that does something here and now. */
export function Help({ onClose }: { onClose(): void }): ReactNode {
  const actions = useActions().filter((action) => action.keys !== undefined)
  const groups = [...new Set(actions.map((action) => action.group))]
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        <dt>Anything by name</dt>
        <dd>
          <kbd className="key">ctrl k</kbd>
        </dd>
      </dl>
      {groups.map((group) => (
        <section key={group}>
          <h3>{group}</h3>
          <dl className="keys">
            {actions
              .filter((action) => action.group === group)
              .map((action) => (
                <div key={action.id}>
                  <dt>{action.label}</dt>
                  <dd>
                    <kbd className="key">{action.keys}</kbd>
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
