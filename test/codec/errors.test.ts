import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/bytes/index.ts'
import { type DecodeError, decodeMessage, decodePayloads, NOTIFY } from '../../src/codec/index.ts'

const SPIS = `${'11'.repeat(8)}${'22'.repeat(8)}`
/** A header of 28 octets: next payload, version, flags, length of the whole. */
const header = (next: string, version: string, flags: string, length: number): string =>
  `${SPIS}${next}${version}25${flags}00000001${length.toString(16).padStart(8, '0')}`

function errorOf(hex: string): DecodeError {
  const result = decodeMessage(fromHex(hex))
  if (result.ok) throw new Error('accepted')
  return result.error
}

function innerError(hex: string, type: number): DecodeError {
  const result = decodePayloads(fromHex(hex), type)
  if (result.ok) throw new Error('accepted')
  return result.error
}

describe('what may be answered', () => {
  it('B007 a request of a higher major version, unprotected, with INVALID_MAJOR_VERSION (section 2.5)', () => {
    expect(errorOf(header('00', '30', '08', 28))).toEqual({
      code: 'unsupportedMajorVersion',
      offset: 17,
      path: ['header', 'majorVersion'],
      got: 3,
      notify: NOTIFY.INVALID_MAJOR_VERSION,
      answer: 'unprotected'
    })
  })

  it('B012 a response of a higher major version is not answered', () => {
    expect(errorOf(header('00', '30', '20', 28)).answer).toBe('never')
  })

  it('a lower major version is not answered: its sender knows no IKEv2 notification', () => {
    expect(errorOf(header('00', '10', '00', 28))).toMatchObject({ got: 1, answer: 'never' })
  })

  it('B237 a defect outside encryption is never answered: INVALID_SYNTAX is for authentic messages alone (section 3.10.1)', () => {
    for (const hex of [header('00', '20', '08', 29), `${header('29', '20', '08', 30)}0000`]) {
      expect(errorOf(hex)).toMatchObject({ notify: NOTIFY.INVALID_SYNTAX, answer: 'never' })
    }
  })

  it('B237 B239 a defect in a decrypted chain is answered with INVALID_SYNTAX inside protection', () => {
    expect(innerError('0000000300', 41)).toMatchObject({ notify: NOTIFY.INVALID_SYNTAX, answer: 'protected' })
  })
})

describe('the number at fault', () => {
  it.each<[string, string, number, Partial<DecodeError>]>([
    ['octets left of a generic header', '0000', 41, { code: 'truncated', offset: 0, got: 2 }],
    ['a payload length below four', '00000003', 41, { code: 'invalidLength', offset: 2, got: 3 }],
    ['a payload length beyond the chain', '00000009 00000000', 41, { code: 'invalidLength', offset: 2, got: 9 }],
    ['octets left of a Notify', '00000006 0000', 41, { code: 'truncated', offset: 4, got: 2 }],
    ['an SPI size beyond a Notify', '00000008 03054000', 41, { code: 'invalidLength', offset: 5, got: 5 }],
    ['octets after the last payload', '00000005 aa bbccdd', 43, { code: 'trailingOctets', offset: 5, got: 3 }],
    ['the type of an Encrypted payload inside another', '00000004', 46, { code: 'invalidStructure', got: 46 }],
    ['a last-proposal marker', '0000000c 01000008 01010001', 33, { code: 'invalidStructure', offset: 4, got: 1 }],
    ['a proposal length', '0000000c 00000040 01010001', 33, { code: 'invalidLength', offset: 6, got: 64 }],
    ['a proposal number', '0000000c 00000008 00010001', 33, { code: 'invalidStructure', offset: 8, got: 0 }],
    ['an SPI size', '0000000d 00000009 01010101 aa', 33, { code: 'invalidStructure', offset: 10, got: 1 }],
    [
      'the type of a repeated attribute',
      '0000001c 00000018 01010001 00000010 01000014 800e0080 800e0100',
      33,
      { code: 'invalidStructure', offset: 24, got: 14 }
    ],
    ['a nonce length', '00000013 000102030405060708090a0b0c0d0e', 40, { code: 'invalidValue', offset: 4, got: 15 }],
    ['a fragment number', '0000000a 0003 0002 aaaa', 53, { code: 'invalidStructure', got: 53 }],
    ['a count of selectors', '00000008 00000000', 44, { code: 'invalidStructure', offset: 4, got: 0 }],
    [
      'the start of a range that ends before it',
      '00000018 01000000 07000010 0000ffff 0a000001 0a000000',
      44,
      { code: 'invalidValue', offset: 16, got: 0x0a000001 }
    ],
    [
      'the start of ports that end before it',
      '00000018 01000000 07000010 0050004f 0a000000 0a0000ff',
      44,
      { code: 'invalidValue', offset: 12, got: 0x50 }
    ],
    ['a protocol of Delete', '00000008 00000000', 42, { code: 'invalidValue', offset: 4, got: 0 }],
    ['a count of SPIs', '0000000c 03040002 11223344', 42, { code: 'invalidLength', offset: 6, got: 2 }],
    ['an SPI size of Delete', '00000008 01040000', 42, { code: 'invalidStructure', offset: 5, got: 4 }],
    ['an attribute length', '0000000c 01000000 00010004', 47, { code: 'invalidLength', offset: 10, got: 4 }],
    ['an EAP length', '00000008 03010005', 48, { code: 'invalidLength', offset: 6, got: 5 }]
  ])('%s', (_, hex, type, expected) => {
    expect(innerError(hex, type)).toMatchObject(expected)
  })

  it('the header length, and the octets of less than a header', () => {
    expect(errorOf(header('00', '20', '08', 29))).toMatchObject({ code: 'lengthMismatch', offset: 24, got: 29 })
    expect(errorOf('00'.repeat(27))).toMatchObject({ code: 'truncated', offset: 0, got: 27 })
  })
})
