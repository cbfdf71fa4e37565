// tshark as the dissector nobody here wrote: what it says of every IKE message of a capture, decrypted with the peer's keys.

import { execFile } from 'node:child_process'
import { createDecipheriv, createHmac } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execFileAsync = promisify(execFile)

/** tshark 4.0's names of the ciphers; it knows no ChaCha20-Poly1305 in IKEv2, see {@link rewrapped}. */
const CIPHERS = {
  'aes-gcm': (key) => `AES-GCM-${8 * (key.length / 2 - 4)} with 16 octet ICV [RFC5282]`,
  'aes-cbc': (key) => `AES-CBC-${4 * key.length} [RFC3602]`,
  chacha20: () => 'NULL [RFC2410]'
}
const INTEGRITY = {
  '': 'NONE [RFC4306]',
  40: 'HMAC_SHA1_96 [RFC2404]',
  64: 'HMAC_SHA2_256_128 [RFC4868]',
  96: 'HMAC_SHA2_384_192 [RFC4868]',
  128: 'HMAC_SHA2_512_256 [RFC4868]'
}
const SK_PAYLOAD = 46
const IKE_SA_INIT = 34
/** Payload types from here on are payloads; tshark lists proposals (2) and transforms (3) in the same field. */
const FIRST_PAYLOAD_TYPE = 33

/**
 * Every IKE message and ESP packet of a capture, in order.
 *
 * A message has `kind: 'ike'`, its header fields, `payloads` (types in order, `41/16400` for a Notify, those inside the
 * Encrypted payload behind `46`), `experts` (tshark's complaints), `keys` of its IKE SA and `bytes` without the non-ESP
 * marker. An ESP packet has `kind: 'esp'` and `spi`.
 *
 * @param keys of IKE SAs, in any order
 * @param cipher `aes-gcm`, `aes-cbc` or `chacha20`
 */
export async function dissect(capture, keys, cipher) {
  const packets = (await tshark(capture, 'udp && !icmp && !icmpv6', PACKET_FIELDS))
    .map(packetOf)
    .filter((packet) => packet !== undefined)
  const keysOf = assignKeys(packets, keys, cipher)
  const directory = `${capture}.tshark`
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'ikev2_decryption_table'), decryptionTable(keysOf, cipher))
  let readable = capture
  if (cipher === 'chacha20') {
    readable = join(directory, 'rewrapped.pcap')
    writeFileSync(readable, pcapOf(packets.map((packet) => ({ ...packet, payload: rewrapped(packet, keysOf) }))))
  }
  const rows = await tshark(readable, 'isakmp', DISSECTION_FIELDS, directory)
  const dissected = new Map(rows.map((row) => [Number(row[0]), row]))
  return packets.map((packet, index) => {
    if (packet.kind !== 'ike') return packet
    const row = dissected.get(readable === capture ? packet.number : index + 1)
    if (row === undefined) throw new Error(`tshark sees no IKE message in frame ${packet.number}`)
    const [, types, notifies, messages, severities] = row
    return {
      ...packet,
      payloads: payloadList(types, notifies),
      experts: expertList(messages, severities),
      keys: keysOf.get(packet.spis)
    }
  })
}

const PACKET_FIELDS = [
  ...['frame.number', 'frame.time_epoch', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst'],
  ...['udp.srcport', 'udp.dstport', 'udp.payload']
]
const DISSECTION_FIELDS = [
  ...['frame.number', 'isakmp.typepayload', 'isakmp.notify.msgtype', '_ws.expert.message', '_ws.expert.severity']
]

function packetOf([number, time, source4, destination4, source6, destination6, sourcePort, destinationPort, payload]) {
  const ports = [Number(sourcePort), Number(destinationPort)]
  const common = {
    number: Number(number),
    time: Number(time),
    source: source4 || source6,
    destination: destination4 || destination6,
    sourcePort: ports[0],
    destinationPort: ports[1],
    payload
  }
  const marked = ports.includes(4500)
  if (marked && payload.length >= 16 && !payload.startsWith('00000000')) {
    return { ...common, kind: 'esp', spi: payload.slice(0, 8) }
  }
  const hex = marked ? payload.slice(8) : payload
  if (hex.length < 56) return undefined
  const flags = Number.parseInt(hex.slice(38, 40), 16)
  return {
    ...common,
    kind: 'ike',
    bytes: Buffer.from(hex, 'hex'),
    spis: hex.slice(0, 32),
    exchangeType: Number.parseInt(hex.slice(36, 38), 16),
    fromInitiator: (flags & 0x08) !== 0,
    isResponse: (flags & 0x20) !== 0,
    messageId: Number.parseInt(hex.slice(40, 48), 16)
  }
}

/** The keys of each IKE SA: those that its first protected message proves. */
function assignKeys(packets, keys, cipher) {
  const assigned = new Map()
  for (const packet of packets) {
    if (packet.kind !== 'ike' || packet.exchangeType === IKE_SA_INIT || assigned.has(packet.spis)) continue
    const own = keys.find((candidate) => isAuthentic(packet, candidate, cipher))
    if (own === undefined) throw new Error(`no keys for the IKE SA ${packet.spis} of frame ${packet.number}`)
    assigned.set(packet.spis, own)
  }
  return assigned
}

/** Checked with Node's OpenSSL. */
function isAuthentic({ bytes, fromInitiator }, { ai, ar, ei, er }, cipher) {
  if (cipher !== 'aes-cbc') return openAead(bytes, fromInitiator ? ei : er, cipher) !== undefined
  const key = Buffer.from(fromInitiator ? ai : ar, 'hex')
  const checksum = createHmac('sha256', key).update(bytes.subarray(0, -16)).digest().subarray(0, 16)
  return checksum.equals(bytes.subarray(-16))
}

/**
 * The plaintext of a message whose only outer payload is SK, with padding; undefined when its tag is wrong. RFC 5282, RFC 7634:
 * 4 octets of salt behind the key, IV 8, tag 16; header and SK header are associated.
 */
function openAead(bytes, hexKey, cipher) {
  const key = Buffer.from(hexKey, 'hex')
  const nonce = Buffer.concat([key.subarray(-4), bytes.subarray(32, 40)])
  const name = cipher === 'chacha20' ? 'chacha20-poly1305' : `aes-${8 * (key.length - 4)}-gcm`
  const decipher = createDecipheriv(name, key.subarray(0, -4), nonce, { authTagLength: 16 })
  decipher.setAAD(bytes.subarray(0, 32), { plaintextLength: bytes.length - 56 })
  decipher.setAuthTag(bytes.subarray(-16))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(40, -16)), decipher.final()])
  } catch {
    return undefined
  }
}

