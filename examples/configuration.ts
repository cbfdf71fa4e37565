import { sessionConfig, utf8Bytes } from 'ikev2-mobike'
import { ID_TYPE } from 'ikev2-mobike/codec'
import { aes256Gcm16, prfHmacSha256, x25519 } from 'ikev2-mobike/crypto'
import { prefixSelector } from 'ikev2-mobike/ike'
import { DEFAULT_MOBIKE_POLICY } from 'ikev2-mobike/mobike'

export const config = sessionConfig({
  localIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('phone.example') },
  peerIdentity: { type: ID_TYPE.ID_FQDN, data: utf8Bytes('gateway.example') },
  ikeProposals: [{ encryption: [aes256Gcm16], integrity: [], prf: [prfHmacSha256], keyExchange: [x25519] }],
  childProposals: [{ encryption: [aes256Gcm16], integrity: [] }],
  localSelectors: [prefixSelector('0.0.0.0', 0)],
  remoteSelectors: [prefixSelector('10.9.0.0', 16)],
  requestConfiguration: { ipv4: true, ipv6: false, dns: true },
  mobike: DEFAULT_MOBIKE_POLICY
})
