import fc, { type Arbitrary } from 'fast-check'
import { NOTIFY_LAYOUTS, type NotifyName } from '../bodies/index.ts'
import {
  EXCHANGE,
  isErrorNotify,
  type Message,
  NOTIFY,
  type NotifyPayload,
  PAYLOAD,
  type Payload,
  payloadType
} from '../codec/index.ts'
import {
  CLEAR_NOTIFY_RULES,
  MESSAGE_FORMS,
  type MessageForm,
  NOTIFY_EXCLUSIONS,
  NOTIFY_RULES,
  type NotifyRule,
  type PayloadRule
} from '../rules/index.ts'
import { conformingHeader } from './conforming-header.ts'
import { octets } from './draw.ts'
import { identity, notifyPayload, PAYLOAD_KINDS, type PayloadOf, payload } from './payloads.ts'
import { accepted, childProposals, ikeProposals } from './security-association.ts'

/** A message, what its Encrypted payload is to hold, and the form that it has. */
export interface PlainMessage {
  /** Where it is protected its only payload is an Encrypted one of random octets; who has keys seals `inner` in its place. */
  readonly message: Message
  /** What is protected; undefined where nothing is. */
  readonly inner: readonly Payload[] | undefined
  readonly form: MessageForm
}

/** A form of messages by exchange, direction and name, as {@link MESSAGE_FORMS} has them. */
export type FormFilter = Partial<Pick<MessageForm, 'exchange' | 'isResponse' | 'name'>>

/**
 * Messages that `checkMessage` finds nothing in: for every exchange and direction the payloads that belong there, as often as
 * they may, notifications where their RFCs put them. `filter` narrows the forms. Throws RangeError when no form is left.
 */
export function conformingMessage(filter: FormFilter = {}): Arbitrary<PlainMessage> {
  const { exchange, isResponse, name } = filter
  const forms = MESSAGE_FORMS.filter((form) => {
    if (exchange !== undefined && form.exchange !== exchange) return false
    return (isResponse ?? form.isResponse) === form.isResponse && (name ?? form.name) === form.name
  })
  if (forms.length === 0) throw new RangeError(`filter: no form ${name ?? ''} of exchange ${exchange ?? 'any'}`)
  return fc.constantFrom(...forms).chain(messageOf)
}

/** The form of exchange 0 stands for notifications outside any IKE SA, which INFORMATIONAL carries (sections 1.5, 2.21.4). */
function messageOf(form: MessageForm): Arbitrary<PlainMessage> {
  const exchangeType = form.exchange === 0 ? EXCHANGE.INFORMATIONAL : form.exchange
  return fc
    .tuple(conformingHeader(form), contentOf(form, exchangeType), octets(28, 100))
    .map(([fields, list, sealed]) => ({
      message: {
        ...fields,
        majorVersion: 2,
        minorVersion: 0,
        exchangeType,
        isResponse: form.isResponse,
        payloads: form.isProtected ? [encrypted(list, sealed)] : list
      },
      inner: form.isProtected ? list : undefined,
      form
    }))
}

function encrypted(inner: readonly Payload[], body: Uint8Array): Payload {
  const [first] = inner
  return { kind: 'encrypted', firstInner: first === undefined ? PAYLOAD.NONE : payloadType(first), body }
}

function contentOf(form: MessageForm, exchangeType: number): Arbitrary<readonly Payload[]> {
  const isOnlyNotify = form.exchange === 0
  // Those that go together are all there or none is: a Child SA in IKE_AUTH, or a childless one (RFC 6023).
  return fc
    .boolean()
    .chain((together) =>
      fc
        .tuple(
          fc.tuple(...form.payloads.map((rule) => payloadsOf(form, rule, together))),
          notifiesOf(form, exchangeType),
          fc.array(
            isOnlyNotify ? payload('vendorId') : fc.oneof<Arbitrary<Payload>[]>(payload('vendorId'), unknownPayload()),
            { maxLength: form.isClosed ? 0 : 2 }
          )
        )
        .map(([lists, notifies, others]) => [
          ...notifies.filter(({ type }) => type === NOTIFY.COOKIE),
          ...lists.flat(),
          ...notifies.filter(({ type }) => type !== NOTIFY.COOKIE),
          ...others
        ])
    )
}

/** Of no type that would give a message of IKE_AUTH no form. */
export function unknownPayload(): Arbitrary<PayloadOf<'unknown'>> {
  return payload('unknown').filter(({ type }) => type !== PAYLOAD.GENERIC_SECURE_PASSWORD_METHOD)
}

function payloadsOf(form: MessageForm, rule: PayloadRule, together: boolean): Arbitrary<readonly Payload[]> {
  const { type, least, most } = rule
  if (rule.together && !together) return fc.constant([])
  // Notify is in the forms only where a message has nothing else, and is drawn with the notifications.
  if (type === PAYLOAD.NOTIFY) return fc.constant([])
  const minLength = rule.together || type === form.mark ? 1 : least
  return fc.array(payloadOf(form, type), { minLength, maxLength: Math.min(most, minLength + 2) })
}

function payloadOf(form: MessageForm, type: number): Arbitrary<Payload> {
  if (type === PAYLOAD.SECURITY_ASSOCIATION) {
    const isFirst = form.exchange === EXCHANGE.IKE_SA_INIT
    const hasKeyExchange = form.exchange !== EXCHANGE.IKE_AUTH
    const offer = isFirst || form.marksIkeSa ? ikeProposals(isFirst ? 0 : 8) : childProposals(hasKeyExchange)
    return (form.isResponse ? accepted(offer) : offer).map((proposals) => ({ kind: 'securityAssociation', proposals }))
  }
  if (type === PAYLOAD.IDENTIFICATION_INITIATOR) return identity('identificationInitiator')
  if (type === PAYLOAD.IDENTIFICATION_RESPONDER) return identity('identificationResponder')
  return payload(PAYLOAD_KINDS.find((kind) => kind !== 'unknown' && numberOf(kind) === type) ?? 'vendorId')
}

