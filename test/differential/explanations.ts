import type { Payload, Transform } from '../../src/codec/index.ts'
import type { Difference, Disagreement } from './compare.ts'

/** Everyone we are compared with. */
export type Who = 'scapy' | 'tshark'

type Holds = (payload: Payload, difference: Difference, previous: Payload | undefined) => boolean

/** Whether a difference is of the kind that `disagreements.json` describes under the same name. */
export const EXPLANATIONS: Readonly<Record<string, Holds>> = {
  'scapy-notify-spi': (payload, { name }) =>
    payload.kind === 'notify' && payload.spi.length > 0 && /^(data|rebuilt|recomputed)$/.test(name),
  'scapy-delete': (payload, { name }) => payload.kind === 'delete' && /^(protocol|spiSize|count|spi|data)$/.test(name),
  'scapy-eap': (payload, { name }) => payload.kind === 'eap' && /^(code|identifier|length|eapType|data)$/.test(name),
  'scapy-proposal-length': (payload, { name }) =>
    payload.kind === 'securityAssociation' &&
    payload.proposals.some(({ spi }) => spi.length > 0) &&
    name === 'recomputed',
  'scapy-transform-attributes': (payload) =>
    payload.kind === 'securityAssociation' &&
    payload.proposals.some(({ transforms }) => transforms.some((transform) => !isKeyLengthOnly(transform))),
  'scapy-selector-type': (payload) => isTrafficSelector(payload) && payload.selectors.some((one) => 'body' in one),
  'scapy-identification-address': (payload) =>
    isIdentification(payload) &&
    ((payload.idType === 1 && payload.data.length !== 4) || (payload.idType === 5 && payload.data.length !== 16)),
  'scapy-identification-length': (payload, { name }) =>
    payload.kind === 'identificationInitiator' && name === 'recomputed',
  'scapy-configuration-length': (payload, { name }) => payload.kind === 'configuration' && name === 'recomputed',
  'scapy-substructure-type': (payload) => payload.kind === 'unknown' && (payload.type === 2 || payload.type === 3),
  'tshark-certificate': (payload, { name }) =>
    payload.kind === 'certificate' && /^(data|complaint|isakmp\.cert\.x509\.(hash|url))$/.test(name),
  'tshark-certificate-beyond': (_payload, { ours, theirs }, previous) =>
    previous?.kind === 'certificate' && (theirs === undefined || (previous.data.length === 0 && ours === undefined)),
  'tshark-configuration-address': (payload, { name }) => payload.kind === 'configuration' && name === 'complaint',
  'tshark-certificate-authority': (payload, { name }) =>
    payload.kind === 'certificateRequest' && payload.data.length % 20 !== 0 && name === 'data',
  'tshark-fragment-data': (payload, { name }) => payload.kind === 'encryptedFragment' && name === 'data',
  'tshark-eap-type': (payload, { name }) => payload.kind === 'eap' && payload.code > 2 && name === 'eapType',
  'tshark-eap-method': (payload, difference, previous) =>
    (isEapMethod(payload) && difference.name.startsWith('complaint')) ||
    (previous !== undefined && isEapMethod(previous) && difference.theirs === undefined),
  'tshark-selector-type': (payload, { name }) =>
    isTrafficSelector(payload) &&
    payload.selectors.some((selector) => 'body' in selector) &&
    /^(protocol|length|data|reserved|isakmp\.ts\.(start|end)_(fc|r_ctl|type))$/.test(name),
  'tshark-encrypted-short': (payload, { name }) =>
    payload.kind === 'encrypted' && payload.body.length < 4 && name === 'data',
  'tshark-identification-empty': (_payload, { theirs }, previous) =>
    previous !== undefined && isIdentification(previous) && previous.data.length === 0 && theirs === undefined,
  'tshark-identification-address': (_payload, { theirs }, previous) =>
    previous !== undefined &&
    isIdentification(previous) &&
    previous.data.length < (ADDRESS_OCTETS[previous.idType] ?? 0) &&
    theirs === undefined,
  'tshark-identification-name': (_payload, { theirs }, previous) =>
    previous !== undefined && isIdentification(previous) && previous.idType === 9 && theirs === undefined,
  'tshark-authentication-algorithm': (payload, { ours, theirs }) =>
    payload.kind === 'authentication' && payload.method === 14 && ours === undefined && theirs !== undefined,
  'tshark-identification-text': (payload, { name }) =>
    isIdentification(payload) && payload.data.includes(0) && name === 'complaint',
  'tshark-authentication-beyond': (_payload, { theirs }, previous) =>
    previous?.kind === 'authentication' && previous.method === 14 && theirs === undefined,
  'tshark-gspm': (payload, { name }) =>
    payload.kind === 'unknown' && payload.type === 49 && /^(data|isakmp\.gspm\.data)$/.test(name),
  'tshark-gspm-empty': (_payload, { name }, previous) =>
    previous?.kind === 'unknown' && previous.type === 49 && previous.body.length === 0 && name === 'isakmp.gspm.data',
  'tshark-ikev1-payload': (payload) => isOfIkev1(payload),
  'tshark-ikev1-payload-empty': (_payload, _difference, previous) =>
    previous?.kind === 'unknown' && isOfIkev1(previous) && previous.body.length === 0
}

/** The name of the entry that explains a difference; undefined when none does. */
export function explanation(who: Who, { payload, previous }: Disagreement, difference: Difference): string | undefined {
  if (payload === undefined) return undefined
  for (const [name, holds] of Object.entries(EXPLANATIONS)) {
    if (name.startsWith(`${who}-`) && holds(payload, difference, previous)) return name
  }
  return undefined
}

/** Octets of the identifications that are addresses, to tshark: with IKEv1's subnets and ranges. */
const ADDRESS_OCTETS: Readonly<Record<number, number>> = { 1: 4, 4: 8, 5: 16, 6: 32, 7: 8, 8: 32 }

function isEapMethod(payload: Payload): boolean {
  return payload.kind === 'eap' && payload.type !== undefined
}

function isOfIkev1(payload: Payload): boolean {
  return payload.kind === 'unknown' && (payload.type < 33 || payload.type > 127)
}

function isKeyLengthOnly({ attributes = [] }: Transform): boolean {
  return attributes.length === 0
}

function isTrafficSelector(
  payload: Payload
): payload is Extract<Payload, { kind: 'trafficSelectorInitiator' | 'trafficSelectorResponder' }> {
  return payload.kind === 'trafficSelectorInitiator' || payload.kind === 'trafficSelectorResponder'
}

function isIdentification(
  payload: Payload
): payload is Extract<Payload, { kind: 'identificationInitiator' | 'identificationResponder' }> {
  return payload.kind === 'identificationInitiator' || payload.kind === 'identificationResponder'
}
