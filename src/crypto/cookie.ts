import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, ipAddressBytes } from '../bytes/index.ts'
import { hmacWith, type PreparedHmac } from './hmac.ts'

/** Octets of {@link statelessCookie}, of at most 64 (RFC 7296 section 2.6). */
export const STATELESS_COOKIE_OCTETS = 33

const keyed: (key: Uint8Array) => PreparedHmac = /* @__PURE__ */ hmacWith(sha256)

/**
 * A COOKIE that needs no state to verify (RFC 7296 section 2.6): the version of the secret in one octet, then
 * HMAC-SHA-256(secret, SPIi | port | length of address | address | Ni). Verify by making it again with the secret its
 * first octet names and comparing with `constantTimeEqual`.
 *
 * @throws TypeError naming `address` when it is no IP address.
 * @throws RangeError naming `version` outside 0 to 255, or `initiatorSpi` that has not eight octets.
 */
export function statelessCookie(inputs: {
  /** At least 32 random octets that only the responder knows, changed often. */
  readonly secret: Uint8Array
  /** Which secret this is, 0 to 255. */
  readonly version: number
  /** Nonce Data of the initiator. */
  readonly nonce: Uint8Array
  /** Source address of the IKE_SA_INIT request. */
  readonly address: string
  /** Source port, where the cookie shall bind it as well; a NAT may change it between the two requests. */
  readonly port?: number | undefined
  readonly initiatorSpi: Uint8Array
}): Uint8Array {
  const { secret, version, nonce, initiatorSpi } = inputs
  const address = ipAddressBytes(inputs.address)
  if (address === undefined) throw new TypeError(`address: '${inputs.address}' is not an IP address`)
  if (!Number.isInteger(version) || version < 0 || version > 255) throw new RangeError(`version: ${version}`)
  if (initiatorSpi.length !== 8) throw new RangeError('initiatorSpi: not eight octets')
  const port = inputs.port ?? 0
  const fixed = Uint8Array.of(port >> 8, port, address.length)
  return concatBytes(Uint8Array.of(version), keyed(secret)(initiatorSpi, fixed, address, nonce))
}
