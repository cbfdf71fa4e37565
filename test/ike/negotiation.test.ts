import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ipAddressText } from '../../src/bytes/index.ts'
import { ESN, NOTIFY, notify, PROTOCOL, TRANSFORM_TYPE } from '../../src/codec/index.ts'
import type { AddressRangeSelector, Proposal, TrafficSelector, Transform } from '../../src/codec/types.ts'
import {
  aes128Gcm16,
  aes256Cbc,
  aes256Gcm16,
  ecp256,
  hmacSha256_128,
  prfHmacSha256,
  prfHmacSha512,
  x25519
} from '../../src/crypto/index.ts'
import {
  addressSelector,
  agreeToChild,
  answerProposal,
  chooseProposal,
  configurationReply,
  configurationRequest,
  findError,
  ikeSuiteIds,
  isSubset,
  narrowSelectors,
  observeNat,
  offerChild,
  offerIke,
  prefixSelector,
  readConfigurationReply,
  readConfigurationRequest,
  verifyChild,
  verifyChoice
} from '../../src/ike/index.ts'
import { natDetectionHashes, natDetectionPayloads } from '../../src/ike/nat-detection.ts'

const NO_SPI = new Uint8Array(0)
const SPI = Uint8Array.of(1, 2, 3, 4)
const AEAD = {
  encryption: [aes256Gcm16, aes128Gcm16],
  integrity: [],
  prf: [prfHmacSha256],
  keyExchange: [x25519, ecp256]
}
const CBC = { encryption: [aes256Cbc], integrity: [hmacSha256_128], prf: [prfHmacSha512], keyExchange: [ecp256] }
const own = offerIke([AEAD, CBC], NO_SPI)

function without(proposal: Proposal, type: number): Proposal {
  return { ...proposal, transforms: proposal.transforms.filter((transform) => transform.type !== type) }
}

function withTransforms(proposal: Proposal, ...more: Transform[]): Proposal {
  return { ...proposal, transforms: [...proposal.transforms, ...more] }
}

