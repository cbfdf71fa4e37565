import { CONFIGURATION_ATTRIBUTE, type ConfigurationAttribute } from '../codec/index.ts'
import type { BodyOf, BodyResult, Forms } from './layout.ts'
import { decodeBody } from './read-fields.ts'
import { type Values, writeForms } from './write-fields.ts'

/** What a configuration attribute of one type carries. A request mostly carries nothing and means "give me one". */
export interface ConfigurationLayout {
  readonly reference: string
  readonly forms: Forms
}

const layouts = {
  INTERNAL_IP4_ADDRESS: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip4', name: 'address' }]] },
  INTERNAL_IP4_NETMASK: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip4', name: 'netmask' }]] },
  INTERNAL_IP4_DNS: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip4', name: 'address' }]] },
  INTERNAL_IP4_NBNS: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip4', name: 'address' }]] },
  INTERNAL_IP4_DHCP: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip4', name: 'address' }]] },
  APPLICATION_VERSION: {
    reference: 'RFC 7296 section 3.15.1',
    forms: [[{ is: 'text', name: 'version', written: 'printableAscii' }]]
  },
  INTERNAL_IP6_ADDRESS: {
    reference: 'RFC 7296 section 3.15.1',
    forms: [
      [],
      [
        { is: 'ip6', name: 'address' },
        { is: 'number', name: 'prefixLength', octets: 1, most: 128, unit: 'bits' }
      ]
    ]
  },
  INTERNAL_IP6_DNS: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip6', name: 'address' }]] },
  INTERNAL_IP6_DHCP: { reference: 'RFC 7296 section 3.15.1', forms: [[], [{ is: 'ip6', name: 'address' }]] },
  INTERNAL_IP4_SUBNET: {
    reference: 'RFC 7296 section 3.15.1',
    forms: [
      [],
      [
        { is: 'ip4', name: 'address' },
        { is: 'ip4', name: 'netmask' }
      ]
    ]
  },
  SUPPORTED_ATTRIBUTES: {
    reference: 'RFC 7296 section 3.15.1',
    forms: [
      [
        {
          is: 'numbers',
          name: 'attributes',
          octets: 2,
          // Attribute types have 15 bits.
          highestWritten: 0x7fff,
          registry: 'configurationAttribute'
        }
      ]
    ]
  },
  INTERNAL_IP6_SUBNET: {
    reference: 'RFC 7296 section 3.15.1',
    forms: [
      [],
      [
        { is: 'ip6', name: 'address' },
        { is: 'number', name: 'prefixLength', octets: 1, most: 128, unit: 'bits' }
      ]
    ]
  },
  MIP6_HOME_PREFIX: {
    reference: 'RFC 5026 section 8.2',
    forms: [
      [],
      [
        { is: 'number', name: 'lifetime', octets: 4, unit: 'seconds' },
        { is: 'ip6', name: 'prefix' },
        { is: 'number', name: 'prefixLength', octets: 1, most: 128, unit: 'bits' }
      ]
    ]
  },
  INTERNAL_IP6_LINK: {
    reference: 'RFC 5739 section 5.1',
    forms: [
      [
        { is: 'octets', name: 'interfaceId', size: 8 },
        { is: 'octets', name: 'linkId' }
      ]
    ]
  },
  INTERNAL_IP6_PREFIX: {
    reference: 'RFC 5739 section 5.2',
    forms: [
      [
        { is: 'ip6', name: 'prefix' },
        { is: 'number', name: 'prefixLength', octets: 1, most: 128, unit: 'bits' }
      ]
    ]
  },
  HOME_AGENT_ADDRESS: {
    reference: '3GPP TS 24.302 section 8.2.4.1',
    forms: [
      [],
      [{ is: 'ip6', name: 'address6' }],
      [
        { is: 'ip6', name: 'address6' },
        { is: 'ip4', name: 'address4' }
      ]
    ]
  },
  P_CSCF_IP4_ADDRESS: { reference: 'RFC 7651 section 3', forms: [[], [{ is: 'ip4', name: 'address' }]] },
  P_CSCF_IP6_ADDRESS: { reference: 'RFC 7651 section 4', forms: [[], [{ is: 'ip6', name: 'address' }]] },
  FTT_KAT: { reference: '3GPP TS 24.302', forms: [[], [{ is: 'octets', name: 'content', least: 1 }]] },
  EXTERNAL_SOURCE_IP4_NAT_INFO: {
    reference: '3GPP TS 29.139',
    forms: [[], [{ is: 'octets', name: 'content', least: 1 }]]
  },
  TIMEOUT_PERIOD_FOR_LIVENESS_CHECK: {
    reference: '3GPP TS 24.302 section 8.2.4.2',
    forms: [[], [{ is: 'number', name: 'period', octets: 4, unit: 'seconds' }]]
  },
  INTERNAL_DNS_DOMAIN: { reference: 'RFC 8598 section 4.1', forms: [[{ is: 'text', name: 'domain' }]] },
  INTERNAL_DNSSEC_TA: {
    reference: 'RFC 8598 section 4.2',
    forms: [
      [],
      [
        { is: 'number', name: 'keyTag', octets: 2 },
        { is: 'number', name: 'algorithm', octets: 1 },
        { is: 'number', name: 'digestType', octets: 1 },
        { is: 'octets', name: 'digest', least: 1 }
      ]
    ]
  },
  ENCDNS_IP4: { reference: 'RFC 9464 section 3.1', forms: [[{ is: 'octets', name: 'content' }]] },
  ENCDNS_IP6: { reference: 'RFC 9464 section 3.1', forms: [[{ is: 'octets', name: 'content' }]] },
  ENCDNS_DIGEST_INFO: { reference: 'RFC 9464 section 3.2', forms: [[{ is: 'octets', name: 'content' }]] }
} as const

