import { concatBytes } from '../bytes/index.ts'
import { buildIpPacket, buildUdpPacket } from '../esp/index.ts'
import type { SimDatagram, TraceEntry } from './types.ts'

/** Of the file header: magic for microseconds, version 2.4, no zone, no accuracy, snap length, LINKTYPE_RAW. */
const FILE_HEADER: readonly number[] = [0xa1b2c3d4, (4 << 16) | 2, 0, 0, 262_144, 101]
const ESP = 50

/**
 * A capture file (pcap) of a run for tshark, the IP and UDP headers built anew. `seen` chooses what one would capture at
 * some place; by default every datagram as its sender sent it, lost ones included.
 */
export function writePcap(
  trace: readonly TraceEntry[],
  seen: (entry: TraceEntry) => boolean = (entry) => entry.kind === 'sent'
): Uint8Array {
  const parts: Uint8Array[] = [littleEndianWords(FILE_HEADER)]
  for (const entry of trace) {
    if (!('datagram' in entry) || !seen(entry)) continue
    const packet = ipPacket(entry.datagram)
    const microseconds = Math.round(entry.time * 1000)
    const time = [Math.floor(microseconds / 1_000_000), microseconds % 1_000_000]
    parts.push(littleEndianWords([...time, packet.length, packet.length]), packet)
  }
  return concatBytes(...parts)
}

function ipPacket({ source, destination, protocol, bytes }: SimDatagram): Uint8Array {
  if (protocol === 'udp') return buildUdpPacket({ source, destination, payload: bytes })
  return buildIpPacket({ source: source.address, destination: destination.address, protocol: ESP, payload: bytes })
}

function littleEndianWords(words: readonly number[]): Uint8Array {
  return Uint8Array.from(words.flatMap((word) => [word, word >>> 8, word >>> 16, word >>> 24]))
}
