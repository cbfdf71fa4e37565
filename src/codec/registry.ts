/**
 * Code points of the IANA registry "Internet Key Exchange Version 2 (IKEv2) Parameters", under their RFC names. Numbers stay
 * open: a number without a name here is as good as any other, and the name functions write it as a decimal number.
 */

const exchange = {
  IKE_SA_INIT: 34,
  IKE_AUTH: 35,
  CREATE_CHILD_SA: 36,
  INFORMATIONAL: 37,
  IKE_SESSION_RESUME: 38,
  GSA_AUTH: 39,
  GSA_REGISTRATION: 40,
  GSA_REKEY: 41,
  GSA_INBAND_REKEY: 42,
  IKE_INTERMEDIATE: 43,
  IKE_FOLLOWUP_KE: 44
} as const
/** Exchange types (RFC 7296 section 3.1). */
export const EXCHANGE: Readonly<typeof exchange> = /* @__PURE__ */ Object.freeze(exchange)

const payload = {
  NONE: 0,
  SECURITY_ASSOCIATION: 33,
  KEY_EXCHANGE: 34,
  IDENTIFICATION_INITIATOR: 35,
  IDENTIFICATION_RESPONDER: 36,
  CERTIFICATE: 37,
  CERTIFICATE_REQUEST: 38,
  AUTHENTICATION: 39,
  NONCE: 40,
  NOTIFY: 41,
  DELETE: 42,
  VENDOR_ID: 43,
  TRAFFIC_SELECTOR_INITIATOR: 44,
  TRAFFIC_SELECTOR_RESPONDER: 45,
  ENCRYPTED: 46,
  CONFIGURATION: 47,
  EAP: 48,
  GENERIC_SECURE_PASSWORD_METHOD: 49,
  GROUP_IDENTIFICATION: 50,
  GROUP_SECURITY_ASSOCIATION: 51,
  KEY_DOWNLOAD: 52,
  ENCRYPTED_FRAGMENT: 53,
  PUZZLE_SOLUTION: 54
} as const
/** Payload types (RFC 7296 section 3.2; Encrypted Fragment: RFC 7383; Puzzle Solution: RFC 8019), in full words. */
export const PAYLOAD: Readonly<typeof payload> = /* @__PURE__ */ Object.freeze(payload)

const protocol = {
  NONE: 0,
  IKE: 1,
  AH: 2,
  ESP: 3,
  FC_ESP_HEADER: 4,
  FC_CT_AUTHENTICATION: 5
} as const
/** Security protocol identifiers (RFC 7296 section 3.3.1). */
export const PROTOCOL: Readonly<typeof protocol> = /* @__PURE__ */ Object.freeze(protocol)

const transformType = {
  ENCR: 1,
  PRF: 2,
  INTEG: 3,
  KE: 4,
  ESN: 5,
  ADDKE1: 6,
  ADDKE2: 7,
  ADDKE3: 8,
  ADDKE4: 9,
  ADDKE5: 10,
  ADDKE6: 11,
  ADDKE7: 12,
  KWA: 13,
  GCAUTH: 14
} as const
/** Transform types (RFC 7296 section 3.3.2; additional key exchanges: RFC 9370). */
export const TRANSFORM_TYPE: Readonly<typeof transformType> = /* @__PURE__ */ Object.freeze(transformType)

const transformAttribute = {
  KEY_LENGTH: 14
} as const
/** Transform attribute types (RFC 7296 section 3.3.5). */
export const TRANSFORM_ATTRIBUTE: Readonly<typeof transformAttribute> =
  /* @__PURE__ */ Object.freeze(transformAttribute)

const encryption = {
  ENCR_DES_IV64: 1,
  ENCR_DES: 2,
  ENCR_3DES: 3,
  ENCR_RC5: 4,
  ENCR_IDEA: 5,
  ENCR_CAST: 6,
  ENCR_BLOWFISH: 7,
  ENCR_3IDEA: 8,
  ENCR_DES_IV32: 9,
  ENCR_NULL: 11,
  ENCR_AES_CBC: 12,
  ENCR_AES_CTR: 13,
  ENCR_AES_CCM_8: 14,
  ENCR_AES_CCM_12: 15,
  ENCR_AES_CCM_16: 16,
  ENCR_AES_GCM_8: 18,
  ENCR_AES_GCM_12: 19,
  ENCR_AES_GCM_16: 20,
  ENCR_NULL_AUTH_AES_GMAC: 21,
  ENCR_CAMELLIA_CBC: 23,
  ENCR_CAMELLIA_CTR: 24,
  ENCR_CAMELLIA_CCM_8: 25,
  ENCR_CAMELLIA_CCM_12: 26,
  ENCR_CAMELLIA_CCM_16: 27,
  ENCR_CHACHA20_POLY1305: 28,
  ENCR_AES_CCM_8_IIV: 29,
  ENCR_AES_GCM_16_IIV: 30,
  ENCR_CHACHA20_POLY1305_IIV: 31,
  ENCR_KUZNYECHIK_MGM_KTREE: 32,
  ENCR_MAGMA_MGM_KTREE: 33,
  ENCR_KUZNYECHIK_MGM_MAC_KTREE: 34,
  ENCR_MAGMA_MGM_MAC_KTREE: 35
} as const
/** Transform type 1, encryption algorithms. */
export const ENCRYPTION: Readonly<typeof encryption> = /* @__PURE__ */ Object.freeze(encryption)

