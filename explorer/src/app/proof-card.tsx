import type { ProofDetail } from '../server/api-types.ts'
import { groupDigits, sentenceCase } from './format.ts'
import { Link } from './router.tsx'
import { Address, Badge, Card, Coins, Facts, Hash, Table } from './ui.tsx'

const PHASES: Readonly<Record<string, string>> = {
  OPEN: 'waits for providers',
  ASSIGNED: 'providers compute and commit to sealed results',
  REVEALING: 'all committed; providers reveal',
  DRAWING: 'revealed; whether it is audited is about to be drawn',
  AUDITING: 'drawn auditors compute it again',
  WINDOW: 'the result stands and may be challenged',
  FINAL: 'verified and paid',
  FAILED: 'no result could be verified; the client was refunded',
}

/** How a task's result was, or is being, verified: seats, digests, verdicts, pay and penalties. */
export function ProofCard({ proof }: { proof: ProofDetail }) {
  return (
    <Card title="Verification" extra={<Badge label={proof.phase} tone={toneOf(proof.phase)} />}>
      <Facts
        items={[
          ['Now', sentence(PHASES[proof.phase] ?? proof.phase)],
          proof.result !== null && ['Result digest', <Hash key="result" hash={proof.result} full />],
          proof.audited !== null && ['Audit draw', proof.audited ? 'Drawn for an audit' : 'Not drawn'],
          proof.challenged && ['Challenge', 'Somebody put a bond on the result being wrong'],
          proof.window_end !== null && [
            'Challenge window',
            <>
              up to block <Link href={`/block/${proof.window_end}`}>{groupDigits(proof.window_end)}</Link>
            </>,
          ],
          proof.paid !== null && ['Paid', <Coins key="paid" wei={proof.paid} />],
          proof.refunded !== null &&
            proof.refunded !== '0' && ['Refunded', <Coins key="refunded" wei={proof.refunded} />],
        ]}
      />
      <Table
        items={proof.seats}
        keyOf={seat => seat.provider.hash}
        empty="No provider has taken a seat."
        columns={[
          { head: 'Provider', cell: seat => <Address of={seat.provider} /> },
          { head: 'State', cell: seat => <Badge label={seat.state} tone={toneOf(seat.state)} /> },
          { head: 'Sealed commitment', cell: seat => digest(seat.sealed_digest) },
          { head: 'Output root', cell: seat => digest(seat.out_root), look: 'wide' },
          { head: 'Trace root', cell: seat => digest(seat.trace_root), look: 'wide' },
          { head: 'Bond', cell: seat => coins(seat.bond), look: 'number wide' },
          { head: 'Paid', cell: seat => coins(seat.paid), look: 'number' },
          { head: 'Slashed', cell: seat => coins(seat.slashed), look: 'number' },
        ]}
      />
      {proof.audits.length > 0 && (
        <Table
          items={proof.audits}
          keyOf={audit => audit.auditor.hash}
          columns={[
            { head: 'Auditor', cell: audit => <Address of={audit.auditor} /> },
            { head: 'State', cell: audit => <Badge label={audit.state} tone={toneOf(audit.state)} /> },
            {
              head: 'Verdict',
              cell: audit =>
                audit.verdict === null ? (
                  '–'
                ) : (
                  <>
                    {proof.result !== null && (
                      <Badge
                        label={audit.verdict === proof.result ? 'agrees' : 'differs'}
                        tone={audit.verdict === proof.result ? 'good' : 'bad'}
                      />
                    )}{' '}
                    {digest(audit.verdict)}
                  </>
                ),
            },
            { head: 'Fee', cell: audit => coins(audit.fee), look: 'number' },
            { head: 'Slashed', cell: audit => coins(audit.slashed), look: 'number' },
          ]}
        />
      )}
    </Card>
  )
}

function digest(hash: string | null) {
  return hash === null ? <span className="quiet">–</span> : <Hash hash={hash} />
}

function coins(wei: string | null) {
  return wei === null || wei === '0' ? <span className="quiet">–</span> : <Coins wei={wei} />
}

function toneOf(state: string): string {
  if (/^(PAID|FINAL)$/.test(state)) return 'good'
  if (/^(SLASHED|SILENT|VACATED|FAILED)$/.test(state)) return 'bad'
  return state === 'RELEASED' ? 'plain' : 'proof'
}

function sentence(text: string): string {
  return `${sentenceCase(text.charAt(0))}${text.slice(1)}`
}
