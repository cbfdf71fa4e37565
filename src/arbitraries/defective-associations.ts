import fc, { type Arbitrary } from 'fast-check'
import { concatBytes } from '../bytes/index.ts'
import { CODEC_LIMITS, encodePayloadBody, PAYLOAD, PROTOCOL, type Proposal } from '../codec/index.ts'
import { type BodyDefect, type DefectiveBody, defect, filled, withLength, withOctet, wrong } from './defect.ts'
import { octet, octets } from './draw.ts'
import { childProposals, ikeProposals } from './security-association.ts'

const SA = PAYLOAD.SECURITY_ASSOCIATION

/** Octets of proposals of ours; of the first, the transforms begin behind its SPI. */
function proposalBody(list: readonly Proposal[]): Uint8Array {
  return encodePayloadBody({ kind: 'securityAssociation', proposals: list })
}

/** One proposal for ESP: eight octets, four of SPI, transforms. */
const lone: Arbitrary<Uint8Array> = childProposals().map((list) => proposalBody(list.slice(0, 1)))
const FIRST_TRANSFORM = 12

function association(edit: (body: Uint8Array) => Omit<DefectiveBody, 'type'>): Arbitrary<DefectiveBody> {
  return lone.map((body) => ({ type: SA, ...edit(body) }))
}

/** The last transform of a lone proposal made longer by `extra`, all lengths agreeing; its own length is at +2. */
function longerTransform(extra: Uint8Array): Uint8Array {
  const transform = concatBytes(Uint8Array.of(0, 0, 0, 8 + extra.length, 1, 0, 0, 20), extra)
  const proposal = Uint8Array.of(0, 0, 0, 0, 1, PROTOCOL.ESP, 4, 1, 1, 2, 3, 4)
  return withLength(concatBytes(proposal, transform), 2, proposal.length + transform.length)
}

