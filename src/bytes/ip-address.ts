import { readUint16 } from './octets.ts'

/**
 * An IP address as canonical text: dotted decimal for IPv4, RFC 5952 for IPv6, no zone, IPv4-mapped IPv6 written as IPv4.
 * Canonical texts compare with `===`. {@link canonicalIpAddress} makes one from whatever a platform reports.
 */
export type IpAddress = string

/** 4 for IPv4, 6 for IPv6. */
export type IpFamily = 4 | 6

/** Family of a canonical address text. */
export function ipFamily(address: IpAddress): IpFamily {
  return address.includes(':') ? 6 : 4
}

/** Canonical text of any spelling of an address (zone dropped, IPv4-mapped unwrapped), or undefined when it is none. */
export function canonicalIpAddress(text: string): IpAddress | undefined {
  const octets = ipAddressBytes(text)
  return octets === undefined ? undefined : ipAddressText(octets)
}

/** 4 or 16 octets in network order of an address text, or undefined when the text is no address. */
export function ipAddressBytes(text: string): Uint8Array | undefined {
  const zone = text.indexOf('%')
  const bare = zone < 0 ? text : text.slice(0, zone)
  if (!bare.includes(':')) return zone < 0 ? ipv4Bytes(bare) : undefined
  return ipv6Bytes(bare)
}

/**
 * The octets of an address that a message can hold, or undefined: a zone means something on its own host only, and nothing is
 * sent to or from an IPv4-mapped IPv6 address.
 */
export function sendableAddressBytes(text: string): Uint8Array | undefined {
  const octets = text.includes('%') ? undefined : ipAddressBytes(text)
  return octets !== undefined && ipAddressText(octets)?.includes(':') === (octets.length === 16) ? octets : undefined
}

/** Canonical text of 4 or 16 octets in network order, or undefined for any other length. */
export function ipAddressText(octets: Uint8Array): IpAddress | undefined {
  if (octets.length === 4) return `${octets[0]}.${octets[1]}.${octets[2]}.${octets[3]}`
  if (octets.length !== 16) return undefined
  const words: number[] = []
  for (let i = 0; i < 16; i += 2) words.push(readUint16(octets, i))
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) {
    return `${octets[12]}.${octets[13]}.${octets[14]}.${octets[15]}`
  }
  const [start, length] = longestZeroRun(words)
  const text = words.map((word) => word.toString(16))
  // RFC 5952 section 4.2.2: a single zero word is not shortened.
  if (length < 2) return text.join(':')
  return `${text.slice(0, start).join(':')}::${text.slice(start + length).join(':')}`
}

const DOT = 46
const ZERO = 48

/** Read by character codes: every message with NAT_DETECTION needs the octets of four addresses. */
function ipv4Bytes(text: string): Uint8Array | undefined {
  const octets = new Uint8Array(4)
  let at = 0
  for (let i = 0; i < 4; i++) {
    if (i > 0 && text.charCodeAt(at++) !== DOT) return undefined
    const start = at
    let value = 0
    for (let digit = digitAt(text, at); digit >= 0 && at - start < 3; digit = digitAt(text, at)) {
      value = 10 * value + digit
      at++
    }
    const length = at - start
    // A leading zero would make an octal number to some readers.
    if (length === 0 || value > 255 || (length > 1 && text.charCodeAt(start) === ZERO)) return undefined
    octets[i] = value
  }
  return at === text.length ? octets : undefined
}

/** The decimal digit at `index`, or -1 when there is none. */
function digitAt(text: string, index: number): number {
  const digit = text.charCodeAt(index) - ZERO
  return digit >= 0 && digit <= 9 ? digit : -1
}

function ipv6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = ipv6Words(halves[0] as string, halves.length === 1)
  const tail = halves.length === 2 ? ipv6Words(halves[1] as string, true) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const words = [...head, ...new Array<number>(missing).fill(0), ...tail]
  const octets = new Uint8Array(16)
  for (let i = 0; i < 8; i++) {
    octets[2 * i] = (words[i] as number) >> 8
    octets[2 * i + 1] = words[i] as number
  }
  return octets
}

/** Words of one side of `::`; a dotted IPv4 tail is allowed where the address ends. */
function ipv6Words(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as string
    if (atEnd && i === parts.length - 1 && part.includes('.')) {
      const octets = ipv4Bytes(part)
      if (octets === undefined) return undefined
      words.push(readUint16(octets, 0), readUint16(octets, 2))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      words.push(Number.parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return words
}

function longestZeroRun(words: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0]
  for (let i = 0; i < words.length; i++) {
    let length = 0
    while (words[i + length] === 0) length++
    if (length > best[1]) best = [i, length]
    if (length > 0) i += length - 1
  }
  return best
}
