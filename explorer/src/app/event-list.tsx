import type { MarketEventItem } from '../server/api-types.ts'
import { groupDigits, shortHash, wordsOf } from './format.ts'
import { Link } from './router.tsx'
import { Age, Hash, Value } from './ui.tsx'

/** Numbers of the contracts' enumerations in words, by event and argument. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  'TaskStatusChanged.status': ['new', 'attempted', 'responded', 'canceled', 'expired', 'finalized'],
  'SourceStatusChanged.status': ['active', 'inactive'],
  'ResponseStatusChanged.status': ['submitted', 'confirmed'],
  'SeatSettled.outcome': ['accepted', 'committed', 'revealed', 'vacated', 'paid', 'slashed', 'released'],
  'ReputationChanged.outcome': ['paid', 'missed', 'guilty'],
  'ReputationChanged.class': [
    'exact integers',
    'tolerant floating point',
    'trusted hardware',
    'zero knowledge',
    'opaque',
  ],
}

/** How an event is coloured on a line of life. */
const TONES: readonly (readonly [RegExp, string])[] = [
  [/slash|fault|guilty|sanction|fail|expire|penal|missed|reject/i, 'bad'],
  [/final|confirm|paid|claim|agree|passed|waived/i, 'good'],
  [/commit|reveal|audit|draw|challenge|dispute|checkpoint|verdict/i, 'proof'],
]

/** Events of the market and proof contracts as a line of life, in the order given. `subject` goes without saying. */
export function EventList({ events, subject }: { events: readonly MarketEventItem[]; subject?: string }) {
  if (events.length === 0) return <p className="empty">Nothing happened yet.</p>
  return (
    <ol className="events">
      {events.map(event => (
        <li key={event.id} className={TONES.find(([pattern]) => pattern.test(event.name))?.[1] ?? 'plain'}>
          <p className="event-head">
            <b>{wordsOf(event.name)}</b>
            <span className="quiet">
              {event.contract} · <Age iso={event.timestamp} /> · block{' '}
              <Link href={`/block/${event.block_number}`}>{groupDigits(event.block_number)}</Link> ·{' '}
              <Hash hash={event.transaction_hash} href={`/tx/${event.transaction_hash}`} />
            </span>
          </p>
          <dl>
            {event.args
              .filter(({ value }) => value !== subject && !(typeof value === 'string' && /^0x0{64}$/.test(value)))
              .map(({ name, type, value }) => (
                <div key={name}>
                  <dt>{wordsOf(name)}</dt>
                  <dd>
                    <Argument event={event} name={name} type={type} value={value} />
                  </dd>
                </div>
              ))}
          </dl>
        </li>
      ))}
    </ol>
  )
}

type Item = MarketEventItem['args'][number]

function Argument({ event, name, type, value }: Item & { event: MarketEventItem }) {
  const word = WORDS[`${event.name}.${name}`]?.[Number(value)]
  if (word !== undefined) return word
  if (type === 'bytes32' && typeof value === 'string') return <Hash hash={value} />
  if (type === 'address' && typeof value === 'string')
    return (
      <Link href={`/address/${value}`} title={value}>
        <code>{shortHash(value)}</code>
      </Link>
    )
  return <Value type={type} value={value} name={event.contract === 'StakeRouter' ? 'amount' : name} coins />
}
