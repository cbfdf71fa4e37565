import { describe, expect, it } from 'vitest'
import { equalBytes, type Path, uint32Bytes, utf8Bytes } from '../../src/bytes/index.ts'
import { EXCHANGE, ID_TYPE, NOTIFY } from '../../src/codec/index.ts'
import { aes128Gcm16, aes256Gcm16, ecp256, prfHmacSha256, x25519 } from '../../src/crypto/index.ts'
import { buildInitRefusal, prefixSelector } from '../../src/ike/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../src/mobike/index.ts'
import { DEFAULT_SESSION_LIMITS } from '../../src/session/index.ts'
import { forge, kinds, read, unmarked } from './forge.ts'
import { CLIENT, type Datagram, datagramsIn, Pair, PSK, reportsIn, reversed } from './pair.ts'

const IKE = { encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256] }

/** A refusal of IKE_SA_INIT as a responder would send it to the client's last request. */
function refusal(pair: Pair, type: number, data?: Uint8Array): Datagram {
  const { message } = read(pair, pair.sent.findLast(({ from }) => from === 'client') as Datagram)
  return { from: 'gateway', path: reversed(CLIENT), bytes: buildInitRefusal(message.initiatorSpi, type, data) }
}

describe('IKE_SA_INIT', () => {
  it('B004 B011 B013 B027 B220 the first request: Message ID 0, responder SPI zero, Initiator flag, NAT_DETECTION after Ni', () => {
    const pair = new Pair().connect()
    const { message, payloads } = read(pair, pair.sent[0] as Datagram)
    expect(message).toMatchObject({
      messageId: 0,
      exchangeType: EXCHANGE.IKE_SA_INIT,
      fromInitiator: true,
      isResponse: false
    })
    expect(message.majorVersion).toBe(2)
    expect([...message.responderSpi]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
    expect(message.initiatorSpi.some((octet) => octet !== 0)).toBe(true)
    expect(kinds(payloads)).toEqual([
      'securityAssociation',
      'keyExchange',
      'nonce',
      NOTIFY.NAT_DETECTION_SOURCE_IP,
      NOTIFY.NAT_DETECTION_DESTINATION_IP
    ])
    expect((pair.sent[0] as Datagram).path).toEqual(CLIENT)
  })

  it('B090 B004 a COOKIE is sent back as the first payload, all else unchanged', () => {
    const pair = new Pair().connect()
    const first = read(pair, pair.sent[0] as Datagram)
    const cookie = Uint8Array.from({ length: 64 }, (_, i) => i)
    pair.deliver(refusal(pair, NOTIFY.COOKIE, cookie))
    const again = read(pair, pair.sent[1] as Datagram)
    expect(again.payloads[0]).toMatchObject({ kind: 'notify', type: NOTIFY.COOKIE, data: cookie })
    expect(again.payloads.slice(1)).toEqual(first.payloads)
    expect({ ...again.message, payloads: [] }).toEqual({ ...first.message, payloads: [] })
  })

  it('B129 after a COOKIE the last version of the request is what AUTH signs', () => {
    const pair = new Pair().connect()
    pair.wire = []
    pair.deliver(refusal(pair, NOTIFY.COOKIE, Uint8Array.of(1, 2, 3)))
    pair.settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
  })

  it('B093 cookie rounds are limited', () => {
    const pair = new Pair().connect()
    pair.wire = []
    for (let i = 0; i < 20; i++) pair.deliver(refusal(pair, NOTIFY.COOKIE, Uint8Array.of(i)))
    expect(pair.sent.length).toBe(1 + DEFAULT_SESSION_LIMITS.initialRounds)
  })

  it('B089 a COOKIE that is empty or longer than 64 octets is not obeyed', () => {
    for (const length of [0, 65]) {
      const pair = new Pair().connect()
      pair.deliver(refusal(pair, NOTIFY.COOKIE, new Uint8Array(length)))
      expect(pair.sent).toHaveLength(1)
    }
  })

  it('B087 B108 B114 INVALID_KE_PAYLOAD: both sides meet on the group the responder names, all suites offered again', () => {
    const pair = new Pair(
      { ikeProposals: [{ ...IKE, keyExchange: [x25519, ecp256] }] },
      { ikeProposals: [{ ...IKE, keyExchange: [ecp256] }] }
    ).connect()
    pair.settle()
    const [first, refused, second] = pair.sent.slice(0, 3).map((datagram) => read(pair, datagram))
    expect(kinds(refused?.payloads ?? [])).toEqual([NOTIFY.INVALID_KE_PAYLOAD])
    expect(refused?.payloads[0]).toMatchObject({ data: uint32Bytes(ecp256.id).slice(2) })
    expect([...(refused?.message.responderSpi ?? [])]).toEqual(new Array(8).fill(0))
    expect(second?.payloads[0]).toEqual(first?.payloads[0])
    expect(second?.payloads[1]).toMatchObject({ kind: 'keyExchange', group: ecp256.id })
    expect(second?.payloads[2]).toEqual(first?.payloads[2])
    expect(pair.phase('client')).toBe('established')
  })

  it('B094 a cookie is kept when another group is asked for after it', () => {
    const pair = new Pair({ ikeProposals: [{ ...IKE, keyExchange: [x25519, ecp256] }] }).connect()
    pair.deliver(refusal(pair, NOTIFY.COOKIE, Uint8Array.of(7)))
    pair.deliver(refusal(pair, NOTIFY.INVALID_KE_PAYLOAD, uint32Bytes(ecp256.id).slice(2)))
    const { payloads } = read(pair, pair.sent.at(-1) as Datagram)
    expect(payloads[0]).toMatchObject({ kind: 'notify', type: NOTIFY.COOKIE, data: Uint8Array.of(7) })
    expect(payloads[2]).toMatchObject({ kind: 'keyExchange', group: ecp256.id })
  })

  it('A group that was never offered is not obeyed (downgrade)', () => {
    const pair = new Pair().connect()
    pair.deliver(refusal(pair, NOTIFY.INVALID_KE_PAYLOAD, Uint8Array.of(0, 2)))
    expect(pair.sent).toHaveLength(1)
  })

  it('B005 B112 an error is doubted for a while: a real response that comes after it still wins', () => {
    const pair = new Pair().connect()
    const real = pair.wire
    pair.wire = []
    const forged = refusal(pair, NOTIFY.NO_PROPOSAL_CHOSEN)
    forged.bytes.fill(0x77, 8, 16)
    pair.deliver(forged)
    pair.passes = () => false
    pair.advance(DEFAULT_SESSION_LIMITS.unauthenticatedErrorMs - 1)
    expect(pair.phase('client')).toBe('expectInitResponse')
    pair.passes = () => true
    pair.wire = real
    pair.settle()
    expect(pair.phase('client')).toBe('established')
  })

  it('B112 an error without anything better ends the attempt after that while', () => {
    const pair = new Pair(
      {},
      { ikeProposals: [{ ...IKE, encryption: [aes128Gcm16], keyExchange: [x25519] }] }
    ).connect()
    pair.advance(DEFAULT_SESSION_LIMITS.unauthenticatedErrorMs + 1)
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'noProposalChosen' })
    expect(pair.phase('gateway')).toBe('expectInitRequest')
  })

  it('B036 B058 A retransmission on one path is the same octets, at growing intervals, and it ends', () => {
    const pair = new Pair().connect()
    const times: number[] = [pair.now]
    pair.passes = () => {
      times.push(pair.now)
      return false
    }
    pair.wire = []
    pair.advance(1_000_000)
    expect(pair.phase('client')).toBe('closed')
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'noResponse' })
    for (const { bytes } of pair.sent) expect(equalBytes(bytes, (pair.sent[0] as Datagram).bytes)).toBe(true)
    const gaps = times.slice(1).map((at, i) => at - (times[i] as number))
    for (let i = 1; i < gaps.length; i++) expect(gaps[i]).toBeGreaterThanOrEqual(gaps[i - 1] as number)
    expect(gaps.length).toBeGreaterThan(8)
  })

  it('A019 A020 D4 several paths are tried in turn, each with a request of its own', () => {
    const second: Path = { local: CLIENT.local, remote: { address: '198.51.100.1', port: 500 } }
    const pair = new Pair()
    pair.route = ({ path }) => (path.remote.address === '192.0.2.1' ? undefined : reversed(path))
    pair.connect([CLIENT, second])
    pair.advance(10_000)
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['established', 'established'])
    expect(pair.client.session.state.mobike?.ikePath.remote.address).toBe('198.51.100.1')
  })

  it('B040 the same IKE_SA_INIT again gets the same response; another one is none of this session', () => {
    const pair = new Pair().connect()
    const request = pair.wire.shift() as Datagram
    pair.deliver(request)
    const answer = pair.sent[1] as Datagram
    const repeated = pair.deliver(request)
    expect(datagramsIn(repeated).map(({ bytes }) => bytes)).toEqual([answer.bytes])
    const stranger = new Pair()
    stranger.tell('client', { type: 'tick' })
    stranger.connect()
    const ignored = pair.deliver({ ...(stranger.wire[0] as Datagram), from: 'client' })
    expect(reportsIn(ignored)).toMatchObject([{ kind: 'ignored', reason: 'busy' }])
  })

  it('B019 an unknown critical payload is refused by name, and nothing is kept', () => {
    const pair = new Pair().connect()
    const request = pair.wire.shift() as Datagram
    const bytes = Uint8Array.of(...request.bytes, 0, 0x80, 0, 4)
    // Chain the new payload behind the last one: walk to it.
    let at = 28
    let typeAt = 16
    while (at < request.bytes.length) {
      typeAt = at
      at += (bytes[at + 2] as number) * 256 + (bytes[at + 3] as number)
    }
    bytes[typeAt] = 200
    new DataView(bytes.buffer).setUint32(24, bytes.length)
    pair.deliver({ ...request, bytes })
    const answer = read(pair, pair.sent.at(-1) as Datagram)
    expect(answer.payloads).toMatchObject([{ type: NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD, data: Uint8Array.of(200) }])
    expect(pair.phase('gateway')).toBe('expectInitRequest')
  })

  it('B018 the same payload without the critical bit is skipped', () => {
    const pair = new Pair().connect()
    const request = pair.wire.shift() as Datagram
    const bytes = Uint8Array.of(...request.bytes, 0, 0, 0, 4)
    let at = 28
    let typeAt = 16
    while (at < request.bytes.length) {
      typeAt = at
      at += (bytes[at + 2] as number) * 256 + (bytes[at + 3] as number)
    }
    bytes[typeAt] = 200
    new DataView(bytes.buffer).setUint32(24, bytes.length)
    pair.deliver({ ...request, bytes })
    expect(pair.phase('gateway')).toBe('expectAuthRequest')
  })

  it('A half-open responder gives up after its time and keeps no key', () => {
    const pair = new Pair().connect()
    pair.deliver(pair.wire.shift() as Datagram)
    pair.wire = []
    pair.passes = () => false
    pair.advance(DEFAULT_SESSION_LIMITS.halfOpenMs - 1)
    expect(pair.phase('gateway')).toBe('expectAuthRequest')
    pair.advance(2)
    expect(pair.phase('gateway')).toBe('closed')
    expect(pair.gateway.session.secrets).toEqual({ ikeKeys: {}, childKeys: {}, privateKeys: {}, preSharedKey: null })
  })
})

