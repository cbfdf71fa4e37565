import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
  exchangeName,
  type Payload,
  payloadNotation,
  payloadType,
  type Transform
} from '../../src/codec/index.ts'
import { type Detail, recordedChains, recordedMessages, vectorFile } from './recorded-messages.ts'

/**
 * Messages that are wrong on purpose, and the rule of RFC 7296 that refuses each. None of the others may be refused, and
 * each of the others encodes to the octets it came from: no recorded message has a reserved bit set.
 */
const REFUSED: Readonly<Record<string, object>> = {
  // A dictionary entry of a fuzzer: a header whose Length is 0.
  'openiked_openiked-portable.messages[1]': { code: 'lengthMismatch', offset: 24, path: ['header', 'length'] },
  // IDi says it has 9 octets and is the last payload; 39 more octets follow.
  'the-tcpdump-group_tcpdump__ikev2-id-normal.messages[0]': { code: 'trailingOctets', offset: 37, path: [] },
  // IDi says it has 5 octets, 3 short of its fixed fields, and is the last payload; 43 more octets follow.
  'the-tcpdump-group_tcpdump__ikev2-id-short.messages[0]': { code: 'trailingOctets', offset: 33, path: [] },
  // The fuzzed length of the SA payload, 244, leads to a KE payload of 43690 octets.
  'the-tcpdump-group_tcpdump__ikev2pI2-segfault.messages[0]': {
    code: 'invalidLength',
    offset: 274,
    path: ['keyExchange']
  },
  // Random octets: major version 11.
  'the-tcpdump-group_tcpdump__isakmp-delete-segfault.messages[0]': {
    code: 'unsupportedMajorVersion',
    offset: 17,
    path: ['header', 'majorVersion']
  }
}

describe('messages of other implementations', () => {
  test.each(recordedMessages.filter(({ name }) => REFUSED[name] === undefined))(
    '$name decodes to what another decoder saw and encodes to the same octets',
    ({ hex, header, payloads, payloadDetail, issues }) => {
      const octets = fromHex(hex)
      const result = decodeMessage(octets)
      if (!result.ok) throw new Error(JSON.stringify(result.error))
      const message = result.value
      expect(issues ?? []).toEqual([])
      if (header !== undefined) {
        expect({
          spiI: toHex(message.initiatorSpi),
          spiR: toHex(message.responderSpi),
          version: message.majorVersion * 16 + message.minorVersion,
          exchangeType: message.exchangeType,
          exchange: exchangeName(message.exchangeType),
          response: message.isResponse,
          initiator: message.fromInitiator,
          messageId: message.messageId
        }).toEqual({
          spiI: header.spiI,
          spiR: header.spiR,
          version: Number(header.version),
          exchangeType: header.exchangeType,
          exchange: header.exchange,
          response: header.response,
          initiator: header.initiator,
          messageId: header.messageId
        })
      }
      if (payloads !== undefined) expect(message.payloads.map(notation)).toEqual(payloads)
      if (payloadDetail !== undefined) expectDetails(message.payloads, payloadDetail)
      expect(toHex(encodeMessage(message))).toBe(hex)
    }
  )

  test.each(Object.entries(REFUSED))('%s is refused where it is wrong', (name, error) => {
    const message = recordedMessages.find((candidate) => candidate.name === name)
    expect(decodeMessage(fromHex(message?.hex ?? ''))).toMatchObject({ ok: false, error })
    expect(message?.issues).not.toEqual([])
  })

  test('there are at least 150 of them', () => {
    expect(recordedMessages.length).toBeGreaterThanOrEqual(150)
  })
})

describe('decrypted chains of other implementations', () => {
  test.each(recordedChains)(
    '$name decodes to what another decoder saw and encodes to the same octets',
    ({ plaintext, firstPayload, payloads, detail }) => {
      const result = decodePayloads(fromHex(plaintext), firstPayload)
      if (!result.ok) throw new Error(JSON.stringify(result.error))
      expect(result.value.map(notation)).toEqual(payloads)
      if (detail !== undefined) expectDetails(result.value, detail)
      const encoded = encodePayloads(result.value)
      expect({ firstPayload: encoded.firstPayload, plaintext: toHex(encoded.bytes) }).toEqual({
        firstPayload,
        plaintext
      })
    }
  )
})

