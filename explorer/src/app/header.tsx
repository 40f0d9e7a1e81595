import { useState } from 'react'
import type { Stats } from '../server/api-types.ts'
import { useAlive } from './api.tsx'

/** EIP-1193, as far as it is needed. */
interface Wallet {
  request(args: { method: string; params: readonly unknown[] }): Promise<unknown>
}

export function ThemeButton() {
  const alive = useAlive()
  const [, setTheme] = useState('')
  if (!alive) return null
  const dark =
    document.documentElement.dataset.theme === 'dark' ||
    (document.documentElement.dataset.theme === undefined && window.matchMedia('(prefers-color-scheme: dark)').matches)
  const flip = () => {
    const theme = dark ? 'light' : 'dark'
    document.documentElement.dataset.theme = theme
    // biome-ignore lint/suspicious/noDocumentCookie: the server reads it, so that the next page comes in the right colours
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax`
    setTheme(theme)
  }
  return (
    <button type="button" className="tool" onClick={flip} aria-label={dark ? 'Use light colours' : 'Use dark colours'}>
      <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
        {dark ? (
          <>
            <circle cx="8" cy="8" r="3" />
            <path d="M8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8L13 13M3 13l1.2-1.2M11.8 4.2L13 3" />
          </>
        ) : (
          <path d="M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7z" />
        )}
      </svg>
    </button>
  )
}

/** Network details for a wallet; with a wallet in the browser also a button that adds them (EIP-3085). */
export function WalletButton({ stats }: { stats: Stats | undefined }) {
  const alive = useAlive()
  const [said, setSaid] = useState('')
  if (stats === undefined) return null
  const wallet = alive ? (window as { ethereum?: Wallet }).ethereum : undefined
  const chainId = `0x${stats.chain_id.toString(16)}`
  const add = async () => {
    try {
      await wallet?.request({
        method: 'wallet_addEthereumChain',
        params: [
          {
            chainId,
            chainName: stats.chain_name,
            nativeCurrency: { name: stats.coin_symbol, symbol: stats.coin_symbol, decimals: 18 },
            rpcUrls: [stats.rpc_url],
            blockExplorerUrls: [window.location.origin],
          },
        ],
      })
      setSaid('Your wallet has the network now.')
    } catch (error) {
      setSaid(String((error as { message?: unknown } | null)?.message ?? 'The wallet refused.').slice(0, 200))
    }
  }
  return (
    <details className="wallet">
      <summary className="tool">Add network</summary>
      <div className="popover">
        <dl className="facts">
          <div>
            <dt>Name</dt>
            <dd>{stats.chain_name}</dd>
          </div>
          <div>
            <dt>Chain ID</dt>
            <dd>
              {stats.chain_id} <span className="quiet">({chainId})</span>
            </dd>
          </div>
          <div>
            <dt>RPC URL</dt>
            <dd>
              <code>{stats.rpc_url}</code>
            </dd>
          </div>
          <div>
            <dt>Coin</dt>
            <dd>{stats.coin_symbol}, 18 decimals</dd>
          </div>
        </dl>
        {wallet === undefined ? (
          <p className="quiet">No wallet found in this browser: enter these by hand.</p>
        ) : (
          <button type="button" className="primary" onClick={() => void add()}>
            Add to wallet
          </button>
        )}
        {said !== '' && <p role="status">{said}</p>}
      </div>
    </details>
  )
}
