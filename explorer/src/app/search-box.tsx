import { type FormEvent, useEffect, useRef, useState } from 'react'
import type { SearchItem } from '../server/api-types.ts'
import { useRouter } from './router.tsx'

/** One box for everything; suggestions as you type, `/` jumps here. Without JavaScript it is a plain form to /search. */
export function SearchBox() {
  const { navigate } = useRouter()
  const [text, setText] = useState('')
  const [found, setFound] = useState<readonly SearchItem[]>([])
  const [chosen, setChosen] = useState(-1)
  const box = useRef<HTMLInputElement>(null)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /INPUT|TEXTAREA|SELECT/.test(target.tagName)) return
      event.preventDefault()
      box.current?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  useEffect(() => {
    setChosen(-1)
    if (text.trim().length < 2) {
      setFound([])
      return
    }
    const abort = new AbortController()
    const timer = setTimeout(async () => {
      try {
        const response = await fetch(`/api/v2/search/quick?q=${encodeURIComponent(text)}`, { signal: abort.signal })
        if (response.ok) setFound((await response.json()) as SearchItem[])
      } catch {
        // A newer question took this one's place.
      }
    }, 120)
    return () => {
      clearTimeout(timer)
      abort.abort()
    }
  }, [text])

  const go = (url: string) => {
    setText('')
    setFound([])
    box.current?.blur()
    navigate(url)
  }
  const onSubmit = (event: FormEvent) => {
    event.preventDefault()
    const item = found[Math.max(0, chosen)]
    if (item !== undefined) go(item.url)
    else if (text.trim() !== '') go(`/search?q=${encodeURIComponent(text.trim())}`)
  }
  return (
    <search>
      <form className="search" action="/search" onSubmit={onSubmit}>
        <input
          ref={box}
          name="q"
          type="search"
          value={text}
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          placeholder="Block, transaction, address, task, token, validator…"
          aria-label="Search"
          role="combobox"
          aria-expanded={found.length > 0}
          aria-controls="suggestions"
          aria-activedescendant={chosen < 0 ? undefined : `suggestion-${chosen}`}
          onChange={event => setText(event.target.value)}
          onBlur={() => setTimeout(() => setFound([]), 150)}
          onKeyDown={event => {
            if (event.key === 'Escape') setFound([])
            const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
            if (step === 0 || found.length === 0) return
            event.preventDefault()
            setChosen((chosen + step + found.length) % found.length)
          }}
        />
        {found.length > 0 && (
          <div className="suggestions" id="suggestions" role="listbox" aria-label="Suggestions">
            {found.map((item, index) => (
              <button
                key={`${item.type} ${item.url}`}
                id={`suggestion-${index}`}
                type="button"
                role="option"
                tabIndex={-1}
                aria-selected={index === chosen}
                onMouseDown={event => event.preventDefault()}
                onClick={() => go(item.url)}
              >
                <span className="quiet">{item.type}</span> <b>{item.label.slice(0, 60)}</b>
                <code>{item.detail.slice(0, 70)}</code>
              </button>
            ))}
          </div>
        )}
      </form>
    </search>
  )
}
