import { ipAddressBytes, type Path } from '../../../src/bytes/index.ts'
import { encodePayloads, NOTIFY, type NotifyPayload, type Payload } from '../../../src/codec/index.ts'
import { mutateChain } from '../../../src/mutation/index.ts'
import type { SessionAction } from '../../../src/session/index.ts'
import { disagreement, disagreementOnPaths } from '../../session/agreement.ts'
import { forge, marked, read, unmarked } from '../../session/forge.ts'
import { type Datagram, other, type Pair, reportsIn, reversed, type SideName } from '../../session/pair.ts'
import { isSame, isSameOctets, show } from '../equal.ts'
import type { FuzzedData } from '../fuzzed-data.ts'
import { havoc } from '../havoc.ts'
import { claim } from '../violation.ts'
import { throughNat } from './phases.ts'

/** More than that in answer to one datagram is talk without end. */
const MOST_ANSWERS = 40
/** The Response flag (RFC 7296 section 3.1). */
const RESPONSE = 0x20

/** Two sessions and a network that does what the decisions say; everything that must hold is looked at on the way. */
export class Live {
  /** Somebody with keys said what our sessions never say: then the two need not agree any more. */
  isHostile = false
  private readonly delivered: Readonly<Record<SideName, Set<string>>> = { client: new Set(), gateway: new Set() }
  private readonly deliverDirectly: Pair['deliver']

  constructor(readonly pair: Pair) {
    this.deliverDirectly = pair.deliver.bind(pair)
    pair.deliver = (datagram) => this.deliver(datagram)
  }

  /** What arrives, arrives once as something new. */
  private deliver(datagram: Datagram): readonly SessionAction[] {
    const { pair } = this
    const name = other(datagram.from)
    const known = this.delivered[name]
    const key = Buffer.from(datagram.bytes).toString('latin1')
    const before = pair[name].session
    const sentBefore = pair.sent.length
    const actions = this.deliverDirectly(datagram)
    this.checkProhibition(name, before.state, datagram)
    const answers = pair.sent.slice(sentBefore).filter(({ from }) => from === name)
    claim(answers.length <= MOST_ANSWERS, 'a datagram is answered by a few', () => String(answers.length))
    const arrival = pair.route(datagram)
    for (const { path, bytes } of answers.filter(isResponse)) {
      claim(
        isSame(path, arrival),
        'a response leaves from where its request came to, to where it came from (RFC 7296 section 2.11)',
        () => show([name, JSON.stringify([path, arrival]), bytes])
      )
    }
    if (known.has(key) && before.state.phase.name === 'established') {
      const after = pair[name].session
      claim(isSame(before.secrets, after.secrets), 'a datagram that comes again changes no key')
      claim(
        isSame(windowsOf(before.state), windowsOf(after.state)),
        'a datagram that comes again moves no window (RFC 7296 section 2.3)',
        () => show([windowsOf(before.state), windowsOf(after.state)])
      )
    }
    // One that came too early is not known yet: it may come again.
    if (!isSame(windowsOf(before.state), windowsOf(pair[name].session.state))) known.add(key)
    return actions
  }

  /** RFC 4555 section 3.9: an UPDATE that came from elsewhere than its NO_NATS_ALLOWED says moves nothing. */
  private checkProhibition(name: SideName, { mobike, phase }: State, datagram: Datagram): void {
    const { pair } = this
    if (pair[name].config.mobike?.natTraversal !== 'forbid' || mobike === null || phase.name !== 'established') return
    const arrival = pair.route(datagram)
    const content = this.contentOf(datagram)
    if (arrival === undefined || content === undefined || content.message.isResponse) return
    const told = content.payloads.find(isNotify(NOTIFY.NO_NATS_ALLOWED))
    if (told === undefined || isSameOctets(told.data, endpointsOf(reversed(arrival)))) return
    const after = pair[name].session.state.mobike
    claim(
      after === null || isSame([mobike.ikePath, mobike.childPath], [after.ikePath, after.childPath]),
      'where NATs are not allowed nothing moves behind one (RFC 4555 section 3.9)',
      () => JSON.stringify([arrival, mobike.ikePath, after?.ikePath])
    )
  }

