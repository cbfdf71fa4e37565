/**
 * The meaning of an IKEv2 message as plain data (RFC 7296 section 3). Code points stay open numbers; their names are in
 * `registry.ts`. Octet fields of a decoded message are views of the decoded datagram: copy what you keep.
 */

/** The header of RFC 7296 section 3.1 without Next Payload and Length, which are derived. */
export interface MessageHeader {
  /** Eight octets. */
  readonly initiatorSpi: Uint8Array
  /** Eight octets; all zero in the first IKE_SA_INIT request. */
  readonly responderSpi: Uint8Array
  readonly majorVersion: number
  readonly minorVersion: number
  /** {@link EXCHANGE} */
  readonly exchangeType: number
  /** The Initiator flag: the sender started *this* IKE SA (not the MOBIKE role, which survives rekeys). */
  readonly fromInitiator: boolean
  /** The Response flag. */
  readonly isResponse: boolean
  /** The Version flag: the sender could speak a higher major version. Ignored by RFC 7296, clear when sending. */
  readonly higherVersionSupported?: boolean
  /** 0 to 2^32 - 1. */
  readonly messageId: number
  /** Flag bits without a meaning (mask 0xc7), where a lossless decode met any. Sent as they are; leave it out when sending. */
  readonly reservedFlags?: number
}

/** A whole message: header and payload chain. Lengths and chain links are derived. */
export interface Message extends MessageHeader {
  readonly payloads: readonly Payload[]
}

/**
 * What every payload has. `critical` is the Critical bit: zero for every payload type of RFC 7296 (section 3.2).
 *
 * RESERVED fields must be zero when sent and are ignored on receipt (section 2.5). A lossless decode keeps those that are not
 * zero in `reserved…` fields, here and below; encoding writes them where they are present. Leave them out when sending, unless
 * a peer's tolerance is what you test.
 */
interface PayloadBase {
  readonly critical?: boolean
  /** The seven RESERVED bits beside the Critical bit. */
  readonly reservedBits?: number
}

/** Security Association (33), RFC 7296 section 3.3. */
export interface SecurityAssociationPayload extends PayloadBase {
  readonly kind: 'securityAssociation'
  readonly proposals: readonly Proposal[]
}

/** RFC 7296 section 3.3.1. */
export interface Proposal {
  /** From 1, in steps of 1. */
  readonly number: number
  /** {@link PROTOCOL}; not 0. */
  readonly protocol: number
  /** Empty in the initial exchange, 8 octets for an IKE SA rekey, 4 for ESP and AH. */
  readonly spi: Uint8Array
  readonly transforms: readonly Transform[]
  /** The RESERVED octet. */
  readonly reserved?: number
}

/** RFC 7296 section 3.3.2. */
export interface Transform {
  /** {@link TRANSFORM_TYPE} */
  readonly type: number
  readonly id: number
  /** The Key Length attribute in bits, where there is one (section 3.3.5). */
  readonly keyLength?: number
  /**
   * Every attribute after a Key Length that comes first in TV format, or all of them where none does, in order; no two of one
   * type.
   */
  readonly attributes?: readonly TransformAttribute[]
  /** The two RESERVED octets, the first in the upper eight bits. */
  readonly reserved?: number
}

/** RFC 7296 section 3.3.5: a number in TV format (Attribute Format bit set), octets in TLV format. */
export interface TransformAttribute {
  /** 15 bits, without the Attribute Format bit. */
  readonly type: number
  readonly value: number | Uint8Array
}

/** Key Exchange (34), section 3.4. */
export interface KeyExchangePayload extends PayloadBase {
  readonly kind: 'keyExchange'
  readonly group: number
  readonly data: Uint8Array
  /** The 16 RESERVED bits. */
  readonly reserved?: number
}

/** Identification, initiator (35) or responder (36), section 3.5. */
export interface IdentificationPayload extends PayloadBase {
  readonly kind: 'identificationInitiator' | 'identificationResponder'
  /** {@link ID_TYPE} */
  readonly idType: number
  readonly data: Uint8Array
  /**
   * The 24 RESERVED bits where a peer sent them other than zero: AUTH covers them as they came (section 2.15,
   * RestOfInitIDPayload). Leave it out when sending.
   */
  readonly reserved?: number
}