describe('algorithm negotiation (RFC 7296 sections 2.7, 3.3)', () => {
  it('B100 B102 B113 proposals are numbered from 1, without SPI in the first exchange, AEAD without integrity', () => {
    expect(own.map(({ number, protocol, spi }) => [number, protocol, spi.length])).toEqual([
      [1, PROTOCOL.IKE, 0],
      [2, PROTOCOL.IKE, 0]
    ])
    expect(own[0]?.transforms.some(({ type }) => type === TRANSFORM_TYPE.INTEG)).toBe(false)
    expect(own[1]?.transforms.some(({ type }) => type === TRANSFORM_TYPE.INTEG)).toBe(true)
  })

  it('B095 B096 B097 one proposal with one transform of each type is chosen, its number and attributes as offered', () => {
    const choice = chooseProposal(own, own, undefined)
    expect(choice?.number).toBe(1)
    expect(choice?.transforms.map(({ type, id, keyLength }) => [type, id, keyLength])).toEqual([
      [TRANSFORM_TYPE.ENCR, 20, 256],
      [TRANSFORM_TYPE.PRF, 5, undefined],
      [TRANSFORM_TYPE.KE, 31, undefined]
    ])
    const second = chooseProposal(own, offerIke([CBC], NO_SPI), undefined)
    expect(second && answerProposal(second, SPI)).toMatchObject({ number: 2, protocol: PROTOCOL.IKE, spi: SPI })
  })

  it('B114 the group of the KE payload is taken where it is acceptable, which saves a round trip', () => {
    expect(chooseProposal(own, own, ecp256.id)?.transforms.at(-1)).toMatchObject({ id: ecp256.id })
    expect(chooseProposal(own, own, 2)?.transforms.at(-1)).toMatchObject({ id: x25519.id })
  })

  it('B099 unknown transforms and attributes are passed over, an unknown type voids its proposal alone', () => {
    const [first, second] = own as [Proposal, Proposal]
    const strange = withTransforms(first, { type: TRANSFORM_TYPE.ENCR, id: 9999 })
    expect(chooseProposal([strange], own, undefined)?.number).toBe(1)
    const unknownType = withTransforms(first, { type: 99, id: 1 })
    expect(chooseProposal([unknownType], own, undefined)).toBeUndefined()
    expect(chooseProposal([unknownType, second], own, undefined)?.number).toBe(2)
    const [transform] = first.transforms as [Transform]
    const marked = { ...transform, attributes: [{ type: 77, value: Uint8Array.of(0, 1) }] } as Transform
    const onlyMarked = { ...first, transforms: [marked, ...first.transforms.slice(2)] }
    expect(chooseProposal([onlyMarked], own, undefined)).toBeUndefined()
  })

  it('B099 a proposal without a mandatory type is not acceptable', () => {
    const [first] = own as [Proposal]
    for (const type of [TRANSFORM_TYPE.ENCR, TRANSFORM_TYPE.PRF]) {
      expect(chooseProposal([without(first, type)], own, undefined)).toBeUndefined()
    }
    const noGroup = chooseProposal([without(first, TRANSFORM_TYPE.KE)], own, undefined)
    expect(noGroup && ikeSuiteIds(noGroup)).toBeUndefined()
  })

  it('B101 an AEAD proposal that spells out integrity NONE is taken', () => {
    const [first] = own as [Proposal]
    expect(chooseProposal([withTransforms(first, { type: TRANSFORM_TYPE.INTEG, id: 0 })], own, undefined)).toBeDefined()
  })

  it('B103 a key length that differs is another algorithm', () => {
    const [first] = own as [Proposal]
    const other = {
      ...first,
      transforms: first.transforms.map((transform) =>
        transform.type === 1 ? { ...transform, keyLength: 192 } : transform
      )
    }
    expect(chooseProposal([other], own, undefined)).toBeUndefined()
  })

  it('B098 an answer is checked against the offer: number, protocol, one transform of each type, nothing that was not offered', () => {
    const choice = chooseProposal(own, own, undefined)
    const answer = choice && answerProposal(choice, NO_SPI)
    if (answer === undefined) throw new Error('a choice expected')
    expect(verifyChoice(own, [answer])).toBeDefined()
    const bad: readonly (readonly Proposal[])[] = [
      [],
      [answer, answer],
      [{ ...answer, number: 3 }],
      [{ ...answer, protocol: PROTOCOL.ESP }],
      [{ ...answer, spi: SPI }],
      [withTransforms(answer, { type: TRANSFORM_TYPE.ENCR, id: 20, keyLength: 128 })],
      [without(answer, TRANSFORM_TYPE.ENCR)],
      [without(answer, TRANSFORM_TYPE.PRF)],
      [without(answer, TRANSFORM_TYPE.KE)],
      [{ ...answer, transforms: answer.transforms.map((t) => (t.type === TRANSFORM_TYPE.PRF ? { ...t, id: 7 } : t)) }]
    ]
    for (const proposals of bad) expect(verifyChoice(own, proposals)).toBeUndefined()
  })

  it('B104 B105 what is chosen was offered by one side and allowed by the other, whatever is offered', () => {
    const transform = fc.record({
      type: fc.integer({ min: 1, max: 6 }),
      id: fc.constantFrom(0, 1, 2, 5, 7, 12, 14, 19, 20, 31),
      keyLength: fc.constantFrom(128, 192, 256)
    })
    fc.assert(
      fc.property(fc.array(fc.array(transform, { maxLength: 12 }), { maxLength: 4 }), fc.boolean(), (lists, keyed) => {
        const offered = lists.map((transforms, index) => ({
          number: index + 1,
          protocol: PROTOCOL.IKE,
          spi: NO_SPI,
          transforms: transforms.map(({ type, id, keyLength }) =>
            type === TRANSFORM_TYPE.ENCR || keyed ? { type, id, keyLength } : { type, id }
          )
        }))
        const choice = chooseProposal(offered, own, undefined)
        if (choice === undefined) return
        const source = offered.find(({ number }) => number === choice.number)
        for (const picked of choice.transforms) expect(source?.transforms).toContainEqual(picked)
        expect(new Set(choice.transforms.map(({ type }) => type)).size).toBe(choice.transforms.length)
        const ids = ikeSuiteIds(choice)
        if (ids !== undefined) expect([12, 20]).toContain(ids.encryption)
      }),
      { seed: 4 }
    )
  })

  it('B259 the first Child SA offers no group; later ones do', () => {
    const proposal = { encryption: [aes256Gcm16], integrity: [], keyExchange: [x25519] }
    const types = (exchange: 'auth' | 'createChild') =>
      offerChild([proposal], SPI, exchange)[0]?.transforms.map(({ type }) => type)
    expect(types('auth')).toEqual([TRANSFORM_TYPE.ENCR, TRANSFORM_TYPE.ESN, TRANSFORM_TYPE.ESN])
    expect(types('createChild')).toEqual([
      TRANSFORM_TYPE.ENCR,
      TRANSFORM_TYPE.KE,
      TRANSFORM_TYPE.ESN,
      TRANSFORM_TYPE.ESN
    ])
  })

  it('B109 B158 a peer that offers no group for a Child SA is served without; one that answers without the group asked for is not', () => {
    const proposal = { encryption: [aes256Gcm16], integrity: [], keyExchange: [x25519] }
    const ours = offerChild([proposal], SPI, 'createChild')
    const plain = offerChild([{ encryption: [aes256Gcm16], integrity: [] }], SPI, 'createChild')
    expect(chooseProposal(plain, ours, undefined)).toBeDefined()
    const choice = chooseProposal(plain, plain, undefined)
    expect(choice && verifyChoice(ours, [answerProposal(choice, SPI)])).toBeUndefined()
  })

  it('ESN is negotiated in the order of preference', () => {
    const both = offerChild([{ encryption: [aes256Gcm16], integrity: [] }], SPI, 'auth')
    const not = offerChild(
      [{ encryption: [aes256Gcm16], integrity: [], extendedSequenceNumbers: [false] }],
      SPI,
      'auth'
    )
    expect(chooseProposal(both, both, undefined)?.transforms.at(-1)).toMatchObject({
      id: ESN.EXTENDED_SEQUENCE_NUMBERS
    })
    expect(chooseProposal(both, not, undefined)?.transforms.at(-1)).toMatchObject({
      id: ESN.NO_EXTENDED_SEQUENCE_NUMBERS
    })
  })
})