/** Security Association payloads that break section 3.3. */
export const DEFECTIVE_ASSOCIATIONS: readonly BodyDefect[] = [
  defect('SA without proposals', '3.3', fc.constant(wrong(SA, filled(0), 'invalidStructure', 0))),
  defect(
    'proposal of less than 8 octets',
    '3.3.1',
    octets(1, 7).map((found) => wrong(SA, found, 'truncated', 0))
  ),
  defect(
    'proposal length below its header',
    '3.3.1',
    fc.tuple(lone, fc.nat(7)).map(([body, length]) => wrong(SA, withLength(body, 2, length), 'invalidLength', 2))
  ),
  defect(
    'proposal length beyond the payload',
    '3.3.1',
    association((body) => ({ octets: withLength(body, 2, body.length + 1), code: 'invalidLength', offset: 2 }))
  ),
  defect(
    'a last proposal that announces another',
    '3.3.1',
    association((body) => ({ octets: withOctet(body, 0, 2), code: 'invalidStructure', offset: 0 }))
  ),
  defect(
    'a proposal that hides the next',
    '3.3.1',
    ikeProposals(8)
      .filter((list) => list.length > 1)
      .map((list) => wrong(SA, withOctet(proposalBody(list), 0, 0), 'invalidStructure', 0))
  ),
  defect(
    'proposal number 0',
    '3.3.1',
    association((body) => ({ octets: withOctet(body, 4, 0), code: 'invalidStructure', offset: 4 }))
  ),
  defect(
    'proposal numbers out of step',
    '3.3.1',
    fc
      .tuple(ikeProposals(8), octet)
      .filter(([list, number]) => list.length === 2 && number !== 2)
      .map(([list, number]) => {
        const second = proposalBody(list.slice(0, 1)).length
        return wrong(SA, withOctet(proposalBody(list), second + 4, number), 'invalidStructure', second + 4)
      })
  ),
  defect(
    'proposal of protocol 0',
    '3.3.1',
    association((body) => ({ octets: withOctet(body, 5, 0), code: 'invalidValue', offset: 5 }))
  ),
  defect(
    'SPI beyond its proposal',
    '3.3.1',
    fc
      .tuple(lone, octet)
      .filter(([body, size]) => 8 + size > body.length)
      .map(([body, size]) => wrong(SA, withOctet(body, 6, size), 'invalidLength', 6))
  ),
  defect(
    'SPI that is not the size of its protocol',
    '3.3.1',
    fc.tuple(lone, octets(8)).map(([body, spi]) => {
      const longer = concatBytes(body.subarray(0, 8), spi, body.subarray(FIRST_TRANSFORM))
      return wrong(SA, withOctet(withLength(longer, 2, longer.length), 6, 8), 'invalidStructure', 6)
    })
  ),
  defect(
    'proposal without transforms',
    '3.3.1',
    association((body) => ({ octets: withOctet(body, 7, 0), code: 'invalidStructure', offset: 7 }))
  ),
  defect(
    'a last transform that announces another',
    '3.3.2',
    fc.constant(
      wrong(SA, withOctet(longerTransform(filled(0)), FIRST_TRANSFORM, 3), 'invalidStructure', FIRST_TRANSFORM)
    )
  ),
  defect(
    'a transform fewer than counted',
    '3.3.1',
    fc.constant(wrong(SA, withOctet(lastSaysMore(), 7, 2), 'invalidStructure', FIRST_TRANSFORM + 8))
  ),
  defect(
    'octets behind the last transform',
    '3.3.1',
    fc.tuple(lone, octets(1, 20)).map(([body, more]) => {
      const longer = concatBytes(body, more)
      return wrong(SA, withLength(longer, 2, longer.length), 'invalidStructure', body.length)
    })
  ),
  defect(
    'transform of less than 8 octets',
    '3.3.2',
    octets(1, 7).map((rest) => {
      const cut = concatBytes(longerTransform(filled(0)).subarray(0, FIRST_TRANSFORM), rest)
      return wrong(SA, withLength(cut, 2, cut.length), 'truncated', FIRST_TRANSFORM)
    })
  ),
  defect(
    'transform length below its header',
    '3.3.2',
    fc.tuple(lone, fc.nat(7)).map(([body, length]) => {
      return wrong(SA, withLength(body, FIRST_TRANSFORM + 2, length), 'invalidLength', FIRST_TRANSFORM + 2)
    })
  ),
  defect(
    'transform length beyond its proposal',
    '3.3.2',
    association((body) => ({
      octets: withLength(body, FIRST_TRANSFORM + 2, body.length - FIRST_TRANSFORM + 1),
      code: 'invalidLength',
      offset: FIRST_TRANSFORM + 2
    }))
  ),
  defect(
    'transform attribute of less than 4 octets',
    '3.3.5',
    octets(1, 3).map((rest) => wrong(SA, longerTransform(rest), 'truncated', FIRST_TRANSFORM + 8))
  ),
  defect(
    'transform attribute beyond its transform',
    '3.3.5',
    octets(0, 9).map((rest) => {
      const attribute = concatBytes(Uint8Array.of(0, 7, 0, rest.length + 1), rest)
      return wrong(SA, longerTransform(attribute), 'invalidLength', FIRST_TRANSFORM + 10)
    })
  ),
  defect(
    'two transform attributes of a type',
    '3.3',
    octets(2).map((value) => {
      const attribute = concatBytes(Uint8Array.of(0x80, 14), value)
      return wrong(SA, longerTransform(concatBytes(attribute, attribute)), 'invalidStructure', FIRST_TRANSFORM + 12)
    })
  ),
  defect(
    'more transform attributes than are taken',
    '3.3.5',
    fc.constant(CODEC_LIMITS.transformAttributes).map((most) => {
      const attributes = Array.from({ length: most + 1 }, (_, type) => Uint8Array.of(0x80, type, 0, 0))
      return wrong(SA, longerTransform(concatBytes(...attributes)), 'limitExceeded', FIRST_TRANSFORM + 8 + 4 * most)
    })
  ),
  defect(
    'more proposals than are taken',
    '3.3',
    fc.constant(CODEC_LIMITS.proposals).map((most) => {
      const body = proposalBody(plainProposals(most + 1, 1))
      return wrong(SA, body, 'limitExceeded', (body.length / (most + 1)) * most)
    })
  ),
  defect(
    'more transforms than are taken',
    '3.3',
    fc.constant(CODEC_LIMITS.transforms).map((most) => {
      const each = 205
      const body = proposalBody(plainProposals(Math.ceil((most + 1) / each), each))
      return wrong(SA, body, 'limitExceeded', Math.floor(most / each) * (8 + 8 * each) + 7)
    })
  )
]

/** Two transforms, the second of which is missing although the first announces it. */
function lastSaysMore(): Uint8Array {
  return withOctet(longerTransform(filled(0)), FIRST_TRANSFORM, 3)
}

function plainProposals(count: number, transforms: number): readonly Proposal[] {
  return Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    protocol: PROTOCOL.IKE,
    spi: filled(0),
    transforms: Array.from({ length: transforms }, () => ({ type: 2, id: 5 }))
  }))
}
