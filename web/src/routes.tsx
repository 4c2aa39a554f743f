import { lazy } from 'react'
import type { ComponentType, LazyExoticComponent } from 'react'

export interface Route {
  /** `/incidents/:id`; what follows a colon is handed to the page. */
  path: string
  page: LazyExoticComponent<ComponentType<{ params: Record<string, string> }>>
  /** Its place in the navigation; without one it is reached from another page. */
  nav?: { label: string; keys: string }
}

/** Every page is a folder, loaded when it is opened. A new one is a line here. */
export const ROUTES: readonly Route[] = [
  {
    path: '/',
    page: lazy(async () => ({ default: (await import('./home/page.tsx')).HomePage })),
    nav: { label: 'Home', keys: 'g h' },
  },
  {
    path: '/incidents/:id',
    page: lazy(async () => ({ default: (await import('./incident/page.tsx')).IncidentPage })),
  },
]
