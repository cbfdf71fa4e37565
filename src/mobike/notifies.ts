import { EMPTY, ipAddressBytes, ipAddressText, ipFamily } from '../bytes/index.ts'
import { NOTIFY } from '../codec/index.ts'
import type { NotifyPayload, Payload } from '../codec/types.ts'
import type { MobikeNotify } from './types.ts'

/**
 * MOBIKE notifications of a message, in order; NAT_DETECTION payloads count once, as `natDetection`. Everything else is
 * skipped, so are ADDITIONAL_*_ADDRESS of a wrong length (A-O5). Protocol ID and SPI are not looked at: some peers set
 * them. Octets are copied.
 */
export function mobikeNotifiesOf(payloads: readonly Payload[]): MobikeNotify[] {
  const notifies: MobikeNotify[] = []
  let natDetection = false
  for (const payload of payloads) {
    if (payload.kind !== 'notify') continue
    if (payload.type === NOTIFY.NAT_DETECTION_SOURCE_IP || payload.type === NOTIFY.NAT_DETECTION_DESTINATION_IP) {
      if (!natDetection) notifies.push({ kind: 'natDetection' })
      natDetection = true
      continue
    }
    const notify = mobikeNotifyOf(payload)
    if (notify !== undefined) notifies.push(notify)
  }
  return notifies
}

function mobikeNotifyOf({ type, data }: NotifyPayload): MobikeNotify | undefined {
  switch (type) {
    case NOTIFY.UPDATE_SA_ADDRESSES:
      return { kind: 'updateSaAddresses' }
    case NOTIFY.ADDITIONAL_IP4_ADDRESS:
      return data.length === 4 ? additionalAddress(data) : undefined
    case NOTIFY.ADDITIONAL_IP6_ADDRESS:
      return data.length === 16 ? additionalAddress(data) : undefined
    case NOTIFY.NO_ADDITIONAL_ADDRESSES:
      return { kind: 'noAdditionalAddresses' }
    case NOTIFY.COOKIE2:
      return { kind: 'cookie2', data: data.slice() }
    case NOTIFY.NO_NATS_ALLOWED:
      return { kind: 'noNatsAllowed', data: data.slice() }
    case NOTIFY.UNACCEPTABLE_ADDRESSES:
      return { kind: 'unacceptableAddresses' }
    case NOTIFY.UNEXPECTED_NAT_DETECTED:
      return { kind: 'unexpectedNatDetected' }
    default:
      return undefined
  }
}

function additionalAddress(data: Uint8Array): MobikeNotify | undefined {
  const address = ipAddressText(data)
  // An IPv4-mapped IPv6 address is no address a packet is sent to.
  if (address === undefined || (data.length === 16 && ipFamily(address) === 4)) return undefined
  return { kind: 'additionalAddress', address }
}

/**
 * Notify payloads for `notifies`, in order. `natDetection` becomes the NAT_DETECTION_SOURCE_IP and _DESTINATION_IP pair
 * with the hashes given; without hashes it is left out. Protocol ID and SPI size are zero (RFC 4555 section 4).
 */
export function mobikeNotifyPayloads(
  notifies: readonly MobikeNotify[],
  natHashes: { readonly source: Uint8Array; readonly destination: Uint8Array } | null
): NotifyPayload[] {
  const payloads: NotifyPayload[] = []
  for (const notify of notifies) {
    switch (notify.kind) {
      case 'natDetection':
        if (natHashes === null) break
        payloads.push(payload(NOTIFY.NAT_DETECTION_SOURCE_IP, natHashes.source))
        payloads.push(payload(NOTIFY.NAT_DETECTION_DESTINATION_IP, natHashes.destination))
        break
      case 'additionalAddress': {
        const octets = ipAddressBytes(notify.address)
        if (octets === undefined) break
        const type = octets.length === 4 ? NOTIFY.ADDITIONAL_IP4_ADDRESS : NOTIFY.ADDITIONAL_IP6_ADDRESS
        payloads.push(payload(type, octets))
        break
      }
      case 'cookie2':
        payloads.push(payload(NOTIFY.COOKIE2, notify.data))
        break
      case 'noNatsAllowed':
        payloads.push(payload(NOTIFY.NO_NATS_ALLOWED, notify.data))
        break
      default:
        payloads.push(payload(EMPTY_NOTIFY_TYPES[notify.kind]))
    }
  }
  return payloads
}

const EMPTY_NOTIFY_TYPES = {
  updateSaAddresses: NOTIFY.UPDATE_SA_ADDRESSES,
  noAdditionalAddresses: NOTIFY.NO_ADDITIONAL_ADDRESSES,
  unacceptableAddresses: NOTIFY.UNACCEPTABLE_ADDRESSES,
  unexpectedNatDetected: NOTIFY.UNEXPECTED_NAT_DETECTED
} as const

function payload(type: number, data: Uint8Array = EMPTY): NotifyPayload {
  return { kind: 'notify', protocol: 0, spi: EMPTY, type, data }
}
