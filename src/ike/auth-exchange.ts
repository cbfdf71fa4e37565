import { equalBytes } from '../bytes/index.ts'
import { NOTIFY, notify } from '../codec/index.ts'
import type { ConfigurationPayload, IdentificationPayload, NotifyPayload, Payload } from '../codec/types.ts'
import type { ChildOffer } from './child-exchange.ts'
import { findPayload } from './payloads.ts'
import type { Identity } from './types.ts'

/** IKE_AUTH (RFC 7296 sections 1.2 and 2.15): what either side says, and what it heard. */

/** The ID payload of one side; its body is part of what that side signs (section 2.15). */
export function identificationPayload(side: 'initiator' | 'responder', identity: Identity): IdentificationPayload {
  return {
    kind: side === 'initiator' ? 'identificationInitiator' : 'identificationResponder',
    idType: identity.type,
    data: identity.data
  }
}

/** The AUTH payload's content. */
export interface AuthenticationData {
  /** `AUTH_METHOD` */
  readonly method: number
  readonly data: Uint8Array
}

/** Payloads of the IKE_AUTH request, in the order of RFC 7296 appendix C.2. */
export function authRequestPayloads(request: {
  readonly identity: Identity
  /** The responder identity wanted (IDr); null leaves it to the responder. */
  readonly peerIdentity: Identity | null
  readonly initialContact: boolean
  readonly authentication: AuthenticationData
  readonly configuration: ConfigurationPayload | null
  readonly child: ChildOffer
  /** Status notifications after the selectors: MOBIKE_SUPPORTED and its company (RFC 4555 section 3.2). */
  readonly notifies: readonly NotifyPayload[]
}): readonly Payload[] {
  return [
    identificationPayload('initiator', request.identity),
    ...(request.initialContact ? [notify(NOTIFY.INITIAL_CONTACT)] : []),
    ...(request.peerIdentity === null ? [] : [identificationPayload('responder', request.peerIdentity)]),
    { kind: 'authentication', ...request.authentication },
    ...(request.configuration === null ? [] : [request.configuration]),
    { kind: 'securityAssociation', proposals: request.child.proposals },
    { kind: 'trafficSelectorInitiator', selectors: request.child.selectorsInitiator },
    { kind: 'trafficSelectorResponder', selectors: request.child.selectorsResponder },
    ...request.notifies
  ]
}

/** Payloads of the IKE_AUTH response: with the first Child SA, or the error notification in its place (section 1.2, B155). */
export function authResponsePayloads(response: {
  readonly identity: Identity
  readonly authentication: AuthenticationData
  readonly configuration: ConfigurationPayload | null
  readonly child: ChildOffer | { readonly refusedWith: number }
  readonly notifies: readonly NotifyPayload[]
}): readonly Payload[] {
  const child: readonly Payload[] =
    'refusedWith' in response.child
      ? [notify(response.child.refusedWith)]
      : [
          { kind: 'securityAssociation', proposals: response.child.proposals },
          { kind: 'trafficSelectorInitiator', selectors: response.child.selectorsInitiator },
          { kind: 'trafficSelectorResponder', selectors: response.child.selectorsResponder }
        ]
  return [
    identificationPayload('responder', response.identity),
    { kind: 'authentication', ...response.authentication },
    ...(response.configuration === null ? [] : [response.configuration]),
    ...child,
    ...response.notifies
  ]
}

/** One side's identity and proof. */
export interface AuthenticationClaim {
  readonly identification: IdentificationPayload
  readonly authentication: AuthenticationData
}

/** The sender's ID and AUTH payloads; undefined when one is missing (EAP is asked for by leaving AUTH out: not supported yet). */
export function readClaim(
  payloads: readonly Payload[],
  sender: 'initiator' | 'responder'
): AuthenticationClaim | undefined {
  const identification = findPayload(
    payloads,
    sender === 'initiator' ? 'identificationInitiator' : 'identificationResponder'
  )
  const authentication = findPayload(payloads, 'authentication')
  if (identification === undefined || authentication === undefined) return undefined
  return { identification, authentication: { method: authentication.method, data: authentication.data } }
}

/** The identity in an ID payload, copied. */
export function identityOf(payload: IdentificationPayload): Identity {
  return { type: payload.idType, data: payload.data.slice() }
}

/** True when type and octets are equal. */
export function sameIdentity(a: Identity, b: Identity): boolean {
  return a.type === b.type && equalBytes(a.data, b.data)
}
