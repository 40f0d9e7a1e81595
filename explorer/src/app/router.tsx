import { type AnchorHTMLAttributes, createContext, type MouseEvent, useContext } from 'react'

export interface Location {
  readonly path: string
  readonly query: URLSearchParams
}

export interface Router {
  readonly location: Location
  readonly navigate: (href: string) => void
}

export function parseLocation(href: string): Location {
  const url = new URL(href, 'http://explorer')
  return { path: url.pathname, query: url.searchParams }
}

export const RouterContext = createContext<Router>({ location: parseLocation('/'), navigate: () => {} })

export function useRouter(): Router {
  return useContext(RouterContext)
}

/** An ordinary link that stays in the page when JavaScript runs and the click is plain. */
export function Link({ href, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  const { navigate } = useRouter()
  const onClick = (event: MouseEvent) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return
    event.preventDefault()
    navigate(href)
  }
  return <a href={href} onClick={onClick} {...rest} />
}

/** The same page with some query parameters changed; null removes one. */
export function hrefWith(location: Location, changes: Readonly<Record<string, string | null>>): string {
  const query = new URLSearchParams(location.query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) query.delete(name)
    else query.set(name, value)
  }
  const text = query.toString()
  return text === '' ? location.path : `${location.path}?${text}`
}
