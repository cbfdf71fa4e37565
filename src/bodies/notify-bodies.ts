import { EMPTY } from '../bytes/index.ts'
import { NOTIFY, type NotifyPayload, notifyName, PROTOCOL } from '../codec/index.ts'
import type { BodyOf, BodyResult } from './layout.ts'
import { NOTIFY_LAYOUTS, type NotifyLayout } from './notify-layouts.ts'
import { decodeBody } from './read-fields.ts'
import { record, type Values, writeForms } from './write-fields.ts'

/** Name of a registered Notify Message Type. */
export type NotifyName = keyof typeof NOTIFY_LAYOUTS

interface ChildSaReference {
  /** AH or ESP. */
  readonly protocol: number
  /** Four octets: the SPI that the sender of the notification expects inbound (RFC 7296 section 3.10). */
  readonly spi: Uint8Array
}

/** The content of a Notify payload of type `N`: its data by field, and which Child SA it is about where it is about one. */
export type NotifyBody<N extends NotifyName> = (typeof NOTIFY_LAYOUTS)[N] extends { readonly childSa: true }
  ? BodyOf<(typeof NOTIFY_LAYOUTS)[N]['forms']> & ChildSaReference
  : BodyOf<(typeof NOTIFY_LAYOUTS)[N]['forms']>

/** A Notify payload by name, so that a `switch` over `name` knows the fields of `body`. */
export type NamedNotify = { [N in NotifyName]: { readonly name: N; readonly body: NotifyBody<N> } }[NotifyName]

// Of every type: the compiler refuses a registry with a name that has no layout here.
const LAYOUTS: Readonly<Record<keyof typeof NOTIFY, NotifyLayout>> = NOTIFY_LAYOUTS

/** Layout of a Notify Message Type, or undefined when the registry does not know it. */
export function notifyLayout(type: number): NotifyLayout | undefined {
  const name = notifyName(type)
  return Object.hasOwn(LAYOUTS, name) ? LAYOUTS[name as NotifyName] : undefined
}

/**
 * What a Notify payload says, or undefined when its type is not registered. Data of a type that has none is ignored, as RFC
 * 4555 section 4.2.1 and others ask; so are Protocol ID and SPI where no SA is meant. Octets are views of the payload. Total.
 */
export function decodeNotify({ type, protocol, spi, data }: NotifyPayload): BodyResult<NamedNotify> | undefined {
  const layout = notifyLayout(type)
  if (layout === undefined) return undefined
  const hasData = layout.forms.some((form) => form.length > 0)
  const body = hasData ? decodeBody(layout.forms, data) : ({ ok: true, value: {} } as const)
  if (!body.ok) return body
  if (layout.childSa && !isChildProtocol(protocol)) return refused('protocol')
  if (layout.childSa && spi.length !== 4) return refused('spi')
  const value = layout.childSa ? { ...body.value, protocol, spi } : body.value
  return { ok: true, value: { name: notifyName(type), body: value } as NamedNotify }
}

/** Section 3.10: a notification about a Child SA must have AH or ESP there. */
function isChildProtocol(protocol: number): boolean {
  return protocol === PROTOCOL.AH || protocol === PROTOCOL.ESP
}

function refused(field: string): BodyResult<never> {
  return { ok: false, error: { code: 'invalidValue', offset: 0, field } }
}

/**
 * The body of a Notify payload when it is of type `name` and well formed, else undefined: for a caller who looks for one type
 * and treats a malformed one as absent. Total.
 */
export function notifyBody<N extends NotifyName>(payload: NotifyPayload, name: N): NotifyBody<N> | undefined {
  if (payload.type !== NOTIFY[name]) return undefined
  const decoded = decodeNotify(payload)
  return decoded?.ok ? (decoded.value.body as NotifyBody<N>) : undefined
}

/**
 * A Notify payload of type `name`. Throws TypeError or RangeError naming the field that is missing, unknown, or not what the RFC
 * allows.
 */
export function encodeNotify<N extends NotifyName>(name: N, body: NotifyBody<N>): NotifyPayload {
  const layout = LAYOUTS[name]
  const owner = `notify ${name}`
  if (layout.childSa !== true) {
    return {
      kind: 'notify',
      protocol: layout.protocol ?? PROTOCOL.NONE,
      spi: EMPTY,
      type: NOTIFY[name],
      data: writeForms(layout.forms, body as Values, owner)
    }
  }
  const { protocol, spi, ...rest } = record(body, owner) as ChildSaReference & Values
  if (!isChildProtocol(protocol)) throw new RangeError(`${owner}.protocol: ${protocol} is neither AH (2) nor ESP (3)`)
  if (!(spi instanceof Uint8Array)) throw new TypeError(`${owner}.spi: expected a Uint8Array`)
  if (spi.length !== 4) throw new RangeError(`${owner}.spi: ${spi.length} octets, 4 are needed`)
  return { kind: 'notify', protocol, spi, type: NOTIFY[name], data: writeForms(layout.forms, rest, owner) }
}