/** The values of every configuration attribute of the IANA registry, by name. */
export const CONFIGURATION_LAYOUTS: typeof layouts = layouts

/** Name of a registered configuration attribute. */
export type ConfigurationName = keyof typeof CONFIGURATION_LAYOUTS

/** The value of a configuration attribute of type `N`. */
export type ConfigurationBody<N extends ConfigurationName> = BodyOf<(typeof CONFIGURATION_LAYOUTS)[N]['forms']>

/** A configuration attribute by name, so that a `switch` over `name` knows the fields of `body`. */
export type NamedConfiguration = {
  [N in ConfigurationName]: { readonly name: N; readonly body: ConfigurationBody<N> }
}[ConfigurationName]

// Of every type: the compiler refuses a registry with a name that has no layout here.
const LAYOUTS: Readonly<Record<keyof typeof CONFIGURATION_ATTRIBUTE, ConfigurationLayout>> = CONFIGURATION_LAYOUTS

/** Name and layout of a configuration attribute type, or undefined when the registry does not know it. */
export function configurationLayout(
  type: number
): { readonly name: ConfigurationName; readonly layout: ConfigurationLayout } | undefined {
  const name = (Object.keys(LAYOUTS) as ConfigurationName[]).find((key) => {
    return CONFIGURATION_ATTRIBUTE[key] === type
  })
  return name === undefined ? undefined : { name, layout: LAYOUTS[name] }
}

/** What a configuration attribute says, or undefined when its type is not registered. Octets are views of it. Total. */
export function decodeConfigurationAttribute({
  type,
  value
}: ConfigurationAttribute): BodyResult<NamedConfiguration> | undefined {
  const found = configurationLayout(type)
  if (found === undefined) return undefined
  const body = decodeBody(found.layout.forms, value)
  return body.ok ? { ok: true, value: { name: found.name, body: body.value } as NamedConfiguration } : body
}

/** A configuration attribute. Throws TypeError or RangeError naming the field that the RFC forbids. */
export function encodeConfigurationAttribute<N extends ConfigurationName>(
  name: N,
  body: ConfigurationBody<N>
): ConfigurationAttribute {
  const { forms } = LAYOUTS[name]
  return { type: CONFIGURATION_ATTRIBUTE[name], value: writeForms(forms, body as Values, `configuration ${name}`) }
}
