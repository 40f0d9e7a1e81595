import { type FormEvent, type KeyboardEvent, type PointerEvent, useContext, useEffect, useRef, useState } from 'react'
import type { DagRound, DagStatus, DagValidator, DagVertex, Page } from '../../server/api-types.ts'
import { StoreContext, useApi, useTitle } from '../api.tsx'
import { DagGrid, DagLegend } from '../dag-grid.tsx'
import { compact, formatMs, groupDigits } from '../format.ts'
import { Link, useRouter } from '../router.tsx'
import { Await, Badge, Card, Facts, Hash, Heading } from '../ui.tsx'

const ZOOMS = [18, 26, 36, 52, 76] as const
const FRAME_WIDTH = 1_090
const LABEL_WIDTH = 120

/** The DAG as a grid that moves: follows the head until the reader pans, seeks or zooms. */
export function DagPage() {
  useTitle('DAG')
  const { location } = useRouter()
  const store = useContext(StoreContext)
  const status = useApi<DagStatus>('/dag/status', 1_000)
  const validators = useApi<Page<DagValidator>>('/validators', 5_000)
  const wanted = Number(location.query.get('round') ?? Number.NaN)
  const [held, setHeld] = useState<number | undefined>(
    Number.isSafeInteger(wanted) && wanted >= 0 ? wanted + 8 : undefined,
  )
  const [zoom, setZoom] = useState(2)
  const [chosen, setChosen] = useState<{ vertex: DagVertex; round: number } | undefined>()
  const drag = useRef<{ x: number; to: number } | undefined>(undefined)
  const [width, setWidth] = useState(FRAME_WIDTH)
  const frame = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const measure = () => setWidth(frame.current?.clientWidth ?? FRAME_WIDTH)
    measure()
    window.addEventListener('resize', measure)
    return () => window.removeEventListener('resize', measure)
  }, [])

  const columnWidth = ZOOMS[zoom] ?? 36
  const span = Math.max(6, Math.min(110, Math.floor((width - LABEL_WIDTH) / columnWidth)))
  const head = status.data?.round ?? 0
  const to = Math.min(held ?? head, head)
  const from = Math.max(0, to - span + 1)
  const rounds = useApi<Page<DagRound>>(status.data === undefined ? null : `/dag/rounds?from=${from}&to=${to}`, 2_000)
  const oldest = rounds.data?.items[0]?.round

  const pan = (delta: number) => {
    const next = to + delta
    setHeld(next >= head ? undefined : Math.max(Math.min(span, head), next))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? span : 4
    if (event.key === 'ArrowLeft') pan(-step)
    else if (event.key === 'ArrowRight') pan(step)
    else if (event.key === '+' || event.key === '=') setZoom(Math.min(ZOOMS.length - 1, zoom + 1))
    else if (event.key === '-') setZoom(Math.max(0, zoom - 1))
    else if (event.key === 'End') setHeld(undefined)
    else return
    event.preventDefault()
  }
  const onPointerMove = (event: PointerEvent) => {
    if (drag.current === undefined) return
    const moved = Math.round((drag.current.x - event.clientX) / columnWidth)
    const next = drag.current.to + moved
    if (next !== to) setHeld(next >= head ? undefined : Math.max(Math.min(span, head), next))
  }
  const onSeek = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const round = Number(new FormData(event.currentTarget).get('round'))
    if (Number.isSafeInteger(round)) setHeld(Math.min(head, round + Math.floor(span / 2)))
  }

  return (
    <>
      <Heading kind="DAG">
        <Badge label={held === undefined ? 'live' : 'held'} tone={held === undefined ? 'good' : 'plain'} />
      </Heading>
      <Await loaded={status}>
        {dag => (
          <>
            <dl className="figures small">
              <Small name="Round" value={groupDigits(dag.round)} />
              <Small name="Commit" value={groupDigits(dag.commitIndex)} href={`/commit/${dag.commitIndex}`} />
              <Small name="Head block" value={groupDigits(dag.headNumber)} href={`/block/${dag.headNumber}`} />
              <Small
                name="Certified block"
                value={groupDigits(dag.finalizedNumber)}
                href={`/block/${dag.finalizedNumber}`}
              />
              <Small name="Epoch" value={groupDigits(dag.epoch)} />
              <Small name="Quorum" value={`${dag.quorum} of ${dag.committeeSize}`} />
            </dl>
            <Card
              title={`Rounds ${groupDigits(from)} to ${groupDigits(to)}`}
              extra={
                <div className="controls">
                  <button type="button" onClick={() => pan(-Math.ceil(span / 2))} aria-label="Earlier rounds">
                    ←
                  </button>
                  <button type="button" onClick={() => pan(Math.ceil(span / 2))} aria-label="Later rounds">
                    →
                  </button>
                  <button type="button" onClick={() => setZoom(Math.max(0, zoom - 1))} aria-label="Show more rounds">
                    −
                  </button>
                  <button
                    type="button"
                    onClick={() => setZoom(Math.min(ZOOMS.length - 1, zoom + 1))}
                    aria-label="Show fewer rounds"
                  >
                    +
                  </button>
                  <button
                    type="button"
                    onClick={() => setHeld(held === undefined ? head : undefined)}
                    aria-pressed={held === undefined}
                  >
                    {held === undefined ? 'Pause' : 'Go live'}
                  </button>
                  <form onSubmit={onSeek} action="/dag">
                    <input
                      name="round"
                      inputMode="numeric"
                      pattern="[0-9]*"
                      placeholder="Round…"
                      aria-label="Go to round"
                      size={8}
                    />
                  </form>
                </div>
              }
            >
              <section
                className="dag-frame"
                ref={frame}
                aria-label="Grid of rounds: arrow keys move, plus and minus zoom, End goes live"
                // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys
                tabIndex={0}
                onKeyDown={onKeyDown}
                onPointerDown={event => {
                  drag.current = { x: event.clientX, to }
                }}
                onPointerMove={onPointerMove}
                onPointerUp={() => {
                  drag.current = undefined
                }}
                onPointerLeave={() => {
                  drag.current = undefined
                }}
              >
                <DagGrid
                  rounds={rounds.data?.items ?? []}
                  validators={validators.data?.items ?? []}
                  from={from}
                  to={to}
                  columnWidth={columnWidth}
                  rowHeight={38}
                  labels
                  chosen={chosen?.vertex.digest}
                  onChoose={(vertex, round) => {
                    setChosen({ vertex, round })
                    setHeld(to)
                  }}
                />
              </section>
              {oldest !== undefined && from < oldest && (
                <p className="quiet">The node has rounds from {groupDigits(oldest)} on; earlier ones are collected.</p>
              )}
              {rounds.data !== undefined && oldest === undefined && (
                <p className="quiet">The node does not have these rounds any more.</p>
              )}
              <DagLegend />
            </Card>
            {chosen !== undefined && (
              <VertexCard
                vertex={chosen.vertex}
                round={chosen.round}
                data={rounds.data?.items.find(item => item.round === chosen.round)}
                validators={validators.data?.items ?? []}
              />
            )}
            <RoundTable
              rounds={rounds.data?.items ?? []}
              validators={validators.data?.items ?? []}
              nowMs={store.nowMs}
            />
          </>
        )}
      </Await>
    </>
  )
}