/** Certificate (37), section 3.6. */
export interface CertificatePayload extends PayloadBase {
  readonly kind: 'certificate'
  readonly encoding: number
  readonly data: Uint8Array
}

/** Certificate Request (38), section 3.7. */
export interface CertificateRequestPayload extends PayloadBase {
  readonly kind: 'certificateRequest'
  readonly encoding: number
  /** For X.509: concatenated 20-octet hashes of acceptable authorities' public keys. */
  readonly data: Uint8Array
}

/** Authentication (39), section 3.8. */
export interface AuthenticationPayload extends PayloadBase {
  readonly kind: 'authentication'
  /** {@link AUTH_METHOD} */
  readonly method: number
  readonly data: Uint8Array
  /** The 24 RESERVED bits. */
  readonly reserved?: number
}

/** Nonce (40), section 3.9: 16 to 256 octets. */
export interface NoncePayload extends PayloadBase {
  readonly kind: 'nonce'
  readonly data: Uint8Array
}

/** Notify (41), section 3.10. */
export interface NotifyPayload extends PayloadBase {
  readonly kind: 'notify'
  /** {@link PROTOCOL} of the SA that `spi` names. Without an SPI sent as 0 and to be ignored on receipt. */
  readonly protocol: number
  readonly spi: Uint8Array
  /** {@link NOTIFY} */
  readonly type: number
  readonly data: Uint8Array
}

/** Delete (42), section 3.11. */
export interface DeletePayload extends PayloadBase {
  readonly kind: 'delete'
  /** {@link PROTOCOL}; not 0. */
  readonly protocol: number
  /** 0 for the IKE SA, 4 for ESP and AH. Every SPI has this size. */
  readonly spiSize: number
  readonly spis: readonly Uint8Array[]
}

/** Vendor ID (43), section 3.12. */
export interface VendorIdPayload extends PayloadBase {
  readonly kind: 'vendorId'
  readonly data: Uint8Array
}

/** Traffic Selectors, initiator (44) or responder (45), section 3.13. */
export interface TrafficSelectorPayload extends PayloadBase {
  readonly kind: 'trafficSelectorInitiator' | 'trafficSelectorResponder'
  readonly selectors: readonly TrafficSelector[]
  /** The 24 RESERVED bits. */
  readonly reserved?: number
}

/** An address range (types 7 and 8), or a selector of a type not known here with its octets after the length field. */
export type TrafficSelector = AddressRangeSelector | UnknownSelector

/** TS_IPV4_ADDR_RANGE (7) or TS_IPV6_ADDR_RANGE (8), section 3.13.1. */
export interface AddressRangeSelector {
  readonly type: 7 | 8
  /** IP protocol, 0 for any. */
  readonly protocol: number
  /** Host order. ANY is 0 to 65535, OPAQUE is 65535 to 0; no other range ends below its start. */
  readonly startPort: number
  readonly endPort: number
  /** 4 or 16 octets, network order, both ends inclusive. */
  readonly startAddress: Uint8Array
  readonly endAddress: Uint8Array
}

/** A traffic selector of another type, kept as it came. */
export interface UnknownSelector {
  readonly type: number
  readonly protocol: number
  /** What follows the Selector Length field. */
  readonly body: Uint8Array
}

/** Encrypted and Authenticated (46), section 3.14; IV, ciphertext and checksum undivided. Always the last payload. */
export interface EncryptedPayload extends PayloadBase {
  readonly kind: 'encrypted'
  /** Payload type of the first inner payload; 0 when there is none. */
  readonly firstInner: number
  readonly body: Uint8Array
}

/** Encrypted and Authenticated Fragment (53), RFC 7383 section 2.5. */
export interface EncryptedFragmentPayload extends PayloadBase {
  readonly kind: 'encryptedFragment'
  /** Type of the first inner payload in fragment 1, 0 in the others. */
  readonly firstInner: number
  /** From 1. */
  readonly fragmentNumber: number
  readonly totalFragments: number
  readonly body: Uint8Array
  /** Next Payload of a fragment after the first, which is to be 0; lossless decoding keeps what it was. */
  readonly reserved?: number
}

