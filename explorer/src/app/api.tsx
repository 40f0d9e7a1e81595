import { createContext, useContext, useEffect, useRef, useState } from 'react'

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
}

/** Answers by API path. On the server it also notes what a page asked for and did not find. */
export interface ApiStore {
  readonly answers: Map<string, ApiAnswer>
  readonly missing: Set<string>
  /** What the rendered page says of itself. */
  readonly page: { title: string; status: number }
  /** The moment that relative times refer to in the first rendering, so that server and browser agree. */
  readonly nowMs: number
  /** Location that the page is rendered for: path and query. */
  readonly location: string
}

export function createStore(
  location: string,
  answers: Iterable<readonly [string, ApiAnswer]>,
  nowMs: number,
): ApiStore {
  return { answers: new Map(answers), missing: new Set(), page: { title: '', status: 200 }, nowMs, location }
}

export const StoreContext = createContext<ApiStore>(createStore('/', [], 0))

export interface Loaded<T> {
  readonly data: T | undefined
  /** Message of the answer when it is not the data. */
  readonly problem: string | undefined
  readonly status: number
}

const KEPT_MAX = 200

/**
 * The answer of an API path (null: none wanted). While the next answer of a changed path is on its way, the last one
 * stays, so live pages do not flicker. `refreshMs` asks again as long as the page is visible.
 */
export function useApi<T>(path: string | null, refreshMs?: number): Loaded<T> {
  const store = useContext(StoreContext)
  const known = path === null ? undefined : store.answers.get(path)
  if (path !== null && known === undefined) store.missing.add(path)
  const last = useRef<ApiAnswer | undefined>(undefined)
  const [, setVersion] = useState(0)

  useEffect(() => {
    if (path === null) return
    let live = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const load = async () => {
      if (document.visibilityState === 'visible') {
        const answer = await ask(path)
        if (!live) return
        // A failing refresh keeps what is shown; the health line in the footer tells.
        if (answer.status < 500 || !store.answers.has(path)) keep(store, path, answer)
        setVersion(version => version + 1)
      }
      if (live && refreshMs !== undefined) timer = setTimeout(load, refreshMs)
    }
    if (!store.answers.has(path)) void load()
    else if (refreshMs !== undefined) timer = setTimeout(load, refreshMs)
    return () => {
      live = false
      clearTimeout(timer)
    }
  }, [path, refreshMs, store])

  if (known !== undefined) last.current = known
  else if (path === null) last.current = undefined
  const answer = known ?? last.current
  if (answer === undefined) return { data: undefined, problem: undefined, status: 0 }
  if (answer.status === 200) return { data: answer.body as T, problem: undefined, status: 200 }
  return { data: undefined, problem: messageOf(answer.body), status: answer.status }
}

async function ask(path: string): Promise<ApiAnswer> {
  try {
    const response = await fetch(`/api/v2${path}`)
    return { status: response.status, body: await response.json() }
  } catch {
    return { status: 599, body: { message: 'the explorer does not answer' } }
  }
}

function keep(store: ApiStore, path: string, answer: ApiAnswer): void {
  store.answers.delete(path)
  if (store.answers.size >= KEPT_MAX) {
    const oldest = store.answers.keys().next()
    if (!oldest.done) store.answers.delete(oldest.value)
  }
  store.answers.set(path, answer)
}

function messageOf(body: unknown): string {
  return String((body as { message?: unknown } | null)?.message ?? 'no answer')
}

/** Forgets everything, so that a page visited again is read again. Called when the reader moves to another page. */
export function forget(store: ApiStore): void {
  store.answers.clear()
  store.missing.clear()
}

/** Title of the page, in the tab and for pages rendered on the server. */
export function useTitle(title: string, status = 200): void {
  const store = useContext(StoreContext)
  store.page.title = title
  store.page.status = status
  useEffect(() => {
    document.title = title
  }, [title])
}

/** True in the browser once the page is alive; false in the first rendering, which must equal the server's. */
export function useAlive(): boolean {
  const [alive, setAlive] = useState(false)
  useEffect(() => setAlive(true), [])
  return alive
}

/** Now, in milliseconds; moves on by itself in the browser. */
export function useNow(): number {
  const store = useContext(StoreContext)
  const [now, setNow] = useState(store.nowMs)
  useEffect(() => {
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), 2_000)
    return () => clearInterval(timer)
  }, [])
  return now
}