function text(selectors: readonly AddressRangeSelector[]): string[] {
  return selectors.map(
    ({ startAddress, endAddress, protocol, startPort, endPort }) =>
      `${ipAddressText(startAddress)}-${ipAddressText(endAddress)} ${protocol} ${startPort}-${endPort}`
  )
}

const net = prefixSelector('10.9.0.0', 16)
const tcp: AddressRangeSelector = { ...prefixSelector('10.9.1.0', 24), protocol: 6, startPort: 80, endPort: 90 }

describe('traffic selectors (RFC 7296 section 2.9)', () => {
  it('B165 what is acceptable comes back as it is, what is not leaves nothing', () => {
    expect(narrowSelectors([tcp], [net])).toEqual([tcp])
    expect(narrowSelectors([prefixSelector('10.8.0.0', 16)], [net])).toEqual([])
    expect(narrowSelectors([], [net])).toEqual([])
  })

  it('B166 B167 a wider offer is cut down; the cut of the first, a packet’s own, comes first', () => {
    const packet: AddressRangeSelector = { ...addressSelector('10.9.1.7'), protocol: 6, startPort: 443, endPort: 443 }
    const any = prefixSelector('0.0.0.0', 0)
    expect(text(narrowSelectors([packet, any], [net]))).toEqual([
      '10.9.1.7-10.9.1.7 6 443-443',
      '10.9.0.0-10.9.255.255 0 0-65535'
    ])
  })

  it('B167 unknown types are ignored and not returned; families do not mix', () => {
    const strange = { type: 200, protocol: 0, data: Uint8Array.of(1) } as unknown as TrafficSelector
    expect(narrowSelectors([strange, net], [net])).toEqual([net])
    expect(narrowSelectors([prefixSelector('::', 0)], [net])).toEqual([])
  })

  it('B174 OPAQUE ports meet only OPAQUE and ANY', () => {
    const opaque = { ...net, startPort: 65535, endPort: 0 }
    const some = { ...net, protocol: 6, startPort: 1, endPort: 100 }
    expect(narrowSelectors([opaque], [opaque])).toEqual([opaque])
    expect(narrowSelectors([opaque], [net])).toEqual([opaque])
    expect(narrowSelectors([opaque], [some])).toEqual([])
    expect(isSubset([opaque], [some])).toBe(false)
    expect(isSubset([opaque], [net])).toBe(true)
  })

  it('B171 a subset is told from anything wider in address, protocol or port', () => {
    expect(isSubset([tcp], [net])).toBe(true)
    expect(isSubset([net], [tcp])).toBe(false)
    expect(isSubset([{ ...tcp, endPort: 91 }], [tcp])).toBe(false)
    expect(isSubset([{ ...tcp, protocol: 17 }], [tcp])).toBe(false)
    expect(isSubset([prefixSelector('10.9.0.0', 23)], [prefixSelector('10.9.1.0', 24)])).toBe(false)
    expect(isSubset([], [net])).toBe(false)
  })

  it('what is left is always inside both sides, and bounded', () => {
    const selector = fc
      .record({
        a: fc.nat(255),
        b: fc.nat(255),
        prefix: fc.integer({ min: 8, max: 32 }),
        protocol: fc.constantFrom(0, 6, 17),
        low: fc.nat(65535),
        span: fc.nat(65535)
      })
      .map(
        ({ a, b, prefix, protocol, low, span }): AddressRangeSelector => ({
          ...prefixSelector(`10.${a}.${b}.0`, prefix),
          protocol,
          startPort: low,
          endPort: Math.min(65535, low + span)
        })
      )
    fc.assert(
      fc.property(fc.array(selector, { maxLength: 20 }), fc.array(selector, { maxLength: 20 }), (offered, allowed) => {
        const cuts = narrowSelectors(offered, allowed)
        expect(cuts.length).toBeLessThanOrEqual(32)
        for (const cut of cuts) {
          expect(isSubset([cut], offered)).toBe(true)
          expect(isSubset([cut], allowed)).toBe(true)
        }
      }),
      { seed: 9 }
    )
  })

  it('agreeing and verifying are two sides of one negotiation', () => {
    const proposals = [{ encryption: [aes256Gcm16], integrity: [] }]
    const offer = {
      proposals: offerChild(proposals, SPI, 'auth'),
      selectorsInitiator: [prefixSelector('0.0.0.0', 0)],
      selectorsResponder: [net]
    }
    const allowed = { local: [net], remote: [addressSelector('10.3.0.7')] }
    const agreement = agreeToChild(offer, offerChild(proposals, Uint8Array.of(9, 9, 9, 9), 'auth'), allowed, undefined)
    if ('refusedWith' in agreement) throw new Error('an agreement expected')
    expect(agreement.remoteSpi).toBe(0x01020304)
    const answer = {
      proposals: [answerProposal(agreement.choice, Uint8Array.of(9, 9, 9, 9))],
      selectorsInitiator: agreement.remoteSelectors,
      selectorsResponder: agreement.localSelectors
    }
    const verified = verifyChild(answer, offer.proposals, {
      local: offer.selectorsInitiator,
      remote: offer.selectorsResponder
    })
    expect(verified).toMatchObject({ remoteSpi: 0x09090909, localSelectors: [addressSelector('10.3.0.7')] })
    expect(
      agreeToChild(
        { ...offer, selectorsResponder: [prefixSelector('172.16.0.0', 12)] },
        offer.proposals,
        allowed,
        undefined
      )
    ).toEqual({ refusedWith: NOTIFY.TS_UNACCEPTABLE })
    expect(agreeToChild({ ...offer, proposals: [] }, offer.proposals, allowed, undefined)).toEqual({
      refusedWith: NOTIFY.NO_PROPOSAL_CHOSEN
    })
  })

  it('prefixSelector names the argument that is wrong', () => {
    expect(() => prefixSelector('10.9', 16)).toThrow(/address/)
    expect(() => prefixSelector('::ffff:10.9.0.0', 112)).toThrow(/address/)
    expect(() => prefixSelector('fe80::1%eth0', 64)).toThrow(/address/)
    expect(() => prefixSelector('10.9.0.0', 33)).toThrow(/prefixLength/)
    expect(text([prefixSelector('10.9.77.1', 20)])).toEqual(['10.9.64.0-10.9.79.255 0 0-65535'])
    expect(text([prefixSelector('2001:db8::1', 32)])).toEqual([
      '2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 0 0-65535'
    ])
  })
})

