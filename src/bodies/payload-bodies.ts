import {
  AUTH_METHOD,
  type AuthenticationPayload,
  CERTIFICATE_ENCODING,
  type CertificatePayload,
  type CertificateRequestPayload,
  type EapPayload,
  ID_TYPE,
  type IdentificationPayload
} from '../codec/index.ts'
import type { BodyOf, BodyResult, Forms } from './layout.ts'
import { decodeBody } from './read-fields.ts'
import { EAP_TYPE } from './registry.ts'
import { type Values, writeForms } from './write-fields.ts'

/** What the data of a payload carries for one value of its type octet. */
export interface DataLayout {
  readonly reference: string
  readonly forms: Forms
  /** Of EAP: the Code that each of the forms goes with, where they differ by it. */
  readonly codes?: readonly number[]
}

const layouts = {
  identification: {
    ID_IPV4_ADDR: { reference: 'RFC 7296 section 3.5', forms: [[{ is: 'ip4', name: 'address' }]] },
    ID_FQDN: {
      reference: 'RFC 7296 section 3.5',
      forms: [[{ is: 'text', name: 'name', least: 1, unterminated: true, written: 'ascii' }]]
    },
    ID_RFC822_ADDR: {
      reference: 'RFC 7296 section 3.5',
      forms: [[{ is: 'text', name: 'address', least: 1, unterminated: true }]]
    },
    ID_IPV6_ADDR: { reference: 'RFC 7296 section 3.5', forms: [[{ is: 'ip6', name: 'address' }]] },
    ID_DER_ASN1_DN: {
      reference: 'RFC 7296 section 3.5',
      forms: [[{ is: 'octets', name: 'der', least: 2, der: 'Name' }]]
    },
    ID_DER_ASN1_GN: {
      reference: 'RFC 7296 section 3.5',
      forms: [[{ is: 'octets', name: 'der', least: 2, der: 'GeneralName' }]]
    },
    ID_KEY_ID: { reference: 'RFC 7296 section 3.5', forms: [[{ is: 'octets', name: 'keyId' }]] },
    ID_FC_NAME: { reference: 'RFC 4595 section 4.1', forms: [[{ is: 'octets', name: 'worldWideName', size: 8 }]] },
    ID_NULL: { reference: 'RFC 7619 section 2.2', forms: [[]] }
  },
  certificate: {
    HASH_AND_URL_OF_X509_CERTIFICATE: {
      reference: 'RFC 7296 section 3.6',
      forms: [
        [
          { is: 'octets', name: 'hash', size: 20 },
          { is: 'text', name: 'url', least: 1 }
        ]
      ]
    },
    HASH_AND_URL_OF_X509_BUNDLE: {
      reference: 'RFC 7296 section 3.6',
      forms: [
        [
          { is: 'octets', name: 'hash', size: 20 },
          { is: 'text', name: 'url', least: 1 }
        ]
      ]
    }
  },
  certificateRequest: {
    X509_SIGNATURE: { reference: 'RFC 7296 section 3.7', forms: [[{ is: 'pieces', name: 'authorities', size: 20 }]] },
    HASH_AND_URL_OF_X509_CERTIFICATE: {
      reference: 'RFC 7296 section 3.7',
      forms: [[{ is: 'pieces', name: 'authorities', size: 20 }]]
    },
    HASH_AND_URL_OF_X509_BUNDLE: {
      reference: 'RFC 7296 section 3.7',
      forms: [[{ is: 'pieces', name: 'authorities', size: 20 }]]
    },
    OCSP_CONTENT: { reference: 'RFC 4806 section 3.1', forms: [[{ is: 'pieces', name: 'responders', size: 20 }]] }
  },
  authentication: {
    DIGITAL_SIGNATURE: {
      reference: 'RFC 7427 section 3',
      forms: [
        [
          { is: 'octets', name: 'algorithmIdentifier', counted: 1, least: 2, der: 'AlgorithmIdentifier' },
          { is: 'octets', name: 'signature', least: 1 }
        ]
      ]
    }
  },
  eap: {
    IDENTITY: { reference: 'RFC 3748 section 5.1', forms: [[{ is: 'text', name: 'identity' }]] },
    NOTIFICATION: {
      reference: 'RFC 3748 section 5.2',
      forms: [[], [{ is: 'text', name: 'message', least: 1 }]],
      // A Response (2) says nothing, a Request (1) something.
      codes: [2, 1]
    },
    NAK: {
      reference: 'RFC 3748 section 5.3.1',
      forms: [[{ is: 'numbers', name: 'types', octets: 1, least: 1, registry: 'eapType' }]]
    },
    MD5_CHALLENGE: {
      reference: 'RFC 3748 section 5.4',
      forms: [
        [
          { is: 'octets', name: 'value', counted: 1, least: 1 },
          { is: 'octets', name: 'name' }
        ]
      ]
    },
    EXPANDED: {
      reference: 'RFC 3748 section 5.7',
      forms: [
        [
          { is: 'number', name: 'vendorId', octets: 3 },
          { is: 'number', name: 'vendorType', octets: 4 },
          { is: 'octets', name: 'data' }
        ]
      ]
    }
  }
} as const

