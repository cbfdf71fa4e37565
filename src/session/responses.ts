import type { Path } from '../bytes/index.ts'
import { NOTIFY } from '../codec/index.ts'
import type { Payload } from '../codec/types.ts'
import type { RequestRecord } from '../exchange/index.ts'
import { FIRST_STATUS_TYPE, findNotify, findPayloads, observeNat } from '../ike/index.ts'
import { mobikeNotifiesOf } from '../mobike/index.ts'
import { receiveAuthResponse } from './authenticating.ts'
import { removeChild } from './children.ts'
import { receiveCreateChild } from './create-child.ts'
import { dropIkeSa } from './ike-sa-end.ts'
import { receiveIkeRekey } from './lineage.ts'
import { tellMobike } from './mobike-bridge.ts'
import type { IkeSa, Purpose } from './state.ts'
import { takeOverFromDead } from './successor.ts'
import { enqueue } from './tasks.ts'
import { close, ikeSaById, spisOf, type Turn } from './turn.ts'
import { hearWindow } from './window.ts'

const MOBIKE_ERRORS: readonly number[] = [NOTIFY.UNACCEPTABLE_ADDRESSES, NOTIFY.UNEXPECTED_NAT_DETECTED]

/** The response to one of our requests, opened and taken out of the window. */
export function receiveResponse(
  turn: Turn,
  sa: IkeSa,
  record: RequestRecord<Purpose>,
  payloads: readonly Payload[],
  path: Path
): void {
  const { purpose } = record
  const { phase } = turn.state
  if (purpose.kind === 'auth') {
    if (phase.name === 'expectAuthResponse') receiveAuthResponse(turn, phase, sa, payloads)
    return
  }
  // Section 2.21.3: INVALID_SYNTAX to an authenticated message is fatal for both sides.
  if (findNotify(payloads, NOTIFY.INVALID_SYNTAX) !== undefined) return close(turn, 'invalidSyntax')
  // In a rekey of the IKE SA it would not be clear which of the two is meant.
  if (purpose.kind !== 'rekeyIke') hearWindow(turn, sa.id, payloads)
  const errors = findPayloads(payloads, 'notify').filter(({ type }) => type < FIRST_STATUS_TYPE)
  const foreign = errors.find(({ type }) => !MOBIKE_ERRORS.includes(type))
  // Whatever was answered shows which pair works; MOBIKE's own requests are answered to it (RFC 4555 section 3.10).
  tellMobike(turn, {
    type: 'responseReceived',
    now: turn.now,
    token: purpose.kind === 'mobike' ? purpose.token : null,
    path,
    sources: record.sources,
    destinations: record.destinations,
    notifies: purpose.kind === 'mobike' ? mobikeNotifiesOf(payloads) : [],
    nat: purpose.kind === 'mobike' ? observeNat(payloads, spisOf(sa), path) : null,
    ...(foreign === undefined ? {} : { failedWith: foreign.type })
  })
  const current = ikeSaById(turn.state, sa.id)
  if (turn.state.phase.name === 'closed' || current === undefined) return
  switch (purpose.kind) {
    case 'createChild':
      return receiveCreateChild(turn, current, purpose, payloads)
    case 'rekeyIke':
      return receiveIkeRekey(turn, current, purpose, payloads)
    case 'deleteChild':
      return removeChild(turn, purpose.id)
    case 'deleteIke':
      if (purpose.reason === null) return dropIkeSa(turn, sa.id)
      // The peer may have gone over to another one, where it has to be told as well.
      if (takeOverFromDead(turn, current)) return enqueue(turn, { kind: 'closeIke', reason: purpose.reason })
      return close(turn, purpose.reason)
    case 'mobike':
    case 'liveness':
      return
  }
}