  /** A response that returns another COOKIE2 than was sent, by somebody with keys: the IKE SA ends (RFC 4555 section 3.7). */
  misquote(decisions: FuzzedData): void {
    const { pair } = this
    const datagram = this.any(decisions)
    const content = datagram && this.contentOf(datagram)
    if (datagram === undefined || content?.message.isResponse !== true) return
    const { from } = datagram
    const name = other(from)
    const { message, payloads } = content
    const returned = payloads.find(isNotify(NOTIFY.COOKIE2))
    const { mobike, phase } = pair[name].session.state
    const waiting = mobike?.outstanding.find(({ cookie2 }) => cookie2 === hex(returned?.data ?? new Uint8Array()))
    const sa = this.saOf(from, message.initiatorSpi)
    if (returned === undefined || waiting === undefined || sa === undefined || phase.name !== 'established') return
    const data = returned.data.slice()
    data[decisions.below(data.length)] = 0x55 ^ (data[0] as number)
    if (isSameOctets(data, returned.data) || pair.route(datagram) === undefined) return
    this.isHostile = true
    const changed = payloads.map((payload) => (payload === returned ? { ...returned, data } : payload))
    const { exchangeType, messageId } = message
    const forged = forge(pair, from, {
      exchangeType,
      isResponse: true,
      messageId,
      payloads: changed,
      sa,
      path: datagram.path
    })
    this.deliver(forged)
    claim(pair.phase(name) !== 'established', 'another COOKIE2 than was sent ends the IKE SA (RFC 4555 section 3.7)')
  }

  private contentOf(datagram: Datagram): ReturnType<typeof read> | undefined {
    try {
      const content = read(this.pair, datagram)
      return content.message.payloads.at(-1)?.kind === 'encrypted' ? content : undefined
    } catch {
      // No message, or neither end has the keys any more.
      return undefined
    }
  }

  /** A datagram of the wire, or one sent before; undefined when there was none. */
  any(decisions: FuzzedData): Datagram | undefined {
    const { wire, sent } = this.pair
    return decisions.below(4) === 0 && sent.length > 0
      ? sent[sent.length - 1 - decisions.below(sent.length)]
      : wire[decisions.below(wire.length)]
  }

  take(decisions: FuzzedData): Datagram | undefined {
    const { wire } = this.pair
    return wire.splice(decisions.below(wire.length), 1)[0]
  }

  /** Octets changed by somebody without keys: an established session stays exactly as it was. */
  tamper(decisions: FuzzedData): void {
    const { pair } = this
    const datagram = this.any(decisions)
    if (datagram === undefined) return
    let bytes = datagram.bytes
    for (let changes = 1 + decisions.below(3); changes > 0; changes--) bytes = havoc(bytes, decisions, datagram.bytes)
    this.unauthenticated({ ...datagram, bytes }, decisions)
    if (decisions.below(2) === 0) pair.wire = pair.wire.filter((one) => one !== datagram)
  }

  /** Octets from anybody. */
  unauthenticated(datagram: Datagram, decisions: FuzzedData): void {
    const { pair } = this
    const name = decisions.below(8) === 0 ? datagram.from : other(datagram.from)
    const arriving = { ...datagram, from: other(name) }
    // Changed back to what a session really sent: then somebody did authenticate it.
    if ([...pair.sent, ...pair.wire].some(({ bytes }) => isSameOctets(bytes, datagram.bytes))) return
    const before = pair[name].session
    const wasEstablished = before.state.phase.name === 'established'
    const actions = this.deliver(arriving)
    // Without protection it is a hint, and may lead to a liveness check (section 2.21.4).
    const isHint = reportsIn(actions).some((report) => report.kind === 'ignored' && report.reason === 'unprotected')
    if (!wasEstablished || isHint) return
    const after = pair[name].session
    claim(
      isSame(before.secrets, after.secrets) && isSame(before.state, after.state),
      'octets that nobody authenticated change no established session (RFC 7296 section 2.21.4)',
      () => show([name, JSON.stringify(before.state), JSON.stringify(after.state)])
    )
  }

  /** A message of one side with its content changed and sealed again. */
  bend(decisions: FuzzedData): void {
    const datagram = this.any(decisions)
    if (datagram === undefined) return
    const { from } = datagram
    const content = this.contentOf(datagram)
    if (content === undefined) return
    const { message, payloads } = content
    const sa = this.saOf(from, message.initiatorSpi)
    if (sa === undefined) return
    const { bytes, firstPayload } = encodePayloads(payloads)
    const bent = mutateChain(firstPayload, bytes, (limit) => decisions.below(limit))
    this.isHostile = true
    this.seal(from, {
      exchangeType: message.exchangeType,
      isResponse: message.isResponse,
      messageId: message.messageId,
      payloads: [],
      chain: { firstPayload: bent.firstPayload, bytes: bent.octets },
      sa,
      path: datagram.path
    })
    this.pair.wire = this.pair.wire.filter((one) => one !== datagram)
  }

