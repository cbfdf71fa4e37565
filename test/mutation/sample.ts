import { fromHex } from '../../src/bytes/index.ts'

/**
 * A message with a payload of every structure, written by hand after RFC 7296 section 3, and the places of its fields, so
 * that what a mutation touched can be checked against the RFC's figures and not against the code.
 */
export const SAMPLE: Uint8Array = fromHex(`
  0102030405060708 1112131415161718 21 20 22 08 00000007 000000f0

  22 00 0030
    02 00 0014 01 03 04 01 aabbccdd  00 00 0008 05 00 0000
    00 00 0018 02 03 04 01 aabbccde  00 00 000c 01 00 0014 800e 0100
  23 00 0010  001f 0000  0102030405060708
  27 00 000c  01 000000  c0000201
  29 00 0010  02 000000  0000000000000001
  2a 00 0010  03 04 4009 aabbccdd deadbeef
  2c 00 0010  03 04 0002 aabbccdd aabbccde
  2f 00 0018  01 000000  07 11 0010 0000 ffff 0a000000 0a0000ff
  30 00 0010  01 000000  0001 0004 0a000001
  25 00 0014  02 01 0010  01 706173737764 0000000000
  28 00 0008  04 a1a2a3
  00 00 0014  000102030405060708090a0b0c0d0e0f
`)

/** Octets of every length, count and SPI size. */
export const LENGTHS: readonly number[] = [
  ...[24, 25, 26, 27],
  // Payload Length of each payload.
  ...[30, 31, 78, 79, 94, 95, 106, 107, 122, 123, 138, 139, 154, 155, 178, 179, 194, 195, 214, 215, 222, 223],
  // Proposals: length, SPI size, number of transforms; transforms: length.
  ...[34, 35, 38, 39, 46, 47, 54, 55, 58, 59, 66, 67],
  // Notify: SPI size; Delete: SPI size, number of SPIs.
  ...[125, 141, 142, 143],
  // TS: number, Selector Length; CP: attribute length; EAP: length.
  ...[156, 162, 163, 186, 187, 198, 199]
]

/** Octets of Next Payload, each payload's own and the header's. */
export const LINKS: readonly number[] = [16, 28, 76, 92, 104, 120, 136, 152, 176, 192, 212, 220]

/** Last Substruc of two proposals and their transforms. */
export const MARKERS: readonly number[] = [32, 44, 52, 64]

/** Reserved bits by octet: RESERVED fields, the other bits of the flags and of the octet of the Critical bit. */
export const RESERVED: ReadonlyMap<number, number> = new Map([
  [19, 0xc7],
  ...LINKS.slice(1).map((link) => [link + 1, 0x7f] as const),
  ...[33, 45, 49, 53, 65, 69].map((offset) => [offset, 0xff] as const),
  ...[82, 83, 97, 98, 99, 109, 110, 111, 157, 158, 159, 181, 182, 183].map((offset) => [offset, 0xff] as const),
  [184, 0x80]
])

/** Octets of types, codes, identifiers, ports. */
export const NUMBERS: readonly number[] = [
  // Proposals: number, protocol; transforms: type, ID; attribute: type, value.
  ...[36, 37, 48, 50, 51, 56, 57, 68, 70, 71, 72, 73, 74, 75],
  // KE, ID, AUTH, Notify, Delete.
  ...[80, 81, 96, 108, 124, 126, 127, 140],
  // TS: type, protocol, ports; CP: type, attribute type; EAP: code, identifier, type; CERT: encoding.
  ...[160, 161, 164, 165, 166, 167, 180, 184, 185, 196, 197, 200, 216]
]
