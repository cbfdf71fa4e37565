import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  CONFIGURATION_LAYOUTS,
  GATEWAY_IDENTITY_TYPE,
  IPCOMP_TRANSFORM,
  NOTIFY_LAYOUTS,
  PPK_IDENTITY_TYPE,
  ROHC_ATTRIBUTE,
  registryName
} from '../../src/bodies/index.ts'
import * as codec from '../../src/codec/index.ts'

const file = new URL('../../../shared/iana-ikev2.json', import.meta.url)
const here = existsSync(file)
if (!here) console.warn('SKIPPED: the IANA registry is not here (../shared/iana-ikev2.json)')

interface Registry {
  readonly registries: Readonly<
    Record<string, { readonly values: Readonly<Record<string, Readonly<Record<string, string>>>> }>
  >
}

const iana: Registry | undefined = here ? JSON.parse(readFileSync(file, 'utf8')) : undefined

/** Our tables, and numbers of the collection that no IKEv2 registry has: reserved, IKEv1's, or private. */
const TABLES: readonly [string, Readonly<Record<string, number>>, readonly number[]][] = [
  ['exchangeTypes', codec.EXCHANGE, []],
  // 2 and 3 are what scapy calls substructures; 130 and up are of IKEv1 or private.
  ['payloadTypes', codec.PAYLOAD, [2, 3, 130, 131, 132]],
  // 15 to 17 are words of a comment that the collection took for names.
  ['transformTypes', codec.TRANSFORM_TYPE, [0, 15, 16, 17]],
  ['transformAttributeTypes', codec.TRANSFORM_ATTRIBUTE, []],
  ['encryptionTransformIds', codec.ENCRYPTION, [0, 10, 17, 22]],
  ['prfTransformIds', codec.PRF, [0]],
  ['integrityTransformIds', codec.INTEGRITY, []],
  // Groups of IKEv1 that IKEv2 reserves.
  ['keyExchangeMethodIds', codec.KEY_EXCHANGE_METHOD, [3, 4, 6, 7, 8, 9, 10, 11, 12, 13]],
  ['sequenceNumberTransformIds', codec.ESN, []],
  ['keyWrapTransformIds', codec.KEY_WRAP, []],
  ['gcAuthTransformIds', codec.GROUP_CONTROLLER_AUTHENTICATION, []],
  // Subnets and ranges were IKEv1's.
  ['idTypes', codec.ID_TYPE, [0, 4, 6, 7, 8]],
  ['certEncodings', codec.CERTIFICATE_ENCODING, [0, 5]],
  ['authMethods', codec.AUTH_METHOD, [0]],
  // Reserved by RFC 7296; strongSwan's list has IKEv1's names and numbers for them and for the last four.
  ['notifyTypes', codec.NOTIFY, [0, 6, 8, 10, 13, 16, 18, 19, 20, 21, 22, 23, 24578, 36136, 36137, 40501]],
  ['ipcompTransformIds', IPCOMP_TRANSFORM, [0]],
  ['securityProtocolIds', codec.PROTOCOL, []],
  ['trafficSelectorTypes', codec.TRAFFIC_SELECTOR_TYPE, []],
  ['configTypes', codec.CONFIGURATION_TYPE, [0]],
  // 5, 9 and 11 were withdrawn.
  ['configAttributes', codec.CONFIGURATION_ATTRIBUTE, [0, 5, 9, 11]],
  ['gatewayIdTypes', GATEWAY_IDENTITY_TYPE, []],
  ['rohcAttributes', ROHC_ATTRIBUTE, []],
  ['hashAlgorithms', codec.HASH_ALGORITHM, [0]],
  ['ppkIdTypes', PPK_IDENTITY_TYPE, []]
]
const PRIVATE: Readonly<Record<string, number>> = { payloadTypes: 128, notifyTypes: 8192 }

describe('registries', () => {
  test.skipIf(!here)('every registry of the collection is compared, but the private numbers of 3GPP', () => {
    const names = Object.keys(iana?.registries ?? {}).filter((name) => name !== 'notify3gppPrivate')
    expect(TABLES.map(([name]) => name).toSorted()).toEqual(names.toSorted())
  })

  test.skipIf(!here).each(TABLES)('%s: every number that is assigned has a name', (registry, table, others) => {
    const known = new Set(Object.values(table))
    const assigned = Object.keys(iana?.registries[registry]?.values ?? {}).map(Number)
    expect(assigned.length).toBeGreaterThan(0)
    const missing = assigned.filter((number) => !known.has(number) && !others.includes(number))
    expect(missing.filter((number) => !isPrivate(registry, number))).toEqual([])
  })

  test.skipIf(!here)('notify types have the names of the registry', () => {
    const values = iana?.registries.notifyTypes?.values ?? {}
    for (const [name, type] of Object.entries(codec.NOTIFY)) {
      const names = Object.values(values[type] ?? {}).join(' ')
      // SENDER_REQUEST_ID is what 16429 was called before RFC 9838.
      expect([name, names.includes(name === 'GROUP_SENDER' ? 'SENDER_REQUEST_ID' : name)]).toEqual([name, true])
    }
  })

  test('every notify type and configuration attribute has a layout', () => {
    expect(Object.keys(NOTIFY_LAYOUTS)).toEqual(Object.keys(codec.NOTIFY))
    expect(Object.keys(CONFIGURATION_LAYOUTS)).toEqual(Object.keys(codec.CONFIGURATION_ATTRIBUTE))
  })

  test('numbers that RFC 9385 and RFC 9464 added since the collection was made', () => {
    expect(codec.HASH_ALGORITHM).toMatchObject({ STREEBOG_256: 6, STREEBOG_512: 7 })
    expect(codec.CONFIGURATION_ATTRIBUTE).toMatchObject({ ENCDNS_IP4: 27, ENCDNS_IP6: 28, ENCDNS_DIGEST_INFO: 29 })
  })

  test('numbers in fields have names', () => {
    expect(registryName('keyExchangeMethod', 31)).toBe('CURVE25519')
    expect(registryName('rohcAttribute', 2)).toBe('ROHC_PROFILE')
    expect(registryName('eapType', 254)).toBe('EXPANDED')
    expect(registryName('prf', 77)).toBe('77')
  })
})

function isPrivate(registry: string, number: number): boolean {
  if (registry === 'notifyTypes') return number >= 40_960 || (number >= 8192 && number < 16_384)
  return number >= (PRIVATE[registry] ?? 1024)
}