/**
 * Data of identities, of certificates and requests for them, of AUTH and of EAP, by payload and by name of the type octet. Types
 * left out carry octets that belong to others: certificates, MACs, EAP methods.
 */
export const DATA_LAYOUTS: typeof layouts = layouts

type DataKind = keyof typeof DATA_LAYOUTS

/** The fields of data of payload `K` with type `N`. */
export type DataBody<
  K extends DataKind,
  N extends keyof (typeof DATA_LAYOUTS)[K]
> = (typeof DATA_LAYOUTS)[K][N] extends {
  readonly forms: infer F extends Forms
}
  ? BodyOf<F>
  : never

/** Data by name of its type, so that a `switch` over `name` knows the fields of `body`. */
export type NamedData<K extends DataKind> = {
  [N in keyof (typeof DATA_LAYOUTS)[K]]: { readonly name: N; readonly body: DataBody<K, N> }
}[keyof (typeof DATA_LAYOUTS)[K]]

const TYPE_NUMBERS: Readonly<Record<DataKind, Readonly<Record<string, number>>>> = {
  identification: ID_TYPE,
  certificate: CERTIFICATE_ENCODING,
  certificateRequest: CERTIFICATE_ENCODING,
  authentication: AUTH_METHOD,
  eap: EAP_TYPE
}

/** Payloads whose data has a layout for some types. */
export type DataPayload =
  | IdentificationPayload
  | CertificatePayload
  | CertificateRequestPayload
  | AuthenticationPayload
  | EapPayload

/** Name and layout of a payload's data, or undefined when they are octets that belong to others. */
export function dataLayout(payload: DataPayload): { readonly name: string; readonly layout: DataLayout } | undefined {
  const [kind, type] = typeOf(payload)
  const layouts: Readonly<Record<string, DataLayout>> = DATA_LAYOUTS[kind]
  const name = Object.keys(layouts).find((key) => TYPE_NUMBERS[kind][key] === type)
  if (name === undefined) return undefined
  const { reference, forms, codes } = layouts[name] as DataLayout
  if (codes === undefined || payload.kind !== 'eap') return { name, layout: { reference, forms } }
  const own = forms.filter((_, at) => codes[at] === payload.code)
  return own.length === 0 ? undefined : { name, layout: { reference, forms: own } }
}

function typeOf(payload: DataPayload): readonly [DataKind, number | undefined] {
  switch (payload.kind) {
    case 'identificationInitiator':
    case 'identificationResponder':
      return ['identification', payload.idType]
    case 'certificate':
      return ['certificate', payload.encoding]
    case 'certificateRequest':
      return ['certificateRequest', payload.encoding]
    case 'authentication':
      return ['authentication', payload.method]
    case 'eap':
      return ['eap', payload.type]
  }
}

/**
 * What the data of an identification, certificate, certificate request, AUTH or EAP payload says; undefined when the layout
 * of its type belongs to others. Octets are views of the payload. Total.
 */
export function decodeData(payload: IdentificationPayload): BodyResult<NamedData<'identification'>> | undefined
export function decodeData(payload: CertificatePayload): BodyResult<NamedData<'certificate'>> | undefined
export function decodeData(payload: CertificateRequestPayload): BodyResult<NamedData<'certificateRequest'>> | undefined
export function decodeData(payload: AuthenticationPayload): BodyResult<NamedData<'authentication'>> | undefined
export function decodeData(payload: EapPayload): BodyResult<NamedData<'eap'>> | undefined
export function decodeData(payload: DataPayload): BodyResult<NamedData<DataKind>> | undefined {
  const found = dataLayout(payload)
  if (found === undefined || payload.data === undefined) return undefined
  const body = decodeBody(found.layout.forms, payload.data)
  return body.ok ? { ok: true, value: { name: found.name, body: body.value } as NamedData<DataKind> } : body
}

/**
 * The data of payload `kind` with type `name`, to be put into the payload's `data` beside the number of its type. Throws TypeError
 * or RangeError naming the field that the RFC forbids.
 */
export function encodeData<K extends DataKind, N extends keyof (typeof DATA_LAYOUTS)[K] & string>(
  kind: K,
  name: N,
  body: DataBody<K, N>
): Uint8Array {
  const { forms } = (DATA_LAYOUTS[kind] as Readonly<Record<string, DataLayout>>)[name] as DataLayout
  return writeForms(forms, body as Values, `${kind} ${name}`)
}
