import { fromHex } from '../bytes/index.ts'

/** Eight octets of an IKE SPI kept as 16 hexadecimal digits: a string is a fifth of a `Uint8Array` in memory. */
export function fromHexSpi(spi: string): Uint8Array {
  return fromHex(spi)
}
