const DIGITS: readonly number[] = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Octets turned into one flat piece of text; arguments of a call are limited in number. */
const PIECE_OCTETS = 512

/** Lower-case hexadecimal text of `octets`, two digits an octet, no separator. */
export function toHex(octets: Uint8Array): string {
  let text = ''
  for (let start = 0; start < octets.length; start += PIECE_OCTETS) {
    const end = Math.min(octets.length, start + PIECE_OCTETS)
    const codes: number[] = []
    for (let i = start; i < end; i++) {
      const octet = octets[i] as number
      codes.push(DIGITS[octet >> 4] as number, DIGITS[octet & 15] as number)
    }
    // Text joined digit by digit would be kept as a chain of its parts, twenty times as large.
    text += String.fromCharCode(...codes)
  }
  return text
}

/**
 * Octets of a hexadecimal text. White space and colons are skipped, so a dump can be pasted.
 *
 * @throws TypeError naming `text` when a character is not a hexadecimal digit or the number of digits is odd.
 */
export function fromHex(text: string): Uint8Array {
  const octets = fromDigits(text) ?? fromDigits(text.replace(/[\s:]/g, ''))
  if (octets === undefined) throw new TypeError('text: expected an even number of hexadecimal digits')
  return octets
}

function fromDigits(digits: string): Uint8Array | undefined {
  if (digits.length % 2 !== 0) return undefined
  const octets = new Uint8Array(digits.length / 2)
  for (let i = 0; i < octets.length; i++) {
    const octet = (nibble(digits.charCodeAt(2 * i)) << 4) | nibble(digits.charCodeAt(2 * i + 1))
    if (octet < 0) return undefined
    octets[i] = octet
  }
  return octets
}

/** The value of a hexadecimal digit, negative for any other character. */
function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const lower = code | 0x20
  return lower >= 97 && lower <= 102 ? lower - 87 : -1
}
