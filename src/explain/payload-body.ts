import { configurationLayout, type DataPayload, dataLayout, notifyLayout, registryName } from '../bodies/index.ts'
import { ipAddressText } from '../bytes/index.ts'
import {
  AUTH_METHOD,
  CERTIFICATE_ENCODING,
  CONFIGURATION_TYPE,
  EAP_CODE,
  ID_TYPE,
  isErrorNotify,
  keyExchangeMethodName,
  notifyName,
  PAYLOAD,
  PROTOCOL,
  TRAFFIC_SELECTOR_TYPE
} from '../codec/index.ts'
import { explainFields } from './fields.ts'
import { escaped, type Outline, octetsText } from './outline.ts'
import { explainProposals } from './proposals.ts'

/** The body of a payload of `type`, behind the generic header. Returns a summary of it where there is one. */
export function explainBody(body: Outline, type: number): string | undefined {
  switch (type) {
    case PAYLOAD.SECURITY_ASSOCIATION:
      return explainProposals(body)
    case PAYLOAD.KEY_EXCHANGE:
      return keyExchange(body)
    case PAYLOAD.IDENTIFICATION_INITIATOR:
      return typed(body, 'ID Type', ID_TYPE, 3, (idType, data) => ({ kind: 'identificationInitiator', idType, data }))
    case PAYLOAD.IDENTIFICATION_RESPONDER:
      return typed(body, 'ID Type', ID_TYPE, 3, (idType, data) => ({ kind: 'identificationResponder', idType, data }))
    case PAYLOAD.CERTIFICATE:
      return typed(body, 'Cert Encoding', CERTIFICATE_ENCODING, 0, (encoding, data) => {
        return { kind: 'certificate', encoding, data }
      })
    case PAYLOAD.CERTIFICATE_REQUEST:
      return typed(body, 'Cert Encoding', CERTIFICATE_ENCODING, 0, (encoding, data) => {
        return { kind: 'certificateRequest', encoding, data }
      })
    case PAYLOAD.AUTHENTICATION:
      return typed(body, 'Auth Method', AUTH_METHOD, 3, (method, data) => ({ kind: 'authentication', method, data }))
    case PAYLOAD.NONCE:
      body.raw('Nonce Data', body.left)
      return undefined
    case PAYLOAD.NOTIFY:
      return notify(body)
    case PAYLOAD.DELETE:
      return deletion(body)
    case PAYLOAD.VENDOR_ID:
      body.raw('Vendor ID', body.left, vendorText)
      return undefined
    case PAYLOAD.TRAFFIC_SELECTOR_INITIATOR:
    case PAYLOAD.TRAFFIC_SELECTOR_RESPONDER:
      return trafficSelectors(body)
    case PAYLOAD.ENCRYPTED:
      body.raw('IV, ciphertext and checksum', body.left)
      return undefined
    case PAYLOAD.ENCRYPTED_FRAGMENT:
      return fragment(body)
    case PAYLOAD.CONFIGURATION:
      return configuration(body)
    case PAYLOAD.EAP:
      return eap(body)
    default:
      body.raw('data', body.left)
      return undefined
  }
}

/** `20 (NAME)`, or the number alone. */
function named(table: Readonly<Record<string, number>>): (value: number) => string {
  return (value) => {
    const name = Object.keys(table).find((key) => table[key] === value)
    return name === undefined ? String(value) : `${value} (${name})`
  }
}

function nameIn(table: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(table).find((key) => table[key] === value) ?? String(value)
}

function keyExchange(body: Outline): string | undefined {
  const method = body.number('Key Exchange Method', 2, (value) => {
    const name = keyExchangeMethodName(value)
    return name === String(value) ? name : `${value} (${name})`
  })
  body.reserved(2)
  body.raw('Key Exchange Data', body.left)
  return method === undefined ? undefined : keyExchangeMethodName(method)
}

/** An octet of type, RESERVED octets, and data whose layout the type tells. */
function typed(
  body: Outline,
  name: string,
  table: Readonly<Record<string, number>>,
  reserved: number,
  payloadOf: (type: number, data: Uint8Array) => DataPayload
): string | undefined {
  const type = body.number(name, 1, named(table))
  if (reserved > 0) body.reserved(reserved)
  if (type === undefined || body.isBroken) return undefined
  const layout = dataLayout(payloadOf(type, new Uint8Array(0)))?.layout
  if (layout === undefined) body.raw('data', body.left)
  else return explainFields(body, body.left, layout.forms, layout.reference) ?? nameIn(table, type)
  return nameIn(table, type)
}

function notify(body: Outline): string | undefined {
  body.number('Protocol ID', 1, named(PROTOCOL))
  const spiSize = body.number('SPI Size', 1)
  const type = body.number('Notify Message Type', 2, (value) => {
    const name = notifyName(value)
    const kind = isErrorNotify(value) ? 'error' : 'status'
    return name === String(value) ? `${value}, ${kind}` : `${value} (${name}), ${kind}`
  })
  body.raw('SPI', spiSize ?? 0)
  if (type === undefined || body.isBroken) return undefined
  const layout = notifyLayout(type)
  if (layout?.forms.some((form) => form.length > 0)) explainFields(body, body.left, layout.forms, layout.reference)
  else body.raw('Notification Data', body.left, octetsText, layout?.reference)
  return notifyName(type)
}

function deletion(body: Outline): string | undefined {
  const protocol = body.number('Protocol ID', 1, named(PROTOCOL))
  const spiSize = body.number('SPI Size', 1) ?? 0
  const count = body.number('Number of SPIs', 2) ?? 0
  for (let i = 0; i < count && spiSize > 0 && !body.isBroken; i++) body.raw(`SPI ${i + 1}`, spiSize)
  return protocol === undefined ? undefined : `${nameIn(PROTOCOL, protocol)}, ${count} SPIs`
}

