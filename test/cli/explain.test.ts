import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, fromHex, utf8Bytes } from '../../src/bytes/index.ts'
import { readArguments } from '../../src/cli/arguments.ts'
import { isCapture, readCapture } from '../../src/cli/capture.ts'
import { frameContent } from '../../src/cli/datagram.ts'
import { explainInput, type Outcome } from '../../src/cli/explain-input.ts'
import { readKeyTable } from '../../src/cli/key-table.ts'
import { run } from '../../src/cli/run.ts'
import { encodeMessage, encodePayloads, NOTIFY, notify } from '../../src/codec/index.ts'
import { aes256Gcm16, type IkeSuite, prfHmacSha256, sealFragment, x25519 } from '../../src/crypto/index.ts'
import { buildIpPacket, buildUdpPacket } from '../../src/esp/index.ts'
import android from '../vectors/android-ike-sessions.json' with { type: 'json' }
import gcm from '../vectors/strongswan-mobike-gcm-x25519-psk.json' with { type: 'json' }

function end(text: string): { readonly address: string; readonly port: number } {
  const at = text.lastIndexOf(':')
  return { address: text.slice(0, at), port: Number(text.slice(at + 1)) }
}

// The recording has messages without the non-ESP marker that port 4500 puts before them.
const packets = gcm.packets.map(({ src, dst, kind, hex }) => {
  const marker = kind === 'ike' && src.endsWith(':4500') ? '00000000' : ''
  return buildUdpPacket({ source: end(src), destination: end(dst), payload: fromHex(marker + hex) })
})
const le = (...words: readonly number[]) =>
  Uint8Array.from(words.flatMap((word) => [word, word >>> 8, word >>> 16, word >>> 24]))
const be = (...words: readonly number[]) =>
  Uint8Array.from(words.flatMap((word) => [word >>> 24, word >>> 16, word >>> 8, word]))

/** A pcap file (draft-ietf-opsawg-pcap section 4 and 5). */
function pcap(linkType: number, frames: readonly Uint8Array[], words = le, magic = 0xa1b2c3d4): Uint8Array {
  const parts = frames.flatMap((frame) => [words(0, 0, frame.length, frame.length), frame])
  const version = words === le ? words(0x0004_0002) : words(0x0002_0004)
  return concatBytes(words(magic), version, words(0, 0, 65_535, linkType), ...parts)
}