/** Configuration (47), section 3.15. */
export interface ConfigurationPayload extends PayloadBase {
  readonly kind: 'configuration'
  /** {@link CONFIGURATION_TYPE} */
  readonly configurationType: number
  readonly attributes: readonly ConfigurationAttribute[]
  /** The 24 RESERVED bits. */
  readonly reserved?: number
}

/** Section 3.15.1; `value` is empty where a value is asked for. */
export interface ConfigurationAttribute {
  /** 15 bits. */
  readonly type: number
  readonly value: Uint8Array
  /** The RESERVED bit. */
  readonly reserved?: number
}

/** EAP (48), section 3.16. Success and Failure have neither type nor data. */
export interface EapPayload extends PayloadBase {
  readonly kind: 'eap'
  readonly code: number
  readonly identifier: number
  readonly type?: number
  readonly data?: Uint8Array
}

/**
 * A payload of a type not known here, byte-exact. Decoding keeps it even when critical: refusing the message with
 * UNSUPPORTED_CRITICAL_PAYLOAD (section 2.5) is for whoever answers, not for the decoder.
 */
export interface UnknownPayload extends PayloadBase {
  readonly kind: 'unknown'
  readonly type: number
  readonly body: Uint8Array
}

/** Every payload of RFC 7296 section 3, RFC 7383's fragment, and whatever is unknown. */
export type Payload =
  | SecurityAssociationPayload
  | KeyExchangePayload
  | IdentificationPayload
  | CertificatePayload
  | CertificateRequestPayload
  | AuthenticationPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TrafficSelectorPayload
  | EncryptedPayload
  | EncryptedFragmentPayload
  | ConfigurationPayload
  | EapPayload
  | UnknownPayload

/** Why octets are no IKEv2 message, and where. */
export interface DecodeError {
  /** The rule that was broken; a closed list. */
  readonly code: DecodeErrorCode
  /** Octets from the start of what was decoded to the place of the defect. */
  readonly offset: number
  /** Where in the message, outermost first: `['securityAssociation', 'proposals[0]', 'transforms[2]']`. */
  readonly path: readonly string[]
  /**
   * The number at fault: the length, count, size, marker or value found at `offset`; for `truncated` the octets that are left
   * there (of less than a header all of them), for `trailingOctets` those too many, for `limitExceeded` the count that is too
   * high, for a selector that holds no port the one it starts with, for one that holds no address the first four octets of its
   * start.
   */
  readonly got: number
  /** The Notify type that reports it: INVALID_MAJOR_VERSION or INVALID_SYNTAX (section 3.10.1). */
  readonly notify: number
  /**
   * Whether a receiver may say so. INVALID_SYNTAX is for authenticated messages alone, inside protection (section 3.10.1), so a
   * defect outside the Encrypted payload is `never` answered, and one inside is answered `protected`, in the response. A request
   * of a higher major version is answered `unprotected` (section 2.5). A response is never answered (section 2.21): what an
   * Encrypted payload holds does not show whether its message is one.
   */
  readonly answer: 'never' | 'unprotected' | 'protected'
}

/** Rules of RFC 7296 section 3 a message can break. */
export type DecodeErrorCode =
  /** Fewer octets than a fixed part needs. */
  | 'truncated'
  /** The header's Length is not the datagram's (section 3.1). */
  | 'lengthMismatch'
  /** Major version other than 2 (section 2.5). */
  | 'unsupportedMajorVersion'
  /** A payload, proposal, transform, selector or attribute length below its minimum or beyond what encloses it. */
  | 'invalidLength'
  /** A count, number or marker that contradicts what is there (number of transforms, last-substructure marker, SPI size). */
  | 'invalidStructure'
  /** A value the RFC forbids (fragment number 0, protocol 0, nonce of 15 octets, selector of no address or port). */
  | 'invalidValue'
  /** Octets after the last payload, or a payload after the Encrypted one. */
  | 'trailingOctets'
  /** More payloads, proposals, transforms, selectors or attributes than the limits allow. */
  | 'limitExceeded'

/** How to decode. */
export interface DecodeOptions {
  /** Keep RESERVED fields that are not zero, so that encoding gives the very octets again. Default false. */
  readonly lossless?: boolean
}

/** A value or an error; never an exception. */
export type DecodeResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: DecodeError }
