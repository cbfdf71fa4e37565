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
  NOTIFY_RULES,
  type NotifyRule
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
  /** A notification that its RFC restricts; for `misplacedNotify`, to other places than this one. */
  readonly restricted: NotifyPayload
  readonly source: NotifyPayload
  readonly destination: NotifyPayload
}

/** Content with the fault, and what stands outside protection besides. */
interface Faulty {
  readonly content: readonly Payload[]
  readonly outside?: readonly Payload[]
}

interface Fault {
  /** True for the forms in which the rule can be broken. */
  readonly fits: (form: MessageForm) => boolean
  /** All ways in which content of that form can be made to break the rule; none where there happens to be nothing for it. */
  readonly ways: (content: readonly Payload[], form: MessageForm, extras: Extras) => readonly Faulty[]
}

/** True where a form takes more than it is made of: not notifications in the clear, not what has nothing else. */
function isOpen({ exchange, isClosed }: MessageForm): boolean {
  return exchange !== 0 && !isClosed
}

const FAULTS: Readonly<Record<MessageRuleName, Fault>> = {
  missing: {
    fits: (form) => neededTypes(form).length > 0 || form.notifies.some(({ least }) => least > 0),
    ways: (content, form) => {
      const needed = neededTypes(form).filter((type) => content.some(isType(type)))
      const told = form.notifies.filter(({ least }) => least > 0)
      return [
        ...needed.map((type) => ({ content: content.filter((one) => !isType(type)(one)) })),
        ...told.map(({ type }) => ({ content: content.filter((one) => !isNotifyOf(type)(one)) }))
      ]
    }
  },
  tooMany: {
    fits: (form) => form.payloads.some(({ most }) => most === 1) || notifyRulesAt(form).some(isCounted),
    ways: (content, form) => {
      const lone = content.filter((one) => form.payloads.some(({ type, most }) => most === 1 && isType(type)(one)))
      const told = notifyRulesAt(form).filter(isCounted)
      return [
        ...lone.map((one) => ({ content: [...content, one] })),
        ...told.flatMap(({ type, most }) => {
          const same = content.filter(isNotifyOf(type))
          return same.slice(0, 1).map((one) => {
            return { content: [...content, ...Array<Payload>(most - same.length + 1).fill(one)] }
          })
        })
      ]
    }
  },
  unexpected: {
    fits: ({ exchange }) => exchange !== 0,
    ways: (content, form, { any }) => {
      const type = payloadType(any)
      const isExpected = form.payloads.some((rule) => rule.type === type)
      const isAllowed = form.isClosed ? any.kind === 'notify' : isExpected || isFree(any)
      return isAllowed || marksOf(form).includes(type) ? [] : [{ content: [...content, any] }]
    }
  },
  unprotected: {
    fits: ({ isProtected }) => isProtected,
    ways: (content, _, { restricted }) => {
      const outside = content.filter((one) => !isFree(one))
      if (!isClear(restricted.type)) outside.push(restricted)
      return outside.map((one) => ({ content, outside: [one] }))
    }
  },
  unsupportedCritical: {
    fits: (form) => !form.isResponse && isOpen(form),
    ways: (content, _, { unknown }) => [{ content: [...content, { ...unknown, critical: true }] }]
  },
  criticalBit: {
    fits: () => true,
    ways: (content, form) =>
      content
        .filter(({ kind }) => form.isResponse || kind !== 'unknown')
        .map((one) => ({ content: content.map((other) => (other === one ? { ...one, critical: true } : other)) }))
  },
  misplacedNotify: {
    // In the clear it is out of place in another way, and where nothing else may be it is too much.
    fits: isOpen,
    // What excludes each other breaks a second rule.
    ways: (content, _, { restricted }) => {
      return excludesAny(restricted.type, content) ? [] : [{ content: [...content, restricted] }]
    }
  },
  cookieNotFirst: {
    fits: ({ exchange, isResponse }) => {
      return !isResponse && (exchange === EXCHANGE.IKE_SA_INIT || exchange === EXCHANGE.IKE_SESSION_RESUME)
    },
    ways: (content) => {
      const rest = content.filter((one) => !isNotifyOf(NOTIFY.COOKIE)(one))
      return [{ content: [...rest, notify(NOTIFY.COOKIE, new Uint8Array(16).fill(7))] }]
    }
  },
  natDetectionUnpaired: {
    fits: (form) => isOpen(form) && notifyRulesAt(form).some(({ type }) => type === NOTIFY.NAT_DETECTION_SOURCE_IP),
    ways: (content, _, { source, destination }) => {
      const others = content.filter((one) => ![source, destination].some(({ type }) => isNotifyOf(type)(one)))
      return [source, destination].map((lone) => {
        const same = content.filter(isNotifyOf(lone.type))
        return { content: [...others, ...(same.length > 0 ? same : [lone])] }
      })
    }
  },
  contradictory: {
    // Only a request of INFORMATIONAL has either.
    fits: (form) => form.exchange === EXCHANGE.INFORMATIONAL && !form.isResponse && isOpen(form),
    ways: (content) => {
      const rest = content.filter((one) => !isNotifyOf(NOTIFY.NO_ADDITIONAL_ADDRESSES)(one))
      return [{ content: [...rest, ADDITIONAL_ADDRESS, notify(NOTIFY.NO_ADDITIONAL_ADDRESSES)] }]
    }
  }
}

