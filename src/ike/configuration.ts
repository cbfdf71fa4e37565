import { concatBytes, EMPTY, type IpAddress, ipAddressText, sendableAddressBytes } from '../bytes/index.ts'
import { CONFIGURATION_ATTRIBUTE, CONFIGURATION_TYPE } from '../codec/index.ts'
import type { ConfigurationAttribute, ConfigurationPayload } from '../codec/types.ts'
import type { ConfigurationRequest, InnerConfiguration } from './types.ts'

/** Inner addresses and servers kept from a reply. */
const ADDRESSES_KEPT = 8

/** CFG_REQUEST (RFC 7296 section 2.19): an empty value asks for one. */
export function configurationRequest(wanted: ConfigurationRequest): ConfigurationPayload {
  const types: number[] = []
  if (wanted.ipv4) types.push(CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_ADDRESS)
  if (wanted.ipv4 && wanted.dns) types.push(CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_DNS)
  if (wanted.ipv6) types.push(CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_ADDRESS)
  if (wanted.ipv6 && wanted.dns) types.push(CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_DNS)
  return {
    kind: 'configuration',
    configurationType: CONFIGURATION_TYPE.CFG_REQUEST,
    attributes: types.map((type) => ({ type, value: EMPTY }))
  }
}

/** What a CFG_REQUEST asks for; undefined when the payload is something else. */
export function readConfigurationRequest(payload: ConfigurationPayload | undefined): ConfigurationRequest | undefined {
  if (payload?.configurationType !== CONFIGURATION_TYPE.CFG_REQUEST) return undefined
  const asks = (type: number): boolean => payload.attributes.some((attribute) => attribute.type === type)
  return {
    ipv4: asks(CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_ADDRESS),
    ipv6: asks(CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_ADDRESS),
    dns: asks(CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_DNS) || asks(CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_DNS)
  }
}

/**
 * CFG_REPLY with the assigned addresses.
 *
 * @throws TypeError naming `configuration` when it holds a text that is no address, has a zone or is IPv4-mapped.
 */
export function configurationReply(configuration: InnerConfiguration): ConfigurationPayload {
  const attributes: ConfigurationAttribute[] = []
  for (const address of configuration.addresses) {
    const octets = octetsOf(address)
    attributes.push(
      octets.length === 4
        ? { type: CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_ADDRESS, value: octets }
        : // RFC 7296 section 3.15.1: an IPv6 address is followed by its prefix length.
          { type: CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_ADDRESS, value: concatBytes(octets, Uint8Array.of(128)) }
    )
  }
  for (const server of configuration.dnsServers) {
    const octets = octetsOf(server)
    const type =
      octets.length === 4 ? CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_DNS : CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_DNS
    attributes.push({ type, value: octets })
  }
  return { kind: 'configuration', configurationType: CONFIGURATION_TYPE.CFG_REPLY, attributes }
}

/** Addresses and servers of a CFG_REPLY; unknown attributes and lengths that fit nothing are ignored (section 3.15.1). */
export function readConfigurationReply(payload: ConfigurationPayload | undefined): InnerConfiguration | undefined {
  if (payload?.configurationType !== CONFIGURATION_TYPE.CFG_REPLY) return undefined
  const addresses: IpAddress[] = []
  const dnsServers: IpAddress[] = []
  for (const { type, value } of payload.attributes) {
    if (type === CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_ADDRESS && value.length === 4) add(addresses, value)
    if (type === CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_ADDRESS && value.length === 17)
      add(addresses, value.subarray(0, 16))
    if (type === CONFIGURATION_ATTRIBUTE.INTERNAL_IP4_DNS && value.length === 4) add(dnsServers, value)
    if (type === CONFIGURATION_ATTRIBUTE.INTERNAL_IP6_DNS && value.length === 16) add(dnsServers, value)
  }
  return { addresses, dnsServers }
}

function add(list: IpAddress[], octets: Uint8Array): void {
  const text = ipAddressText(octets)
  if (text !== undefined && list.length < ADDRESSES_KEPT) list.push(text)
}

function octetsOf(address: IpAddress): Uint8Array {
  const octets = sendableAddressBytes(address)
  if (octets === undefined) throw new TypeError(`configuration: '${address}' is not an IP address that can be sent`)
  return octets
}
