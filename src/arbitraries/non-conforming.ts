import fc, { type Arbitrary } from 'fast-check'
import { NOTIFY_LAYOUTS, type NotifyName } from '../bodies/index.ts'
import {
  EXCHANGE,
  isErrorNotify,
  NOTIFY,
  type NotifyPayload,
  notify,
  type Payload,
  payloadType
} from '../codec/index.ts'
import { isFree } from '../rules/check-message.ts'
import {
  CLEAR_NOTIFY_RULES,
  MESSAGE_FORMS,
  type MessageForm,
  type MessageRuleName,
  NOTIFY_RULES
} from '../rules/index.ts'
import { areContradictory, conformingMessage, type PlainMessage, unknownPayload } from './conforming.ts'
import { notifyPayload, PAYLOAD_KINDS, payload } from './payloads.ts'

/** A message whose octets are well formed and whose content breaks one rule. */
export interface NonConformingMessage extends PlainMessage {
  /** The rule that `checkMessage` says is broken, and no other. */
  readonly rule: MessageRuleName
}

/** What a message may be given to be at fault. */
interface Extras {
  readonly any: Payload
  readonly unknown: Payload
  readonly restricted: NotifyPayload
}

/** Content with the fault, and what stands outside protection besides. */
interface Faulty {
  readonly content: readonly Payload[]
  readonly outside?: readonly Payload[]
}

/** All ways in which content of that form can be made to break a rule; none where it cannot. */
type Fault = (content: readonly Payload[], form: MessageForm, extras: Extras) => readonly Faulty[]

const FAULTS: Readonly<Record<MessageRuleName, Fault>> = {
  missing: (content, form) => {
    const needed = form.payloads.filter((rule) => {
      return rule.type !== form.mark && (rule.least > 0 || (rule.together && content.some(isType(rule.type))))
    })
    const told = form.notifies.filter(({ least }) => least > 0)
    return [
      ...needed.map(({ type }) => ({ content: content.filter((one) => !isType(type)(one)) })),
      ...told.map(({ type }) => ({ content: content.filter((one) => !isNotifyOf(type)(one)) }))
    ]
  },
  tooMany: (content, form) => {
    const lone = content.filter((one) => form.payloads.some(({ type, most }) => most === 1 && isType(type)(one)))
    return lone.map((one) => ({ content: [...content, one] }))
  },
  unexpected: (content, form, { any }) => {
    const type = payloadType(any)
    const isExpected = form.payloads.some((rule) => rule.type === type) || form.exchange === 0
    const isAllowed = form.isClosed ? any.kind === 'notify' : isExpected || isFree(any)
    return isAllowed || marksOf(form).includes(type) ? [] : [{ content: [...content, any] }]
  },
  unprotected: (content, form, { restricted }) => {
    if (!form.isProtected) return []
    const outside = content.filter((one) => !isFree(one))
    if (!isClear(restricted.type)) outside.push(restricted)
    return outside.map((one) => ({ content, outside: [one] }))
  },
  unsupportedCritical: (content, form, { unknown }) => {
    return form.isResponse || form.exchange === 0 || form.isClosed
      ? []
      : [{ content: [...content, { ...unknown, critical: true }] }]
  },
  criticalBit: (content, form) =>
    content
      .filter(({ kind }) => form.isResponse || kind !== 'unknown')
      .map((one) => ({ content: content.map((other) => (other === one ? { ...one, critical: true } : other)) })),
  misplacedNotify: (content, form, { restricted }) => {
    const { type } = restricted
    const isPlaced = NOTIFY_RULES.some((rule) => {
      return (
        rule.type === type &&
        rule.places.some((at) => at.exchange === form.exchange && at.isResponse === form.isResponse)
      )
    })
    // In the clear it is out of place in another way, and where nothing else may be it is too much.
    if (form.exchange === 0 || form.isClosed) return []
    const isContradictory = content.some((one) => one.kind === 'notify' && areContradictory(one.type, type))
    return isPlaced || isErrorNotify(type) || marksOf(form).includes(-type) || isContradictory
      ? []
      : [{ content: [...content, restricted] }]
  },
  cookieNotFirst: (content, form) => {
    if (form.isResponse || (form.exchange !== EXCHANGE.IKE_SA_INIT && form.exchange !== EXCHANGE.IKE_SESSION_RESUME)) {
      return []
    }
    const rest = content.filter((one) => one.kind !== 'notify' || one.type !== NOTIFY.COOKIE)
    return [{ content: [...rest, notify(NOTIFY.COOKIE, new Uint8Array(16).fill(7))] }]
  },
  natDetectionUnpaired: (content) => {
    const rest = content.filter((one) => one.kind !== 'notify' || one.type !== NOTIFY.NAT_DETECTION_DESTINATION_IP)
    return rest.length === content.length ? [] : [{ content: rest }]
  },
  contradictory: (content, form) => {
    // Only a request of INFORMATIONAL has either.
    if (form.exchange !== EXCHANGE.INFORMATIONAL || form.isResponse || form.isClosed) return []
    const rest = content.filter((one) => !isNotifyOf(NOTIFY.NO_ADDITIONAL_ADDRESSES)(one))
    return [{ content: [...rest, ADDITIONAL_ADDRESS, notify(NOTIFY.NO_ADDITIONAL_ADDRESSES)] }]
  }
}

