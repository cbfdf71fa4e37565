import { describe, expect, it } from 'vitest'
import {
  aes128Gcm16,
  aes256Cbc,
  aes256Gcm16,
  chacha20Poly1305,
  ecp256,
  ecp384,
  hmacSha256_128,
  hmacSha512_256,
  prfHmacSha256,
  prfHmacSha512,
  x25519
} from '../../src/crypto/index.ts'
import { childSaKeys, type SessionOptions } from '../../src/session/index.ts'
import { Pair } from './pair.ts'

const SUITES: readonly (readonly [string, Pick<SessionOptions, 'ikeProposals' | 'childProposals'>])[] = [
  [
    'AES-CBC with HMAC, ECP-256',
    {
      ikeProposals: [
        { encryption: [aes256Cbc], integrity: [hmacSha256_128], prf: [prfHmacSha256], keyExchange: [ecp256] }
      ],
      childProposals: [{ encryption: [aes256Cbc], integrity: [hmacSha512_256], keyExchange: [ecp256] }]
    }
  ],
  [
    'ChaCha20-Poly1305, ECP-384, PRF SHA-512',
    {
      ikeProposals: [{ encryption: [chacha20Poly1305], integrity: [], prf: [prfHmacSha512], keyExchange: [ecp384] }],
      childProposals: [{ encryption: [chacha20Poly1305], integrity: [] }]
    }
  ],
  [
    'several proposals, the second one chosen by neither',
    {
      ikeProposals: [
        {
          encryption: [aes128Gcm16, aes256Gcm16],
          integrity: [],
          prf: [prfHmacSha512, prfHmacSha256],
          keyExchange: [x25519]
        },
        { encryption: [aes256Cbc], integrity: [hmacSha256_128], prf: [prfHmacSha256], keyExchange: [ecp256] }
      ],
      childProposals: [
        { encryption: [aes128Gcm16], integrity: [] },
        { encryption: [aes256Cbc], integrity: [hmacSha256_128] }
      ]
    }
  ]
]

describe.each(SUITES)('%s', (_, options) => {
  it('B119 B121 B123 connects, rekeys Child and IKE SA from both sides, and both ends have the same keys', () => {
    const pair = new Pair(options, options).establish()
    for (const name of ['client', 'gateway'] as const) {
      pair.tell(name, { type: 'childSaRekeyRequested', id: pair.childIds(name)[0] as number })
      pair.settle()
      pair.tell(name, { type: 'ikeSaRekeyRequested' })
      pair.settle()
      pair.tell(name, { type: 'livenessRequested' })
      pair.settle()
      expect(pair.ikeSa(name).requests.outstanding).toEqual([])
    }
    expect(pair.ikeSa('client').generation).toBe(2)
    const [ours, theirs] = (['client', 'gateway'] as const).map((name) =>
      childSaKeys(pair[name].config, pair[name].session, pair.childIds(name)[0] as number)
    )
    expect(ours?.inbound).toEqual(theirs?.outbound)
    expect(ours?.outbound).toEqual(theirs?.inbound)
    pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
    pair.settle()
    expect(pair.gateway.session.state.mobike?.childPath.remote.address).toBe('10.2.0.2')
  })
})
