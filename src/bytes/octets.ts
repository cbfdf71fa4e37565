/** One shared empty array: whole-message decoding is faster without many zero-length views. */
export const EMPTY: Uint8Array = new Uint8Array(0)

/** A fresh array holding every part in order; the parts are copied, never aliased. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** True when both arrays hold the same octets. Stops at the first difference: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * True when both arrays hold the same octets, in time that depends on the length alone.
 * Use it for every value a peer could guess octet by octet: ICV, AUTH, COOKIE2, cookies.
 */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}

/**
 * Octet-by-octet order of RFC 7296 section 2.8.1: negative when `a` is lower, positive when `b` is, 0 when equal.
 * An array that ends first is the lower one.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Unsigned 16-bit big-endian number at `offset`; the caller has checked the bounds. */
export function readUint16(octets: Uint8Array, offset: number): number {
  return ((octets[offset] as number) << 8) | (octets[offset + 1] as number)
}

/** Unsigned 32-bit big-endian number at `offset`; the caller has checked the bounds. */
export function readUint32(octets: Uint8Array, offset: number): number {
  return (
    (((octets[offset] as number) << 24) |
      ((octets[offset + 1] as number) << 16) |
      ((octets[offset + 2] as number) << 8) |
      (octets[offset + 3] as number)) >>>
    0
  )
}

/** Writes `value` as 16 bits big-endian at `offset`. */
export function writeUint16(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 8
  octets[offset + 1] = value
}

/** Writes `value` as 32 bits big-endian at `offset`. */
export function writeUint32(octets: Uint8Array, offset: number, value: number): void {
  octets[offset] = value >>> 24
  octets[offset + 1] = value >>> 16
  octets[offset + 2] = value >>> 8
  octets[offset + 3] = value
}

/** Four octets holding `value` big-endian. */
export function uint32Bytes(value: number): Uint8Array {
  const octets = new Uint8Array(4)
  writeUint32(octets, 0, value)
  return octets
}

const UTF8_LIMITS = [0x80, 0x800, 0x10000]

/** UTF-8 octets of a text. Own code, because `TextEncoder` is a DOM and Node type that `src` is compiled without. */
export function utf8Bytes(text: string): Uint8Array {
  const octets: number[] = []
  for (const character of text) {
    let point = character.codePointAt(0) as number
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd
    const trailing = UTF8_LIMITS.filter((limit) => point >= limit).length
    if (trailing === 0) {
      octets.push(point)
      continue
    }
    octets.push(((0xf80 >> trailing) & 0xff) | (point >> (6 * trailing)))
    for (let i = trailing - 1; i >= 0; i--) octets.push(0x80 | ((point >> (6 * i)) & 0x3f))
  }
  return Uint8Array.from(octets)
}

/** The text of UTF-8 octets, or undefined when they are none (RFC 3629 section 3: no overlong form, no surrogate). */
export function utf8Text(octets: Uint8Array): string | undefined {
  let text = ''
  let at = 0
  while (at < octets.length) {
    const first = octets[at] as number
    const trailing = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1
    if (trailing < 0 || at + trailing >= octets.length) return undefined
    let point = trailing === 0 ? first : first & (0x3f >> trailing)
    for (let i = 1; i <= trailing; i++) {
      const octet = octets[at + i] as number
      if (octet >> 6 !== 2) return undefined
      point = (point << 6) | (octet & 0x3f)
    }
    const least = trailing === 0 ? 0 : (UTF8_LIMITS[trailing - 1] as number)
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined
    text += String.fromCodePoint(point)
    at += 1 + trailing
  }
  return text
}
