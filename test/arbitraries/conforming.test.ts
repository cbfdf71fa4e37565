import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conformingMessage, MESSAGE_RULES, nonConformingMessage } from '../../src/arbitraries/index.ts'
import { decodeMessage, EXCHANGE, encodeMessage, encodePayloads, NOTIFY } from '../../src/codec/index.ts'
import { checkMessage, MESSAGE_FORMS, messageForm } from '../../src/rules/index.ts'

const RUNS = { numRuns: 100, seed: 4555 }

describe('conformingMessage', () => {
  it.each(
    MESSAGE_FORMS.map(
      (form) => [`${form.exchange} ${form.isResponse ? 'response' : 'request'} ${form.name}`, form] as const
    )
  )('gives messages of form %s that break no rule', (_, form) => {
    fc.assert(
      fc.property(conformingMessage(form), ({ message, inner, form: own }) => {
        expect(own).toBe(form)
        expect(messageForm(message, inner)).toEqual(form)
        expect(checkMessage(message, inner)).toEqual([])
        expect(decodeMessage(encodeMessage(message)).ok).toBe(true)
        if (inner !== undefined) encodePayloads(inner)
      }),
      RUNS
    )
  })

  it('an IKE_SA_INIT request has SA, KE and a nonce, COOKIE first and NAT detection of both ends or of none', () => {
    const all = fc.sample(conformingMessage({ exchange: EXCHANGE.IKE_SA_INIT, isResponse: false }), {
      numRuns: 300,
      seed: 1
    })
    let cookies = 0
    let detections = 0
    for (const { message } of all) {
      const kinds = message.payloads.map(({ kind }) => kind)
      for (const kind of ['securityAssociation', 'keyExchange', 'nonce']) {
        expect(kinds.filter((one) => one === kind)).toHaveLength(1)
      }
      const types = message.payloads.map((one) => (one.kind === 'notify' ? one.type : 0))
      if (types.includes(NOTIFY.COOKIE)) cookies += Number(types[0] === NOTIFY.COOKIE)
      expect(types.indexOf(NOTIFY.COOKIE)).toBeLessThanOrEqual(0)
      const source = types.includes(NOTIFY.NAT_DETECTION_SOURCE_IP)
      expect(types.includes(NOTIFY.NAT_DETECTION_DESTINATION_IP)).toBe(source)
      detections += Number(source)
    }
    expect(cookies).toBeGreaterThan(3)
    expect(detections).toBeGreaterThan(100)
  })

  it('tells SPIs, Message ID and sender of an IKE SA as it goes (RFC 7296 sections 2.2, 2.6, 3.1)', () => {
    const zero = new Uint8Array(8)
    const senders = new Set<string>()
    for (const { message, form } of fc.sample(conformingMessage(), { numRuns: 2000, seed: 1 })) {
      const { initiatorSpi, responderSpi, messageId, fromInitiator } = message
      if (form.exchange === 0) continue
      senders.add(`${form.exchange} ${form.isResponse} ${fromInitiator}`)
      const isFirst = form.exchange === EXCHANGE.IKE_SA_INIT || form.exchange === EXCHANGE.IKE_SESSION_RESUME
      const hasResponder = !isFirst || (form.isResponse && ['initial', 'resume'].includes(form.name))
      expect(initiatorSpi).not.toEqual(zero)
      if (hasResponder) expect(responderSpi).not.toEqual(zero)
      else expect(responderSpi).toEqual(zero)
      if (isFirst) expect(messageId).toBe(0)
      if (form.exchange === EXCHANGE.IKE_AUTH) expect(messageId).toBeGreaterThan(0)
    }
    for (const exchange of [EXCHANGE.IKE_SA_INIT, EXCHANGE.IKE_AUTH, EXCHANGE.IKE_INTERMEDIATE]) {
      for (const isResponse of [false, true]) expect(senders).not.toContain(`${exchange} ${isResponse} ${isResponse}`)
    }
    for (const exchange of [EXCHANGE.CREATE_CHILD_SA, EXCHANGE.INFORMATIONAL]) {
      for (const isResponse of [false, true]) expect(senders).toContain(`${exchange} ${isResponse} ${isResponse}`)
    }
  })

  it('offers no key exchange in IKE_AUTH and accepts one proposal with one transform of each type', () => {
    let offers = 0
    let answers = 0
    for (const { message, inner, form } of fc.sample(conformingMessage(), { numRuns: 2000, seed: 1 })) {
      for (const payload of inner ?? message.payloads) {
        if (payload.kind !== 'securityAssociation') continue
        const types = payload.proposals.map(({ transforms }) => transforms.map(({ type }) => type))
        if (form.exchange === EXCHANGE.IKE_AUTH) expect(types.flat()).not.toContain(4)
        if (form.isResponse) expect(types).toEqual([[...new Set(types[0])]])
        offers += Number(payload.proposals.length > 1)
        answers += Number(form.isResponse)
      }
    }
    expect(Math.min(offers, answers)).toBeGreaterThan(50)
  })

  it('tells errors of MOBIKE, and several addresses and compressions', () => {
    const counts = new Map<string, number>()
    for (const { message, inner } of fc.sample(conformingMessage(), { numRuns: 3000, seed: 1 })) {
      const payloads = inner ?? message.payloads
      for (const name of ['UNACCEPTABLE_ADDRESSES', 'UNEXPECTED_NAT_DETECTED', 'CHILD_SA_NOT_FOUND'] as const) {
        if (payloads.some((one) => one.kind === 'notify' && one.type === NOTIFY[name])) counts.set(name, 1)
      }
      for (const name of ['ADDITIONAL_IP4_ADDRESS', 'ADDITIONAL_IP6_ADDRESS', 'IPCOMP_SUPPORTED'] as const) {
        const count = payloads.filter((one) => one.kind === 'notify' && one.type === NOTIFY[name]).length
        counts.set(name, Math.max(count, counts.get(name) ?? 0))
      }
    }
    expect(Object.fromEntries(counts)).toEqual({
      UNACCEPTABLE_ADDRESSES: 1,
      UNEXPECTED_NAT_DETECTED: 1,
      CHILD_SA_NOT_FOUND: 1,
      ADDITIONAL_IP4_ADDRESS: 3,
      ADDITIONAL_IP6_ADDRESS: 3,
      IPCOMP_SUPPORTED: 3
    })
  })

  it('names the argument that leaves no form', () => {
    expect(() => conformingMessage({ exchange: EXCHANGE.GSA_AUTH })).toThrow(/filter/)
    expect(() => conformingMessage({ name: 'nothing' })).toThrow(/filter/)
  })
})

