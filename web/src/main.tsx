import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './shell/app.tsx'
import { startPreferences } from './shell/preferences.ts'
import { loadSession } from './shell/session.ts'
import './styles/tokens.css'
import './styles/base.css'

startPreferences()
void loadSession()
const root = document.querySelector('#root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}