/** A pcapng file of one section (draft-ietf-opsawg-pcapng section 4). */
function pcapng(linkType: number, frames: readonly Uint8Array[]): Uint8Array {
  const block = (type: number, body: Uint8Array): Uint8Array => {
    const padded = concatBytes(body, new Uint8Array((4 - (body.length % 4)) % 4))
    return concatBytes(le(type, padded.length + 12), padded, le(padded.length + 12))
  }
  return concatBytes(
    block(0x0a0d0d0a, le(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
    block(1, le(linkType, 0)),
    ...frames.map((frame) => block(6, concatBytes(le(0, 0, 0, frame.length, frame.length), frame)))
  )
}

const ethernet = (packet: Uint8Array) => concatBytes(fromHex('02000000000102000000000281000005 0800'), packet)
const cooked = (packet: Uint8Array) => concatBytes(new Uint8Array(14), fromHex('0800'), packet)

const spacious = new Uint8Array(100)

const keys = gcm.initiatorKeys[0] as Readonly<Record<string, string>>
const established = fromHex(gcm.packets[1]?.hex ?? '')
const spi = (at: number) => Buffer.from(established.subarray(at, at + 8)).toString('hex')
const row = {
  spiI: spi(0),
  spiR: spi(8),
  skEi: keys['Sk_ei secret'] ?? '',
  skEr: keys['Sk_er secret'] ?? '',
  encryption: 'AES-GCM-256 with 16 octet ICV [RFC5282]'
}
const wireshark = `# comment\n${row.spiI},${row.spiR},${row.skEi},${row.skEr},"${row.encryption}",,,"NONE [RFC4306]"\n`

function tableOf(text: string) {
  const read = readKeyTable(text)
  if (!read.ok) throw new Error(read.fault)
  return read.table
}

/** All that is printed, and how it ends. */
function explained(
  input: Uint8Array,
  format: Parameters<typeof explainInput>[1],
  table?: Parameters<typeof explainInput>[3]
): Outcome & { readonly text: string } {
  const texts: string[] = []
  const outcome = explainInput(input, format, (text) => texts.push(text), table)
  return { text: texts.join(''), ...outcome }
}

/** What the command prints, where these files are, and how it ends. */
function ran(words: readonly string[], files: Readonly<Record<string, Uint8Array>> = {}) {
  const printed: string[] = []
  const complaints: string[] = []
  const exitCode = run(words, {
    readFile: (name) => {
      const octets = files[name]
      if (octets === undefined) throw Object.assign(new Error(`no such file: ${name}`), { code: 'ENOENT' })
      return octets
    },
    print: (text) => printed.push(text),
    complain: (text) => complaints.push(text)
  })
  return { exitCode, printed: printed.join(''), complaint: complaints.join('') }
}

describe('a capture of strongSwan moving twice', () => {
  it('one line a datagram: the exchanges that its log has, opened with the keys as Wireshark keeps them', () => {
    const { text, exitCode, complaint } = explained(pcap(101, packets), 'line', tableOf(wireshark))
    expect([exitCode, complaint]).toEqual([0, undefined])
    const lines = text.trimEnd().split('\n')
    expect(lines.length).toBe(packets.length)
    expect(lines[0]).toMatch(/^#1 10\.1\.0\.2:500 > 192\.0\.2\.1:500 IKE_SA_INIT request 0 \{ SA, KE, No, /)
    expect(text).not.toContain('protected')
    expect(text).toMatch(/ INFORMATIONAL request \d+ \{ N\(UPDATE_SA_ADDRESSES\), N\(NAT_DETECTION_SOURCE_IP\), /)
    expect(lines.filter((line) => / ESP [0-9a-f]{8} \d+, /.test(line)).length).toBe(
      gcm.packets.filter(({ kind }) => kind === 'esp').length
    )
  })

  it('is the same in every kind of capture', () => {
    const expected = explained(pcap(101, packets), 'line').text
    const kinds = {
      ethernet: pcap(1, packets.map(ethernet)),
      cooked: pcap(113, packets.map(cooked)),
      bigEndian: pcap(101, packets, be),
      nanoseconds: pcap(101, packets, le, 0xa1b23c4d),
      pcapng: pcapng(101, packets),
      pcapngEthernet: pcapng(1, packets.map(ethernet))
    }
    for (const [kind, file] of Object.entries(kinds)) {
      expect([kind, isCapture(file)]).toEqual([kind, true])
      expect([kind, explained(file, 'line').text]).toEqual([kind, expected])
    }
  })

  it('without keys says protected, with wrong ones that they do not open', () => {
    expect(explained(pcap(101, packets), 'line').text).toContain('{ SK } (protected)')
    const wrong = tableOf(JSON.stringify([{ ...row, skEi: row.skEr, skEr: row.skEi }]))
    expect(explained(pcap(101, packets), 'line', wrong).text).toContain('the keys do not open it')
  })

  it('as text has every field, as JSON every tree', () => {
    const table = tableOf(JSON.stringify([row]))
    const { text } = explained(pcap(101, packets), 'text', table)
    expect(text).toMatch(/Notify Message Type +16400 \(UPDATE_SA_ADDRESSES\), status/)
    expect(text).toContain('[RFC 4555 section 4.2.2]')
    const trees = explained(pcap(101, packets), 'json', table).text.trimEnd().split('\n')
    expect(trees.length).toBe(gcm.packets.filter(({ kind }) => kind === 'ike').length)
    expect(JSON.parse(trees[2] as string)).toMatchObject({ protection: 'opened', decrypted: { offset: 0 } })
    expect(text + trees.join('')).not.toContain(row.skEi)
  })
})

it('fragments are put together (RFC 7383): an Android session that has some', () => {
  const sessions = android.sessions as unknown as readonly {
    readonly messages: readonly {
      readonly hex: string
      readonly payloads?: readonly string[]
      readonly ctx?: Readonly<Record<string, string | number>>
    }[]
  }[]
  const session = sessions.find(({ messages }) => {
    return messages.some(({ payloads }) => String(payloads).startsWith('SKF')) && messages[0]?.ctx !== undefined
  })
  const context = session?.messages[0]?.ctx as Readonly<Record<string, string>>
  const table = tableOf(
    JSON.stringify([
      {
        spiI: context['SPIi'],
        spiR: context['SPIr'],
        skEi: context['SK_ei'],
        skEr: context['SK_er'],
        encryption: `AES-CBC-${context['encrKeyBits']} [RFC3602]`,
        skAi: context['SK_ai'],
        skAr: context['SK_ar'],
        integrity: Number(context['integTransformId']) === 2 ? 'HMAC_SHA1_96 [RFC2404]' : 'HMAC_SHA2_256_128 [RFC4868]'
      }
    ])
  )
  const ends = { source: end('192.0.2.1:500'), destination: end('10.0.0.1:500') }
  const frames = (session?.messages ?? []).map(({ hex }) => buildUdpPacket({ ...ends, payload: fromHex(hex) }))
  const { text } = explained(pcap(101, frames), 'line', table)
  expect(text).toMatch(/SKF\(1\/\d\) \} \(fragment 1 of \d; the message is not whole yet, 1 of them here\)/)
  expect(text).toMatch(/IKE_AUTH response \d+ \{ IDr, .*AUTH/)
})

describe('fragments (RFC 7383) that this library sealed', () => {
  const suite: IkeSuite = { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }
  const material = new Uint8Array(32 + 2 * 36 + 64).map((_, i) => i)
  const skEi = Buffer.from(material.subarray(32, 68)).toString('hex')
  const skEr = Buffer.from(material.subarray(68, 104)).toString('hex')
  const inner = encodePayloads([
    notify(NOTIFY.MOBIKE_SUPPORTED),
    { kind: 'vendorId', data: new Uint8Array(40).fill(5) }
  ])
  const table = (...responderSpis: readonly string[]) =>
    tableOf(
      JSON.stringify(
        responderSpis.map((spiR) => {
          return { spiI: '0x0101010101010101', spiR, skEi: `0x${skEi}`, skEr, encryption: row.encryption }
        })
      )
    )
  const fragment = (fragmentNumber: number, totalFragments: number, responder = 2): Uint8Array => {
    const size = Math.ceil(inner.bytes.length / totalFragments)
    const ends = { source: end('192.0.2.1:500'), destination: end('10.0.0.1:500') }
    const payload = sealFragment({
      suite,
      material,
      header: {
        initiatorSpi: new Uint8Array(8).fill(1),
        responderSpi: new Uint8Array(8).fill(responder),
        exchangeType: 35,
        fromInitiator: true,
        isResponse: false,
        messageId: 1
      },
      firstInner: inner.firstPayload,
      inner: inner.bytes.subarray((fragmentNumber - 1) * size, fragmentNumber * size),
      iv: new Uint8Array(8).fill(fragmentNumber),
      fragmentNumber,
      totalFragments
    })
    return buildUdpPacket({ ...ends, payload })
  }
  const notesOf = (frames: readonly Uint8Array[], keys = table('0202020202020202')): readonly string[] =>
    explained(pcap(101, frames), 'line', keys)
      .text.trimEnd()
      .split('\n')
      .map((line) => /\((fragment .*)\)$/.exec(line)?.[1] ?? /\{.*\}/.exec(line)?.[0] ?? line)

  it('are counted as they arrive, in whatever order, and open when all are here', () => {
    expect(notesOf([fragment(3, 3), fragment(1, 3), fragment(2, 3)])).toEqual([
      'fragment 3 of 3; the message is not whole yet, 1 of them here',
      'fragment 1 of 3; the message is not whole yet, 2 of them here',
      '{ N(MOBIKE_SUPPORTED), V }'
    ])
  })

  it('that are discarded say why', () => {
    expect(notesOf([fragment(2, 3), fragment(2, 3), fragment(1, 2)])).toEqual([
      'fragment 2 of 3; the message is not whole yet, 1 of them here',
      'fragment 2 of 3; discarded, duplicate',
      'fragment 1 of 2; discarded, staleTotal'
    ])
  })

  it('of two IKE SAs with one initiator SPI are not mixed', () => {
    const notes = notesOf([fragment(1, 2), fragment(2, 2, 3)], table('0202020202020202', '0303030303030303'))
    expect(notes.map((note) => note.slice(-14))).toEqual(['1 of them here', '1 of them here'])
  })
})

describe('hexadecimal', () => {
  const hex = gcm.packets[0]?.hex ?? ''

  it('with spaces, colons, 0x and the non-ESP marker', () => {
    const expected = explained(utf8Bytes(hex), 'line')
    expect(expected).toMatchObject({ exitCode: 0 })
    const spellings = [
      hex.toUpperCase(),
      hex.replace(/../g, '$& '),
      hex.replace(/..\B/g, '$&:'),
      `0x${hex}\n`,
      `00000000${hex}`
    ]
    for (const text of spellings) expect(explained(utf8Bytes(text), 'line')).toEqual(expected)
  })

  it('a malformed message ends with 1, no octets with 2', () => {
    const malformed = explained(utf8Bytes(hex.slice(0, -2)), 'text')
    expect(malformed.exitCode).toBe(1)
    expect(malformed.text).toMatch(/^malformed: lengthMismatch at octet 24, header\.length/)
    expect(explained(utf8Bytes('hello'), 'text')).toMatchObject({ text: '', exitCode: 2 })
    expect(explained(new Uint8Array(0), 'text')).toMatchObject({ exitCode: 2 })
  })

  it('behind the non-ESP marker, even one of a header alone', () => {
    const header = `${'11'.repeat(16)}002025080000000100000000`.replace(/00000000$/, '0000001c')
    expect(explained(utf8Bytes(header), 'line').exitCode).toBe(0)
    expect(explained(utf8Bytes(`00000000${header}`), 'line')).toEqual(explained(utf8Bytes(header), 'line'))
  })

  it.each([
    [6, 'data at octet 36: cookie: too few octets at its octet 0 (RFC 4555 section 4.2.5)'],
    [0, 'data at octet 36: cookie: too few octets at its octet 0 (RFC 4555 section 4.2.5)']
  ])('a COOKIE2 of %i octets, in a message whose shape is right, is a fault in every format', (size, fault) => {
    const cookie2 = notify(NOTIFY.COOKIE2, new Uint8Array(size))
    const message = utf8Bytes(Buffer.from(encodeMessage({ ...INFORMATIONAL, payloads: [cookie2] })).toString('hex'))
    expect(explained(message, 'line')).toMatchObject({ exitCode: 1, text: expect.stringContaining(`faulty: ${fault}`) })
    const json = explained(message, 'json')
    expect([json.exitCode, JSON.parse(json.text).defect]).toEqual([1, fault])
    expect(explained(message, 'text')).toMatchObject({ exitCode: 1, text: expect.stringContaining('too few octets') })
  })
})

describe('hostile files', () => {
  it('of any octets, cut off or changed, are explained or refused', () => {
    const files = [pcap(101, packets), pcapng(1, packets.map(ethernet)), pcap(113, packets.map(cooked), be)]
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255))),
        (file, cut, edits) => {
          const octets = file.slice(0, cut % (file.length + 1))
          for (const [at, octet] of edits) if (octets.length > 0) octets[at % octets.length] = octet
          for (const frame of readCapture(octets).frames) frameContent(frame)
          expect([0, 1, 2]).toContain(explained(octets, 'line').exitCode)
        }
      ),
      { numRuns: 300 }
    )
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.constantFrom(0, 1, 12, 101, 113, 276, 9999),
        (octets, linkType) => {
          const frame = { number: 1, linkType, octets, isCut: octets.length % 2 === 0 }
          expect(['udp', 'esp', 'other', 'unread']).toContain(frameContent(frame).kind)
        }
      ),
      { numRuns: 1000 }
    )
  })

  it('a file cut off in a frame gives the frames before it and says so', () => {
    const file = pcap(101, packets)
    const { text, complaint, exitCode } = explained(file.subarray(0, file.length - 3), 'line')
    expect(text.trimEnd().split('\n').length).toBe(packets.length - 1)
    expect([complaint, exitCode]).toEqual([`the file is cut off in frame ${packets.length}`, 1])
  })

  it('a pcapng block that lies about its lengths ends the reading, and is told', () => {
    const file = pcapng(101, packets.slice(0, 2))
    const sectionAndInterface = 28 + 20
    const lie = (at: number, ...octets: readonly number[]) => {
      const copy = file.slice()
      copy.set(octets, at)
      return explained(copy, 'line')
    }
    expect(lie(8, 0, 0, 0, 0).complaint).toBe('a section behind frame 0 has no byte order')
    expect(lie(sectionAndInterface - 4, 0).complaint).toBe('a block behind frame 0 has two lengths')
    expect(lie(sectionAndInterface + 8 + 12, 0xff, 0xff).complaint).toBe('frame 1 is longer than its block')
    for (const { exitCode } of [lie(8, 0, 0, 0, 0), lie(sectionAndInterface + 20, 0xff, 0xff)]) expect(exitCode).toBe(2)
  })

  it('Packet Blocks of old pcapng files and the loopback of OpenBSD are read', () => {
    const block = (type: number, body: Uint8Array): Uint8Array => {
      const padded = concatBytes(body, new Uint8Array((4 - (body.length % 4)) % 4))
      return concatBytes(le(type, padded.length + 12), padded, le(padded.length + 12))
    }
    const frame = packets[0] as Uint8Array
    const old = concatBytes(
      block(0x0a0d0d0a, le(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff)),
      block(1, le(101, 0)),
      block(2, concatBytes(le(0, 0, 0, frame.length, frame.length), frame))
    )
    expect(explained(old, 'line')).toEqual(explained(pcap(101, [frame]), 'line'))
    const loop = concatBytes(Uint8Array.of(0, 0, 0, 2), frame)
    expect(explained(pcap(108, [loop]), 'line')).toEqual(explained(pcap(101, [frame]), 'line'))
  })

  it('what might have been IKE and is not read is told, and all is not well', () => {
    const whole = packets[0] as Uint8Array
    const fragment = whole.slice()
    fragment[6] = 0x20
    const { text, complaint, exitCode } = explained(
      pcap(101, [whole, fragment, fragment, whole.subarray(0, 12)]),
      'line'
    )
    expect(text.trimEnd().split('\n')).toHaveLength(1)
    expect(complaint).toBe('2 frames not read (a fragment of an IPv4 packet); 1 frame not read (IPv4, cut off)')
    expect(exitCode).toBe(1)
    const unknown =
      'no IKE message on UDP port 500 or 4500 in this capture; 1 frame not read (link type 999 is not known here)'
    expect(explained(pcap(999, [whole]), 'line')).toEqual({ text: '', complaint: unknown, exitCode: 2 })
  })

  it('a frame that the capture cut is not read, and no fault of the peer', () => {
    const whole = packets[0] as Uint8Array
    const size = whole.length - 10
    const cut = whole.subarray(0, size)
    const block = (type: number, body: Uint8Array): Uint8Array => {
      const padded = concatBytes(body, new Uint8Array((4 - (body.length % 4)) % 4))
      return concatBytes(le(type, padded.length + 12), padded, le(padded.length + 12))
    }
    const section = block(0x0a0d0d0a, le(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff))
    const head = (snapLength: number) => concatBytes(section, block(1, le(101, snapLength)))
    const lengths = le(0, 0, 0, size, whole.length)
    const files = {
      pcap: concatBytes(pcap(101, []), le(0, 0, size, whole.length), cut),
      bigEndian: concatBytes(pcap(101, [], be), be(0, 0, size, whole.length), cut),
      enhanced: concatBytes(head(0), block(6, concatBytes(lengths, cut))),
      old: concatBytes(head(0), block(2, concatBytes(lengths, cut))),
      simple: concatBytes(head(size), block(3, concatBytes(le(whole.length), cut)))
    }
    for (const [kind, file] of Object.entries(files)) {
      expect([kind, readCapture(file).frames.map(({ octets, isCut }) => [octets.length, isCut])]).toEqual([
        kind,
        [[size, true]]
      ])
      const complaint =
        'no IKE message on UDP port 500 or 4500 in this capture; 1 frame not read (cut off by the capture)'
      expect([kind, explained(file, 'line')]).toEqual([kind, { text: '', complaint, exitCode: 2 }])
    }
    const all = explained(pcap(101, [whole, cut]), 'line')
    expect(all).toMatchObject({ exitCode: 1, complaint: '1 frame not read (cut off by the capture)' })
  })

  it('a cut frame that is no IKE, or lost nothing but padding, does not matter', () => {
    const whole = packets[0] as Uint8Array
    const cutFrame = (linkType: number, octets: Uint8Array) =>
      frameContent({ number: 1, linkType, octets, isCut: true })
    expect(cutFrame(1, ethernet(whole))).toMatchObject({ kind: 'udp', isCut: false })
    expect(cutFrame(1, ethernet(whole.subarray(0, 60)))).toMatchObject({ kind: 'udp', isCut: true })
    const dns = buildUdpPacket({ source: end('192.0.2.1:53'), destination: end('192.0.2.2:53'), payload: spacious })
    const esp = gcm.packets.findIndex(({ kind }) => kind === 'esp')
    const frames = [whole, dns.subarray(0, 60), (packets[esp] as Uint8Array).subarray(0, 60)]
    expect(explained(pcap(101, frames), 'line')).toMatchObject({ exitCode: 0 })
    const tcp = dns.slice(0, 40)
    tcp[9] = 6
    expect(cutFrame(101, tcp)).toMatchObject({ kind: 'other' })
    // Less than the headers: nobody knows.
    for (const octets of [ethernet(whole).subarray(0, 12), ethernet(whole).subarray(0, 18)]) {
      expect(cutFrame(1, octets)).toEqual({ kind: 'unread', text: 'cut off by the capture' })
    }
    expect(cutFrame(101, whole.subarray(0, 24))).toEqual({ kind: 'unread', text: 'cut off by the capture' })
    expect(cutFrame(101, whole.subarray(0, 16))).toEqual({ kind: 'unread', text: 'cut off by the capture' })
  })

  it('an IPv6 packet that the capture cut, in its payload or its headers', () => {
    const header = fromHex(`60000000006400${'40'}${'00'.repeat(32)}`)
    const cut = (octets: Uint8Array) => frameContent({ number: 1, linkType: 101, octets, isCut: true })
    const udp = header.slice()
    udp[6] = 17
    expect(cut(concatBytes(udp, be(0x01f401f4, 0x00640000, 0)))).toMatchObject({ kind: 'udp', isCut: true })
    expect(cut(concatBytes(header, be(0)))).toEqual({ kind: 'unread', text: 'cut off by the capture' })
    expect(cut(header.subarray(0, 30))).toEqual({ kind: 'unread', text: 'cut off by the capture' })
  })

  it('frames of other protocols than IP are none, whatever their octets look like', () => {
    const arp = concatBytes(fromHex('0200000000010200000000020806'), packets[0] as Uint8Array)
    expect(explained(pcap(1, [arp]), 'line')).toMatchObject({ text: '', exitCode: 2 })
    const double = concatBytes(fromHex('02000000000102000000000291000001810000020800'), packets[0] as Uint8Array)
    expect(explained(pcap(1, [double]), 'line').exitCode).toBe(0)
  })

  it('an IPv6 packet whole in one fragment (RFC 6946), or of a length left to the network card, is read', () => {
    const udp = (packets[0] as Uint8Array).subarray(20)
    const ipv6 = (length: number, next: number, ...payload: Uint8Array[]): Uint8Array =>
      concatBytes(
        fromHex(`60000000${length.toString(16).padStart(4, '0')}${next.toString(16).padStart(2, '0')}40`),
        new Uint8Array(32),
        ...payload
      )
    const atomic = fromHex('1100000000000001')
    expect(explained(pcap(101, [ipv6(udp.length + 8, 44, atomic, udp)]), 'line').exitCode).toBe(0)
    expect(explained(pcap(101, [ipv6(0, 17, udp)]), 'line').exitCode).toBe(0)
    const first = fromHex('1100000100000001')
    expect(explained(pcap(101, [ipv6(udp.length + 8, 44, first, udp)]), 'line').exitCode).toBe(2)
  })

  it('fragments of other protocols than UDP do not matter', () => {
    const [udp, tcp, esp] = [17, 6, 50].map((protocol) => {
      const fragment = (packets[0] as Uint8Array).slice()
      fragment[6] = 0x20
      fragment[9] = protocol
      return fragment
    }) as [Uint8Array, Uint8Array, Uint8Array]
    const ipv6 = (next: number) => {
      return concatBytes(
        fromHex(`6000000000102c40${'00'.repeat(32)}`),
        Uint8Array.of(next),
        fromHex('00000100000001'),
        be(0, 0)
      )
    }
    const whole = packets[0] as Uint8Array
    expect(explained(pcap(101, [whole, tcp, esp, ipv6(6), ipv6(50)]), 'line')).toMatchObject({ exitCode: 0 })
    for (const fragment of [udp, ipv6(17), ipv6(60)]) {
      expect(explained(pcap(101, [whole, fragment]), 'line').exitCode).toBe(1)
    }
  })

  it('Linux cooked frames have an EtherType, and tags, as those of Ethernet', () => {
    const packet = packets[0] as Uint8Array
    const frame = (linkType: number, type: string, ...behind: readonly Uint8Array[]) => {
      const head =
        linkType === 113
          ? concatBytes(new Uint8Array(14), fromHex(type))
          : concatBytes(fromHex(type), new Uint8Array(18))
      return explained(pcap(linkType, [concatBytes(head, ...behind)]), 'line')
    }
    for (const linkType of [113, 276]) {
      expect(frame(linkType, '0800', packet).exitCode).toBe(0)
      expect(frame(linkType, '8100', fromHex('00050800'), packet).exitCode).toBe(0)
      expect(frame(linkType, '0806', packet)).toMatchObject({ text: '', exitCode: 2 })
      const arp = concatBytes(fromHex('45'), new Uint8Array(8))
      expect(frame(linkType, '0806', arp).complaint).toBe('no IKE message on UDP port 500 or 4500 in this capture')
    }
  })

  it('a message of more payloads than any decoder reads is not shown payload by payload', () => {
    const count = 16_000
    const chain = new Uint8Array(4 * count)
    for (let at = 0; at < chain.length; at += 4) chain.set([at + 4 < chain.length ? 43 : 0, 0, 0, 4], at)
    const header = concatBytes(
      fromHex('0102030405060708000000000000000043202208'.replace('43', '2b')),
      fromHex('00000000'),
      be(28 + chain.length)
    )
    const message = concatBytes(header, chain)
    const { text, exitCode } = explained(utf8Bytes(Buffer.from(message).toString('hex')), 'text')
    expect(exitCode).toBe(1)
    expect(text).toContain('^ more than 256 payloads')
    expect(text.length).toBeLessThan(2 * message.length)
  })

  it('a capture without IKE says what is looked for', () => {
    const esp = buildIpPacket({
      source: '192.0.2.1',
      destination: '192.0.2.2',
      protocol: 50,
      payload: new Uint8Array(40)
    })
    expect(explained(pcap(101, [esp]), 'line')).toEqual({
      text: '#1 192.0.2.1 > 192.0.2.2 ESP 00000000 0, 40 octets\n',
      complaint: 'no IKE message on UDP port 500 or 4500 in this capture',
      exitCode: 2
    })
  })
})

