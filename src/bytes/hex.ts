const DIGITS = '0123456789abcdef'
const PAIRS: readonly string[] = Array.from(
  { length: 256 },
  (_, octet) => DIGITS.charAt(octet >> 4) + DIGITS.charAt(octet & 15)
)

/** Lower-case hexadecimal text of `octets`, two digits an octet, no separator. */
export function toHex(octets: Uint8Array): string {
  let text = ''
  for (let i = 0; i < octets.length; i++) text += PAIRS[octets[i] as number]
  return text
}

/**
 * Octets of a hexadecimal text. White space and colons are skipped, so a dump can be pasted.
 *
 * @throws TypeError naming `text` when a character is not a hexadecimal digit or the number of digits is odd.
 */
export function fromHex(text: string): Uint8Array {
  const digits = text.replace(/[\s:]/g, '')
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits)) {
    throw new TypeError('text: expected an even number of hexadecimal digits')
  }
  const octets = new Uint8Array(digits.length / 2)
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  return octets
}
