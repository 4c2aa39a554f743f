import { useEffect } from 'react'
import type { Decision, Incident } from '../api/model.ts'
import { announce } from '../shell/announce.tsx'
import { useAction } from '../shell/actions.ts'

/** Desktop notifications for whoever asked for them: when a decision is wanted while the page is not looked at. */
export function useNotices(incident: Incident | null, waits: Decision | null): void {
  const possible = 'Notification' in globalThis && Notification.permission === 'default'
  useAction(
    possible
      ? {
          id: 'notify',
          label: 'Notify me on this device when something waits',
          group: 'Anywhere',
          run: () =>
            void Notification.requestPermission().then((answer) =>
              announce(answer === 'granted' ? 'Notifications are on' : 'Notifications stay off'),
            ),
        }
      : null,
  )
  const asked = waits?.id
  const title = incident === null ? '' : `${incident.severity} ${incident.title}`
  const text = waits?.question.text ?? ''
  useEffect(() => {
    if (asked === undefined || document.visibilityState === 'visible') return
    if (!('Notification' in globalThis) || Notification.permission !== 'granted') return
    const notice = new Notification(title, { body: text, tag: asked })
    notice.addEventListener('click', () => window.focus())
  }, [asked, title, text])
}