const INFORMATIONAL = {
  initiatorSpi: new Uint8Array(8).fill(1),
  responderSpi: new Uint8Array(8).fill(2),
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 37,
  fromInitiator: true,
  isResponse: false,
  messageId: 5
} as const

describe('keys', () => {
  it('behind a byte order mark and with 0x are the same', () => {
    const expected = explained(pcap(101, packets), 'line', tableOf(wireshark))
    const prefixed = wireshark.replace(row.spiI, `0x${row.spiI}`).replace(row.skEr, `0x${row.skEr}`)
    expect(explained(pcap(101, packets), 'line', tableOf(`\uFEFF${prefixed}`))).toEqual(expected)
    const json = JSON.stringify([{ ...row, skEi: `0X${row.skEi}` }])
    expect(explained(pcap(101, packets), 'line', tableOf(`\uFEFF${json}`))).toEqual(expected)
  })

  it.each([
    ['a,b', 'line 1: 2 columns, 8 are needed'],
    [wireshark.replace('AES-GCM-256', 'AES-GCM-192'), 'encryption is no algorithm known here'],
    [wireshark.replace(row.skEi, row.skEi.slice(2)), 'skEi is not 72 hexadecimal digits'],
    [wireshark.replace(row.spiI, 'zz'), 'spiI is not 16 hexadecimal digits'],
    [
      JSON.stringify([{ ...row, encryption: 'AES-CBC-256' }]),
      'encryption that is no AEAD needs an integrity algorithm'
    ],
    ['[{}]', 'entry 1: "spiI" is missing'],
    [`["${row.skEi}"`, 'no JSON array of objects']
  ])('that are wrong are refused without showing any', (text, fault) => {
    const read = readKeyTable(text)
    expect(read).toMatchObject({ ok: false, fault: expect.stringContaining(fault) })
    expect(JSON.stringify(read)).not.toContain(row.skEi.slice(4, 40))
  })
})

