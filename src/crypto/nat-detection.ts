import { sha1 } from '@noble/hashes/legacy.js'
import { ipAddressBytes } from '../bytes/index.ts'
import { oneShot } from './one-shot.ts'

const hash: (message: Uint8Array) => Uint8Array = /* @__PURE__ */ oneShot(sha1)

/**
 * Data of NAT_DETECTION_SOURCE_IP and NAT_DETECTION_DESTINATION_IP (RFC 7296 section 2.23): 20 octets,
 * SHA-1(SPIi | SPIr | address | port), SPIs as in the header of the message that carries it.
 *
 * @throws TypeError naming `address` when it is no IP address.
 * @throws RangeError naming an SPI that has not eight octets, or `port`.
 */
export function natDetectionHash(
  initiatorSpi: Uint8Array,
  responderSpi: Uint8Array,
  address: string,
  port: number
): Uint8Array {
  const octets = ipAddressBytes(address)
  if (octets === undefined) throw new TypeError(`address: '${address}' is not an IP address`)
  if (initiatorSpi.length !== 8) throw new RangeError('initiatorSpi: not eight octets')
  if (responderSpi.length !== 8) throw new RangeError('responderSpi: not eight octets')
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new RangeError(`port: ${port} is not a UDP port`)
  const input = new Uint8Array(18 + octets.length)
  input.set(initiatorSpi, 0)
  input.set(responderSpi, 8)
  input.set(octets, 16)
  input[16 + octets.length] = port >> 8
  input[17 + octets.length] = port
  return hash(input)
}
