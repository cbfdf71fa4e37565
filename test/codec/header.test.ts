import { describe, expect, test } from 'vitest'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import {
  decodeMessage,
  encodeMessage,
  encryptedFragmentFrame,
  encryptedFrame,
  GENERIC_HEADER_OCTETS,
  HEADER_OCTETS,
  type Message,
  type MessageHeader,
  peekHeader,
  writeGenericHeader,
  writeHeader
} from '../../src/codec/index.ts'

const HEADER: MessageHeader = {
  initiatorSpi: fromHex('0102030405060708'),
  responderSpi: fromHex('1112131415161718'),
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 37,
  fromInitiator: true,
  isResponse: false,
  messageId: 0x01020304
}

/** RFC 7296 section 3.1, figure 4, an empty INFORMATIONAL request of the initiator. */
const EMPTY_REQUEST = '0102030405060708 1112131415161718 00 20 25 08 01020304 0000001c'

function decoded(hex: string): Message {
  const result = decodeMessage(fromHex(hex))
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}

function error(hex: string): unknown {
  const result = decodeMessage(fromHex(hex))
  return result.ok ? undefined : result.error
}

describe('the header of RFC 7296 section 3.1', () => {
  test('B006 B011 B013 is laid out as figure 4 has it', () => {
    expect(toHex(encodeMessage({ ...HEADER, payloads: [] }))).toBe(EMPTY_REQUEST.replaceAll(' ', ''))
    expect(decoded(EMPTY_REQUEST)).toEqual({ ...HEADER, payloads: [] })
    expect(encodeMessage({ ...HEADER, isResponse: true, payloads: [] })[19]).toBe(0x28)
    expect(encodeMessage({ ...HEADER, fromInitiator: false, isResponse: true, payloads: [] })[19]).toBe(0x20)
  })

  test('B006 a received minor version is kept and never a reason to refuse', () => {
    expect(decoded(EMPTY_REQUEST.replace('20 25', '2f 25')).minorVersion).toBe(15)
  })

  test.each(['10', '1f', '30', 'f0', '00'])('B007 major version octet %s is unsupportedMajorVersion', (version) => {
    const hex = EMPTY_REQUEST.replace('20 25', `${version} 25`)
    expect(error(hex)).toMatchObject({ code: 'unsupportedMajorVersion', offset: 17, path: ['header', 'majorVersion'] })
    expect(peekHeader(fromHex(hex))?.majorVersion).toBe(Number.parseInt(version, 16) >> 4)
  })

  test('B007 the version is judged before anything that a later version may define otherwise', () => {
    expect(error(EMPTY_REQUEST.replace('20 25', '30 25').replace('0000001c', 'ffffffff'))).toMatchObject({
      code: 'unsupportedMajorVersion'
    })
  })

  test('B010 undefined flag bits are ignored on receipt and clear when sent', () => {
    const message = decoded(EMPTY_REQUEST.replace('25 08', '25 cf'))
    expect(message).toEqual({ ...HEADER, payloads: [] })
    expect(encodeMessage(message)[19]).toBe(0x08)
  })

  test('B010 the Version flag is seen and is no reason to refuse', () => {
    const message = decoded(EMPTY_REQUEST.replace('25 08', '25 18'))
    expect(message).toEqual({ ...HEADER, higherVersionSupported: true, payloads: [] })
  })

  test.each(['0000001b', '0000001d', '00000000', 'ffffffff', '0100001c'])(
    'B016 a Length of %s that is not the datagram’s is lengthMismatch',
    (length) => {
      const hex = EMPTY_REQUEST.replace('0000001c', length)
      expect(error(hex)).toMatchObject({ code: 'lengthMismatch', offset: 24, path: ['header', 'length'] })
    }
  )

  test('B016 octets after the chain are trailingOctets', () => {
    const hex = `${EMPTY_REQUEST.replace('0000001c', '0000001d')}00`
    expect(error(hex)).toMatchObject({ code: 'trailingOctets', offset: 28, path: [] })
  })

  test('fewer than 28 octets are truncated', () => {
    const octets = fromHex(EMPTY_REQUEST)
    for (let length = 0; length < 28; length++) {
      const part = octets.subarray(0, length)
      expect(decodeMessage(part)).toMatchObject({
        ok: false,
        error: { code: 'truncated', offset: 0, got: length, path: ['header'] }
      })
      expect(peekHeader(part)).toBeUndefined()
    }
  })

  test('the Message ID is unsigned', () => {
    expect(decoded(EMPTY_REQUEST.replace('01020304 0000001c', 'ffffffff 0000001c')).messageId).toBe(4294967295)
  })

  test('B003 a zero initiator SPI is left to whoever knows the exchange, for a one-way INVALID_SPI has one', () => {
    expect(decoded(EMPTY_REQUEST.replace('0102030405060708', '0000000000000000')).initiatorSpi).toEqual(
      new Uint8Array(8)
    )
  })
})

describe('peekHeader', () => {
  test('reads what routing needs', () => {
    expect(peekHeader(fromHex(`${EMPTY_REQUEST} ffff`))).toEqual({ ...HEADER, nextPayload: 0, length: 28 })
  })

  test('B007 names the SPIs of a message of a later version', () => {
    const peeked = peekHeader(fromHex(EMPTY_REQUEST.replace('20 25', '31 25').replace('25 08', '25 38')))
    expect(peeked).toEqual({
      ...HEADER,
      majorVersion: 3,
      minorVersion: 1,
      isResponse: true,
      higherVersionSupported: true,
      nextPayload: 0,
      length: 28
    })
  })
})

