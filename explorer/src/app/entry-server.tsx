import { renderToString } from 'react-dom/server'
import { type ApiAnswer, createStore, StoreContext } from './api.tsx'
import { App } from './app.tsx'

/** Renders the page at `location` with the answers that there are, and says which API paths it lacked. */
export function render(location: string, answers: ReadonlyMap<string, ApiAnswer>, nowMs: number) {
  const store = createStore(location, answers, nowMs)
  const html = renderToString(
    <StoreContext value={store}>
      <App />
    </StoreContext>,
  )
  return { html, title: store.page.title, status: store.page.status, missing: [...store.missing] }
}
