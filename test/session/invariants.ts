import { toHex } from '../../src/bytes/index.ts'
import type { Session, SessionAction } from '../../src/session/index.ts'

/** What must hold of every session after every step, whatever happened. */
export function checkSession(name: string, { state, secrets }: Session): void {
  const fail = (what: string): never => {
    throw new Error(`${name}: ${what}`)
  }
  const same = (what: string, actual: readonly string[], wanted: readonly string[]): void => {
    if ([...actual].sort().join() !== [...wanted].sort().join()) {
      fail(`${what}: secrets for [${actual}], state has [${wanted}]`)
    }
  }
  const { phase } = state
  same(
    'IKE SA keys',
    Object.keys(secrets.ikeKeys),
    state.ikeSas.map(({ id }) => String(id))
  )
  same(
    'Child SA keys',
    Object.keys(secrets.childKeys),
    state.children.map(({ sa }) => String(sa.id))
  )
  const exchanges = state.ikeSas.flatMap(({ requests }) =>
    requests.outstanding.flatMap(({ purpose }) => {
      if (purpose.kind === 'rekeyIke') return [String(purpose.exchange)]
      return purpose.kind === 'createChild' && purpose.group !== null ? [String(purpose.exchange)] : []
    })
  )
  if (phase.name === 'expectInitResponse') exchanges.push(String(phase.exchange))
  same('private keys', Object.keys(secrets.privateKeys), exchanges)
  if (phase.name === 'established' || phase.name === 'closed') {
    if (secrets.preSharedKey !== null) fail('the pre-shared key outlives authentication')
  }
  const standings = state.ikeSas.map(({ standing }) => standing.name)
  const count = (wanted: string): number => standings.filter((standing) => standing === wanted).length
  if (phase.name === 'established' && count('active') !== 1) fail(`${count('active')} active IKE SAs`)
  if (count('successor') > 1) fail('several successors')
  for (const { requests, responses } of state.ikeSas) {
    if (requests.outstanding.length > requests.size) fail('more requests outstanding than the window allows')
    if (responses.responses.length > responses.size) fail('more responses kept than the window needs')
  }
  if (state.ikeSas.length > 12) fail(`${state.ikeSas.length} IKE SAs`)
  if (state.children.length > 40) fail(`${state.children.length} Child SAs`)
  if (state.tasks.length > 80) fail(`${state.tasks.length} tasks`)
}

/** Watches what one side sends and says over its whole life. */
export class Wiretap {
  /** Message by its place: SPIs, direction, kind, Message ID. */
  private readonly messages = new Map<string, string>()
  private readonly ivs = new Map<string, string>()
  private readonly keys = new Set<string>()

  /** `psk` null: no search for keys. */
  steps(before: Session, after: Session, actions: readonly SessionAction[], psk: Uint8Array | null): void {
    for (const action of actions) if (action.type === 'sendDatagram') this.watch(action.bytes)
    if (psk === null) return
    this.learn(before, psk)
    this.learn(after, psk)
    this.search(after.state, 'the state')
    this.search(actions, 'the actions')
  }

  /** A message is sent again only as the same octets (B036, D05); no IV serves two messages of an SA (RFC 5282). */
  private watch(datagram: Uint8Array): void {
    const bytes =
      datagram[0] === 0 && datagram[1] === 0 && datagram[2] === 0 && datagram[3] === 0 ? datagram.subarray(4) : datagram
    const hex = toHex(bytes)
    const exchange = bytes[18] as number
    if (exchange === 34) return
    const place = `${hex.slice(0, 32)}/${hex.slice(38, 40)}/${hex.slice(40, 48)}`
    const known = this.messages.get(place)
    if (known !== undefined && known !== hex) throw new Error(`two different messages at ${place}`)
    this.messages.set(place, hex)
    const iv = `${hex.slice(0, 32)}/${hex.slice(38, 40)}/${hex.slice(64, 80)}`
    const owner = this.ivs.get(iv)
    if (owner !== undefined && owner !== hex) throw new Error(`an IV used twice: ${iv}`)
    this.ivs.set(iv, hex)
  }

  private learn({ secrets }: Session, psk: Uint8Array): void {
    const add = (key: Uint8Array): void => {
      if (key.length >= 8) this.keys.add(toHex(key))
    }
    add(psk)
    for (const material of Object.values(secrets.ikeKeys)) {
      for (let at = 0; at + 16 <= material.length; at += 4) add(material.slice(at, at + 16))
    }
    for (const material of Object.values(secrets.childKeys)) {
      for (let at = 0; at + 16 <= material.length; at += 16) add(material.slice(at, at + 16))
    }
    for (const key of Object.values(secrets.privateKeys)) add(key)
  }

  /** No key, in octets or in hexadecimal digits, is in anything but the secrets (B111, design decision "Secrets"). */
  private search(value: unknown, where: string): void {
    const text = flatten(value)
    for (const key of this.keys) if (text.includes(key)) throw new Error(`a key is in ${where}`)
  }
}

function flatten(value: unknown): string {
  if (value instanceof Uint8Array) return `${toHex(value)} `
  if (typeof value === 'string') return `${value.toLowerCase()} `
  if (typeof value !== 'object' || value === null) return ''
  return Object.values(value).map(flatten).join('')
}
