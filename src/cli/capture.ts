import { readUint16, readUint32 } from '../bytes/index.ts'

/** A frame of a capture. */
export interface Frame {
  /** From 1, as tools number them. */
  readonly number: number
  /** Link type of the tcpdump registry: 1 Ethernet, 101 raw IP, 113 and 276 Linux cooked. */
  readonly linkType: number
  readonly octets: Uint8Array
  /** True when the frame had more octets than were captured. */
  readonly isCut: boolean
}

/** Frames of a capture, and what was wrong where reading stopped early. */
export interface Capture {
  readonly frames: readonly Frame[]
  readonly defect?: string
}

/** True for octets that begin like pcap or pcapng. */
export function isCapture(octets: Uint8Array): boolean {
  return octets.length >= 4 && (isPcapng(octets) || pcapOrder(octets) !== undefined)
}

/** The frames of a pcap or pcapng file. Total: a file that is cut off gives the frames before the cut. */
export function readCapture(octets: Uint8Array): Capture {
  return isPcapng(octets) ? readPcapng(octets) : readPcap(octets)
}

type ByteOrder = 'big' | 'little'

/** Magic numbers for microseconds and nanoseconds. */
function pcapOrder(octets: Uint8Array): ByteOrder | undefined {
  const isMagic = (magic: number): boolean => magic === 0xa1b2c3d4 || magic === 0xa1b23c4d
  if (isMagic(readUint32(octets, 0))) return 'big'
  return isMagic(uint32(octets, 0, 'little')) ? 'little' : undefined
}

function readPcap(octets: Uint8Array): Capture {
  const order = octets.length < 24 ? undefined : pcapOrder(octets)
  if (order === undefined) return { frames: [], defect: 'no pcap file' }
  const linkType = uint32(octets, 20, order) & 0xffff
  const frames: Frame[] = []
  for (let at = 24; at < octets.length; ) {
    const captured = at + 16 > octets.length ? Number.POSITIVE_INFINITY : uint32(octets, at + 8, order)
    const next = at + 16 + captured
    if (next > octets.length) return { frames, defect: `the file is cut off in frame ${frames.length + 1}` }
    const isCut = captured < uint32(octets, at + 12, order)
    frames.push({ number: frames.length + 1, linkType, octets: octets.subarray(at + 16, next), isCut })
    at = next
  }
  return { frames }
}

const SECTION = 0x0a0d0d0a
const BYTE_ORDER_MAGIC = 0x1a2b3c4d
const INTERFACE = 1
/** Obsolete, and still in old files. */
const PACKET = 2
const SIMPLE_PACKET = 3
const ENHANCED_PACKET = 6

function isPcapng(octets: Uint8Array): boolean {
  return octets.length >= 12 && readUint32(octets, 0) === SECTION
}

function readPcapng(octets: Uint8Array): Capture {
  const frames: Frame[] = []
  let interfaces: Interface[] = []
  let order: ByteOrder = 'little'
  for (let at = 0; at < octets.length; ) {
    if (at + 12 > octets.length) return { frames, defect: `the file is cut off behind frame ${frames.length}` }
    if (readUint32(octets, at) === SECTION) {
      const magic = at + 8
      if (readUint32(octets, magic) === BYTE_ORDER_MAGIC) order = 'big'
      else if (uint32(octets, magic, 'little') === BYTE_ORDER_MAGIC) order = 'little'
      else return { frames, defect: `a section behind frame ${frames.length} has no byte order` }
      interfaces = []
    }
    const type = uint32(octets, at, order)
    const length = uint32(octets, at + 4, order)
    const next = at + length
    if (length < 12 || next > octets.length) {
      return { frames, defect: `a block behind frame ${frames.length} says it has ${length} octets` }
    }
    if (uint32(octets, next - 4, order) !== length) {
      return { frames, defect: `a block behind frame ${frames.length} has two lengths` }
    }
    const body = octets.subarray(at + 8, next - 4)
    if (type === INTERFACE && body.length >= 8) {
      interfaces.push({ linkType: uint16(body, 0, order), snapLength: uint32(body, 4, order) })
    }
    const found = packetOf(type, body, order, interfaces[0])
    if (found === 'cutOff') return { frames, defect: `frame ${frames.length + 1} is longer than its block` }
    if (found !== undefined) {
      const { port, ...packet } = found
      frames.push({ number: frames.length + 1, linkType: interfaces[port]?.linkType ?? -1, ...packet })
    }
    at = next
  }
  return { frames }
}

interface Interface {
  readonly linkType: number
  /** Octets that are captured of a frame; 0 for all. */
  readonly snapLength: number
}

interface Packet extends Pick<Frame, 'octets' | 'isCut'> {
  readonly port: number
}

function packetOf(
  type: number,
  body: Uint8Array,
  order: ByteOrder,
  first: Interface | undefined
): Packet | 'cutOff' | undefined {
  switch (type) {
    case ENHANCED_PACKET:
    case PACKET: {
      if (body.length < 20) return 'cutOff'
      const captured = uint32(body, 12, order)
      if (captured > body.length - 20) return 'cutOff'
      const port = type === PACKET ? uint16(body, 0, order) : uint32(body, 0, order)
      return { port, octets: body.subarray(20, 20 + captured), isCut: captured < uint32(body, 16, order) }
    }
    case SIMPLE_PACKET: {
      if (body.length < 4) return 'cutOff'
      // Its length is that on the wire; how much of it is here the first interface says.
      const length = uint32(body, 0, order)
      const snapLength = first === undefined || first.snapLength === 0 ? length : first.snapLength
      const captured = Math.min(length, snapLength, body.length - 4)
      return { port: 0, octets: body.subarray(4, 4 + captured), isCut: captured < length }
    }
    default:
      return undefined
  }
}

function uint16(octets: Uint8Array, at: number, order: ByteOrder): number {
  return order === 'big' ? readUint16(octets, at) : (octets[at] as number) | ((octets[at + 1] as number) << 8)
}

function uint32(octets: Uint8Array, at: number, order: ByteOrder): number {
  if (order === 'big') return readUint32(octets, at)
  return uint16(octets, at, order) + uint16(octets, at + 2, order) * 0x10000
}
