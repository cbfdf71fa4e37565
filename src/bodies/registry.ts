import {
  AUTH_METHOD,
  CERTIFICATE_ENCODING,
  CONFIGURATION_ATTRIBUTE,
  HASH_ALGORITHM,
  KEY_EXCHANGE_METHOD,
  PAYLOAD,
  PRF
} from '../codec/index.ts'
import type { RegistryName } from './layout.ts'

const gatewayIdentityType = { IPV4: 1, IPV6: 2, FQDN: 3 } as const
/** Gateway identity types (RFC 5685 section 10). */
export const GATEWAY_IDENTITY_TYPE: Readonly<typeof gatewayIdentityType> =
  /* @__PURE__ */ Object.freeze(gatewayIdentityType)

const ipcompTransform = { IPCOMP_OUI: 1, IPCOMP_DEFLATE: 2, IPCOMP_LZS: 3, IPCOMP_LZJH: 4 } as const
/** IPComp transform identifiers (RFC 7296 section 3.10.1). */
export const IPCOMP_TRANSFORM: Readonly<typeof ipcompTransform> = /* @__PURE__ */ Object.freeze(ipcompTransform)

const rohcAttribute = { MAX_CID: 1, ROHC_PROFILE: 2, ROHC_INTEG: 3, ROHC_ICV_LEN: 4, MRRU: 5 } as const
/** ROHC attribute types (RFC 5857 section 3.1.2). */
export const ROHC_ATTRIBUTE: Readonly<typeof rohcAttribute> = /* @__PURE__ */ Object.freeze(rohcAttribute)

const ppkIdentityType = { PPK_ID_OPAQUE: 1, PPK_ID_FIXED: 2 } as const
/** PPK identity types (RFC 8784 section 5.1). */
export const PPK_IDENTITY_TYPE: Readonly<typeof ppkIdentityType> = /* @__PURE__ */ Object.freeze(ppkIdentityType)

const securePasswordMethod = { PACE: 1, AUGPAKE: 2, SECURE_PSK: 3 } as const
/** Secure password methods (RFC 6467; methods of RFC 6631, 6628 and 6617). */
export const SECURE_PASSWORD_METHOD: Readonly<typeof securePasswordMethod> =
  /* @__PURE__ */ Object.freeze(securePasswordMethod)

const eapType = {
  IDENTITY: 1,
  NOTIFICATION: 2,
  NAK: 3,
  MD5_CHALLENGE: 4,
  OTP: 5,
  GTC: 6,
  TLS: 13,
  SIM: 18,
  TTLS: 21,
  AKA: 23,
  PEAP: 25,
  MSCHAPV2: 26,
  FAST: 43,
  AKA_PRIME: 50,
  TEAP: 55,
  EXPANDED: 254,
  EXPERIMENTAL: 255
} as const
/** EAP method types that IKE peers use (RFC 3748 section 5 and the EAP registry). */
export const EAP_TYPE: Readonly<typeof eapType> = /* @__PURE__ */ Object.freeze(eapType)

const REGISTRIES: Readonly<Record<RegistryName, Readonly<Record<string, number>>>> = {
  authMethod: AUTH_METHOD,
  certificateEncoding: CERTIFICATE_ENCODING,
  configurationAttribute: CONFIGURATION_ATTRIBUTE,
  eapType,
  gatewayIdentityType,
  hashAlgorithm: HASH_ALGORITHM,
  ipcompTransform,
  keyExchangeMethod: KEY_EXCHANGE_METHOD,
  payload: PAYLOAD,
  ppkIdentityType,
  prf: PRF,
  rohcAttribute,
  securePasswordMethod
}

/** The name of a number in a registry, or the number as text. */
export function registryName(registry: RegistryName, number: number): string {
  const found = Object.entries(REGISTRIES[registry]).find(([, value]) => value === number)
  return found === undefined ? String(number) : found[0]
}