describe('keys with algorithms that are not known here', () => {
  const other = wireshark
    .replace(row.spiI, '0a0a0a0a0a0a0a0a')
    .replace('AES-GCM-256 with 16 octet ICV', '3DES')
    .replace('# comment', '')
  const files = (text: string) => ({ 'f.pcap': pcap(101, packets), keys: utf8Bytes(text) })
  const words = ['explain', 'f.pcap', '--line', '--keys', 'keys']

  it('are left out and told once; the others open messages', () => {
    const opened = explained(pcap(101, packets), 'line', tableOf(wireshark)).text
    expect(ran(words, files(other + wireshark))).toEqual({
      exitCode: 0,
      printed: opened,
      complaint: 'ikev2-mobike: the file behind --keys: entry 1: encryption is no algorithm known here; not used\n'
    })
    const two = wireshark + other + other.replace('3DES', row.encryption).replace('NONE', 'HMAC_MD5_96')
    expect(ran(words, files(two))).toEqual({
      exitCode: 0,
      printed: opened,
      complaint:
        'ikev2-mobike: the file behind --keys: entry 2: encryption is no algorithm known here (and 1 more); not used\n'
    })
  })

  it('are refused where there are no others', () => {
    expect(ran(words, files(other))).toEqual({
      exitCode: 2,
      printed: '',
      complaint: 'ikev2-mobike: the file behind --keys: entry 1: encryption is no algorithm known here\n'
    })
  })
})

