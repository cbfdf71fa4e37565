import { EXCHANGE, isErrorNotify, NOTIFY, PAYLOAD, PROTOCOL, payloadType } from '../codec/index.ts'
import type { Message, Payload } from '../codec/types.ts'
import {
  CLEAR_NOTIFY_RULES,
  MESSAGE_FORMS,
  type MessageForm,
  NOTIFY_EXCLUSIONS,
  NOTIFY_RULES,
  type NotifyRule,
  type PayloadRule
} from './message-rules.ts'

/** The rules of RFC 7296 and its extensions about what a message contains. */
export type MessageRuleName =
  /** A payload or notification that the form needs is not there, or only some of those that go together are. */
  | 'missing'
  /** More payloads or notifications of a type than the form allows. */
  | 'tooMany'
  /** A payload type of RFC 7296 that the form does not have, or anything besides where the form allows nothing else. */
  | 'unexpected'
  /** A payload or a notification of the IANA registry that must be inside the Encrypted payload is outside. */
  | 'unprotected'
  /** An unknown payload with the Critical bit in a request (section 2.5). */
  | 'unsupportedCritical'
  /** The Critical bit where the sender must not set it: in a response, or on a payload type of RFC 7296 (sections 2.5, 3.2). */
  | 'criticalBit'
  /** A notification in an exchange, direction or form that its RFC does not give it. */
  | 'misplacedNotify'
  /** COOKIE in a request that is not the first payload (section 2.6). */
  | 'cookieNotFirst'
  /** NAT_DETECTION_SOURCE_IP without NAT_DETECTION_DESTINATION_IP, or the other way round (section 2.23). */
  | 'natDetectionUnpaired'
  /** Notifications that exclude each other. */
  | 'contradictory'

/** One rule that a message breaks. */
export interface MessageViolation {
  readonly rule: MessageRuleName
  /** `PAYLOAD` */
  readonly payloadType: number
  /** Where the payload is a Notify of a given type. */
  readonly notifyType?: number
  /** Section that states the rule: of RFC 7296 where no RFC is named. */
  readonly section: string
  /**
   * What a receiver that refuses the message for this rule says (section 3.10.1), or undefined where it must, or may as well,
   * ignore the fault: be strict in what you send.
   */
  readonly notify: number | undefined
}

const isNotify =
  (type: number) =>
  (payload: Payload): boolean =>
    payload.kind === 'notify' && payload.type === type

/**
 * Which form of {@link MESSAGE_FORMS} a message has, by what is in it. `inner` are the decrypted payloads of a protected
 * message. Undefined for exchanges without rules here, for IKE_AUTH with a payload of a secure password method (type 49,
 * RFC 6467), and for a protected message whose `inner` is not given.
 */
export function messageForm(message: Message, inner?: readonly Payload[]): MessageForm | undefined {
  const { exchangeType, isResponse, payloads } = message
  const forms = formsOf(exchangeType, isResponse)
  if (forms[0]?.isProtected !== true) return forms.find((form) => isMarked(form, payloads))
  if (!payloads.every(isContent)) {
    if (inner === undefined || (exchangeType === EXCHANGE.IKE_AUTH && inner.some(isSecurePassword))) return undefined
    return forms.find((form) => isMarked(form, inner))
  }
  // Without protection it can only be a notification that nobody may trust (sections 1.5, 2.21.4).
  const isNotification = payloads.every(({ kind }) => kind === 'notify' || kind === 'vendorId')
  return (isNotification ? formsOf(0, isResponse) : forms).find((form) => isMarked(form, payloads))
}

function isSecurePassword(payload: Payload): boolean {
  return payloadType(payload) === PAYLOAD.GENERIC_SECURE_PASSWORD_METHOD
}

function formsOf(exchange: number, isResponse: boolean): readonly MessageForm[] {
  return MESSAGE_FORMS.filter((form) => form.exchange === exchange && form.isResponse === isResponse)
}

