// Algorithms of a run: their names in `examples/driver`, in strongSwan's configuration and for tshark, and our own values.

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

export const SUITES = [
  {
    title: 'AES-GCM/X25519',
    name: 'aes-gcm-x25519',
    cipher: 'aes-gcm',
    ike: { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 },
    strongSwan: { IKE: 'aes256gcm16-prfsha256-x25519', ESP: 'aes256gcm16' }
  },
  {
    title: 'AES-CBC/SHA2-256/MODP-2048',
    name: 'aes-cbc-modp2048',
    cipher: 'aes-cbc',
    ike: { encryption: aes256Cbc, integrity: hmacSha256_128, prf: prfHmacSha256, keyExchange: modp2048 },
    strongSwan: { IKE: 'aes256-sha256-modp2048', ESP: 'aes256-sha256' }
  },
  {
    title: 'ChaCha20-Poly1305/ECP-384',
    name: 'chacha20-ecp384',
    cipher: 'chacha20',
    ike: { encryption: chacha20Poly1305, integrity: null, prf: prfHmacSha384, keyExchange: ecp384 },
    strongSwan: { IKE: 'chacha20poly1305-prfsha384-ecp384', ESP: 'chacha20poly1305' }
  }
]

const NEGOTIATED = { encryption: aes256Gcm16, integrity: null, prf: prfHmacSha256, keyExchange: x25519 }

/** Our client offers more than strongSwan accepts, another group first; strongSwan wants cookies once one SA is half-open. */
export const CLIENT_NEGOTIATION = {
  name: 'several',
  cipher: 'aes-gcm',
  ike: NEGOTIATED,
  strongSwan: { IKE: 'aes256gcm16-prfsha256-x25519', ESP: 'aes256gcm16-x25519', EXTRA: 'cookie_threshold = 1' }
}

/** strongSwan offers a group first that our gateway has not, which always wants cookies. */
export const GATEWAY_NEGOTIATION = {
  name: 'several',
  ours: { cookieThreshold: 0 },
  cipher: 'aes-gcm',
  ike: NEGOTIATED,
  strongSwan: { IKE: 'aes256gcm16-prfsha256-modp2048-x25519', ESP: 'aes256gcm16-modp2048-x25519' }
}
