import type { DagRound, DagValidator, DagVertex } from '../server/api-types.ts'

export interface DagGridProps {
  readonly rounds: readonly DagRound[]
  readonly validators: readonly DagValidator[]
  /** First round of the window; rounds that are not there stay empty columns. */
  readonly from: number
  readonly to: number
  readonly columnWidth: number
  readonly rowHeight: number
  readonly chosen?: string | undefined
  readonly onChoose?: ((vertex: DagVertex, round: number) => void) | undefined
  /** Labels of rounds and validators; off in the small strip. */
  readonly labels: boolean
}

const LEFT = 112
const TOP = 26

/**
 * Rounds from left to right, a lane for each validator. Lines go from a vertex to its parents; a leader is ringed in the
 * colour of its fate, and a leader without a vertex is a dashed hole.
 */
export function DagGrid(props: DagGridProps) {
  const { rounds, validators, from, to, columnWidth, rowHeight, labels } = props
  const left = labels ? LEFT : 10
  const top = labels ? TOP : 8
  const lanes = Math.max(
    1,
    validators.length,
    ...rounds.flatMap(round => round.vertices.map(vertex => vertex.author + 1)),
  )
  const x = (round: number) => left + (round - from + 0.5) * columnWidth
  const y = (author: number) => top + (author + 0.5) * rowHeight
  const width = left + (to - from + 1) * columnWidth + 8
  const height = top + lanes * rowHeight + 8
  const radius = Math.max(3, Math.min(7, columnWidth / 5, rowHeight / 4))
  const present = new Set(rounds.flatMap(({ vertices }) => vertices.map(({ digest }) => digest)))
  const leaders = new Set(
    rounds.flatMap(({ vertices, leader }) =>
      leader.status === 'committed'
        ? vertices.filter(({ author }) => author === leader.author).map(({ digest }) => digest)
        : [],
    ),
  )
  const edges: Record<'plain' | 'led' | 'anchor', string[]> = { plain: [], led: [], anchor: [] }
  for (const { round, vertices } of rounds)
    for (const vertex of vertices)
      for (const parent of vertex.parents) {
        if (parent.round < from || !present.has(parent.digest)) continue
        const kind = !leaders.has(vertex.digest) ? 'plain' : leaders.has(parent.digest) ? 'anchor' : 'led'
        edges[kind].push(`M${x(round)} ${y(vertex.author)}L${x(parent.round)} ${y(parent.author)}`)
      }
  const labelEvery = Math.max(1, Math.ceil(44 / columnWidth))

  return (
    <svg
      className="dag"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={`DAG rounds ${from} to ${to}, ${lanes} validators`}
    >
      {Array.from({ length: lanes }, (_, lane) => lane).map(author => (
        <g key={author}>
          <line className="lane" x1={left} x2={width} y1={y(author)} y2={y(author)} />
          {labels && (
            <text
              className={validators[author]?.up === false ? 'lane-name down' : 'lane-name'}
              x={left - 12}
              y={y(author) + 4}
            >
              {(validators[author]?.name ?? `#${author}`).slice(0, 14)}
            </text>
          )}
        </g>
      ))}
      {labels &&
        Array.from({ length: to - from + 1 }, (_, index) => from + index)
          .filter(round => round % labelEvery === 0 && round >= 0)
          .map(round => (
            <text key={round} className="round-name" x={x(round)} y={14}>
              {round}
            </text>
          ))}
      {/* One path per kind of line: thousands of elements would be slow to draw and long to send. */}
      <path className="edge" d={edges.plain.join('')} />
      <path className="edge led" d={edges.led.join('')} />
      <path className="edge anchor" d={edges.anchor.join('')} />
      {rounds.map(round => (
        <g key={round.round}>
          {!round.vertices.some(({ author }) => author === round.leader.author) && (
            <circle
              className={`hole ${round.leader.status}`}
              cx={x(round.round)}
              cy={y(round.leader.author)}
              r={radius + 3}
            >
              <title>{`round ${round.round}: leader's vertex is missing (${round.leader.status})`}</title>
            </circle>
          )}
          {round.vertices.map(vertex => (
            <Vertex
              key={vertex.digest}
              {...props}
              round={round}
              vertex={vertex}
              cx={x(round.round)}
              cy={y(vertex.author)}
              radius={radius}
            />
          ))}
        </g>
      ))}
    </svg>
  )
}

function Vertex({
  round,
  vertex,
  cx,
  cy,
  radius,
  chosen,
  onChoose,
  validators,
}: DagGridProps & { round: DagRound; vertex: DagVertex; cx: number; cy: number; radius: number }) {
  const isLeader = round.leader.author === vertex.author
  const name = validators[vertex.author]?.name ?? `#${vertex.author}`
  const fate = isLeader ? `, leader ${round.leader.status}` : ''
  const title = `round ${round.round}, ${name}${fate}, ${vertex.transactionCount} transactions`
  const choose = onChoose === undefined ? undefined : () => onChoose(vertex, round.round)
  return (
    <g
      className={`vertex${isLeader ? ` leader ${round.leader.status}` : ''}${chosen === vertex.digest ? ' chosen' : ''}`}
      {...(choose === undefined
        ? {}
        : {
            role: 'button',
            // Leaders are the stops of the keyboard; hundreds of stops would be none.
            tabIndex: isLeader ? 0 : -1,
            'aria-label': title,
            onClick: choose,
            onKeyDown: event => {
              if (event.key !== 'Enter' && event.key !== ' ') return
              event.preventDefault()
              choose()
            },
          })}
    >
      <title>{title}</title>
      {isLeader && <circle className="ring" cx={cx} cy={cy} r={radius + 3} />}
      <circle className={vertex.transactionCount > 0 ? 'dot full' : 'dot'} cx={cx} cy={cy} r={radius} />
    </g>
  )
}

export function DagLegend() {
  return (
    <ul className="legend">
      <li>
        <i className="committed" /> leader committed
      </li>
      <li>
        <i className="undecided" /> undecided
      </li>
      <li>
        <i className="skipped" /> skipped
      </li>
      <li>
        <i className="vertex" /> vertex with transactions
      </li>
      <li>
        <i className="void" /> empty vertex
      </li>
    </ul>
  )
}
