import { readUint16, writeUint16 } from '../bytes/index.ts'
import { CODEC_LIMITS } from './limits.ts'
import { Malformed } from './malformed.ts'
import {
  checkNumber,
  checkOctets,
  checkReserved,
  isNumberTo,
  isOctetsTo,
  isRecords,
  putOctets,
  refuseRecords,
  view
} from './octet-fields.ts'
import { PROTOCOL, TRANSFORM_ATTRIBUTE } from './registry.ts'
import type { Proposal, SecurityAssociationPayload, Transform, TransformAttribute } from './types.ts'

const PROPOSAL_HEADER = 8
const TRANSFORM_HEADER = 8
const MORE_PROPOSALS = 2
const MORE_TRANSFORMS = 3
const TV_FORMAT = 0x8000
const OWNER = 'securityAssociation'

/**
 * SA payload body. Besides lengths it checks what section 3.3 makes structure: last-substructure markers, number of
 * transforms, numbers that rise by one, SPI size by protocol, one attribute of a type. Which algorithms go together is policy.
 */
export function decodeSecurityAssociation(
  bytes: Uint8Array,
  start: number,
  end: number
): SecurityAssociationPayload | Malformed {
  if (start === end) return new Malformed('invalidStructure', start, 0, 'proposals')
  const proposals: Proposal[] = []
  let transformBudget = CODEC_LIMITS.transforms
  let at = start
  while (at < end) {
    const index = proposals.length
    if (index === CODEC_LIMITS.proposals) return new Malformed('limitExceeded', at, index + 1, 'proposals')
    if (end - at < PROPOSAL_HEADER) return atProposal('truncated', at, end - at, index)
    const length = readUint16(bytes, at + 2)
    const next = at + length
    if (length < PROPOSAL_HEADER || next > end) return atProposal('invalidLength', at + 2, length, index)
    if (bytes[at] !== (next === end ? 0 : MORE_PROPOSALS))
      return atProposal('invalidStructure', at, bytes[at] as number, index)
    const number = bytes[at + 4] as number
    if (number !== expectedNumber(number, index, index === 0 && next === end))
      return atProposal('invalidStructure', at + 4, number, index)
    const protocol = bytes[at + 5] as number
    if (protocol === PROTOCOL.NONE) return atProposal('invalidValue', at + 5, 0, index)
    const spiSize = bytes[at + 6] as number
    const spiEnd = at + PROPOSAL_HEADER + spiSize
    if (spiEnd > next) return atProposal('invalidLength', at + 6, spiSize, index)
    if (!isSpiSize(protocol, spiSize)) return atProposal('invalidStructure', at + 6, spiSize, index)
    const count = bytes[at + 7] as number
    if (count === 0) return atProposal('invalidStructure', at + 7, 0, index)
    transformBudget -= count
    if (transformBudget < 0) {
      return atProposal('limitExceeded', at + 7, CODEC_LIMITS.transforms - transformBudget, index)
    }
    const transforms = decodeTransforms(bytes, spiEnd, next, count)
    if (transforms instanceof Malformed) return transforms.within(`proposals[${index}]`)
    proposals.push({ number, protocol, spi: view(bytes, at + PROPOSAL_HEADER, spiEnd), transforms })
    at = next
  }
  return { kind: 'securityAssociation', proposals }
}

function atProposal(code: Malformed['code'], offset: number, got: number, index: number): Malformed {
  return new Malformed(code, offset, got, `proposals[${index}]`)
}

/**
 * Section 3.3.1: from 1, one more each. An answer repeats the number of the one proposal it accepts, so that a lone proposal may
 * have any but 0.
 */
function expectedNumber(number: number, index: number, isLone: boolean): number {
  return isLone ? number || 1 : index + 1
}

/** Section 3.3.1: none or 8 octets for IKE, 4 for ESP and AH; other protocols say themselves. */
function isSpiSize(protocol: number, size: number): boolean {
  if (protocol === PROTOCOL.ESP || protocol === PROTOCOL.AH) return size === 4
  return protocol !== PROTOCOL.IKE || size === 0 || size === 8
}

