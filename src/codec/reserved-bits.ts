import { readUint16 } from '../bytes/index.ts'
import type { ConfigurationAttribute, Payload, Proposal, Transform } from './types.ts'

const PROPOSAL_HEADER = 8

/**
 * A decoded payload with what its RESERVED fields hold (lossless decoding): the octets, whose structure has been checked, are
 * walked once more, so that decoding without them costs nothing. `at` is the payload's generic header.
 */
export function withReservedBits(payload: Payload, bytes: Uint8Array, at: number): Payload {
  const kept = withBodyBits(payload, bytes, at + 4)
  const reservedBits = (bytes[at + 1] as number) & 0x7f
  return reservedBits === 0 ? kept : { ...kept, reservedBits }
}

function withBodyBits(payload: Payload, bytes: Uint8Array, body: number): Payload {
  switch (payload.kind) {
    case 'securityAssociation':
      return { ...payload, proposals: proposalsOf(payload.proposals, bytes, body) }
    case 'keyExchange':
      return withReserved(payload, readUint16(bytes, body + 2))
    case 'authentication':
    case 'trafficSelectorInitiator':
    case 'trafficSelectorResponder':
      return withReserved(payload, read24(bytes, body + 1))
    case 'configuration':
      return withReserved(
        { ...payload, attributes: attributesOf(payload.attributes, bytes, body + 4) },
        read24(bytes, body + 1)
      )
    case 'encryptedFragment':
      return payload.fragmentNumber === 1 ? payload : withReserved(payload, bytes[body - 4] as number)
    default:
      return payload
  }
}

function proposalsOf(proposals: readonly Proposal[], bytes: Uint8Array, start: number): readonly Proposal[] {
  let at = start
  return proposals.map((proposal) => {
    const first = at
    at += readUint16(bytes, at + 2)
    const transforms = transformsOf(proposal.transforms, bytes, first + PROPOSAL_HEADER + proposal.spi.length)
    return withReserved({ ...proposal, transforms }, bytes[first + 1] as number)
  })
}

function transformsOf(transforms: readonly Transform[], bytes: Uint8Array, start: number): readonly Transform[] {
  let at = start
  return transforms.map((transform) => {
    const first = at
    at += readUint16(bytes, at + 2)
    return withReserved(transform, ((bytes[first + 1] as number) << 8) | (bytes[first + 5] as number))
  })
}

function attributesOf(
  attributes: readonly ConfigurationAttribute[],
  bytes: Uint8Array,
  start: number
): readonly ConfigurationAttribute[] {
  let at = start
  return attributes.map((attribute) => {
    const bit = (bytes[at] as number) >>> 7
    at += 4 + attribute.value.length
    return withReserved(attribute, bit)
  })
}

function withReserved<T>(value: T, reserved: number): T {
  return reserved === 0 ? value : { ...value, reserved }
}

function read24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | readUint16(bytes, at + 1)
}
