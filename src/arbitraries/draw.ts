import fc, { type Arbitrary } from 'fast-check'
import { type IpAddress, ipAddressText, ipFamily } from '../bytes/index.ts'

/** 0 to 255. */
export const octet: Arbitrary<number> = /* @__PURE__ */ fc.integer({ min: 0, max: 0xff })
/** 0 to 65535. */
export const uint16: Arbitrary<number> = /* @__PURE__ */ fc.integer({ min: 0, max: 0xffff })
/** 0 to 2^32 - 1. */
export const uint32: Arbitrary<number> = /* @__PURE__ */ fc.integer({ min: 0, max: 0xffffffff })

/** Lengths up to the most that is asked for: left alone, fast-check stops about ten above the least. */
export const UP_TO_THE_MOST = { size: 'max' } as const

/** So many octets. */
export function octets(least: number, most: number = least): Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: least, maxLength: most, ...UP_TO_THE_MOST })
}

/** Text of so many code points, each of up to four octets in UTF-8; no lone surrogates, which UTF-8 cannot say. */
export function text(least: number, most: number): Arbitrary<string> {
  return fc.string({ unit: 'binary', minLength: least, maxLength: most, ...UP_TO_THE_MOST })
}

/** An address in its canonical text; of IPv6 none that is IPv4-mapped. */
export function address(family: 4 | 6): Arbitrary<IpAddress> {
  const size = family === 4 ? 4 : 16
  return octets(size)
    .map((value) => ipAddressText(value) as IpAddress)
    .filter((value) => ipFamily(value) === family)
}

/** One of the numbers of a table of names and numbers. */
export function registered(table: Readonly<Record<string, number>>): Arbitrary<number> {
  return fc.constantFrom(...Object.values(table))
}

/** One time in so many something, else nothing. `freq` of `fc.option` says how often it is nothing. */
export function sometimes<T>(something: Arbitrary<T>, inHowMany: number): Arbitrary<T | undefined> {
  return fc.oneof({ weight: inHowMany - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: something })
}

/** Records are objects as decoding makes them, with the usual prototype. */
export const PLAIN = { noNullPrototype: true } as const