/** Many vendors sign with text. */
function vendorText(octets: Uint8Array): string {
  const isText = octets.length >= 4 && octets.every((octet) => octet >= 0x20 && octet < 0x7f)
  if (!isText) return octetsText(octets)
  const text = `"${escaped(String.fromCharCode(...octets.subarray(0, 64)))}"`
  return octets.length > 64 ? `${text}… (${octets.length} octets)` : text
}

function trafficSelectors(body: Outline): string | undefined {
  const count = body.number('Number of TSs', 1) ?? 0
  body.reserved(3)
  const texts: string[] = []
  for (let i = 0; i < count && body.left > 0 && !body.isBroken; i++) {
    const length = body.peek(2, 2)
    body.group(
      `traffic selector ${i + 1}`,
      Math.max(length ?? 4, 4),
      (selector) => {
        const text = trafficSelector(selector)
        texts.push(text ?? '?')
        return text
      },
      'RFC 7296 section 3.13.1'
    )
  }
  return texts.join(', ')
}

function trafficSelector(selector: Outline): string | undefined {
  const type = selector.number('TS Type', 1, named(TRAFFIC_SELECTOR_TYPE))
  const isRange = type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE || type === TRAFFIC_SELECTOR_TYPE.TS_IPV6_ADDR_RANGE
  const protocol = selector.number(isRange ? 'IP Protocol ID' : 'RESERVED', 1, (value) => {
    return value === 0 && isRange ? '0 (any)' : String(value)
  })
  selector.number('Selector Length', 2, (octets) => `${octets} octets`)
  if (type === TRAFFIC_SELECTOR_TYPE.TS_FC_ADDR_RANGE) return fibreChannelRange(selector)
  if (!isRange) {
    selector.raw(type === TRAFFIC_SELECTOR_TYPE.TS_SECLABEL ? 'Security Label' : 'data', selector.left)
    return undefined
  }
  const size = type === TRAFFIC_SELECTOR_TYPE.TS_IPV4_ADDR_RANGE ? 4 : 16
  const startPort = selector.number('Start Port', 2)
  const endPort = selector.number('End Port', 2)
  const text = (octets: Uint8Array) => ipAddressText(octets) ?? octetsText(octets)
  const start = selector.raw('Starting Address', size, text)
  const end = selector.raw('Ending Address', size, text)
  if (start === undefined || end === undefined) return undefined
  const ports = startPort === 0 && endPort === 0xffff ? '' : ` ports ${startPort}-${endPort}`
  return `${text(start)}-${text(end)}${protocol === 0 ? '' : ` protocol ${protocol}`}${ports}`
}

/** RFC 4595 section 4.4. */
function fibreChannelRange(selector: Outline): undefined {
  for (const name of ['Starting Address', 'Ending Address']) {
    selector.reserved(1)
    selector.raw(name, 3)
  }
  for (const name of ['Starting R_CTL', 'Ending R_CTL', 'Starting Type', 'Ending Type']) selector.number(name, 1)
  return undefined
}

function fragment(body: Outline): string | undefined {
  const number = body.number('Fragment Number', 2)
  const total = body.number('Total Fragments', 2)
  body.raw('IV, ciphertext and checksum', body.left)
  return total === undefined ? undefined : `${number} of ${total}`
}

function configuration(body: Outline): string | undefined {
  const type = body.number('CFG Type', 1, named(CONFIGURATION_TYPE))
  body.reserved(3)
  for (let i = 1; body.left > 0 && !body.isBroken; i++) {
    const length = body.left < 4 ? body.left : 4 + (body.peek(2, 2) as number)
    body.group(`attribute ${i}`, length, configurationAttribute, 'RFC 7296 section 3.15.1')
  }
  return type === undefined ? undefined : nameIn(CONFIGURATION_TYPE, type)
}

function configurationAttribute(attribute: Outline): string | undefined {
  const type = attribute.number('Attribute Type', 2, (value) => {
    const name = registryName('configurationAttribute', value & 0x7fff)
    return `${value & 0x7fff}${name === String(value & 0x7fff) ? '' : ` (${name})`}${value > 0x7fff ? ', reserved bit' : ''}`
  })
  attribute.number('Length', 2, (octets) => `${octets} octets`)
  if (type === undefined || attribute.isBroken) return undefined
  const found = configurationLayout(type & 0x7fff)
  if (found === undefined) attribute.raw('value', attribute.left)
  else if (attribute.left > 0) explainFields(attribute, attribute.left, found.layout.forms, found.layout.reference)
  return found?.name
}

function eap(body: Outline): string | undefined {
  const code = body.number('Code', 1, named(EAP_CODE))
  body.number('Identifier', 1)
  body.number('Length', 2, (octets) => `${octets} octets`)
  if (code === undefined || body.isBroken) return undefined
  if (body.left === 0) return nameIn(EAP_CODE, code)
  const type = body.number('Type', 1, (value) => {
    const name = registryName('eapType', value)
    return name === String(value) ? name : `${value} (${name})`
  })
  const layout = dataLayout({ kind: 'eap', code, identifier: 0, type: type as number, data: new Uint8Array(0) })?.layout
  if (layout === undefined) body.raw('data', body.left)
  else explainFields(body, body.left, layout.forms, layout.reference)
  return `${nameIn(EAP_CODE, code)} ${registryName('eapType', type as number)}`
}