describe('frames that sealing fills in', () => {
  test('an Encrypted payload alone, its firstInner in Next Payload (section 3.14)', () => {
    const { bytes, bodyOffset } = encryptedFrame(HEADER, 41, 24)
    expect(bodyOffset).toBe(HEADER_OCTETS + GENERIC_HEADER_OCTETS)
    expect(toHex(bytes)).toBe(
      `${EMPTY_REQUEST.replace('00 20', '2e 20').replace('0000001c', '00000038')} 2900001c${'00'.repeat(24)}`.replaceAll(
        ' ',
        ''
      )
    )
    const body = Uint8Array.from({ length: 24 }, (_, i) => i)
    bytes.set(body, bodyOffset)
    expect(decodeMessage(bytes)).toEqual({
      ok: true,
      value: { ...HEADER, payloads: [{ kind: 'encrypted', firstInner: 41, body }] }
    })
  })

  test.each([
    [1, 41],
    [2, 0]
  ])('Encrypted Fragment %i names first inner payload %i (RFC 7383 section 2.5)', (fragmentNumber, firstInner) => {
    const { bytes, bodyOffset } = encryptedFragmentFrame(HEADER, 41, fragmentNumber, 2, 3)
    bytes.set([7, 8, 9], bodyOffset)
    const body = Uint8Array.of(7, 8, 9)
    expect(decodeMessage(bytes)).toEqual({
      ok: true,
      value: {
        ...HEADER,
        payloads: [{ kind: 'encryptedFragment', firstInner, fragmentNumber, totalFragments: 2, body }]
      }
    })
  })

  test('what Next Payload of a later fragment says is none of the tests of RFC 7383 section 2.6: ignored, and kept by lossless decoding', () => {
    const { bytes, bodyOffset } = encryptedFragmentFrame(HEADER, 41, 2, 2, 3)
    bytes.set([7, 8, 9], bodyOffset)
    const payload = {
      kind: 'encryptedFragment',
      firstInner: 0,
      fragmentNumber: 2,
      totalFragments: 2,
      body: Uint8Array.of(7, 8, 9)
    }
    bytes[28] = 41
    expect(decodeMessage(bytes)).toEqual({ ok: true, value: { ...HEADER, payloads: [payload] } })
    const lossless = decodeMessage(bytes, { lossless: true })
    expect(lossless).toMatchObject({ ok: true, value: { payloads: [{ ...payload, reserved: 41 }] } })
    if (lossless.ok) expect(encodeMessage(lossless.value)).toEqual(bytes)
  })

  test('a body that does not fit, or a fragment that cannot be, throws', () => {
    expect(() => encryptedFrame(HEADER, 41, 65532)).toThrow('bodyOctets')
    expect(() => encryptedFrame(HEADER, 256, 1)).toThrow('firstInner')
    expect(() => encryptedFragmentFrame(HEADER, 41, 1, 2, 65528)).toThrow('bodyOctets')
    expect(() => encryptedFragmentFrame(HEADER, 41, 0, 2, 1)).toThrow('fragmentNumber')
    expect(() => encryptedFragmentFrame(HEADER, 41, 3, 2, 1)).toThrow('fragmentNumber')
  })

  test('the header writers refuse what does not fit, and name it', () => {
    const out = new Uint8Array(HEADER_OCTETS)
    expect(() => writeHeader(out.subarray(1), HEADER, 0, 28)).toThrow('header.out: ')
    expect(() => writeHeader([] as unknown as Uint8Array, HEADER, 0, 28)).toThrow('header.out: ')
    for (const type of [-1, 256, 0.5, Number.NaN]) {
      expect(() => writeHeader(out, HEADER, type, 28)).toThrow('header.firstPayload: ')
      expect(() => writeGenericHeader(out, 0, type, false, 4)).toThrow('genericHeader.nextPayload: ')
    }
    for (const length of [-1, 2 ** 32, 28.5])
      expect(() => writeHeader(out, HEADER, 0, length)).toThrow('header.length: ')
    for (const length of [-1, 3, 65536, 4.5]) {
      expect(() => writeGenericHeader(out, 0, 0, false, length)).toThrow('genericHeader.length: ')
    }
    for (const offset of [-1, 0.5]) expect(() => writeGenericHeader(out, offset, 0, false, 4)).toThrow('offset: ')
    expect(() => writeGenericHeader(out, 25, 0, false, 4)).toThrow('genericHeader.out: ')
    expect(out).toEqual(new Uint8Array(HEADER_OCTETS))
  })

  test.each([0x08, 0x38, 1.5, -1, 256, 2 ** 32, Number.NaN])('reserved flags of %s are none', (reservedFlags) => {
    expect(() => encodeMessage({ ...HEADER, reservedFlags, payloads: [] })).toThrow('header.reservedFlags: ')
  })

  test('the header writers write what a message has', () => {
    const out = new Uint8Array(HEADER_OCTETS + GENERIC_HEADER_OCTETS)
    writeHeader(out, HEADER, 43, out.length)
    writeGenericHeader(out, HEADER_OCTETS, 0, true, GENERIC_HEADER_OCTETS)
    expect(decodeMessage(out)).toEqual({
      ok: true,
      value: { ...HEADER, payloads: [{ kind: 'vendorId', data: new Uint8Array(0), critical: true }] }
    })
  })
})