describe('configuration payload (RFC 7296 section 3.15)', () => {
  it('B147 a request asks with empty values; a reply gives addresses and servers of both families', () => {
    const request = configurationRequest({ ipv4: true, ipv6: true, dns: true })
    expect(request.attributes.map(({ type, value }) => [type, value.length])).toEqual([
      [1, 0],
      [3, 0],
      [8, 0],
      [10, 0]
    ])
    expect(readConfigurationRequest(request)).toEqual({ ipv4: true, ipv6: true, dns: true })
    const given = { addresses: ['10.3.0.7', '2001:db8::7'], dnsServers: ['10.9.0.53', '2001:db8::53'] }
    const reply = configurationReply(given)
    expect(reply.attributes.map(({ type, value }) => [type, value.length])).toEqual([
      [1, 4],
      [8, 17],
      [3, 4],
      [10, 16]
    ])
    expect(readConfigurationReply(reply)).toEqual(given)
    expect(readConfigurationReply(request)).toBeUndefined()
    expect(readConfigurationRequest(reply)).toBeUndefined()
  })

  it('B150 unknown attributes and odd lengths are ignored, and a reply is bounded', () => {
    const attributes = [
      { type: 5, value: new Uint8Array(4) },
      { type: 1, value: new Uint8Array(3) },
      { type: 9999, value: new Uint8Array(4) },
      ...Array.from({ length: 100 }, (_, i) => ({ type: 1, value: Uint8Array.of(10, 0, 0, i) }))
    ]
    const read = readConfigurationReply({ kind: 'configuration', configurationType: 2, attributes })
    expect(read?.addresses[0]).toBe('10.0.0.0')
    expect(read?.addresses.length).toBeLessThanOrEqual(8)
  })

  it('a text that is no address is named', () => {
    for (const address of ['somewhere', '::ffff:10.9.0.1', 'fe80::1%eth0']) {
      expect(() => configurationReply({ addresses: [address], dnsServers: [] })).toThrow(/configuration/)
      expect(() => configurationReply({ addresses: [], dnsServers: [address] })).toThrow(/configuration/)
    }
  })
})