const prf = {
  PRF_HMAC_MD5: 1,
  PRF_HMAC_SHA1: 2,
  PRF_HMAC_TIGER: 3,
  PRF_AES128_XCBC: 4,
  PRF_HMAC_SHA2_256: 5,
  PRF_HMAC_SHA2_384: 6,
  PRF_HMAC_SHA2_512: 7,
  PRF_AES128_CMAC: 8,
  PRF_HMAC_STREEBOG_512: 9
} as const
/** Transform type 2, pseudorandom functions. */
export const PRF: Readonly<typeof prf> = /* @__PURE__ */ Object.freeze(prf)

const integrity = {
  NONE: 0,
  AUTH_HMAC_MD5_96: 1,
  AUTH_HMAC_SHA1_96: 2,
  AUTH_DES_MAC: 3,
  AUTH_KPDK_MD5: 4,
  AUTH_AES_XCBC_96: 5,
  AUTH_HMAC_MD5_128: 6,
  AUTH_HMAC_SHA1_160: 7,
  AUTH_AES_CMAC_96: 8,
  AUTH_AES_128_GMAC: 9,
  AUTH_AES_192_GMAC: 10,
  AUTH_AES_256_GMAC: 11,
  AUTH_HMAC_SHA2_256_128: 12,
  AUTH_HMAC_SHA2_384_192: 13,
  AUTH_HMAC_SHA2_512_256: 14
} as const
/** Transform type 3, integrity algorithms. */
export const INTEGRITY: Readonly<typeof integrity> = /* @__PURE__ */ Object.freeze(integrity)

const keyExchangeMethod = {
  NONE: 0,
  MODP_768: 1,
  MODP_1024: 2,
  MODP_1536: 5,
  MODP_2048: 14,
  MODP_3072: 15,
  MODP_4096: 16,
  MODP_6144: 17,
  MODP_8192: 18,
  ECP_256: 19,
  ECP_384: 20,
  ECP_521: 21,
  MODP_1024_160: 22,
  MODP_2048_224: 23,
  MODP_2048_256: 24,
  ECP_192: 25,
  ECP_224: 26,
  BRAINPOOL_P224R1: 27,
  BRAINPOOL_P256R1: 28,
  BRAINPOOL_P384R1: 29,
  BRAINPOOL_P512R1: 30,
  CURVE25519: 31,
  CURVE448: 32,
  GOST3410_2012_256: 33,
  GOST3410_2012_512: 34,
  ML_KEM_512: 35,
  ML_KEM_768: 36,
  ML_KEM_1024: 37
} as const
/** Transform type 4, key exchange methods, which KE payloads call Diffie-Hellman groups. */
export const KEY_EXCHANGE_METHOD: Readonly<typeof keyExchangeMethod> = /* @__PURE__ */ Object.freeze(keyExchangeMethod)

const esn = {
  NO_EXTENDED_SEQUENCE_NUMBERS: 0,
  EXTENDED_SEQUENCE_NUMBERS: 1,
  UNSPECIFIED_32_BIT_NUMBERS: 2
} as const
/** Transform type 5, Extended Sequence Numbers, which RFC 9827 calls Sequence Numbers and gives their third. */
export const ESN: Readonly<typeof esn> = /* @__PURE__ */ Object.freeze(esn)

const keyWrap = {
  KW_5649_128: 1,
  KW_5649_192: 2,
  KW_5649_256: 3,
  KW_ARX: 4
} as const
/** Transform type 13, key wrap algorithms (RFC 9838). */
export const KEY_WRAP: Readonly<typeof keyWrap> = /* @__PURE__ */ Object.freeze(keyWrap)

const groupControllerAuthentication = {
  IMPLICIT: 1,
  DIGITAL_SIGNATURE: 2
} as const
/** Transform type 14, group controller authentication methods (RFC 9838). */
export const GROUP_CONTROLLER_AUTHENTICATION: Readonly<typeof groupControllerAuthentication> =
  /* @__PURE__ */ Object.freeze(groupControllerAuthentication)

const idType = {
  ID_IPV4_ADDR: 1,
  ID_FQDN: 2,
  ID_RFC822_ADDR: 3,
  ID_IPV6_ADDR: 5,
  ID_DER_ASN1_DN: 9,
  ID_DER_ASN1_GN: 10,
  ID_KEY_ID: 11,
  ID_FC_NAME: 12,
  ID_NULL: 13
} as const
/** Identification types (RFC 7296 section 3.5). */
export const ID_TYPE: Readonly<typeof idType> = /* @__PURE__ */ Object.freeze(idType)

