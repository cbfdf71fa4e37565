// Defects to plant in a copy of the codec, to see that fuzzing finds each. `find` must be there exactly once.

const CODEC = 'src/codec/'
const SESSION = 'src/session/'
/** Where a defect can show that is not in the codec. */
const SESSIONS = ['session']

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
  },
  {
    name: 'a datagram counts as a sign of life before its checksum was looked at',
    targets: SESSIONS,
    file: `${SESSION}receive.ts`,
    find: '  const opened = openMessage({',
    replace: '  showedLife(turn, sa, path)\n  const opened = openMessage({'
  },
  {
    name: 'a request whose answer is forgotten is answered anew',
    targets: SESSIONS,
    file: 'src/exchange/response-cache.ts',
    find: "if (messageId < cache.nextMessageId) return { kind: 'forgotten' }",
    replace: ''
  },
  {
    name: 'a response goes to the path in use, not to where its request came from',
    targets: SESSIONS,
    file: `${SESSION}requests.ts`,
    find: '  turn.response = bytes\n  sendMessage(turn, path, bytes)',
    replace: '  turn.response = bytes\n  sendMessage(turn, turn.state.mobike?.ikePath ?? path, bytes)'
  },
  {
    name: 'a Delete that names no Child SA of ours ends in an exception',
    targets: SESSIONS,
    file: `${SESSION}informational.ts`,
    find: '    if (child === undefined) {\n      noteDeletedSpi(turn, spi)\n      continue\n    }',
    replace: "    if (child === undefined) throw new TypeError('no such Child SA')"
  },
  {
    name: 'a liveness check that is due stays due',
    targets: SESSIONS,
    file: `${SESSION}timers.ts`,
    find: '  patch(turn, { livenessAt: livenessDueAt(turn) })\n  if (!isBeingChecked',
    replace: '  if (!isBeingChecked'
  },
  {
    name: 'the responder answers an UPDATE and stays where it was',
    targets: SESSIONS,
    file: 'src/mobike/answer.ts',
    find: '    ikePath: path,\n    choseSource: false,',
    replace: '    choseSource: false,'
  },
  {
    name: 'a payload that is too short is told as one cut off',
    file: `${CODEC}payload-chain.ts`,
    find: "return new Malformed('invalidLength', at + 2, length, payloadKind(type))",
    replace: "return new Malformed('truncated', at + 2, length, payloadKind(type))"
  },
  {
    name: 'a fragment of an older cut is told as one that came twice',
    targets: ['fragments'],
    file: 'src/exchange/reassembly.ts',
    find: "return 'staleTotal'",
    replace: "return 'duplicate'"
  },
  {
    name: 'another COOKIE2 than was sent counts as none',
    targets: SESSIONS,
    file: 'src/mobike/response.ts',
    find: "  if (verdict === 'mismatch') return close(taken, 'cookie2Mismatch')",
    replace: ''
  },
  {
    name: 'NO_NATS_ALLOWED is compared with nothing',
    targets: SESSIONS,
    file: 'src/mobike/nat-prohibition.ts',
    find: 'return isTcp(path) || constantTimeEqual(data, noNatsAllowedFor({ local: path.remote, remote: path.local }))',
    replace: 'return isTcp(path) || data.length > 0'
  },
  {
    name: 'a fault inside a payload does not count',
    targets: ['explain'],
    file: 'src/cli/explain-input.ts',
    find: 'one?.error === undefined && one?.defect === undefined',
    replace: 'one?.error === undefined'
  },
  {
    name: 'text of a peer is shown as it came',
    targets: ['explain'],
    file: 'src/explain/outline.ts',
    find: 'return text.replace(UNSHOWN,',
    replace: 'return text.replace(/[^\\s\\S]/g,'
  }
]
