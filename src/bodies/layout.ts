import type { IpAddress } from '../bytes/index.ts'

/*
 * Layouts: what stands in the octets that a payload leaves to others (Notification Data, attribute and identification
 * values, AUTH data), as data. One table per registry says it once, and is read by the decoder, the encoder, the
 * explanations and the generators alike.
 */

/** Registries whose numbers stand in fields; {@link registryName} names the numbers. */
export type RegistryName =
  | 'authMethod'
  | 'certificateEncoding'
  | 'configurationAttribute'
  | 'eapType'
  | 'gatewayIdentityType'
  | 'hashAlgorithm'
  | 'ipcompTransform'
  | 'keyExchangeMethod'
  | 'payload'
  | 'ppkIdentityType'
  | 'prf'
  | 'rohcAttribute'
  | 'securePasswordMethod'

/** A number in network order. Bounds are inclusive and 0 to all ones when left out. */
export interface NumberField {
  readonly is: 'number'
  readonly name: string
  readonly octets: 1 | 2 | 3 | 4
  readonly least?: number
  readonly most?: number
  readonly registry?: RegistryName
  readonly unit?: 'seconds' | 'bits' | 'octets'
}

/**
 * Octets, or text in UTF-8. Without `size` and `counted` they reach to the end of the body, less the octets that the fixed
 * fields behind them need.
 */
export interface StringField {
  readonly is: 'octets' | 'text'
  readonly name: string
  /** Exactly so many octets. */
  readonly size?: number
  readonly least?: number
  readonly most?: number
  /** The length stands before them, in one octet. */
  readonly counted?: 1
  /** Octets that fields behind this one take. */
  readonly leave?: number
  /** The type of RFC 5280 that the octets are the DER of; nobody here reads it. */
  readonly der?: 'AlgorithmIdentifier' | 'Name' | 'GeneralName'
  /** Of text: octets 0, 10 and 13 are refused (RFC 7296 section 3.5: no terminators). */
  readonly unterminated?: true
  /** Of text: the characters that are written. Read is any UTF-8. */
  readonly written?: 'ascii' | 'printableAscii'
}

/** An address of 4 or 16 octets. An IPv4-mapped IPv6 address is refused: nothing is sent to or from one. */
export interface AddressField {
  readonly is: 'ip4' | 'ip6'
  readonly name: string
}

/** Numbers to the end of the body. */
export interface NumbersField {
  readonly is: 'numbers'
  readonly name: string
  readonly octets: 1 | 2 | 4
  readonly least?: number
  /** The highest that is written. Read is any. */
  readonly highestWritten?: number
  readonly registry?: RegistryName
}

/** Pieces of one size to the end of the body. */
export interface PiecesField {
  readonly is: 'pieces'
  readonly name: string
  readonly size: number
  readonly least?: number
}

/** Records to the end of the body, each behind an octet with its length, which counts that octet too. */
export interface RecordsField {
  readonly is: 'records'
  readonly name: string
  readonly least?: number
  readonly forms: Forms
}

/** How often an attribute of one type is there, and the highest of its numbers, which are in TV format. */
export interface AttributeRule {
  readonly type: number
  readonly least?: number
  readonly most?: number
  readonly highest?: number
}

/** Attributes to the end of the body, in the TV and TLV formats of RFC 7296 section 3.3.5. */
export interface AttributesField {
  readonly is: 'attributes'
  readonly name: string
  readonly least?: number
  readonly registry?: RegistryName
  /** Types without a rule are free. */
  readonly rules?: readonly AttributeRule[]
}

/** Type, length and value of a gateway's identity (RFC 5685 sections 9.2 and 9.3). */
export interface GatewayField {
  readonly is: 'gateway'
  readonly name: string
  /** The types there are; any when left out. */
  readonly types?: readonly number[]
}

/** One field of a body. */
export type Field =
  | NumberField
  | StringField
  | AddressField
  | NumbersField
  | PiecesField
  | RecordsField
  | AttributesField
  | GatewayField

/** The fields of a body, in the order of the wire. */
export type Form = readonly Field[]

/** What a body may look like: its length, and for addresses their family, tells which. */
export type Forms = readonly Form[]

/** An attribute with a number of 16 bits (TV) or octets (TLV). */
export interface BodyAttribute {
  /** 15 bits. */
  readonly type: number
  readonly value: number | Uint8Array
}

/** A gateway by address (types 1 and 2), by name (3), or of a type not known here. */
export interface GatewayIdentity {
  readonly type: number
  readonly value: IpAddress | string | Uint8Array
}

type FieldValue<F> = F extends { readonly is: 'number' }
  ? number
  : F extends { readonly is: 'octets' }
    ? Uint8Array
    : F extends { readonly is: 'text' }
      ? string
      : F extends { readonly is: 'ip4' | 'ip6' }
        ? IpAddress
        : F extends { readonly is: 'numbers' }
          ? readonly number[]
          : F extends { readonly is: 'pieces' }
            ? readonly Uint8Array[]
            : F extends { readonly is: 'attributes' }
              ? readonly BodyAttribute[]
              : F extends { readonly is: 'gateway' }
                ? GatewayIdentity
                : F extends { readonly is: 'records'; readonly forms: infer R extends Forms }
                  ? readonly BodyOf<R>[]
                  : never

type FieldNames<F extends Form> = F[number]['name']

/** The value of a body with one of `F`: an object with the fields of one form, those of the others absent. */
export type BodyOf<F extends Forms> = {
  [I in keyof F]: { readonly [X in F[I][number] as X['name']]: FieldValue<X> } & {
    readonly [N in Exclude<FieldNames<F[number]>, FieldNames<F[I]>>]?: undefined
  }
}[number]

/** Octets that break a layout. */
export interface BodyError {
  /** Too few octets, octets left over, or a value the RFC forbids. */
  readonly code: 'truncated' | 'trailingOctets' | 'invalidValue'
  /** Octets from the start of the body. */
  readonly offset: number
  /** The field at fault, as `methods[2].cookie`; empty when it is the body as a whole. */
  readonly field: string
}

/** A body or what is wrong with it. */
export type BodyResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: BodyError }