  /** A request that one side might send next, of whatever content. */
  invent(decisions: FuzzedData, content: { readonly firstPayload: number; readonly bytes: Uint8Array }): void {
    const from = decisions.among(['client', 'gateway'] as const)
    const { ikeSas } = this.pair[from].session.state
    const sa = ikeSas[decisions.below(ikeSas.length)]
    if (sa === undefined) return
    this.isHostile = true
    const messageId = sa.requests.nextMessageId + (decisions.below(4) === 0 ? decisions.below(5) - 2 : 0)
    this.seal(from, {
      exchangeType: decisions.among([37, 36, 35, 37, 36, 43, 44, 38]),
      isResponse: decisions.below(6) === 0,
      messageId: Math.max(0, messageId),
      payloads: [] as readonly Payload[],
      chain: content,
      sa
    })
  }

  private saOf(
    name: SideName,
    initiatorSpi: Uint8Array
  ): Pair['client']['session']['state']['ikeSas'][number] | undefined {
    const spi = hex(initiatorSpi)
    const { state, secrets } = this.pair[name].session
    return state.ikeSas.find((sa) => sa.initiatorSpi === spi && secrets.ikeKeys[sa.id] !== undefined)
  }

  private seal(from: SideName, forgery: Parameters<typeof forge>[2]): void {
    const { mobike, path } = this.pair[from].session.state
    if ((forgery.path ?? mobike?.ikePath ?? path) === null) return
    const forged = forge(this.pair, from, forgery)
    this.pair.put({ ...forged, bytes: marked(forged.path, unmarked(forged)) })
  }

  /** Good weather for as long as the more patient of the two takes to find out: the two agree, or know that the other is gone. */
  comeToRest(): void {
    const { pair } = this
    const direct = pair.route
    pair.passes = () => true
    // Until now a datagram could arrive just after its address went; from now on it does not.
    pair.route = (datagram) => {
      const arrival = direct(datagram)
      const { localAddresses } = pair[other(datagram.from)].session.state.surroundings
      return localAddresses.some(({ address }) => address === arrival?.local.address) ? arrival : undefined
    }
    const { localAddresses } = pair.client.session.state.surroundings
    if (!localAddresses.some(({ address }) => address.startsWith('10.'))) {
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    }
    pair.tell('gateway', {
      type: 'localAddressesChanged',
      addresses: [{ address: '192.0.2.1' }, { address: '198.51.100.1' }]
    })
    pair.advance(1_300_000)
    if (this.isHostile) return
    const phases = [pair.phase('client'), pair.phase('gateway')]
    if (!phases.includes('established')) return
    // Each moved while the other could not hear of it, and no pair is left: the caller's outage limit decides, there is none.
    if ([pair.client, pair.gateway].some(({ session }) => (session.state.mobike?.outageSince ?? null) !== null)) return
    claim(disagreement(pair) === undefined, 'in the end both ends agree', () => disagreement(pair) ?? '')
    // Behind a NAT each sees the other's addresses in its own way.
    const paths = direct === throughNat ? undefined : disagreementOnPaths(pair)
    claim(paths === undefined, 'in the end both ends are on the same path', () => paths ?? '')
  }
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}

function isNotify(type: number): (payload: Payload) => payload is NotifyPayload {
  return (payload): payload is NotifyPayload => payload.kind === 'notify' && payload.type === type
}

/** Addresses and ports of a path as RFC 4555 section 4.2.6 writes them. */
function endpointsOf({ local, remote }: Path): Uint8Array {
  const addresses = [local, remote].map(({ address }) => ipAddressBytes(address) as Uint8Array)
  const ports = [local, remote].map(({ port }) => Uint8Array.of(port >> 8, port))
  return Buffer.concat([...addresses, ...ports])
}

function isResponse(datagram: Datagram): boolean {
  return ((unmarked(datagram)[19] as number) & RESPONSE) !== 0
}

type State = Pair['client']['session']['state']

/** Next Message IDs of requests and of answers, of each IKE SA. */
function windowsOf({ ikeSas }: State): unknown {
  return ikeSas.map(({ id, requests, responses }) => [id, requests.nextMessageId, responses.nextMessageId])
}