describe('NAT detection (RFC 7296 section 2.23)', () => {
  const spis = { initiatorSpi: new Uint8Array(8).fill(1), responderSpi: new Uint8Array(8).fill(2) }
  const sent = { local: { address: '10.1.0.2', port: 4500 }, remote: { address: '192.0.2.1', port: 4500 } }
  const arrived = { local: sent.remote, remote: sent.local }
  const payloads = natDetectionPayloads(spis, sent)

  it('B223 B224 nothing changed: no NAT; another source: peer behind one; another destination: we are', () => {
    expect(observeNat(payloads, spis, arrived)).toMatchObject({ localBehindNat: false, remoteBehindNat: false })
    const mapped = { ...arrived, remote: { address: '203.0.113.7', port: 4500 } }
    expect(observeNat(payloads, spis, mapped)).toMatchObject({ localBehindNat: false, remoteBehindNat: true })
    const port = { ...arrived, remote: { address: '10.1.0.2', port: 4501 } }
    expect(observeNat(payloads, spis, port)).toMatchObject({ remoteBehindNat: true })
    const inside = { ...arrived, local: { address: '10.77.0.1', port: 4500 } }
    expect(observeNat(payloads, spis, inside)).toMatchObject({ localBehindNat: true, remoteBehindNat: false })
  })

  it('B221 the hash is over the SPIs in header order', () => {
    const swapped = { initiatorSpi: spis.responderSpi, responderSpi: spis.initiatorSpi }
    expect(observeNat(payloads, swapped, arrived)).toMatchObject({ localBehindNat: true, remoteBehindNat: true })
    expect(natDetectionHashes(spis, sent).source).toHaveLength(20)
  })

  it('B222 one of several source hashes is enough; without both kinds there is nothing to see', () => {
    const other = notify(NOTIFY.NAT_DETECTION_SOURCE_IP, new Uint8Array(20))
    expect(observeNat([other, ...payloads], spis, arrived)).toMatchObject({ remoteBehindNat: false })
    expect(observeNat(payloads.slice(0, 1), spis, arrived)).toBeNull()
    expect(observeNat(payloads.slice(1), spis, arrived)).toBeNull()
  })
})

it('B234 B235 an error is any Notify type below 16384, known or not; a status type never is', () => {
  expect(findError([notify(16384), notify(40_000)])).toBeUndefined()
  expect(findError([notify(16384), notify(16383)])?.type).toBe(16383)
})