describe('IKE_AUTH', () => {
  it('A026 B002 B215 B225 IKE_AUTH and all after it run on port 4500 with the marker, as both ends do NAT traversal', () => {
    const pair = new Pair().establish()
    for (const { path, bytes } of pair.sent.slice(2)) {
      expect([path.local.port, path.remote.port]).toEqual([4500, 4500])
      expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 0, 0])
    }
    for (const { path, bytes } of pair.sent.slice(0, 2)) {
      expect(path.local.port).toBe(500)
      expect([...bytes.subarray(0, 4)]).not.toEqual([0, 0, 0, 0])
    }
  })

  it('Without NAT traversal everything stays on port 500', () => {
    const forbid = { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' as const }
    const pair = new Pair({ mobike: forbid }, { mobike: forbid }).establish()
    expect(pair.sent.every(({ path }) => path.local.port === 500 && path.remote.port === 500)).toBe(true)
  })

  it('B022 B147 B259 the request: IDi, IDr, AUTH, CP before SA without groups, TSi, TSr', () => {
    const pair = new Pair().connect()
    let payloads: readonly { kind: string }[] = []
    let offered: unknown
    pair.passes = (datagram) => {
      if (unmarked(datagram)[18] === EXCHANGE.IKE_AUTH && datagram.from === 'client') {
        const opened = read(pair, datagram)
        payloads = opened.payloads
        offered = opened.payloads.find(({ kind }) => kind === 'securityAssociation')
      }
      return true
    }
    pair.settle()
    expect(payloads.map(({ kind }) => kind).filter((kind) => kind !== 'notify')).toEqual([
      'identificationInitiator',
      'identificationResponder',
      'authentication',
      'configuration',
      'securityAssociation',
      'trafficSelectorInitiator',
      'trafficSelectorResponder'
    ])
    expect(JSON.stringify(offered)).not.toContain('"type":4')
  })

  it('B127 B153 B156 a wrong key at the initiator: the responder refuses, both end without a Delete', () => {
    const pair = new Pair()
    const right = pair.answer
    pair.answer = (question) =>
      question.kind === 'preSharedKey' && question.localIdentity.data.length === 'client.example'.length
        ? { kind: 'preSharedKey', secret: utf8Bytes('wrong') }
        : right(question)
    pair.connect().settle()
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    expect(pair.sent).toHaveLength(4)
    for (const name of ['client', 'gateway'] as const) expect(pair[name].session.secrets.preSharedKey).toBeNull()
  })

  it('B127 B153 a responder that cannot prove itself: the initiator says so in an INFORMATIONAL, and both end', () => {
    const pair = new Pair({ peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('another.example') } }).connect()
    pair.settle()
    expect(pair.reports('client')).toContainEqual({ kind: 'closed', reason: 'authenticationFailed' })
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    expect(pair.client.session.state.children).toEqual([])
  })

  it('An unknown peer (no key) is refused as a wrong key is', () => {
    const pair = new Pair({}, { peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('someone.else') } }).connect()
    pair.settle()
    expect(pair.reports('gateway').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    const none = new Pair()
    const right = none.answer
    none.answer = (question) =>
      question.kind === 'preSharedKey' && question.localIdentity.data.length === 'gateway.example'.length
        ? { kind: 'preSharedKey', secret: null }
        : right(question)
    none.connect().settle()
    expect(none.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
  })

  it('B037 B038 a refusal that was lost is repeated for the repeated IKE_AUTH, without keys', () => {
    const pair = new Pair({}, { peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('someone.else') } })
    let lost = 0
    pair.passes = (datagram) => datagram.from === 'client' || unmarked(datagram)[18] !== EXCHANGE.IKE_AUTH || lost++ > 1
    pair.connect().settle()
    expect([pair.phase('client'), pair.phase('gateway')]).toEqual(['expectAuthResponse', 'closed'])
    pair.advance(10_000)
    expect(pair.reports('client').at(-1)).toEqual({ kind: 'closed', reason: 'authenticationFailed' })
    pair.advance(DEFAULT_SESSION_LIMITS.replacedSaMs)
    expect(pair.gateway.session.state.phase).toMatchObject({ farewell: null })
  })

  it('B155 B159 a first Child SA that is refused leaves the IKE SA standing', () => {
    const pair = new Pair({}, { childProposals: [{ encryption: [aes128Gcm16], integrity: [] }] }).establish()
    for (const name of ['client', 'gateway'] as const) {
      expect(pair.childIds(name)).toEqual([])
      expect(pair.reports(name)).toContainEqual({ kind: 'childSaFailed', notifyType: NOTIFY.NO_PROPOSAL_CHOSEN })
    }
    pair.tell('client', { type: 'livenessRequested' })
    pair.settle()
    expect(pair.client.session.state.ikeSas[0]?.requests.outstanding).toEqual([])
  })

  it('B165 selectors with nothing in common: TS_UNACCEPTABLE, and the IKE SA stands', () => {
    const pair = new Pair({ remoteSelectors: [prefixSelector('172.16.0.0', 12)] }).establish()
    expect(pair.reports('client')).toContainEqual({ kind: 'childSaFailed', notifyType: NOTIFY.TS_UNACCEPTABLE })
  })

  it('B155 no inner address to give: INTERNAL_ADDRESS_FAILURE, and the IKE SA stands', () => {
    const pair = new Pair()
    const right = pair.answer
    pair.answer = (question) =>
      question.kind === 'configuration' ? { kind: 'configuration', configuration: null } : right(question)
    pair.connect().settle()
    expect(pair.phase('client')).toBe('established')
    expect(pair.reports('client')).toContainEqual({
      kind: 'childSaFailed',
      notifyType: NOTIFY.INTERNAL_ADDRESS_FAILURE
    })
  })

  it('B148 B164 B167 the assigned address narrows the initiator’s selectors; without CFG_REQUEST there is no CFG_REPLY', () => {
    const pair = new Pair().establish()
    expect(pair.client.actions).toContainEqual({
      type: 'applyConfiguration',
      configuration: { addresses: ['10.3.0.7'], dnsServers: ['10.9.0.53'] }
    })
    const [child] = pair.client.session.state.children
    expect(child?.sa.localSelectors).toEqual([prefixSelector('10.3.0.7', 32)])
    expect(child?.sa.remoteSelectors).toEqual([prefixSelector('10.9.0.0', 16)])
    const plain = new Pair({ requestConfiguration: null, localSelectors: [prefixSelector('10.3.0.0', 24)] }).establish()
    expect(plain.client.actions.some(({ type }) => type === 'applyConfiguration')).toBe(false)
    expect(plain.gateway.session.state.children[0]?.sa.remoteSelectors).toEqual([prefixSelector('10.3.0.0', 24)])
  })

  it('B171 B240 a first Child SA wider than what was offered is not taken, and is deleted at the peer', () => {
    // The client believes it offered less than the gateway heard: as if the gateway answered too much.
    const narrow = new Pair()
    narrow.connect()
    while (narrow.phase('client') !== 'expectAuthResponse') narrow.deliver(narrow.wire.shift() as Datagram)
    ;(narrow.client as { config: unknown }).config = {
      ...narrow.client.config,
      remoteSelectors: [prefixSelector('10.9.1.0', 24)]
    }
    narrow.settle()
    expect(narrow.phase('client')).toBe('established')
    expect(narrow.childIds('client')).toEqual([])
    expect(narrow.childIds('gateway')).toEqual([])
    expect(narrow.reports('client')).toContainEqual({ kind: 'childSaFailed', notifyType: NOTIFY.NO_PROPOSAL_CHOSEN })
  })

  it('B154 a malformed IKE_AUTH is refused with INVALID_SYNTAX alone, an unknown critical payload by its type', () => {
    for (const bad of ['syntax', 'critical'] as const) {
      const pair = new Pair().connect()
      while (pair.phase('client') !== 'expectAuthResponse') pair.deliver(pair.wire.shift() as Datagram)
      pair.wire = []
      const chain =
        bad === 'syntax'
          ? { firstPayload: 39, bytes: Uint8Array.of(0, 0, 0, 200) }
          : { firstPayload: 201, bytes: Uint8Array.of(0, 0x80, 0, 4) }
      const forged = forge(pair, 'client', {
        exchangeType: EXCHANGE.IKE_AUTH,
        messageId: 1,
        payloads: [],
        chain,
        path: { local: { address: '10.1.0.2', port: 4500 }, remote: { address: '192.0.2.1', port: 4500 } }
      })
      let answer: (string | number)[] = []
      pair.passes = (datagram) => {
        answer = kinds(read(pair, datagram).payloads)
        return true
      }
      pair.deliver(forged)
      expect(answer).toEqual([bad === 'syntax' ? NOTIFY.INVALID_SYNTAX : NOTIFY.UNSUPPORTED_CRITICAL_PAYLOAD])
      expect(pair.phase('gateway')).toBe('closed')
      pair.settle()
      expect(pair.phase('client')).toBe('closed')
    }
  })

  it('B026 CREATE_CHILD_SA and INFORMATIONAL before IKE_AUTH are not answered', () => {
    const pair = new Pair().connect()
    while (pair.phase('client') !== 'expectAuthResponse') pair.deliver(pair.wire.shift() as Datagram)
    for (const exchangeType of [EXCHANGE.CREATE_CHILD_SA, EXCHANGE.INFORMATIONAL]) {
      const actions = pair.deliver(forge(pair, 'client', { exchangeType, messageId: 1, payloads: [] }))
      expect(datagramsIn(actions)).toEqual([])
      expect(reportsIn(actions)).toMatchObject([{ kind: 'ignored', reason: 'wrongExchange' }])
    }
    pair.settle()
    expect(pair.phase('client')).toBe('established')
  })

  it('B064 INITIAL_CONTACT is in the first IKE_AUTH request when it is wanted, and only then', () => {
    for (const initialContact of [true, false]) {
      const pair = new Pair({ initialContact }).connect()
      let found = false
      pair.passes = (datagram) => {
        if (datagram.from === 'client' && unmarked(datagram)[18] === EXCHANGE.IKE_AUTH) {
          found = kinds(read(pair, datagram).payloads).includes(NOTIFY.INITIAL_CONTACT)
        }
        return true
      }
      pair.settle()
      expect(found).toBe(initialContact)
    }
  })

  it('B248 B023 payloads in another order are taken as well', () => {
    const pair = new Pair().connect()
    while (pair.phase('client') !== 'expectAuthResponse') pair.deliver(pair.wire.shift() as Datagram)
    const real = pair.wire[0] as Datagram
    const { payloads } = read(pair, real)
    pair.wire = []
    pair.deliver(
      forge(pair, 'client', { exchangeType: EXCHANGE.IKE_AUTH, messageId: 1, payloads: [...payloads].reverse() })
    )
    expect(pair.phase('gateway')).toBe('established')
  })

  it('A023 F25 one side without MOBIKE: the session is an ordinary one, and lists or updates are not sent', () => {
    for (const who of ['client', 'gateway'] as const) {
      const pair = new Pair(
        who === 'client' ? { mobike: null } : {},
        who === 'gateway' ? { mobike: null } : {}
      ).establish()
      expect([pair.client.session.state.mobike, pair.gateway.session.state.mobike]).toEqual([null, null])
      expect(pair.reports('client')).toContainEqual(expect.objectContaining({ kind: 'established', mobike: false }))
      const before = pair.sent.length
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
      const actions = pair.tell('client', { type: 'updateRequested' })
      expect(reportsIn(actions)).toMatchObject([{ kind: 'eventIgnored' }])
      pair.settle()
      expect(pair.sent).toHaveLength(before)
    }
  })

  it('The pre-shared key is forgotten as soon as both sides are authenticated', () => {
    const pair = new Pair().establish()
    expect(PSK.length).toBeGreaterThan(8)
    expect(pair.client.session.secrets.preSharedKey).toBeNull()
    expect(pair.gateway.session.secrets.preSharedKey).toBeNull()
  })

  it('An answer to a question that is not open is ignored', () => {
    const pair = new Pair().establish()
    const actions = pair.tell('client', { type: 'answered', id: 99, answer: { kind: 'preSharedKey', secret: PSK } })
    expect(reportsIn(actions)).toMatchObject([{ kind: 'eventIgnored', event: 'answered' }])
  })
})