function isMarked({ mark, marksIkeSa }: MessageForm, payloads: readonly Payload[]): boolean {
  if (mark === 0) return true
  if (mark < 0) return payloads.some(isNotify(-mark))
  return payloads.some(
    (payload) =>
      payloadType(payload) === mark &&
      (!marksIkeSa || (payload.kind === 'securityAssociation' && payload.proposals[0]?.protocol === PROTOCOL.IKE))
  )
}

/**
 * Everything in which a message differs from what its exchange and direction allow: which payloads must, may and must not be
 * there and how often, inside and outside encryption, Critical bits, and where notifications belong. The order of payloads is
 * no rule (section 2.5). `inner` are the decrypted payloads; without them a protected message is checked on its outside alone.
 * The cost is linear in the number of payloads. Never throws.
 */
export function checkMessage(message: Message, inner?: readonly Payload[]): readonly MessageViolation[] {
  const violations: MessageViolation[] = []
  const outer = message.payloads
  checkCritical(message.isResponse, inner === undefined ? outer : [...outer, ...inner], violations)
  const form = messageForm(message, inner)
  const isProtected = formsOf(message.exchangeType, message.isResponse)[0]?.isProtected === true
  if (isProtected) checkOutside(message, violations)
  if (form === undefined) return violations
  // What is outside does not stand for what is to be inside: an error in the clear is no answer.
  const payloads = form.isProtected ? (inner ?? outer.filter(isContent)) : outer
  checkForm(form, payloads, violations)
  if (!isProtected || form.isProtected) checkNotifies(message, payloads, violations)
  return violations
}

/** What is beside the Encrypted payload, or in its stead. */
function checkOutside({ exchangeType, isResponse, payloads }: Message, violations: MessageViolation[]): void {
  let encrypted = 0
  for (const payload of payloads) {
    const type = payloadType(payload)
    if (!isContent(payload)) {
      encrypted++
      if (encrypted === 2) violations.push(fault('tooMany', type, '3.14', NOTIFY.INVALID_SYNTAX))
    } else if (!isFree(payload)) violations.push(fault('unprotected', type, '3.14', NOTIFY.INVALID_SYNTAX))
  }
  for (const [type, count] of notifyCounts(payloads)) {
    const rule = CLEAR_NOTIFY_RULES.find((one) => one.type === type && isPlaced(one, exchangeType, isResponse))
    if (rule !== undefined) {
      if (count > rule.most) violations.push(fault('tooMany', PAYLOAD.NOTIFY, rule.section, undefined, type))
    } else if (REGISTERED.has(type)) violations.push(fault('unprotected', PAYLOAD.NOTIFY, '1.5', undefined, type))
  }
}

/** How often each Notify type is there. */
function notifyCounts(payloads: readonly Payload[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const payload of payloads) {
    if (payload.kind === 'notify') counts.set(payload.type, (counts.get(payload.type) ?? 0) + 1)
  }
  return counts
}

/** Types for private use and those of later RFCs may have rules of their own. */
const REGISTERED: ReadonlySet<number> = /* @__PURE__ */ new Set<number>(Object.values(NOTIFY))

function isPlaced({ places }: NotifyRule, exchange: number, isResponse: boolean): boolean {
  return places.some((place) => {
    return (place.exchange === exchange || place.exchange === 0) && place.isResponse === isResponse
  })
}

function fault(
  rule: MessageRuleName,
  type: number,
  section: string,
  notify?: number,
  notifyType?: number
): MessageViolation {
  const violation = { rule, payloadType: type, section, notify }
  return notifyType === undefined ? violation : { ...violation, notifyType }
}

/** False for the payloads that others are encrypted in. */
function isContent({ kind }: Payload): boolean {
  return kind !== 'encrypted' && kind !== 'encryptedFragment'
}

/** True for what may be anywhere. */
export function isFree({ kind }: Payload): boolean {
  return kind === 'notify' || kind === 'vendorId' || kind === 'unknown'
}

