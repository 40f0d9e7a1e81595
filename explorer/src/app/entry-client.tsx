import { hydrateRoot } from 'react-dom/client'
import { type ApiAnswer, createStore, StoreContext } from './api.tsx'
import { App } from './app.tsx'
import './style/base.css'
import './style/records.css'
import './style/parts.css'
import './style/dag.css'

const root = document.getElementById('root')
const data = document.getElementById('data')?.textContent
if (root !== null && data !== null && data !== undefined) {
  const { nowMs, answers } = JSON.parse(data) as { nowMs: number; answers: [string, ApiAnswer][] }
  const store = createStore(window.location.pathname + window.location.search, answers, nowMs)
  hydrateRoot(
    root,
    <StoreContext value={store}>
      <App />
    </StoreContext>,
  )
}