describe('the command line', () => {
  it.each([
    [[], { kind: 'misuse' }],
    [['--help'], { kind: 'help' }],
    [['explain', '--help'], { kind: 'help' }],
    [['explain', 'ab'], { kind: 'explain', input: 'ab', format: 'text' }],
    [['explain', '--line', 'f.pcap', '--keys', 'k'], { kind: 'explain', input: 'f.pcap', format: 'line', keys: 'k' }],
    [['explain', '-', '--json'], { kind: 'explain', input: '-', format: 'json' }],
    [['explain'], { kind: 'misuse' }],
    [['explain', 'a', 'b'], { kind: 'misuse' }],
    [['explain', '--keys=k', 'f.pcap'], { kind: 'explain', input: 'f.pcap', keys: 'k' }],
    [['explain', 'a', '--keys'], { kind: 'misuse' }],
    [['explain', 'a', '--keys='], { kind: 'misuse' }],
    [['explain', 'a', '--what'], { kind: 'misuse' }],
    [['sing'], { kind: 'misuse' }]
  ])('%j', (words, command) => {
    expect(readArguments(words)).toMatchObject(command)
  })

  it('help goes where it was asked for, and to standard error where nothing was', () => {
    expect(ran(['--help'])).toMatchObject({ exitCode: 0, complaint: '', printed: expect.stringMatching(/^usage: /) })
    expect(ran([])).toMatchObject({ exitCode: 2, printed: '', complaint: expect.stringContaining('\nusage: ') })
  })

  it('reads files, keys and hexadecimal', () => {
    const files = { 'f.pcap': pcap(101, packets), keys: utf8Bytes(wireshark) }
    const opened = explained(pcap(101, packets), 'line', tableOf(wireshark)).text
    for (const words of [['--keys', 'keys'], ['--keys=keys']]) {
      expect(ran(['explain', 'f.pcap', '--line', ...words], files)).toEqual({
        exitCode: 0,
        printed: opened,
        complaint: ''
      })
    }
    expect(ran(['explain', gcm.packets[0]?.hex ?? '', '--line']).exitCode).toBe(0)
  })

  it('keys are not shown, wherever they were put', () => {
    const key = row.skEi
    const text = wireshark.split('\n')[1] as string
    const files = { a: utf8Bytes(`${text},${key}`), [key]: Uint8Array.of(0xff), [text]: utf8Bytes(text.slice(3)) }
    const calls = [
      ['explain', 'f', '--keys', `${text} `],
      ['explain', 'f', `--keys=${text} `],
      ['explain', 'f', `--key=${key}`],
      ['explain', 'f', 'g', `--keys=${key}`],
      [`--keys=${key}`, 'explain', 'f'],
      ['explain', 'f', '--keys', key],
      ['explain', 'f', '--keys', text],
      ['explain', 'f', '--keys', 'a']
    ]
    for (const words of calls) {
      const { exitCode, printed, complaint } = ran(words, files)
      expect([words, exitCode, printed]).toEqual([words, 2, ''])
      expect(complaint).not.toContain(key.slice(0, 16))
      expect(complaint).toMatch(/^ikev2-mobike: /)
    }
    expect(ran(['explain', 'f', '--keys', key]).complaint).toBe(
      'ikev2-mobike: the file behind --keys cannot be read (ENOENT)\n'
    )
  })

  it('words that are quoted are escaped', () => {
    const evil = 'x\u001b[2J'
    for (const words of [['explain', evil], [evil], ['explain', `--${evil}`]]) {
      const { exitCode, complaint } = ran(words)
      expect([exitCode, complaint.includes('\u001b')]).toEqual([2, false])
      expect(complaint).toContain('\\u{1b}')
    }
  })
})