/** Section 3.2 binds the types of RFC 7296 alone: of the others that are read here, the Encrypted Fragment may have the bit. */
function checkCritical(isResponse: boolean, payloads: readonly Payload[], violations: MessageViolation[]): void {
  for (const payload of payloads) {
    if (payload.critical !== true) continue
    const type = payloadType(payload)
    if (isResponse) violations.push(fault('criticalBit', type, '2.5'))
    else if (payload.kind === 'unknown') {
      violations.push(fault('unsupportedCritical', type, '2.5', NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD))
    } else if (type <= PAYLOAD.EAP) violations.push(fault('criticalBit', type, '3.2'))
  }
}

function checkForm(form: MessageForm, payloads: readonly Payload[], violations: MessageViolation[]): void {
  const counts = new Map<number, number>()
  for (const payload of payloads) {
    const type = payloadType(payload)
    const count = (counts.get(type) ?? 0) + 1
    counts.set(type, count)
    const rule = form.payloads.find((candidate) => candidate.type === type)
    if (rule === undefined && (form.isClosed ? !isListed(form, payload) : !isFree(payload))) {
      violations.push(fault('unexpected', type, form.section))
    } else if (rule !== undefined && count === rule.most + 1) {
      violations.push(fault('tooMany', type, form.section, NOTIFY.INVALID_SYNTAX))
    }
  }
  const isThere = ({ type, together }: PayloadRule): boolean => together && counts.has(type)
  const anyTogether = form.payloads.some(isThere)
  for (const { type, least, together } of form.payloads) {
    if (counts.has(type) || !(least > 0 || (together && anyTogether))) continue
    violations.push(fault('missing', type, form.section, NOTIFY.INVALID_SYNTAX))
  }
  for (const { type, least, most } of form.notifies) {
    const count = payloads.filter(isNotify(type)).length
    if (count < least) violations.push(fault('missing', PAYLOAD.NOTIFY, form.section, NOTIFY.INVALID_SYNTAX, type))
    else if (most === 0 && count > 0) {
      violations.push(fault('misplacedNotify', PAYLOAD.NOTIFY, form.section, undefined, type))
    }
  }
  if (form.needsError && !payloads.some((payload) => payload.kind === 'notify' && isErrorNotify(payload.type))) {
    violations.push(fault('missing', PAYLOAD.NOTIFY, form.section, NOTIFY.INVALID_SYNTAX))
  }
}

function isListed({ mark, notifies }: MessageForm, payload: Payload): boolean {
  return payload.kind === 'notify' && (payload.type === -mark || notifies.some(({ type }) => type === payload.type))
}

function checkNotifies(message: Message, payloads: readonly Payload[], violations: MessageViolation[]): void {
  const counts = notifyCounts(payloads)
  for (const [type, count] of counts) {
    const rules = NOTIFY_RULES.filter((rule) => rule.type === type)
    const rule = rules.find((one) => isPlaced(one, message.exchangeType, message.isResponse))
    const section = (rule ?? rules[0])?.section
    if (section === undefined) continue
    if (rule === undefined) violations.push(fault('misplacedNotify', PAYLOAD.NOTIFY, section, undefined, type))
    else if (count > rule.most) violations.push(fault('tooMany', PAYLOAD.NOTIFY, section, undefined, type))
  }
  if (!message.isResponse && payloads.findIndex(isNotify(NOTIFY.COOKIE)) > 0) {
    violations.push(fault('cookieNotFirst', PAYLOAD.NOTIFY, '2.6', undefined, NOTIFY.COOKIE))
  }
  const { NAT_DETECTION_SOURCE_IP: source, NAT_DETECTION_DESTINATION_IP: destination } = NOTIFY
  if (counts.has(source) !== counts.has(destination)) {
    const type = counts.has(source) ? destination : source
    violations.push(fault('natDetectionUnpaired', PAYLOAD.NOTIFY, '2.23', undefined, type))
  }
  for (const { type, others, section } of NOTIFY_EXCLUSIONS) {
    if (!counts.has(type) || !others.some((other) => counts.has(other))) continue
    violations.push(fault('contradictory', PAYLOAD.NOTIFY, section, undefined, type))
  }
}
