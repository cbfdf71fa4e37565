import type { Path } from '../../../src/bytes/index.ts'
import { DEFAULT_MOBIKE_POLICY } from '../../../src/mobike/index.ts'
import type { SessionOptions } from '../../../src/session/index.ts'
import { DEFAULT_SESSION_LIMITS } from '../../../src/session/index.ts'
import { type Datagram, type News, Pair, reversed, type SideName } from '../../session/pair.ts'

/** Where two sessions are when fuzzing begins, made once: handshakes cost more than all that follows. */
export interface LivePhase {
  readonly name: string
  readonly start: Pair
}

const PRIVATE_ADDRESSES = ['10.1.0.2', '10.2.0.2', '10.4.0.2']
const PUBLIC = '203.0.113.7'

/** A NAT whose outside port says which inside address and port it stands for: it forgets nothing and remembers nothing. */
export function throughNat({ from, path }: Datagram): Path | undefined {
  if (from === 'client') {
    const index = PRIVATE_ADDRESSES.indexOf(path.local.address)
    if (index < 0) return reversed(path)
    return {
      local: path.remote,
      remote: { address: PUBLIC, port: 20_000 + 2 * index + (path.local.port === 500 ? 0 : 1) }
    }
  }
  if (path.remote.address !== PUBLIC) return reversed(path)
  const number = path.remote.port - 20_000
  const address = PRIVATE_ADDRESSES[number >> 1]
  if (address === undefined) return undefined
  return { local: { address, port: (number & 1) === 0 ? 500 : 4500 }, remote: path.local }
}

const NO_NATS: Partial<SessionOptions> = { mobike: { ...DEFAULT_MOBIKE_POLICY, natTraversal: 'forbid' } }

/** Both forbid NATs, and one stands between them from now on. */
function forbidden(): Pair {
  const pair = quick(NO_NATS).establish()
  pair.route = throughNat
  return pair
}

const WIDE: Partial<SessionOptions> = { limits: { ...DEFAULT_SESSION_LIMITS, window: 4 } }

function phase(name: string, make: () => Pair): LivePhase {
  const start = make()
  start.isThorough = false
  start.isRestored = false
  return { name, start }
}

function quick(...options: readonly Partial<SessionOptions>[]): Pair {
  const pair = new Pair(options[0], options[1] ?? options[0])
  pair.isThorough = false
  return pair
}

function behindNat(): Pair {
  const pair = quick()
  pair.route = throughNat
  return pair.establish()
}

function withRequest(
  type: 'ikeSaRekeyRequested' | 'childSaRequested' | 'closeRequested',
  name: 'client' | 'gateway'
): Pair {
  const pair = quick().establish()
  pair.tell(name, { type })
  return pair
}

function rekeyOfChild(pair: Pair, name: SideName): News {
  return { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number }
}

function rekeyingChild(name: SideName): Pair {
  const pair = quick().establish()
  pair.tell(name, rekeyOfChild(pair, name))
  return pair
}

/** Both ends want the same at the same time. */
function collision(wish: (pair: Pair, name: SideName) => News): Pair {
  const pair = quick().establish()
  for (const name of ['client', 'gateway'] as const) pair.tell(name, wish(pair, name))
  return pair
}

function moving(start: Pair): Pair {
  start.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
  return start
}

/** What answers a request stands on the wire and has not arrived. */
function answered(pair: Pair): Pair {
  pair.deliver(pair.wire.shift() as Datagram)
  return pair
}

/** Every phase of a session's life, both ends in turn having begun what is under way. The datagrams of it are on the wire. */
export function livePhases(): readonly LivePhase[] {
  return [
    phase('established', () => quick().establish()),
    phase('IKE_SA_INIT requested', () => quick().connect()),
    phase('IKE_SA_INIT answered', () => answered(quick().connect())),
    phase('IKE_AUTH requested', () => answered(answered(quick().connect()))),
    phase('IKE_AUTH answered', () => answered(answered(answered(quick().connect())))),
    phase('established, windows of 4', () => quick(WIDE).establish()),
    phase('established behind a NAT', behindNat),
    phase('established, NATs forbidden', forbidden),
    phase('client moves behind a forbidden NAT', () => moving(forbidden())),
    phase('established without MOBIKE', () => quick({ mobike: null }).establish()),
    phase('client rekeys the Child SA', () => rekeyingChild('client')),
    phase('gateway rekeys the Child SA', () => rekeyingChild('gateway')),
    phase('client rekeys the IKE SA', () => withRequest('ikeSaRekeyRequested', 'client')),
    phase('gateway rekeys the IKE SA', () => withRequest('ikeSaRekeyRequested', 'gateway')),
    phase('both rekey the IKE SA', () => collision(() => ({ type: 'ikeSaRekeyRequested' }))),
    phase('both rekey the Child SA', () => collision(rekeyOfChild)),
    phase('IKE SA rekeyed, answer under way', () => answered(withRequest('ikeSaRekeyRequested', 'client'))),
    phase('client wants another Child SA', () => withRequest('childSaRequested', 'client')),
    phase('client moves', () => moving(quick().establish())),
    phase('client moves, answer under way', () => answered(moving(quick().establish()))),
    phase('client moves behind a NAT', () => moving(behindNat())),
    phase('client closes', () => withRequest('closeRequested', 'client')),
    phase('gateway closes', () => withRequest('closeRequested', 'gateway'))
  ]
}
