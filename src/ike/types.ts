import type { IpAddress } from '../bytes/index.ts'
import type { AddressRangeSelector } from '../codec/types.ts'
import type {
  ChildSuite,
  EncryptionAlgorithm,
  IntegrityAlgorithm,
  KeyExchangeMethod,
  PseudoRandomFunction
} from '../crypto/types.ts'

/** An identity as RFC 7296 section 3.5 carries it: a type of `ID_TYPE` and its octets (text without terminator). */
export interface Identity {
  readonly type: number
  readonly data: Uint8Array
}

/** Algorithms offered for an IKE SA, most preferred first. AEAD and CBC ciphers go in separate proposals (RFC 7296 section 3.3). */
export interface IkeProposal {
  readonly encryption: readonly EncryptionAlgorithm[]
  /** Empty exactly when the ciphers are AEAD. */
  readonly integrity: readonly IntegrityAlgorithm[]
  readonly prf: readonly PseudoRandomFunction[]
  readonly keyExchange: readonly KeyExchangeMethod[]
}

/** Algorithms offered for a Child SA (ESP), most preferred first. */
export interface ChildProposal {
  readonly encryption: readonly EncryptionAlgorithm[]
  /** Empty exactly when the ciphers are AEAD. */
  readonly integrity: readonly IntegrityAlgorithm[]
  /** Extended Sequence Numbers offered or accepted, most preferred first; default `[true, false]`. */
  readonly extendedSequenceNumbers?: readonly boolean[]
  /**
   * Groups for perfect forward secrecy in CREATE_CHILD_SA, never in IKE_AUTH (RFC 7296 section 1.2). A peer that offers
   * no group is still accepted.
   */
  readonly keyExchange?: readonly KeyExchangeMethod[]
}

/** What an IKE SA negotiated, as data: IANA transform IDs. */
export interface IkeSuiteIds {
  readonly encryption: number
  /** Key Length attribute in bits; null where there is none. */
  readonly keyLength: number | null
  readonly integrity: number | null
  readonly prf: number
  readonly keyExchange: number
}

/** What a Child SA negotiated, as data: IANA transform IDs. */
export interface ChildSuiteIds {
  readonly encryption: number
  /** Key Length attribute in bits; null where there is none. */
  readonly keyLength: number | null
  readonly integrity: number | null
  readonly extendedSequenceNumbers: boolean
}

/** One Child SA pair as data; its keys are apart in the secrets. */
export interface ChildSa {
  /** Library handle: unique in the session, never reused (an address and SPI are not unique, RFC 4555 appendix A). */
  readonly id: number
  /** SPI of packets we receive. */
  readonly localSpi: number
  /** SPI of packets we send. */
  readonly remoteSpi: number
  readonly suite: ChildSuiteIds
  readonly localSelectors: readonly AddressRangeSelector[]
  readonly remoteSelectors: readonly AddressRangeSelector[]
}

/** Keys of one Child SA, copied out of the secrets for the ESP engine. */
export interface ChildSaKeys {
  readonly suite: ChildSuite
  readonly inbound: DirectionKeys
  readonly outbound: DirectionKeys
}

/** Key material of one direction of a Child SA. */
export interface DirectionKeys {
  /** Cipher key material, AEAD salt included. */
  readonly encryption: Uint8Array
  /** Empty for AEAD. */
  readonly integrity: Uint8Array
}

/** Inner (tunnel) addresses and servers of a configuration payload (RFC 7296 section 3.15). */
export interface InnerConfiguration {
  readonly addresses: readonly IpAddress[]
  readonly dnsServers: readonly IpAddress[]
}

/** What an initiator asks for in CFG_REQUEST (RFC 7296 section 2.19). */
export interface ConfigurationRequest {
  readonly ipv4: boolean
  readonly ipv6: boolean
  readonly dns: boolean
}
