import type { Payload, Proposal } from '../codec/types.ts'
import { publicValueOf } from './child-exchange.ts'
import type { PublicValue } from './initial-exchange.ts'
import { findPayload } from './payloads.ts'

/** Rekeying an IKE SA (RFC 7296 sections 1.3.2 and 2.18): SA, nonce, KE, and no traffic selectors. */
export interface IkeRekeyRequest {
  readonly proposals: readonly Proposal[]
  readonly nonce: Uint8Array
  readonly publicValue: PublicValue
}

/** The payloads of the request, and of the response with the one proposal that was chosen. */
export function ikeRekeyPayloads(request: IkeRekeyRequest): readonly Payload[] {
  return [
    { kind: 'securityAssociation', proposals: request.proposals },
    { kind: 'nonce', data: request.nonce },
    { kind: 'keyExchange', group: request.publicValue.group, data: request.publicValue.data }
  ]
}

/** Reads either direction; undefined when a mandatory payload is missing. */
export function readIkeRekey(payloads: readonly Payload[]): IkeRekeyRequest | undefined {
  const association = findPayload(payloads, 'securityAssociation')
  const nonce = findPayload(payloads, 'nonce')
  const publicValue = publicValueOf(payloads)
  if (association === undefined || nonce === undefined || publicValue === null) return undefined
  return { proposals: association.proposals, nonce: nonce.data, publicValue }
}
