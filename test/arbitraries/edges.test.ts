import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BOUNDARIES,
  boundaryMessage,
  boundaryPayload,
  DEFECTS,
  nearValid,
  nearValidNotify
} from '../../src/arbitraries/index.ts'
import { decodeNotify } from '../../src/bodies/index.ts'
import { decodeMessage, decodePayloads, encodeMessage, encodePayloadBody, NOTIFY } from '../../src/codec/index.ts'
import { DECODE_ERROR_CODES } from '../codec/error-codes.ts'
import { messageOf } from './message-of.ts'

describe('boundary values', () => {
  it('are taken and come back as they were, at every edge', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(boundaryMessage(), ({ edge, value }) => {
        seen.add(edge)
        expect(isDeepStrictEqual(decodeMessage(encodeMessage(value)), { ok: true, value }), edge).toBe(true)
      }),
      { numRuns: 500, seed: 2 }
    )
    expect([...BOUNDARIES].filter((edge) => !seen.has(edge))).toEqual([])
  })

  it('reach the longest payload, of 65535 octets, and the shortest, of 4', () => {
    const all = fc.sample(boundaryPayload(), { numRuns: 500, seed: 3 })
    const lengths = all.map(({ value }) => 4 + encodePayloadBody(value).length)
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([4, 0xffff])
  })
})

describe('near-valid octets', () => {
  it.each(DEFECTS)('%s: are refused for just that, at just that place', (defect) => {
    fc.assert(
      fc.property(nearValid(defect), ({ octets, firstPayload, code, offset, section }) => {
        expect(section).toMatch(/^(RFC \d+ )?\d[\d.]*$/)
        const result = firstPayload === undefined ? decodeMessage(octets) : decodePayloads(octets, firstPayload)
        expect(result).toMatchObject({ ok: false, error: { code, offset } })
      }),
      { numRuns: 30, seed: 5 }
    )
  })

  it('break every rule that decoding has a code for', () => {
    const seen = new Set(fc.sample(nearValid(), { numRuns: 600, seed: 1 }).map(({ code }) => code))
    expect([...seen].sort()).toEqual([...DECODE_ERROR_CODES].sort())
  })

  it('names the argument that is no defect', () => {
    expect(() => nearValid('nothing')).toThrow(/defect/)
  })

  it('of a Notify: its payload decodes, its data does not', () => {
    const types = new Set<number>()
    fc.assert(
      fc.property(nearValidNotify(), (value) => {
        types.add(value.type)
        const message = messageOf(value)
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message })
        expect(decodeNotify(value)?.ok).toBe(false)
        // RFC 4555 sections 4.2.2 and 4.2.5, RFC 7296 section 2.23.
        const { type, data } = value
        if (type === NOTIFY.COOKIE2) expect(data.length < 8 || data.length > 64).toBe(true)
        if (type === NOTIFY.ADDITIONAL_IP4_ADDRESS) expect(data.length).not.toBe(4)
        if (type === NOTIFY.NAT_DETECTION_SOURCE_IP) expect(data.length).not.toBe(20)
      }),
      { numRuns: 800, seed: 4 }
    )
    expect(types.size).toBeGreaterThan(25)
  })
})