const ADDITIONAL_ADDRESS: NotifyPayload = notify(NOTIFY.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(192, 0, 2, 1))

/** Rules that a message can break although its octets are well formed. */
export const MESSAGE_RULES: readonly MessageRuleName[] = Object.keys(FAULTS) as MessageRuleName[]

const NAMES = Object.keys(NOTIFY_LAYOUTS) as NotifyName[]
/** COOKIE and NAT detection are faults of other rules too. */
const RESTRICTED: readonly NotifyName[] = NAMES.filter((name) => {
  if (name === 'COOKIE' || name.startsWith('NAT_DETECTION')) return false
  return NOTIFY_RULES.some((rule) => rule.type === NOTIFY[name])
})

/** Restricted notifications that are at fault in a form for their place alone. */
function misplaceable(form: MessageForm): readonly NotifyName[] {
  const placed = notifyRulesAt(form).map(({ type }) => type)
  return RESTRICTED.filter((name) => {
    const type = NOTIFY[name]
    return !placed.includes(type) && !isErrorNotify(type) && !marksOf(form).includes(-type)
  })
}

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
    source: notifyPayload('NAT_DETECTION_SOURCE_IP'),
    destination: notifyPayload('NAT_DETECTION_DESTINATION_IP')
  })
  return (rule === undefined ? fc.constantFrom(...MESSAGE_RULES) : fc.constant(rule)).chain((broken) => {
    const forms = MESSAGE_FORMS.filter(FAULTS[broken].fits)
    return fc.constantFrom(...forms).chain((form) => withFault(broken, form, extras))
  })
}

function withFault(
  rule: MessageRuleName,
  form: MessageForm,
  extras: Arbitrary<Omit<Extras, 'restricted'>>
): Arbitrary<NonConformingMessage> {
  const names = rule === 'misplacedNotify' ? misplaceable(form) : RESTRICTED
  return fc
    .tuple(conformingMessage(form), extras, fc.constantFrom(...names).chain(notifyPayload), fc.nat())
    .map(([plain, more, restricted, dice]) => {
      const ways = FAULTS[rule].ways(plain.inner ?? plain.message.payloads, form, { ...more, restricted })
      const way = ways[dice % ways.length]
      return way && { ...withContent(plain, way), rule }
    })
    .filter((found) => found !== undefined)
}

function withContent({ message, inner, form }: PlainMessage, { content, outside = [] }: Faulty): PlainMessage {
  if (inner === undefined) return { message: { ...message, payloads: content }, inner, form }
  return { message: { ...message, payloads: [...outside, ...message.payloads] }, inner: content, form }
}

/** Types that the form needs, or has together with others; not the one without which it is another form. */
function neededTypes({ payloads, mark }: MessageForm): readonly number[] {
  return payloads.filter((rule) => rule.type !== mark && (rule.least > 0 || rule.together)).map(({ type }) => type)
}

/** Notifications that messages of that form may have by their own RFCs. */
function notifyRulesAt({ exchange, isResponse }: MessageForm): readonly NotifyRule[] {
  // The form of exchange 0 is drawn as INFORMATIONAL.
  const [rules, at] = exchange === 0 ? [CLEAR_NOTIFY_RULES, EXCHANGE.INFORMATIONAL] : [NOTIFY_RULES, exchange]
  return rules.filter(({ places }) => {
    return places.some((place) => place.isResponse === isResponse && (place.exchange === at || place.exchange === 0))
  })
}

function isCounted({ most }: NotifyRule): boolean {
  return most !== Infinity
}

function excludesAny(type: number, content: readonly Payload[]): boolean {
  return content.some((one) => one.kind === 'notify' && areContradictory(one.type, type))
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