function decryptionTable(keysOf, cipher) {
  const rows = [...keysOf].map(([spis, { ei, er, ai, ar }]) => {
    const [eiUsed, erUsed] = cipher === 'chacha20' ? ['', ''] : [ei, er]
    const integrity = INTEGRITY[ai.length || '']
    return [
      spis.slice(0, 16),
      spis.slice(16),
      eiUsed,
      erUsed,
      `"${CIPHERS[cipher](ei)}"`,
      ai,
      ar,
      `"${integrity}"`
    ].join(',')
  })
  return `${rows.join('\n')}\n`
}

function payloadList(types, notifies) {
  const notifyTypes = list(notifies)
  return list(types)
    .filter((type) => Number(type) >= FIRST_PAYLOAD_TYPE)
    .map((type) => (type === '41' ? `41/${notifyTypes.shift()}` : type))
}

function expertList(messages, severities) {
  const names = { 8388608: 'error', 6291456: 'warning', 4194304: 'note', 2097152: 'chat' }
  const levels = list(severities)
  return list(messages).map((message, index) => `${names[levels[index]] ?? levels[index]}: ${message}`)
}

const list = (text) => (text === '' ? [] : text.split('|'))

async function tshark(capture, filter, fields, configuration) {
  const args = ['-n', '-r', capture, '-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=|']
  const env = { ...process.env, ...(configuration === undefined ? {} : { WIRESHARK_CONFIG_DIR: configuration }) }
  const { stdout } = await execFileAsync('tshark', [...args, ...fields.flatMap((field) => ['-e', field])], {
    env,
    maxBuffer: 64 * 1024 * 1024
  })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'))
}

/**
 * The UDP payload of a message with ChaCha20-Poly1305, opened by Node's OpenSSL and its plaintext put back with the NULL cipher,
 * which tshark can read.
 */
function rewrapped({ kind, exchangeType, payload, spis, fromInitiator, bytes }, keysOf) {
  if (kind !== 'ike' || exchangeType === IKE_SA_INIT || bytes[16] !== SK_PAYLOAD) return payload
  const plaintext = openAead(bytes, keysOf.get(spis)[fromInitiator ? 'ei' : 'er'], 'chacha20')
  if (plaintext === undefined) throw new Error(`a message of the IKE SA ${spis} does not open`)
  const message = Buffer.concat([bytes.subarray(0, 32), plaintext])
  message.writeUInt32BE(message.length, 24)
  message.writeUInt16BE(message.length - 28, 30)
  return payload.slice(0, payload.length - 2 * bytes.length) + message.toString('hex')
}

/** A capture of raw IPv4 packets (tshark does not need the real addresses here). */
function pcapOf(packets) {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65535, 16)
  header.writeUInt32LE(228, 20)
  const records = packets.flatMap(({ sourcePort, destinationPort, payload, time }) => {
    const data = Buffer.from(payload, 'hex')
    const packet = Buffer.alloc(28)
    packet[0] = 0x45
    packet.writeUInt16BE(28 + data.length, 2)
    packet[8] = 64
    packet[9] = 17
    packet.set([192, 0, 2, 1, 192, 0, 2, 2], 12)
    packet.writeUInt16BE(sourcePort, 20)
    packet.writeUInt16BE(destinationPort, 22)
    packet.writeUInt16BE(8 + data.length, 24)
    const record = Buffer.alloc(16)
    record.writeUInt32LE(Math.floor(time), 0)
    record.writeUInt32LE(Math.round((time % 1) * 1e6), 4)
    record.writeUInt32LE(28 + data.length, 8)
    record.writeUInt32LE(28 + data.length, 12)
    return [record, packet, data]
  })
  return Buffer.concat([header, ...records])
}
