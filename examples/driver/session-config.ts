import {
  type Answer,
  type ChildProposal,
  type Identity,
  type IkeProposal,
  type IpAddress,
  type Question,
  type SessionConfig,
  type SessionOptions,
  sessionConfig,
  utf8Bytes
} from 'ikev2-mobike'
import { ID_TYPE } from 'ikev2-mobike/codec'
import {
  aes256Cbc,
  aes256Gcm16,
  chacha20Poly1305,
  ecp384,
  hmacSha256_128,
  modp2048,
  prfHmacSha256,
  prfHmacSha384,
  x25519
} from 'ikev2-mobike/crypto'
import { prefixSelector } from 'ikev2-mobike/ike'
import { DEFAULT_MOBIKE_POLICY } from 'ikev2-mobike/mobike'
import type { DriverOptions } from './options.ts'

interface Suite {
  readonly ike: IkeProposal
  readonly child: ChildProposal
}

const SUITES = {
  'aes-gcm-x25519': {
    ike: { encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] },
    child: { encryption: [aes256Gcm16], integrity: [] }
  },
  'aes-cbc-modp2048': {
    ike: { encryption: [aes256Cbc], integrity: [hmacSha256_128], prf: [prfHmacSha256], keyExchange: [modp2048] },
    child: { encryption: [aes256Cbc], integrity: [hmacSha256_128] }
  },
  'chacha20-ecp384': {
    ike: { encryption: [chacha20Poly1305], integrity: [], prf: [prfHmacSha384], keyExchange: [ecp384] },
    child: { encryption: [chacha20Poly1305], integrity: [] }
  },
  /** Several of each, and perfect forward secrecy for Child SAs: the peer chooses. */
  several: {
    ike: {
      encryption: [chacha20Poly1305, aes256Gcm16],
      integrity: [],
      prf: [prfHmacSha384, prfHmacSha256],
      keyExchange: [ecp384, x25519]
    },
    child: { encryption: [chacha20Poly1305, aes256Gcm16], integrity: [], keyExchange: [ecp384, x25519] }
  }
} as const satisfies Record<string, Suite>

/** Algorithms of one run. */
export type SuiteName = keyof typeof SUITES

/** The client: asks for an inner IPv4 address and reaches the network behind the gateway. */
export function initiatorConfig(options: DriverOptions): SessionConfig {
  return sessionConfig({
    ...common(options),
    localSelectors: [prefixSelector('0.0.0.0', 0)],
    remoteSelectors: [prefixSelector(options.network.address, options.network.prefixLength)],
    requestConfiguration: { ipv4: true, ipv6: false, dns: true },
    initialContact: options.initialContact ?? true
  })
}

/** The gateway: protects the network behind it; a client's side is the inner address it is given. */
export function responderConfig(options: DriverOptions): SessionConfig {
  return sessionConfig({
    ...common(options),
    localSelectors: [prefixSelector(options.network.address, options.network.prefixLength)],
    remoteSelectors: [prefixSelector('0.0.0.0', 0)]
  })
}

/** Answers what the session asks; `innerAddress` is what a gateway assigns. */
export function answerFrom(options: DriverOptions, question: Question, innerAddress?: IpAddress): Answer {
  switch (question.kind) {
    case 'preSharedKey':
      return { kind: 'preSharedKey', secret: utf8Bytes(options.secret) }
    case 'configuration': {
      const configuration = innerAddress === undefined ? null : { addresses: [innerAddress], dnsServers: [] }
      return { kind: 'configuration', configuration }
    }
  }
}

function common(options: DriverOptions): Omit<SessionOptions, 'localSelectors' | 'remoteSelectors'> {
  const suite: Suite = SUITES[options.suite]
  const [ike, natTraversal] = options.ports ?? [500, 4500]
  return {
    localIdentity: fqdn(options.localIdentity),
    peerIdentity: fqdn(options.peerIdentity),
    ikeProposals: [suite.ike],
    childProposals: [suite.child],
    mobike: DEFAULT_MOBIKE_POLICY,
    ports: { ike, natTraversal },
    ...(options.livenessMs === undefined ? {} : { livenessMs: options.livenessMs })
  }
}

const fqdn = (name: string): Identity => ({ type: ID_TYPE.ID_FQDN, data: utf8Bytes(name) })
