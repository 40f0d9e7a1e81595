import type { MarketEventItem, ProofAudit, ProofDetail, ProofSeat } from '../api-types.ts'
import { type AddressBook, labelOf, SEAT_STATE } from './labels.ts'

type Draft<T> = { -readonly [K in keyof T]: T[K] }

const NO_DIGEST = /^0x0+$/

/**
 * The verification of a task as its events tell it, oldest first; null when there is none of the proof contracts. Pure:
 * the same events give the same answer.
 */
export function proofOf(events: readonly MarketEventItem[], book: AddressBook): ProofDetail | null {
  const proof: Draft<ProofDetail> = {
    phase: 'OPEN',
    audited: null,
    challenged: false,
    result: null,
    window_end: null,
    paid: null,
    refunded: null,
    seats: [],
    audits: [],
  }
  const seats = new Map<string, Draft<ProofSeat>>()
  const audits = new Map<string, Draft<ProofAudit>>()
  let seen = false
  for (const event of events) {
    const text = (name: string) => String(event.args.find(argument => argument.name === name)?.value ?? '')
    if (event.contract === 'ProofManager') {
      seen = true
      const provider = text('provider')
      applyPhase(proof, event.name, text)
      if (provider !== '') applySeat(seatOf(seats, provider, book), event.name, text)
    } else if (event.contract === 'AuditManager' && text('auditor') !== '') {
      seen = true
      applyAudit(auditOf(audits, text('auditor'), book), event.name, text)
    }
  }
  return seen ? { ...proof, seats: [...seats.values()], audits: [...audits.values()] } : null
}

type Text = (name: string) => string

function applyPhase(proof: Draft<ProofDetail>, name: string, text: Text): void {
  const result = text('result')
  if (result !== '') proof.result = NO_DIGEST.test(result) ? null : result
  switch (name) {
    case 'Assigned':
      proof.phase = 'ASSIGNED'
      break
    case 'Reopened':
    case 'Retried':
      proof.phase = 'OPEN'
      break
    case 'RevealOpened':
      proof.phase = 'REVEALING'
      break
    case 'RevealClosed':
      proof.phase = 'DRAWING'
      break
    case 'Drawn':
      proof.audited = text('audited') === 'true'
      if (proof.audited) proof.phase = 'AUDITING'
      break
    case 'WindowOpened':
      proof.phase = 'WINDOW'
      proof.window_end = text('windowEnd')
      break
    case 'Challenged':
      proof.challenged = true
      break
    case 'Finalized':
      proof.phase = 'FINAL'
      proof.paid = text('paid')
      proof.refunded = text('refunded')
      break
    case 'Failed':
      proof.phase = 'FAILED'
      proof.refunded = text('refunded')
      break
  }
}

function applySeat(seat: Draft<ProofSeat>, name: string, text: Text): void {
  switch (name) {
    case 'Accepted':
      seat.state = 'ACCEPTED'
      seat.bond = text('bond')
      break
    case 'Committed':
      seat.state = 'COMMITTED'
      seat.sealed_digest = text('sealedDigest')
      break
    case 'Revealed':
      seat.state = 'REVEALED'
      seat.out_root = text('outRoot')
      seat.trace_root = text('traceRoot')
      seat.url = text('url')
      break
    case 'SeatVacated':
      seat.state = 'VACATED'
      seat.slashed = text('penalty')
      break
    case 'FaultProven':
      seat.state = 'SLASHED'
      break
    case 'SeatSettled':
      seat.state = labelOf(SEAT_STATE, Number(text('outcome')))
      seat.paid = text('paid')
      seat.slashed = text('slashed')
      break
  }
}

function applyAudit(audit: Draft<ProofAudit>, name: string, text: Text): void {
  switch (name) {
    case 'AuditDrawn':
      audit.state = 'DRAWN'
      break
    case 'AuditCommitted':
      audit.state = 'COMMITTED'
      break
    case 'AuditRevealed':
      audit.state = 'REVEALED'
      audit.verdict = text('verdict')
      break
    case 'AuditorPaid':
      audit.state = 'PAID'
      audit.fee = text('fee')
      break
    case 'AuditorSlashed':
      audit.state = text('silent') === 'true' ? 'SILENT' : 'SLASHED'
      audit.slashed = text('amount')
      break
  }
}

function seatOf(seats: Map<string, Draft<ProofSeat>>, provider: string, book: AddressBook): Draft<ProofSeat> {
  let seat = seats.get(provider)
  if (seat === undefined) {
    seat = {
      provider: book.ref(provider),
      state: 'ACCEPTED',
      bond: null,
      sealed_digest: null,
      out_root: null,
      trace_root: null,
      url: null,
      paid: null,
      slashed: null,
    }
    seats.set(provider, seat)
  }
  return seat
}

function auditOf(audits: Map<string, Draft<ProofAudit>>, auditor: string, book: AddressBook): Draft<ProofAudit> {
  let audit = audits.get(auditor)
  if (audit === undefined) {
    audit = { auditor: book.ref(auditor), state: 'DRAWN', verdict: null, fee: null, slashed: null }
    audits.set(auditor, audit)
  }
  return audit
}