const ADDITIONAL_ADDRESS: NotifyPayload = notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(192, 0, 2, 1))

/** Rules that a message can break although its octets are well formed. */
export const MESSAGE_RULES: readonly MessageRuleName[] = Object.keys(FAULTS) as MessageRuleName[]

const NAMES = Object.keys(NOTIFY_LAYOUTS) as NotifyName[]
/** COOKIE and NAT detection are faults of other rules too. */
const MISPLACEABLE: readonly NotifyName[] = NAMES.filter((name) => {
  if (name === 'COOKIE' || name.startsWith('NAT_DETECTION')) return false
  return NOTIFY_RULES.some((rule) => rule.type === NOTIFY[name])
})

/**
 * Messages that decode and break just one rule of what a message may contain: `rule` when given, else any. What a receiver
 * must do differs by rule: see `MessageViolation.notify`.
 */
export function nonConformingMessage(rule?: MessageRuleName): Arbitrary<NonConformingMessage> {
  const extras = fc.record({
    any: fc.oneof(
      ...PAYLOAD_KINDS.filter((kind) => !kind.startsWith('enc')).map((kind): Arbitrary<Payload> => payload(kind))
    ),
    unknown: unknownPayload(),
    restricted: fc.constantFrom(...MISPLACEABLE).chain(notifyPayload)
  })
  return fc
    .tuple(
      rule === undefined ? fc.constantFrom(...MESSAGE_RULES) : fc.constant(rule),
      conformingMessage(),
      extras,
      fc.nat()
    )
    .map(([broken, plain, more, dice]) => {
      const ways = FAULTS[broken](plain.inner ?? plain.message.payloads, plain.form, more)
      const way = ways[dice % ways.length]
      return way && { ...withContent(plain, way), rule: broken }
    })
    .filter((found) => found !== undefined)
}

function withContent({ message, inner, form }: PlainMessage, { content, outside = [] }: Faulty): PlainMessage {
  if (inner === undefined) return { message: { ...message, payloads: content }, inner, form }
  return { message: { ...message, payloads: [...outside, ...message.payloads] }, inner: content, form }
}

function isClear(type: number): boolean {
  return CLEAR_NOTIFY_RULES.some((rule) => rule.type === type)
}

function isNotifyOf(type: number): (payload: Payload) => boolean {
  return (one) => one.kind === 'notify' && one.type === type
}

function isType(type: number): (payload: Payload) => boolean {
  return (one) => payloadType(one) === type
}

/** What would give the message another form. */
function marksOf({ exchange, isResponse }: MessageForm): readonly number[] {
  return MESSAGE_FORMS.filter((form) => form.exchange === exchange && form.isResponse === isResponse).map(
    ({ mark }) => mark
  )
}