function decodeTransforms(bytes: Uint8Array, start: number, end: number, count: number): Transform[] | Malformed {
  const transforms: Transform[] = []
  let at = start
  for (let index = 0; index < count; index++) {
    if (end - at < TRANSFORM_HEADER)
      return atTransform(at === end ? 'invalidStructure' : 'truncated', at, end - at, index)
    const length = readUint16(bytes, at + 2)
    const next = at + length
    if (length < TRANSFORM_HEADER || next > end) return atTransform('invalidLength', at + 2, length, index)
    if (bytes[at] !== (index === count - 1 ? 0 : MORE_TRANSFORMS))
      return atTransform('invalidStructure', at, bytes[at] as number, index)
    const type = bytes[at + 4] as number
    const id = readUint16(bytes, at + 6)
    if (length === TRANSFORM_HEADER) {
      transforms.push({ type, id })
    } else if (length === TRANSFORM_HEADER + 4 && isKeyLength(bytes, at + TRANSFORM_HEADER)) {
      transforms.push({ type, id, keyLength: readUint16(bytes, at + TRANSFORM_HEADER + 2) })
    } else {
      const attributes = decodeAttributes(bytes, at + TRANSFORM_HEADER, next)
      if (attributes instanceof Malformed) return attributes.within(`transforms[${index}]`)
      transforms.push(withAttributes(type, id, attributes))
    }
    at = next
  }
  return at === end ? transforms : new Malformed('invalidStructure', at, end - at, 'transforms')
}

function atTransform(code: Malformed['code'], offset: number, got: number, index: number): Malformed {
  return new Malformed(code, offset, got, `transforms[${index}]`)
}

function isKeyLength(bytes: Uint8Array, at: number): boolean {
  return readUint16(bytes, at) === (TV_FORMAT | TRANSFORM_ATTRIBUTE.KEY_LENGTH)
}

function withAttributes(type: number, id: number, attributes: readonly TransformAttribute[]): Transform {
  const first = attributes[0] as TransformAttribute
  if (first.type !== TRANSFORM_ATTRIBUTE.KEY_LENGTH || typeof first.value !== 'number') return { type, id, attributes }
  return { type, id, keyLength: first.value, attributes: attributes.slice(1) }
}

function decodeAttributes(bytes: Uint8Array, start: number, end: number): TransformAttribute[] | Malformed {
  const attributes: TransformAttribute[] = []
  let at = start
  while (at < end) {
    const index = attributes.length
    if (index === CODEC_LIMITS.transformAttributes) return new Malformed('limitExceeded', at, index + 1, 'attributes')
    if (end - at < 4) return atAttribute('truncated', at, end - at, index)
    const format = readUint16(bytes, at)
    const type = format & 0x7fff
    const number = readUint16(bytes, at + 2)
    // Section 3.3: a given transform must not have several attributes of the same type.
    if (attributes.some((other) => other.type === type)) return atAttribute('invalidStructure', at, type, index)
    if (format >= TV_FORMAT) {
      attributes.push({ type, value: number })
      at += 4
    } else {
      const next = at + 4 + number
      if (next > end) return atAttribute('invalidLength', at + 2, number, index)
      attributes.push({ type, value: view(bytes, at + 4, next) })
      at = next
    }
  }
  return attributes
}

function atAttribute(code: Malformed['code'], offset: number, got: number, index: number): Malformed {
  return new Malformed(code, offset, got, `attributes[${index}]`)
}

/** Octets of the body; throws on values the format cannot hold. */
export function securityAssociationLength(payload: SecurityAssociationPayload): number {
  const proposals = payload.proposals
  if (!isRecords(proposals)) refuseRecords(proposals, OWNER, 'proposals')
  if (proposals.length === 0) throw new RangeError('securityAssociation.proposals: at least one is needed')
  let total = 0
  for (let i = 0; i < proposals.length; i++) {
    const length = proposalLength(proposals[i] as Proposal, i, proposals.length === 1)
    if (length > 0xffff) throw new RangeError(`securityAssociation.proposals[${i}]: ${length} octets are too many`)
    total += length
  }
  return total
}

function proposalLength(proposal: Proposal, index: number, isLone: boolean): number {
  const { number, protocol, spi, transforms } = proposal
  if (
    !isNumberTo(0xff, number) ||
    number !== expectedNumber(number, index, isLone) ||
    !isNumberTo(0xff, protocol) ||
    protocol === PROTOCOL.NONE ||
    !isOctetsTo(0xff, spi) ||
    !isSpiSize(protocol, spi.length)
  ) {
    refuseProposal(proposal, `proposals[${index}]`, expectedNumber(number, index, isLone))
  }
  if (!isRecords(transforms)) refuseRecords(transforms, OWNER, `proposals[${index}].transforms`)
  const count = transforms.length
  if (count === 0 || count > 0xff) {
    throw new RangeError(`${OWNER}.proposals[${index}].transforms: ${count} is not a number from 1 to 255`)
  }
  let total = PROPOSAL_HEADER + spi.length
  for (let i = 0; i < count; i++) {
    const { type, id, keyLength, attributes } = transforms[i] as Transform
    if (!isNumberTo(0xff, type)) checkNumber(type, 0xff, OWNER, `proposals[${index}].transforms[${i}].type`)
    if (!isNumberTo(0xffff, id)) checkNumber(id, 0xffff, OWNER, `proposals[${index}].transforms[${i}].id`)
    total += TRANSFORM_HEADER
    if (keyLength !== undefined) {
      if (!isNumberTo(0xffff, keyLength)) {
        checkNumber(keyLength, 0xffff, OWNER, `proposals[${index}].transforms[${i}].keyLength`)
      }
      total += 4
    }
    if (attributes !== undefined) {
      total += attributesLength(attributes, keyLength, `proposals[${index}].transforms[${i}].attributes`)
    }
  }
  return total
}

