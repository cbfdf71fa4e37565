import type { MobikeHint } from '../../../src/mobike/index.ts'
import type { News, SideName } from '../../session/pair.ts'
import { FuzzedData } from '../fuzzed-data.ts'
import { Live } from '../live/live.ts'
import { type LivePhase, livePhases } from '../live/phases.ts'
import type { FuzzTarget, Recordings } from '../target.ts'

/**
 * Two live sessions at any phase, of either role, and between them a network and hosts that do what the octets say: datagrams
 * lost, repeated, out of order, changed by strangers and by those who hold keys; time, addresses, wishes of the caller,
 * snapshots. What must hold is in `Live`, in `Pair.tell` and in `checkSession`.
 */
export const sessionTarget: FuzzTarget = {
  name: 'session',
  fuzz,
  seeds,
  workLimit: (octets) => 5_000_000 + 200_000 * octets
}

const MOST_DEEDS = 40
const THOROUGH = 1
const RESTORED = 2
const TO_THE_END = 4

/** Made when first needed, for each copy of the library its own. */
let phases: readonly LivePhase[] | undefined

export function fuzz(data: Uint8Array): void {
  phases ??= livePhases()
  const decisions = new FuzzedData(data)
  const { start } = decisions.among(phases)
  const flags = decisions.octet()
  const live = new Live(start.copy())
  live.pair.isThorough = (flags & 0x1f) === THOROUGH
  live.pair.isRestored = (flags & RESTORED) !== 0
  for (let count = 0; count < MOST_DEEDS && !decisions.isUsedUp; count++) decisions.among(DEEDS)(live, decisions)
  if ((flags & TO_THE_END) !== 0) live.comeToRest()
}

type Deed = (live: Live, decisions: FuzzedData) => void

const SIDES: readonly SideName[] = ['client', 'gateway']
const WAITS = [1, 50, 500, 1000, 3000, 8000, 25_000, 61_000, 200_000]
const HINTS: readonly MobikeHint[] = [
  'icmpError',
  'linkTrouble',
  'noInboundTraffic',
  'unprotectedNotify',
  'addressLost',
  'resumed'
]
const ADDRESSES: Readonly<Record<SideName, readonly string[]>> = {
  client: ['10.1.0.2', '10.2.0.2', '10.4.0.2', '2001:db8:1::2'],
  gateway: ['192.0.2.1', '198.51.100.1', '2001:db8:2::1']
}

/** A caller's wishes of an end. */
function wish(name: SideName, ids: readonly number[], decisions: FuzzedData): News | undefined {
  const id = ids[decisions.below(ids.length)]
  switch (decisions.below(9)) {
    case 0:
      return { type: 'livenessRequested' }
    case 1:
      return { type: 'childSaRequested' }
    case 2:
      return id === undefined ? undefined : { type: 'childSaRekeyRequested', id }
    case 3:
      return id === undefined ? undefined : { type: 'childSaDeleteRequested', id }
    case 4:
      return { type: 'ikeSaRekeyRequested' }
    case 5:
      // Only a MOBIKE initiator updates (RFC 4555 section 3.5).
      return name === 'client' ? { type: 'updateRequested' } : undefined
    case 6:
      return { type: 'hintReceived', hint: decisions.among(HINTS) }
    case 7:
      return { type: 'tick' }
    default:
      return decisions.below(4) === 0 ? { type: 'closeRequested' } : undefined
  }
}

/** What may happen, by an octet; what brings things forward is there more than once. */
const DEEDS: readonly Deed[] = [
  ...Array<Deed>(3).fill(({ pair }) => {
    const first = pair.wire.shift()
    if (first !== undefined) pair.deliver(first)
  }),
  (live, decisions) => {
    const datagram = live.take(decisions)
    if (datagram !== undefined) live.pair.deliver(datagram)
  },
  (live, decisions) => {
    live.take(decisions)
  },
  (live, decisions) => {
    const datagram = live.any(decisions)
    if (datagram !== undefined) live.pair.deliver(datagram)
  },
  ({ pair }) => pair.settle(),
  ({ pair }, decisions) => pair.advance(decisions.among(WAITS)),
  ({ pair }, decisions) => {
    const name = decisions.among(SIDES)
    const chosen = decisions.octet()
    const addresses = ADDRESSES[name]
      .filter((_, index) => (chosen & (1 << index)) !== 0)
      .map((address, index) => ({ address, cost: (chosen >> 4) ^ index }))
    pair.tell(name, { type: 'localAddressesChanged', addresses })
  },
  ...Array<Deed>(2).fill(({ pair }, decisions) => {
    const name = decisions.among(SIDES)
    const news = wish(name, pair.childIds(name), decisions)
    if (news !== undefined) pair.tell(name, news)
  }),
  ...Array<Deed>(2).fill((live, decisions) => live.tamper(decisions)),
  (live, decisions) => {
    const from = decisions.among(SIDES)
    const { mobike, path } = live.pair[from].session.state
    const at = mobike?.ikePath ?? path
    if (at === null) return
    live.unauthenticated({ from, path: at, bytes: decisions.take(decisions.below(80)) }, decisions)
  },
  ...Array<Deed>(2).fill((live, decisions) => live.bend(decisions)),
  (live, decisions) => live.misquote(decisions),
  (live, decisions) => {
    const firstPayload = decisions.octet()
    live.invent(decisions, { firstPayload, bytes: decisions.take(decisions.below(120)) })
  }
]

/** Every phase gone through in good order, with each deed once in between, and recorded chains as a peer's next request. */
function seeds({ chains }: Recordings): readonly Uint8Array[] {
  const all = livePhases().length
  const walks = Array.from({ length: all * 4 }, (_, i) => {
    const deed = i % DEEDS.length
    return Uint8Array.of(i % all, i & 7, deed, 3, i, 1, 6, 7, 4, 0, deed, i >> 2, 0, 0, 6, 9, i & 1, 4, 6, 7, 5, 6)
  })
  const invented = chains
    .filter(({ octets }) => octets.length < 120)
    .map(({ firstPayload, octets }, i) => {
      return Uint8Array.of(
        i % all,
        6,
        6,
        DEEDS.length - 1,
        firstPayload,
        octets.length,
        ...octets,
        i & 1,
        0,
        1,
        0,
        1,
        6,
        7,
        3
      )
    })
  return [...walks, ...invented]
}