describe('nonConformingMessage', () => {
  it.each(MESSAGE_RULES)('gives well-formed messages that break %s alone', (rule) => {
    fc.assert(
      fc.property(nonConformingMessage(rule), ({ message, inner, rule: broken }) => {
        expect(broken).toBe(rule)
        expect([...new Set(checkMessage(message, inner).map((violation) => violation.rule))]).toEqual([rule])
        expect(decodeMessage(encodeMessage(message)).ok).toBe(true)
      }),
      RUNS
    )
  })

  const violations = (rule: (typeof MESSAGE_RULES)[number], numRuns: number) => {
    return fc
      .sample(nonConformingMessage(rule), { numRuns, seed: 7 })
      .flatMap(({ message, inner }) => checkMessage(message, inner))
  }

  it('a misplaced notification contradicts no other', () => {
    expect(new Set(violations('misplacedNotify', 2000).map(({ rule }) => rule))).toEqual(new Set(['misplacedNotify']))
  })

  it('notifications too are too many, and NAT detection lacks either end', () => {
    const types = new Set(violations('tooMany', 1000).map(({ notifyType }) => notifyType))
    for (const type of [undefined, NOTIFY.REKEY_SA, NOTIFY.INVALID_SPI]) expect(types).toContain(type)
    const lacking = new Set(violations('natDetectionUnpaired', 100).map(({ notifyType }) => notifyType))
    expect(lacking).toEqual(new Set([NOTIFY.NAT_DETECTION_SOURCE_IP, NOTIFY.NAT_DETECTION_DESTINATION_IP]))
  })
})
