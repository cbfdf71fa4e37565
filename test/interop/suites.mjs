// Algorithms of a run: their names in `examples/driver`, in strongSwan's configuration and for tshark.

export const SUITES = [
  {
    title: 'AES-GCM/X25519',
    name: 'aes-gcm-x25519',
    cipher: 'aes-gcm',
    strongSwan: { IKE: 'aes256gcm16-prfsha256-x25519', ESP: 'aes256gcm16' }
  },
  {
    title: 'AES-CBC/SHA2-256/MODP-2048',
    name: 'aes-cbc-modp2048',
    cipher: 'aes-cbc',
    strongSwan: { IKE: 'aes256-sha256-modp2048', ESP: 'aes256-sha256' }
  },
  {
    title: 'ChaCha20-Poly1305/ECP-384',
    name: 'chacha20-ecp384',
    cipher: 'chacha20',
    strongSwan: { IKE: 'chacha20poly1305-prfsha384-ecp384', ESP: 'chacha20poly1305' }
  }
]