const certificateEncoding = {
  PKCS7_WRAPPED_X509: 1,
  PGP: 2,
  DNS_SIGNED_KEY: 3,
  X509_SIGNATURE: 4,
  KERBEROS_TOKEN: 6,
  CRL: 7,
  ARL: 8,
  SPKI: 9,
  X509_ATTRIBUTE: 10,
  RAW_RSA_KEY: 11,
  HASH_AND_URL_OF_X509_CERTIFICATE: 12,
  HASH_AND_URL_OF_X509_BUNDLE: 13,
  OCSP_CONTENT: 14,
  RAW_PUBLIC_KEY: 15
} as const
/** Certificate encodings (RFC 7296 section 3.6). */
export const CERTIFICATE_ENCODING: Readonly<typeof certificateEncoding> =
  /* @__PURE__ */ Object.freeze(certificateEncoding)

const authMethod = {
  RSA_DIGITAL_SIGNATURE: 1,
  SHARED_KEY_MESSAGE_INTEGRITY_CODE: 2,
  DSS_DIGITAL_SIGNATURE: 3,
  ECDSA_SHA2_256_P256: 9,
  ECDSA_SHA2_384_P384: 10,
  ECDSA_SHA2_512_P521: 11,
  GENERIC_SECURE_PASSWORD: 12,
  NULL_AUTHENTICATION: 13,
  DIGITAL_SIGNATURE: 14
} as const
/** Authentication methods (RFC 7296 section 3.8). */
export const AUTH_METHOD: Readonly<typeof authMethod> = /* @__PURE__ */ Object.freeze(authMethod)

const hashAlgorithm = {
  SHA1: 1,
  SHA2_256: 2,
  SHA2_384: 3,
  SHA2_512: 4,
  IDENTITY: 5,
  STREEBOG_256: 6,
  STREEBOG_512: 7
} as const
/** Hash algorithms of SIGNATURE_HASH_ALGORITHMS (RFC 7427 section 7; Identity: RFC 8420; Streebog: RFC 9385). */
export const HASH_ALGORITHM: Readonly<typeof hashAlgorithm> = /* @__PURE__ */ Object.freeze(hashAlgorithm)

const trafficSelectorType = {
  TS_IPV4_ADDR_RANGE: 7,
  TS_IPV6_ADDR_RANGE: 8,
  TS_FC_ADDR_RANGE: 9,
  TS_SECLABEL: 10
} as const
/** Traffic Selector types (RFC 7296 section 3.13.1). */
export const TRAFFIC_SELECTOR_TYPE: Readonly<typeof trafficSelectorType> =
  /* @__PURE__ */ Object.freeze(trafficSelectorType)

const configurationType = {
  CFG_REQUEST: 1,
  CFG_REPLY: 2,
  CFG_SET: 3,
  CFG_ACK: 4
} as const
/** Configuration payload types (RFC 7296 section 3.15). */
export const CONFIGURATION_TYPE: Readonly<typeof configurationType> = /* @__PURE__ */ Object.freeze(configurationType)

const configurationAttribute = {
  INTERNAL_IP4_ADDRESS: 1,
  INTERNAL_IP4_NETMASK: 2,
  INTERNAL_IP4_DNS: 3,
  INTERNAL_IP4_NBNS: 4,
  INTERNAL_IP4_DHCP: 6,
  APPLICATION_VERSION: 7,
  INTERNAL_IP6_ADDRESS: 8,
  INTERNAL_IP6_DNS: 10,
  INTERNAL_IP6_DHCP: 12,
  INTERNAL_IP4_SUBNET: 13,
  SUPPORTED_ATTRIBUTES: 14,
  INTERNAL_IP6_SUBNET: 15,
  MIP6_HOME_PREFIX: 16,
  INTERNAL_IP6_LINK: 17,
  INTERNAL_IP6_PREFIX: 18,
  HOME_AGENT_ADDRESS: 19,
  P_CSCF_IP4_ADDRESS: 20,
  P_CSCF_IP6_ADDRESS: 21,
  FTT_KAT: 22,
  EXTERNAL_SOURCE_IP4_NAT_INFO: 23,
  TIMEOUT_PERIOD_FOR_LIVENESS_CHECK: 24,
  INTERNAL_DNS_DOMAIN: 25,
  INTERNAL_DNSSEC_TA: 26,
  ENCDNS_IP4: 27,
  ENCDNS_IP6: 28,
  ENCDNS_DIGEST_INFO: 29
} as const
/** Configuration attribute types (RFC 7296 section 3.15.1; encrypted DNS: RFC 9464). */
export const CONFIGURATION_ATTRIBUTE: Readonly<typeof configurationAttribute> =
  /* @__PURE__ */ Object.freeze(configurationAttribute)

const eapCode = {
  REQUEST: 1,
  RESPONSE: 2,
  SUCCESS: 3,
  FAILURE: 4,
  INITIATE: 5,
  FINISH: 6
} as const
/** EAP codes (RFC 3748 section 4; Initiate and Finish: RFC 6696). */
export const EAP_CODE: Readonly<typeof eapCode> = /* @__PURE__ */ Object.freeze(eapCode)