describe('KE payloads of RFC 5903', () => {
  const { vectors } = vectorFile('rfc5903-ecp.json') as unknown as { vectors: readonly Record<string, string>[] }
  test.each(vectors)('group $dhGroup', ({ dhGroup, gix, giy, KEi_payload = '' }) => {
    const result = decodePayloads(fromHex(KEi_payload), 34)
    expect(result).toEqual({
      ok: true,
      value: [{ kind: 'keyExchange', group: Number(dhGroup), data: fromHex(`${gix}${giy}`) }]
    })
  })
})

/** The records call a nonce `Nonce` and an unknown payload by its number. */
function notation(payload: Payload): string {
  if (payload.kind === 'nonce') return 'Nonce'
  return payload.kind === 'unknown' ? String(payload.type) : payloadNotation(payload)
}

function expectDetails(payloads: readonly Payload[], details: readonly Detail[]): void {
  expect(payloads).toHaveLength(details.length)
  payloads.forEach((payload, i) => {
    const detail = details[i] as Detail
    expect({ type: payloadType(payload), critical: payload.critical ?? false, ...seen(payload) }).toEqual(
      Object.fromEntries(Object.entries(detail).filter(([key]) => !IGNORED.has(key)))
    )
  })
}

/** Lengths are derived and names are not the codec's matter. */
const IGNORED = new Set(['name', 'length', 'notifyName', 'eapLength'])
const TRANSFORM_TYPES = ['', 'ENCR', 'PRF', 'INTEG', 'KE', 'ESN']

/** A decoded payload in the words of the records. */
function seen(payload: Payload): Record<string, unknown> {
  switch (payload.kind) {
    case 'securityAssociation':
      return {
        proposals: payload.proposals.map(({ number, protocol, spi, transforms }) => ({
          num: number,
          protocolId: protocol,
          spi: toHex(spi),
          transforms: transforms.map(seenTransform)
        }))
      }
    case 'keyExchange':
      return { group: payload.group, keLength: payload.data.length }
    case 'identificationInitiator':
    case 'identificationResponder':
      return { idType: payload.idType, id: toHex(payload.data) }
    case 'certificate':
    case 'certificateRequest':
      return { encoding: payload.encoding, dataLength: payload.data.length }
    case 'authentication':
      return { authMethod: payload.method, authData: toHex(payload.data) }
    case 'nonce':
      return { nonceLength: payload.data.length }
    case 'notify':
      return {
        protocolId: payload.protocol,
        notifyType: payload.type,
        spi: toHex(payload.spi),
        data: toHex(payload.data)
      }
    case 'delete':
      return {
        protocolId: payload.protocol,
        spiSize: payload.spiSize,
        numSpis: payload.spis.length,
        spis: payload.spis.map(toHex).join('')
      }
    case 'vendorId':
      return { vid: toHex(payload.data) }
    case 'trafficSelectorInitiator':
    case 'trafficSelectorResponder':
      return {
        selectors: payload.selectors.map((selector) =>
          'body' in selector
            ? { tsType: selector.type }
            : {
                tsType: selector.type,
                ipProto: selector.protocol,
                startPort: selector.startPort,
                endPort: selector.endPort,
                data: toHex(selector.startAddress) + toHex(selector.endAddress)
              }
        )
      }
    case 'encrypted':
      return { innerNextPayload: payload.firstInner }
    case 'encryptedFragment':
      return {
        fragmentNumber: payload.fragmentNumber,
        totalFragments: payload.totalFragments,
        innerNextPayload: payload.firstInner
      }
    case 'configuration':
      return {
        cfgType: payload.configurationType,
        attributes: payload.attributes.map(({ type, value }) => ({ type, value: toHex(value) }))
      }
    case 'eap':
      return { eapCode: payload.code, eapId: payload.identifier, eapType: payload.type }
    case 'unknown':
      return {}
  }
}

function seenTransform({ type, id, keyLength }: Transform): unknown {
  return { type: TRANSFORM_TYPES[type], id, ...(keyLength === undefined ? {} : { attr: { '14': keyLength } }) }
}
