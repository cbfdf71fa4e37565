// Checks of a capture, on what tshark sees with the keys from the peer's log.

import { toHex } from 'ikev2-mobike'
import {
  decodeMessage,
  decodePayloads,
  encodeMessage,
  encodePayloads,
  HEADER_OCTETS,
  payloadType
} from 'ikev2-mobike/codec'
import { ikeKeyLayout, openMessage, sealMessage } from 'ikev2-mobike/crypto'
import { keysOfLog } from './charon-keys.mjs'
import { dissect } from './dissect.mjs'
import { expect } from './scenario.mjs'

/** Rows: tshark complains about no message; its payload lists are ours. Resolves to the packets. */
export async function dissectionSteps({ step, capture, log, suite }) {
  let packets = []
  await step('tshark: no complaint', async () => {
    packets = await dissect(capture, keysOfLog(log), suite.cipher)
    const messages = packets.filter(({ kind }) => kind === 'ike')
    const complaints = messages.flatMap(({ number, experts }) => experts.map((expert) => `frame ${number} ${expert}`))
    expect(messages.length > 0, 'no IKE message captured')
    expect(complaints.length === 0, complaints.join('; '))
    return `${messages.length} IKE messages, ${packets.length - messages.length} ESP packets`
  })
  const messages = packets.filter(({ kind }) => kind === 'ike')
  await step('payload lists: tshark = ours', () => {
    for (const { number, payloads, ...message } of messages) {
      const own = ownPayloadList(message, suite.ike)
      expect(
        own.join(' ') === payloads.join(' '),
        `frame ${number}: tshark ${payloads.join(' ')}, ours ${own.join(' ')}`
      )
    }
    return `${messages.length} messages, ${messages.reduce((sum, { payloads }) => sum + payloads.length, 0)} payloads`
  })
  await step('same octets encoded again', () => {
    for (const { number, ...message } of messages) {
      const again = encodedAgain(message, suite.ike)
      expect(message.bytes.equals(again), `frame ${number}: ${message.bytes.toString('hex')}, ours ${toHex(again)}`)
    }
    return `${messages.length} messages decoded, opened, encoded and sealed`
  })
  return packets
}

/** The message decoded, and encoded from what was decoded, with the IV and padding it had. */
function encodedAgain({ bytes, ...packet }, suite) {
  const { value: message } = decodeMessage(bytes)
  if (message.payloads.at(-1)?.kind !== 'encrypted') return encodeMessage(message)
  const opened = open({ bytes, ...packet }, suite)
  const { firstPayload: firstInner, bytes: inner } = encodePayloads(
    decodePayloads(opened.inner, opened.firstInner).value
  )
  const { iv, padding } = opened
  return sealMessage({
    suite,
    material: packedKeys(suite, packet.keys),
    header: message,
    firstInner,
    inner,
    iv,
    padding
  })
}

/** The payload list of a message as this library decodes it, in the form of `dissect`. */
function ownPayloadList({ bytes, fromInitiator, keys }, suite) {
  const message = decodeMessage(bytes)
  if (!message.ok) return [`${message.error.code} at ${message.error.offset}`]
  const outer = message.value.payloads
  const last = outer.at(-1)
  if (last?.kind !== 'encrypted') return notation(outer)
  const opened = open({ bytes, fromInitiator, keys }, suite)
  if (!opened.ok) return [opened.error]
  const inner = decodePayloads(opened.inner, opened.firstInner)
  if (!inner.ok) return [`${inner.error.code} at ${inner.error.offset}`]
  return notation([...outer, ...inner.value])
}

/** Opens the Encrypted payload, the only outer one. */
function open({ bytes, fromInitiator, keys }, suite) {
  return openMessage({
    suite,
    material: packedKeys(suite, keys),
    sender: fromInitiator ? 'initiator' : 'responder',
    message: bytes,
    offset: HEADER_OCTETS
  })
}

const notation = (payloads) =>
  payloads.map((payload) => (payload.kind === 'notify' ? `41/${payload.type}` : String(payloadType(payload))))

/** Charon's keys in the library's order; those that do not protect messages stay zero. */
function packedKeys(suite, keys) {
  const layout = ikeKeyLayout(suite)
  const material = new Uint8Array(layout.length)
  for (const name of ['ai', 'ar', 'ei', 'er']) material.set(Buffer.from(keys[name], 'hex'), layout[name][0])
  return material
}

const INFORMATIONAL = 37
const UPDATE_SA_ADDRESSES = '41/16400'
const COOKIE2 = '41/16401'

/**
 * Our responder's return routability check on the wire (RFC 4555 section 3.7): for every UPDATE_SA_ADDRESSES from an address
 * it has not verified, it sends a request with COOKIE2 there, and no ESP goes there before the answer.
 *
 * @param gateway the responder's addresses by family
 * @param heldBack at least one client sent ESP from its new address before the proof
 */
export function routabilityOrder(packets, gateway, { heldBack = false } = {}) {
  const ours = new Set([...gateway[4], ...gateway[6]])
  const isRequest = ({ kind, exchangeType, isResponse }) =>
    kind === 'ike' && exchangeType === INFORMATIONAL && !isResponse
  // The address of the initial exchange is proven by it.
  const verified = new Set([packets.find(({ kind }) => kind === 'ike').source])
  const checks = []
  let earlyPackets = 0
  for (const [index, update] of packets.entries()) {
    if (!isRequest(update) || ours.has(update.source) || !update.payloads.includes(UPDATE_SA_ADDRESSES)) continue
    const { source: address, number } = update
    if (verified.has(address)) continue
    verified.add(address)
    const later = packets.slice(index + 1)
    const request = later.find(
      (packet) => isRequest(packet) && ours.has(packet.source) && packet.payloads.includes(COOKIE2)
    )
    expect(request !== undefined, `no COOKIE2 request after the UPDATE of frame ${number} from ${address}`)
    expect(request.destination === address, `COOKIE2 went to ${request.destination}, the UPDATE came from ${address}`)
    const answer = later.find(
      ({ isResponse, source, spis, messageId, payloads }) =>
        isResponse &&
        source === address &&
        spis === request.spis &&
        messageId === request.messageId &&
        payloads.includes(COOKIE2)
    )
    expect(answer !== undefined, `no answer to the COOKIE2 request of frame ${request.number}`)
    const esp = later.find(
      ({ kind, source, destination }) => kind === 'esp' && ours.has(source) && destination === address
    )
    expect(esp !== undefined, `no ESP to ${address} at all`)
    expect(
      esp.number > answer.number,
      `ESP of frame ${esp.number} to ${address} before the answer of frame ${answer.number}`
    )
    // Traffic from the new address before the proof shows that the gateway really held its own back.
    const early = later.filter(
      ({ kind, source, number: at }) => kind === 'esp' && source === address && at < answer.number
    )
    earlyPackets += early.length
    const held = early.length > 0 ? `, ${early.length} ESP from there before the answer` : ''
    const order = `UPDATE ${number}, COOKIE2 ${request.number}, answer ${answer.number}, ESP ${esp.number}`
    checks.push(`${address}: ${order}${held}`)
  }
  expect(checks.length > 0, 'no UPDATE from a new address captured')
  expect(!heldBack || earlyPackets > 0, 'no ESP from a new address before the proof: nothing was held back')
  return `frames at ${checks.join('; ')}`
}