function Small({ name, value, href }: { name: string; value: string; href?: string }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className="value">{href === undefined ? value : <Link href={href}>{value}</Link>}</dd>
    </div>
  )
}

function VertexCard({
  vertex,
  round,
  data,
  validators,
}: {
  vertex: DagVertex
  round: number
  data: DagRound | undefined
  validators: readonly DagValidator[]
}) {
  const isLeader = data?.leader.author === vertex.author
  return (
    <Card title={`Vertex of ${validators[vertex.author]?.name ?? `#${vertex.author}`} in round ${groupDigits(round)}`}>
      <Facts
        items={[
          ['Digest', <Hash key="digest" hash={vertex.digest} href={`/vertex/${vertex.digest}`} full />],
          isLeader && data !== undefined && ['Leader', <Badge key="leader" label={data.leader.status} />],
          isLeader &&
            data?.leader.commitIndex !== undefined && [
              'Commit',
              <Link key="commit" href={`/commit/${data.leader.commitIndex}`}>
                {groupDigits(data.leader.commitIndex)}
              </Link>,
            ],
          ['Made', new Date(vertex.timestampMs).toISOString()],
          ['Received here', `${formatMs(vertex.receivedMs - vertex.timestampMs)} after it was made`],
          ['Transactions', `${groupDigits(vertex.transactionCount)} in ${compact(vertex.payloadBytes)} bytes`],
          [
            'Parents',
            vertex.parents.map(parent => validators[parent.author]?.name ?? `#${parent.author}`).join(', ') || 'none',
          ],
        ]}
      />
    </Card>
  )
}

/** The same rounds in words, newest first: for screen readers, and for whoever wants the numbers. */
function RoundTable({
  rounds,
  validators,
}: {
  rounds: readonly DagRound[]
  validators: readonly DagValidator[]
  nowMs: number
}) {
  if (rounds.length === 0) return null
  return (
    <Card title="Rounds in numbers">
      <div className="table">
        <table>
          <thead>
            <tr>
              <th scope="col">Round</th>
              <th scope="col">Leader</th>
              <th scope="col">Fate</th>
              <th scope="col">Commit</th>
              <th scope="col" className="number">
                Vertices
              </th>
              <th scope="col" className="number">
                Transactions
              </th>
              <th scope="col" className="number wide">
                Spread
              </th>
            </tr>
          </thead>
          <tbody>
            {[...rounds]
              .reverse()
              .slice(0, 12)
              .map(({ round, leader, vertices }) => (
                <tr key={round}>
                  <td>{groupDigits(round)}</td>
                  <td>{validators[leader.author]?.name ?? `#${leader.author}`}</td>
                  <td>
                    <Badge label={leader.status} />
                  </td>
                  <td>
                    {leader.commitIndex === undefined ? (
                      '–'
                    ) : (
                      <Link href={`/commit/${leader.commitIndex}`}>{groupDigits(leader.commitIndex)}</Link>
                    )}
                  </td>
                  <td className="number">{vertices.length}</td>
                  <td className="number">
                    {groupDigits(vertices.reduce((sum, vertex) => sum + vertex.transactionCount, 0))}
                  </td>
                  <td className="number wide">{spreadOf(vertices)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </Card>
  )
}

/** Time between the first and the last vertex of a round to arrive here. */
function spreadOf(vertices: readonly DagVertex[]): string {
  const times = vertices.map(vertex => vertex.receivedMs)
  return times.length < 2 ? '–' : formatMs(Math.max(...times) - Math.min(...times))
}
