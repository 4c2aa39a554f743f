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
  {
    path: '/runbooks',
    page: lazy(async () => ({ default: (await import('./runbooks/catalogue.tsx')).CataloguePage })),
    nav: { label: 'Runbooks', keys: 'g r' },
  },
  {
    path: '/runbooks/show',
    page: lazy(async () => ({ default: (await import('./runbooks/page.tsx')).RunbookPage })),
  },
  {
    path: '/rehearsals',
    page: lazy(async () => ({ default: (await import('./rehearsals/page.tsx')).RehearsalsPage })),
    nav: { label: 'Rehearsals', keys: 'g p' },
  },
  {
    path: '/reviews',
    page: lazy(async () => ({ default: (await import('./reviews/list.tsx')).ReviewsPage })),
    nav: { label: 'Reviews', keys: 'g v' },
  },
  {
    path: '/incidents/:id/review',
    page: lazy(async () => ({ default: (await import('./reviews/page.tsx')).ReviewPage })),
  },
  {
    path: '/audit',
    page: lazy(async () => ({ default: (await import('./audit/page.tsx')).AuditPage })),
    nav: { label: 'Audit', keys: 'g a' },
  },
  {
    path: '/settings',
    page: lazy(async () => ({ default: (await import('./settings/page.tsx')).SettingsPage })),
    nav: { label: 'Settings', keys: 'g s' },
  },
]
