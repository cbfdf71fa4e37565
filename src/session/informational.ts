import { type Path, readUint32, uint32Bytes } from '../bytes/index.ts'
import { EXCHANGE, NOTIFY, PROTOCOL } from '../codec/index.ts'
import type { DeletePayload, Payload } from '../codec/types.ts'
import { findNotify, findPayloads, natDetectionHashes } from '../ike/index.ts'
import { compareNat, type NatDetectionHashes } from '../ike/nat-detection.ts'
import { mobikeNotifiesOf } from '../mobike/index.ts'
import { removeChild } from './children.ts'
import { payloadsFor, tellMobike } from './mobike-bridge.ts'
import { editOutstanding, sendResponse } from './requests.ts'
import type { IkeSa } from './state.ts'
import { retireIkeSa } from './successor.ts'
import { close, ikeSaById, putIkeSa, spisOf, type Turn } from './turn.ts'
import { hearWindow, withGrant } from './window.ts'

/**
 * 2^32 Message IDs to a generation. MOBIKE orders updates by Message ID, which restarts at a rekey: those of an older IKE
 * SA are taken as lower than all of a newer one (A-O9).
 */
const GENERATION = 0x1_0000_0000

/** Bound on what a peer can make us remember while one of our requests is outstanding. */
const DELETED_SPIS_KEPT = 16

/** A peer's INFORMATIONAL request: always answered (RFC 7296 section 1.4, B070). */
export function answerInformational(
  turn: Turn,
  sa: IkeSa,
  messageId: number,
  payloads: readonly Payload[],
  path: Path
): void {
  const respond = (answer: readonly Payload[]): void =>
    sendResponse(turn, sa.id, EXCHANGE.INFORMATIONAL, messageId, answer, path)
  const goOn = (answer: readonly Payload[]): void => {
    const known = ikeSaById(turn.state, sa.id)
    if (known === undefined) return
    const said = withGrant(turn, known, answer)
    putIkeSa(turn, said.sa)
    respond(said.payloads)
  }
  const deletes = findPayloads(payloads, 'delete')
  if (deletesIkeSa(payloads)) {
    // A Delete wins over whatever else the message holds (F38); the answer is empty (RFC 7296 section 1.4.1).
    respond([])
    return retireIkeSa(turn, sa.id)
  }
  if (findNotify(payloads, NOTIFY.AUTHENTICATION_FAILED) ?? findNotify(payloads, NOTIFY.INVALID_SYNTAX)) {
    // Sections 2.21.2 and 2.21.3: the peer has already dropped the IKE SA, and no Delete follows.
    respond([])
    return close(turn, findNotify(payloads, NOTIFY.INVALID_SYNTAX) ? 'invalidSyntax' : 'authenticationFailed')
  }
  const deleted = deletes.flatMap((payload) => closeChildren(turn, payload))
  const answerDeletes: readonly Payload[] =
    deleted.length === 0 ? [] : [{ kind: 'delete', protocol: PROTOCOL.ESP, spiSize: 4, spis: deleted.map(uint32Bytes) }]
  hearWindow(turn, sa.id, payloads)
  if (turn.state.mobike === null) return goOn(answerDeletes)
  // The answer goes back on the path of the request, so what is compared with its NAT_DETECTION is what ours holds.
  let hashes: NatDetectionHashes | undefined
  const pathHashes = (): NatDetectionHashes => {
    hashes ??= natDetectionHashes(spisOf(sa), path)
    return hashes
  }
  let answered = false
  tellMobike(
    turn,
    {
      type: 'requestReceived',
      now: turn.now,
      messageId: messageId + sa.generation * GENERATION,
      path,
      notifies: mobikeNotifiesOf(payloads),
      nat: compareNat(payloads, pathHashes)
    },
    (notifies) => {
      answered = true
      goOn([...answerDeletes, ...payloadsFor(notifies, pathHashes)])
    }
  )
  if (!answered && ikeSaById(turn.state, sa.id) !== undefined) goOn(answerDeletes)
}

/** True when a request deletes the IKE SA it is sent on (RFC 7296 section 1.4.1). */
export function deletesIkeSa(payloads: readonly Payload[]): boolean {
  return payloads.some((payload) => payload.kind === 'delete' && payload.protocol === PROTOCOL.IKE)
}

/** Closes what a Delete payload names; returns our SPIs of the other directions (RFC 7296 section 1.4.1). */
function closeChildren(turn: Turn, payload: DeletePayload): readonly number[] {
  if (payload.protocol !== PROTOCOL.ESP || payload.spiSize !== 4) return []
  const ours: number[] = []
  for (const octets of payload.spis) {
    const spi = readUint32(octets, 0)
    const child = turn.state.children.find(({ sa }) => sa.remoteSpi === spi)
    if (child === undefined) {
      noteDeletedSpi(turn, spi)
      continue
    }
    // Crossing Deletes: ours is on its way, so the response has none (section 1.4.1, B075, B202).
    if (!child.closing) ours.push(child.sa.localSpi)
    removeChild(turn, child.sa.id)
  }
  return ours
}

/** Delete for a Child SA unknown here: it may be the one our outstanding request made. */
function noteDeletedSpi(turn: Turn, spi: number): void {
  editOutstanding(turn, (purpose) =>
    purpose.kind === 'createChild'
      ? { ...purpose, deletedSpis: [...purpose.deletedSpis, spi].slice(-DELETED_SPIS_KEPT) }
      : purpose
  )
}
