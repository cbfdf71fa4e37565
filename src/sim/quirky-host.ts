import { toHex } from '../bytes/index.ts'
import { decodeMessage, EXCHANGE, encodePayloads, type Message, NOTIFY, notify, type Payload } from '../codec/index.ts'
import { sealMessage } from '../crypto/index.ts'
import { createKeyRing, type RingKeys } from './key-ring.ts'
import type { PeerQuirks } from './peer-models.ts'
import { createSessionHost, type SessionHost, type SessionHostOptions } from './session-host.ts'
import type { SimDatagram, SimHostOutput } from './types.ts'

/** Rewritten datagrams remembered at most. */
const KEPT = 1024
const {
  UNACCEPTABLE_ADDRESSES,
  UNEXPECTED_NAT_DETECTED,
  NAT_DETECTION_SOURCE_IP,
  NAT_DETECTION_DESTINATION_IP,
  UPDATE_SA_ADDRESSES,
  COOKIE2
} = NOTIFY

/** What a message becomes on its way into or out of the host; undefined is lost. */
type Rewrite = (message: Message, payloads: readonly Payload[]) => readonly Payload[] | undefined

/**
 * A session host with the quirks of another implementation: INFORMATIONAL messages are changed under their encryption on
 * their way in and out. For tests only: it hoards keys.
 */
export function createQuirkyHost(options: SessionHostOptions, quirks: PeerQuirks): SessionHost {
  const ring = createKeyRing()
  /** Retransmissions, and responses to them, stay the same octets. */
  const rewritten = new Map<string, Uint8Array | null>()
  const host = createSessionHost({
    ...options,
    onStep(config, session) {
      ring.learn(config, session)
      options.onStep?.(config, session)
    }
  })

  function isUpdating(): boolean {
    return host
      .sessions()
      .some((runner) => runner.session().state.mobike?.outstanding.some(({ purpose }) => purpose === 'update') === true)
  }

  const incoming: Rewrite = ({ isResponse }, payloads) => {
    const types = typesOf(payloads)
    if (types.filter(isAdditional).length > quirks.addressLimit) return undefined
    if (isResponse) {
      return quirks.ignoresRefusals ? without(payloads, [UNACCEPTABLE_ADDRESSES, UNEXPECTED_NAT_DETECTED]) : payloads
    }
    const isCheck = types.includes(NAT_DETECTION_SOURCE_IP) && !types.includes(UPDATE_SA_ADDRESSES)
    if (quirks.dropsNatDetectionChecks && isCheck && !types.includes(COOKIE2)) return undefined
    if (quirks.movesOnAnyRequest && !types.includes(UPDATE_SA_ADDRESSES) && !isDelete(payloads)) {
      return [...payloads, notify(UPDATE_SA_ADDRESSES)]
    }
    return payloads
  }

  const outgoing: Rewrite = ({ isResponse }, payloads) => {
    if (isResponse && quirks.busyDuringUpdate && !isDelete(payloads) && isUpdating()) {
      return [notify(NOTIFY.TEMPORARY_FAILURE)]
    }
    let changed = payloads
    if (isResponse) {
      if (quirks.omitsNatDetection) changed = without(changed, [NAT_DETECTION_SOURCE_IP, NAT_DETECTION_DESTINATION_IP])
      const returns = quirks.returnsCookie2
      const isReturned =
        returns === 'always' || (returns !== 'never' && typesOf(changed).includes(NAT_DETECTION_SOURCE_IP))
      if (!isReturned) changed = without(changed, [COOKIE2])
    }
    if (quirks.cookie2Protocol === 0) return changed
    return changed.map((payload) =>
      payload.kind === 'notify' && payload.type === COOKIE2 ? { ...payload, protocol: quirks.cookie2Protocol } : payload
    )
  }

  /** The datagram as it goes on; undefined when it is lost. Leaves alone what is no INFORMATIONAL of a known IKE SA. */
  function pass(datagram: SimDatagram, isMarked: boolean, rewrite: Rewrite): SimDatagram | undefined {
    if (datagram.protocol !== 'udp') return datagram
    const start = isMarked ? 4 : 0
    if (isMarked && datagram.bytes.subarray(0, 4).some((octet) => octet !== 0)) return datagram
    const name = toHex(datagram.bytes)
    const known = rewritten.get(name)
    if (known !== undefined) return known === null ? undefined : { ...datagram, bytes: known }
    const message = datagram.bytes.subarray(start)
    const decoded = decodeMessage(message)
    if (!decoded.ok || decoded.value.exchangeType !== EXCHANGE.INFORMATIONAL) return datagram
    const unlocked = ring.open(decoded.value, message)
    if (unlocked === undefined) return datagram
    const changed = rewrite(decoded.value, unlocked.payloads)
    if (changed === unlocked.payloads) return datagram
    let bytes: Uint8Array | null = null
    if (changed !== undefined) {
      const sealed = seal(decoded.value, changed, unlocked.keys)
      bytes = new Uint8Array(start + sealed.length)
      bytes.set(sealed, start)
    }
    if (rewritten.size >= KEPT) rewritten.delete(rewritten.keys().next().value as string)
    rewritten.set(name, bytes)
    return bytes === null ? undefined : { ...datagram, bytes }
  }

  function seal(header: Message, payloads: readonly Payload[], keys: RingKeys): Uint8Array {
    const { firstPayload, bytes } = encodePayloads(payloads)
    const iv = options.random.octets(keys.suite.encryption.ivOctets)
    return sealMessage({ ...keys, header, firstInner: firstPayload, inner: bytes, iv })
  }

  const natTraversal = options.config.ports.natTraversal

  function sending(output: SimHostOutput): SimHostOutput {
    const datagrams = output.datagrams.flatMap((each) => pass(each, each.source.port === natTraversal, outgoing) ?? [])
    return { ...output, datagrams }
  }

  return {
    sessions: host.sessions,
    handle(event, now) {
      if (event.type !== 'datagramArrived') return sending(host.handle(event, now))
      const datagram = pass(event.datagram, event.datagram.destination.port === natTraversal, incoming)
      if (datagram !== undefined) return sending(host.handle({ type: 'datagramArrived', datagram }, now))
      // A keepalive changes nothing, and shows when the host wants to wake.
      return sending(
        host.handle({ type: 'datagramArrived', datagram: { ...event.datagram, bytes: Uint8Array.of(0xff) } }, now)
      )
    },
    command: (news, now) => sending(host.command(news, now)),
    sendInner: (packet) => sending(host.sendInner(packet))
  }
}

function typesOf(payloads: readonly Payload[]): readonly number[] {
  return payloads.flatMap((payload) => (payload.kind === 'notify' ? [payload.type] : []))
}

function without(payloads: readonly Payload[], types: readonly number[]): readonly Payload[] {
  return payloads.filter((payload) => payload.kind !== 'notify' || !types.includes(payload.type))
}

function isAdditional(type: number): boolean {
  return type === NOTIFY.ADDITIONAL_IP4_ADDRESS || type === NOTIFY.ADDITIONAL_IP6_ADDRESS
}

function isDelete(payloads: readonly Payload[]): boolean {
  return payloads.some(({ kind }) => kind === 'delete')
}
