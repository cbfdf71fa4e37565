import { writeUint32 } from '../bytes/index.ts'

/** Eight octets of an IKE SPI kept as 16 hexadecimal digits: a string is a fifth of a `Uint8Array` in memory. */
export function fromHexSpi(spi: string): Uint8Array {
  const octets = new Uint8Array(8)
  writeUint32(octets, 0, Number.parseInt(spi.slice(0, 8), 16))
  writeUint32(octets, 4, Number.parseInt(spi.slice(8), 16))
  return octets
}
