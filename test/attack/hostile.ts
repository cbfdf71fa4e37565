import type { Path } from '../../src/bytes/index.ts'
import { EXCHANGE, NOTIFY, notify } from '../../src/codec/index.ts'
import type { NotifyPayload, Payload } from '../../src/codec/types.ts'
import { createEspTunnel, type EspTunnel } from '../../src/esp/index.ts'
import { childSaKeys, type SessionAction, type SessionOptions } from '../../src/session/index.ts'
import { type Forgery, forge, marked, unmarked } from '../session/forge.ts'
import { datagramsIn, other, Pair, reversed, type SideName } from '../session/pair.ts'

/** One side of an established pair, turned hostile: it holds the keys and says what it likes; the victim runs as always. */
export class Hostile {
  readonly victim: SideName
  /** The victim's ESP: what the session asks of its host must be possible. */
  readonly tunnel: EspTunnel = createEspTunnel()
  private carried = 0

  constructor(
    readonly pair: Pair,
    readonly name: SideName
  ) {
    this.victim = other(name)
    this.carryOut(pair[this.victim].actions)
  }

  /** A request with the Message ID that the victim expects. */
  request(payloads: readonly Payload[], options: Partial<Forgery> & { readonly from?: Path } = {}): SessionAction[] {
    const sa = options.sa ?? this.pair.ikeSa(this.victim)
    return this.say({ messageId: sa.responses.nextMessageId, payloads, ...options }, options.from)
  }

  /** An INFORMATIONAL request that holds only notifications. */
  notifies(types: readonly (number | NotifyPayload)[], from?: Path): SessionAction[] {
    const payloads = types.map((type) => (typeof type === 'number' ? notify(type) : type))
    return this.request(payloads, from === undefined ? {} : { from })
  }

  /** A response to the victim's oldest request. */
  respond(payloads: readonly Payload[], from?: Path): SessionAction[] {
    const record = this.pair.ikeSa(this.victim).requests.outstanding[0]
    if (record === undefined) return []
    const { kind } = record.purpose
    const exchangeType =
      kind === 'createChild' || kind === 'rekeyIke' ? EXCHANGE.CREATE_CHILD_SA : EXCHANGE.INFORMATIONAL
    return this.say({ messageId: record.messageId, isResponse: true, exchangeType, payloads }, from)
  }

  /** `from` is the path as the hostile side would name it: its local end is what the victim sees as source. */
  say(forgery: Forgery, from?: Path): SessionAction[] {
    const datagram = forge(this.pair, this.name, from === undefined ? forgery : { ...forgery, path: from })
    const actions = this.pair.tell(this.victim, {
      type: 'datagramReceived',
      path: reversed(datagram.path),
      // The marker belongs to the port that the message arrives at.
      bytes: marked(reversed(datagram.path), unmarked(datagram))
    })
    this.carryOut(actions)
    return [...actions]
  }

  /** COOKIE2 and NAT_DETECTION as an honest peer returns them are not needed: what the victim asked, with its COOKIE2. */
  cookieOf(): Uint8Array | undefined {
    const token = this.pair.ikeSa(this.victim).requests.outstanding[0]?.purpose
    if (token?.kind !== 'mobike') return undefined
    const own = this.pair[this.victim].session.state.mobike?.outstanding.find(
      (request) => request.token === token.token
    )
    return own?.cookie2 == null ? undefined : Uint8Array.from(Buffer.from(own.cookie2, 'hex'))
  }

  /** Octets of the victim's session as JSON: what a peer could make grow. */
  size(): number {
    return JSON.stringify(this.pair[this.victim].session, (_, value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
    ).length
  }

  get alive(): boolean {
    return this.pair.phase(this.victim) !== 'closed'
  }

  private carryOut(actions: readonly SessionAction[]): void {
    const { config, session } = this.pair[this.victim]
    for (const action of actions) {
      if (action.type === 'installChildSa') {
        const keys = childSaKeys(config, session, action.child.id)
        if (keys !== undefined) this.tunnel.applyChildSaAction(action, keys)
      } else if (action.type === 'removeChildSa' || action.type === 'moveChildSas') {
        this.tunnel.applyChildSaAction(action)
      }
    }
    this.carried += actions.length
  }
}

export function established(hostile: SideName, ...options: readonly Partial<SessionOptions>[]): Hostile {
  const pair = new Pair(options[0], options[1]).establish()
  pair.passes = () => false
  return new Hostile(pair, hostile)
}

export const sent = (actions: readonly SessionAction[]): number => datagramsIn(actions).length

export function octets(length: number, value = 1): Uint8Array {
  return new Uint8Array(length).fill(value)
}

export function cookie2(data: Uint8Array): NotifyPayload {
  return notify(NOTIFY.COOKIE2, data)
}

/** Paths as the hostile client names them: its own address first. */
export function fromClient(address: string, port = 4500, to = '192.0.2.1', toPort = 4500): Path {
  return { local: { address, port }, remote: { address: to, port: toPort } }
}
