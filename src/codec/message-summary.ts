import { notifyName } from './notify-types.ts'
import { exchangeName } from './registry-names.ts'
import type { Message, Payload } from './types.ts'

/**
 * One line as ladder diagrams have it: `INFORMATIONAL request 4 { N(UPDATE_SA_ADDRESSES), N(COOKIE2) }`. The decrypted
 * `innerPayloads`, where given, stand in the place of the Encrypted payload. Names only, no contents.
 */
export function messageSummary(message: Message, innerPayloads?: readonly Payload[]): string {
  const names = message.payloads.flatMap((payload) =>
    innerPayloads !== undefined && (payload.kind === 'encrypted' || payload.kind === 'encryptedFragment')
      ? innerPayloads.map(payloadNotation)
      : payloadNotation(payload)
  )
  const direction = message.isResponse ? 'response' : 'request'
  const list = names.length === 0 ? '{}' : `{ ${names.join(', ')} }`
  return `${exchangeName(message.exchangeType)} ${direction} ${message.messageId} ${list}`
}

const NOTATIONS = {
  securityAssociation: 'SA',
  keyExchange: 'KE',
  identificationInitiator: 'IDi',
  identificationResponder: 'IDr',
  certificate: 'CERT',
  certificateRequest: 'CERTREQ',
  authentication: 'AUTH',
  nonce: 'No',
  delete: 'D',
  vendorId: 'V',
  trafficSelectorInitiator: 'TSi',
  trafficSelectorResponder: 'TSr',
  encrypted: 'SK',
  configuration: 'CP',
  eap: 'EAP'
} as const

/** The short name of section 3.2: `SA`, `N(COOKIE2)`, `SKF(1/3)`; a payload of unknown type by its number. */
export function payloadNotation(payload: Payload): string {
  switch (payload.kind) {
    case 'notify':
      return `N(${notifyName(payload.type)})`
    case 'encryptedFragment':
      return `SKF(${payload.fragmentNumber}/${payload.totalFragments})`
    case 'unknown':
      return `payload ${payload.type}`
    default:
      return NOTATIONS[payload.kind]
  }
}
