import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/bytes/index.ts'
import {
  createInitiatorSession,
  createResponderSession,
  type Session,
  type SessionAction,
  type SessionConfig,
  type SessionNews,
  sessionConfig,
  stepSession
} from '../../src/session/index.ts'
import { unmarked } from '../session/forge.ts'
import { CLIENT, CLIENT_OPTIONS, GATEWAY_OPTIONS, PSK, reversed } from '../session/pair.ts'

/** Two sessions whose caller gives the same 32 octets to every event: the worst mistake there is. */
class Careless {
  now = 0
  readonly sent: { bytes: Uint8Array; from: string }[] = []
  readonly sides: { name: string; config: SessionConfig; session: Session }[]

  constructor(private readonly entropy: (name: string) => Uint8Array) {
    const client = sessionConfig(CLIENT_OPTIONS)
    const gateway = sessionConfig(GATEWAY_OPTIONS)
    this.sides = [
      { name: 'client', config: client, session: createInitiatorSession(client) },
      { name: 'gateway', config: gateway, session: createResponderSession(gateway) }
    ]
  }

  tell(index: number, news: SessionNews): void {
    const side = this.sides[index] as (typeof this.sides)[number]
    const step = stepSession(side.config, side.session, { ...news, now: this.now++, entropy: this.entropy(side.name) })
    side.session = step.session
    for (const action of step.actions) this.obey(index, action)
  }

  private obey(index: number, action: SessionAction): void {
    if (action.type === 'sendDatagram') {
      this.sent.push({ from: (this.sides[index] as { name: string }).name, bytes: unmarked(action) })
      this.tell(1 - index, { type: 'datagramReceived', path: reversed(action.path), bytes: action.bytes })
    }
    if (action.type === 'moveChildSas') this.tell(index, { type: 'childSasMoved' })
    if (action.type !== 'ask') return
    this.tell(index, {
      type: 'answered',
      id: action.id,
      answer:
        action.question.kind === 'preSharedKey'
          ? { kind: 'preSharedKey', secret: PSK }
          : { kind: 'configuration', configuration: { addresses: ['10.3.0.7'], dnsServers: [] } }
    })
  }
}

/** IVs of AES-GCM that serve two different messages under one key: SPIs and sender name the key. */
function repeated(sent: Careless['sent']): string[] {
  const seen = new Map<string, string>()
  return sent.flatMap(({ from, bytes }) => {
    const hex = toHex(bytes)
    if (bytes[18] === 34) return []
    const place = `${from}/${hex.slice(0, 32)}/${hex.slice(64, 80)}`
    const known = seen.get(place)
    seen.set(place, hex)
    return known !== undefined && known !== hex ? [place] : []
  })
}

describe('entropy', () => {
  it('given twice by mistake never repeats an IV for two messages of an IKE SA', () => {
    const world = new Careless((name) => new Uint8Array(32).fill(name === 'client' ? 1 : 2))
    world.tell(0, { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    world.tell(0, { type: 'connectRequested', paths: [CLIENT] })
    for (let round = 0; round < 6; round++) {
      world.now += 2000
      world.tell(0, { type: 'livenessRequested' })
      world.tell(1, { type: 'livenessRequested' })
      world.tell(0, { type: 'localAddressesChanged', addresses: [{ address: `10.1.0.${round + 3}` }] })
      world.tell(1, { type: 'childSaRequested' })
    }
    world.tell(1, { type: 'ikeSaRekeyRequested' })
    world.tell(0, { type: 'livenessRequested' })
    expect(world.sent.length).toBeGreaterThan(40)
    expect(repeated(world.sent)).toEqual([])
  })

  it('given fresh, a snapshot taken up twice repeats no IV although the Message ID is the same', () => {
    let count = 0
    const world = new Careless(() => {
      const entropy = new Uint8Array(32)
      new DataView(entropy.buffer).setUint32(0, count++)
      return entropy
    })
    world.tell(0, { type: 'localAddressesChanged', addresses: [{ address: '10.1.0.2' }] })
    world.tell(0, { type: 'connectRequested', paths: [CLIENT] })
    const { config, session } = world.sides[0] as (typeof world.sides)[number]
    const forks = Array.from({ length: 50 }, (_, fork) => {
      const entropy = new Uint8Array(32).fill(fork)
      const news: SessionNews =
        fork % 2 === 0
          ? { type: 'livenessRequested' }
          : { type: 'localAddressesChanged', addresses: [{ address: `10.2.0.${fork}` }] }
      const { actions } = stepSession(config, structuredClone(session), { ...news, now: world.now + 5000, entropy })
      return actions.flatMap((action) =>
        action.type === 'sendDatagram' ? [{ from: 'client', bytes: unmarked(action) }] : []
      )
    })
    expect(forks.flat()).toHaveLength(50)
    expect(repeated(forks.flat())).toEqual([])
  })
})