/** The payload type of a kind, which alone says it. */
function numberOf(kind: Exclude<Payload['kind'], 'unknown'>): number {
  return payloadType({ kind } as Payload)
}

const NAMES: readonly NotifyName[] = Object.keys(NOTIFY_LAYOUTS) as NotifyName[]
const RESTRICTED: ReadonlySet<number> = new Set(NOTIFY_RULES.map(({ type }) => type))
const ERRORS_ANYWHERE: readonly NotifyName[] = NAMES.filter((name) => {
  return isErrorNotify(NOTIFY[name]) && !RESTRICTED.has(NOTIFY[name])
})

/** What may be told in the clear: each type once. */
function clearNotifies(isResponse: boolean): Arbitrary<readonly NotifyPayload[]> {
  const told = CLEAR_NOTIFY_RULES.filter(({ places }) => places.some((at) => at.isResponse === isResponse))
  const names = NAMES.filter((name) => told.some(({ type }) => type === NOTIFY[name]))
  return fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1 })
    .chain((chosen) => fc.tuple(...chosen.map(notifyPayload)))
}

function notifiesOf(form: MessageForm, exchange: number): Arbitrary<readonly NotifyPayload[]> {
  const { isResponse } = form
  if (form.exchange === 0) return clearNotifies(isResponse)
  const places = NOTIFY_RULES.filter((rule) =>
    rule.places.some((place) => place.exchange === exchange && place.isResponse === isResponse)
  )
  // What would make another form of it, NAT detection, which comes in pairs, and errors are chosen below or not at all.
  const elsewhere = new Set<number>([
    ...MESSAGE_FORMS.filter((other) => other.exchange === exchange && other.isResponse === isResponse).map(
      ({ mark }) => -mark
    ),
    ...form.notifies.filter(({ least, most }) => least > 0 || most === 0).map(({ type }) => type),
    NOTIFY.NAT_DETECTION_SOURCE_IP,
    NOTIFY.NAT_DETECTION_DESTINATION_IP
  ])
  const isPlaced = (name: NotifyName): boolean => places.some(({ type }) => type === NOTIFY[name])
  const free = NAMES.filter((name) => {
    const type = NOTIFY[name]
    if (elsewhere.has(type)) return false
    if (form.isClosed) return form.notifies.some((listed) => listed.type === type)
    // Errors that refuse an exchange are for its refusal; INFORMATIONAL tells them beside the rest (RFC 4555 section 3.5).
    if (isErrorNotify(type)) return exchange === EXCHANGE.INFORMATIONAL && isPlaced(name)
    return !RESTRICTED.has(type) || isPlaced(name)
  })
  const chosen = free.length === 0 ? fc.constant([]) : fc.uniqueArray(fc.constantFrom(...free), { maxLength: 4 })
  const pair = places.some(({ type }) => type === NOTIFY.NAT_DETECTION_SOURCE_IP) && !form.needsError && !form.isClosed
  const detection = pair ? fc.integer({ min: 0, max: 3 }) : fc.constant(0)
  const refusals = NAMES.filter((name) => isErrorNotify(NOTIFY[name]) && isPlaced(name))
  const errors = form.needsError
    ? fc.constantFrom(...ERRORS_ANYWHERE, ...refusals).map((name) => [name])
    : fc.constant([])
  return fc.tuple(chosen, detection, errors).chain(([names, sources, refused]) => {
    const needed = form.notifies.filter(({ least }) => least > 0).map(({ type }) => type)
    const marks = NAMES.filter((name) => NOTIFY[name] === -form.mark || needed.includes(NOTIFY[name]))
    const nat: readonly NotifyName[] =
      sources === 0
        ? []
        : [...Array(sources).fill('NAT_DETECTION_SOURCE_IP' as const), 'NAT_DETECTION_DESTINATION_IP' as const]
    const fixed = [...marks, ...refused, ...nat]
    const once = fixed.map(notifyPayload)
    const often = withoutContradiction(fixed, names).map((name) => repeated(name, places))
    return fc.tuple(fc.tuple(...once), fc.tuple(...often)).map(([some, others]) => [...some, ...others.flat()])
  })
}

/** A notification, or up to three where there may be any number: each with an address or a transform of its own. */
function repeated(name: NotifyName, places: readonly NotifyRule[]): Arbitrary<readonly NotifyPayload[]> {
  const isAnyNumber = places.some(({ type, most }) => type === NOTIFY[name] && most === Infinity)
  return fc.array(notifyPayload(name), { minLength: 1, maxLength: isAnyNumber ? 3 : 1 })
}

/** Those that neither one of `fixed` nor one before them contradicts. */
function withoutContradiction(fixed: readonly NotifyName[], names: readonly NotifyName[]): readonly NotifyName[] {
  return names.filter((name, at) => {
    return ![...fixed, ...names.slice(0, at)].some((other) => areContradictory(NOTIFY[name], NOTIFY[other]))
  })
}

/** Whether one message must not have notifications of both types. */
export function areContradictory(one: number, two: number): boolean {
  return NOTIFY_EXCLUSIONS.some(({ type, others }) => {
    return (type === one && others.includes(two)) || (type === two && others.includes(one))
  })
}