function refuseProposal({ number, protocol, spi }: Proposal, path: string, expected: number): never {
  checkNumber(number, 0xff, OWNER, `${path}.number`)
  if (number !== expected) throw new RangeError(`${OWNER}.${path}.number: ${number} instead of ${expected}`)
  checkNumber(protocol, 0xff, OWNER, `${path}.protocol`)
  if (protocol === PROTOCOL.NONE) throw new RangeError(`${OWNER}.${path}.protocol: 0 is none`)
  checkOctets(spi, 0xff, OWNER, `${path}.spi`)
  throw new RangeError(`${OWNER}.${path}.spi: ${spi.length} octets, protocol ${protocol} has no such SPI`)
}

/** Section 3.3: no two attributes of a type. A Key Length that would be read as `keyLength` has to stand there. */
function attributesLength(
  attributes: readonly TransformAttribute[],
  keyLength: number | undefined,
  path: string
): number {
  if (!isRecords(attributes)) refuseRecords(attributes, OWNER, path)
  const types = new Set<number>(keyLength === undefined ? [] : [TRANSFORM_ATTRIBUTE.KEY_LENGTH])
  let total = 0
  attributes.forEach(({ type, value }, i) => {
    checkNumber(type, 0x7fff, OWNER, `${path}[${i}].type`)
    if (types.has(type)) throw new RangeError(`${OWNER}.${path}[${i}].type: ${type} is there already`)
    types.add(type)
    if (typeof value === 'number') checkNumber(value, 0xffff, OWNER, `${path}[${i}].value`)
    else checkOctets(value, 0xffff, OWNER, `${path}[${i}].value`)
    if (i === 0 && type === TRANSFORM_ATTRIBUTE.KEY_LENGTH && typeof value === 'number') {
      throw new RangeError(`${OWNER}.${path}[0].type: a Key Length that comes first is keyLength`)
    }
    total += 4 + (typeof value === 'number' ? 0 : value.length)
  })
  return total
}

/** Writes the body at `start` and returns the offset behind it. Lengths are known to fit. */
export function writeSecurityAssociation(out: Uint8Array, start: number, payload: SecurityAssociationPayload): number {
  const proposals = payload.proposals
  let at = start
  for (let i = 0; i < proposals.length; i++) {
    const { number, protocol, spi, transforms, reserved } = proposals[i] as Proposal
    const first = at
    out[at] = i === proposals.length - 1 ? 0 : MORE_PROPOSALS
    if (reserved !== undefined) {
      checkReserved(reserved, 0xff, OWNER, `proposals[${i}].`)
      out[at + 1] = reserved
    }
    out[at + 4] = number
    out[at + 5] = protocol
    out[at + 6] = spi.length
    out[at + 7] = transforms.length
    at = putOctets(out, at + PROPOSAL_HEADER, spi)
    for (let t = 0; t < transforms.length; t++) {
      const transform = transforms[t] as Transform
      const bits = transform.reserved
      if (bits !== undefined) {
        checkReserved(bits, 0xffff, OWNER, `proposals[${i}].transforms[${t}].`)
        out[at + 1] = bits >>> 8
        out[at + 5] = bits
      }
      at = writeTransform(out, at, transform, t === transforms.length - 1)
    }
    writeUint16(out, first + 2, at - first)
  }
  return at
}

function writeTransform(out: Uint8Array, start: number, transform: Transform, isLast: boolean): number {
  const { type, id, keyLength, attributes } = transform
  let at = start + TRANSFORM_HEADER
  out[start] = isLast ? 0 : MORE_TRANSFORMS
  out[start + 4] = type
  writeUint16(out, start + 6, id)
  if (keyLength !== undefined) {
    writeUint16(out, at, TV_FORMAT | TRANSFORM_ATTRIBUTE.KEY_LENGTH)
    writeUint16(out, at + 2, keyLength)
    at += 4
  }
  if (attributes !== undefined) for (const attribute of attributes) at = writeAttribute(out, at, attribute)
  writeUint16(out, start + 2, at - start)
  return at
}

function writeAttribute(out: Uint8Array, at: number, { type, value }: TransformAttribute): number {
  if (typeof value === 'number') {
    writeUint16(out, at, TV_FORMAT | type)
    writeUint16(out, at + 2, value)
    return at + 4
  }
  writeUint16(out, at, type)
  writeUint16(out, at + 2, value.length)
  return putOctets(out, at + 4, value)
}
