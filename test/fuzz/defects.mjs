// Defects to plant in a copy of the codec, to see that fuzzing finds each. `find` must be there exactly once.

const CODEC = 'src/codec/'

export const DEFECTS = [
  {
    name: 'a Notify may have an SPI one octet beyond its end',
    file: `${CODEC}notify.ts`,
    find: 'start + 4 + spiSize > end ?',
    replace: 'start + 4 + spiSize > end + 1 ?'
  },
  {
    name: 'a payload may end one octet behind its chain',
    file: `${CODEC}payload-chain.ts`,
    find: 'length > end - at)',
    replace: 'length > end - at + 1)'
  },
  {
    name: 'the chain goes on behind an Encrypted payload',
    file: `${CODEC}payload-chain.ts`,
    find: 'type = isLast ? PAYLOAD.NONE : (bytes[at] as number)',
    replace: 'type = bytes[at] as number'
  },
  {
    name: 'a Configuration attribute is not held to its payload',
    file: `${CODEC}configuration.ts`,
    find: 'if (next > end)',
    replace: 'if (next > bytes.length)'
  },
  {
    name: 'octets behind the last transform of a proposal pass',
    file: `${CODEC}security-association.ts`,
    find: 'return at === end ? transforms :',
    replace: 'return at <= end ? transforms :'
  },
  {
    name: 'an address range may be longer than its addresses',
    file: `${CODEC}traffic-selector.ts`,
    find: 'if (length !== RANGE_HEADER + 2 * size)',
    replace: 'if (length < RANGE_HEADER + 2 * size)'
  },
  {
    name: 'a Delete may hold more octets than its SPIs',
    file: `${CODEC}delete.ts`,
    find: 'if (end - start - 4 !== spiSize * count)',
    replace: 'if (end - start - 4 < spiSize * count)'
  },
  {
    name: 'a nonce of 15 octets passes',
    file: `${CODEC}key-exchange.ts`,
    find: 'length < SHORTEST_NONCE ||',
    replace: 'length < SHORTEST_NONCE - 1 ||'
  },
  {
    name: 'an EAP length may be too small',
    file: `${CODEC}eap.ts`,
    find: 'if (length !== end - start)',
    replace: 'if (length > end - start)'
  },
  {
    name: 'lossless decoding forgets the second RESERVED octet of a transform',
    file: `${CODEC}reserved-bits.ts`,
    find: '((bytes[first + 1] as number) << 8) | (bytes[first + 5] as number)',
    replace: '(bytes[first + 1] as number) << 8'
  },
  {
    name: 'the ports of a selector are written the wrong way round',
    file: `${CODEC}traffic-selector.ts`,
    find: 'writeUint16(out, at + 4, selector.startPort)\n      writeUint16(out, at + 6, selector.endPort)',
    replace: 'writeUint16(out, at + 4, selector.endPort)\n      writeUint16(out, at + 6, selector.startPort)'
  }
]
