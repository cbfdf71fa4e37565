import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  type DecipherGCM,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject
} from 'node:crypto'
import { gcm } from '@noble/ciphers/aes.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { filler } from './messages.ts'

/** The primitives of one library, called as its documentation shows. */
export interface BareLibrary {
  readonly prf: (key: Uint8Array, data: Uint8Array) => Uint8Array
  readonly hash: (data: Uint8Array) => Uint8Array
  readonly seal: (plaintext: Uint8Array) => Uint8Array
  readonly open: (ciphertext: Uint8Array) => Uint8Array
  /** Two key pairs and both ends' shared secrets. */
  readonly keyExchange: () => unknown
}

/**
 * The crypto of one PSK handshake with AES-256-GCM, HMAC-SHA2-256 and X25519, both ends, and nothing else: the key
 * exchange, SKEYSEED and prf+ of seven keys, the keys of the Child SA, AUTH made and checked, NAT detection hashes,
 * IKE_AUTH protected and unprotected both ways.
 */
export function bareHandshake(library: BareLibrary): void {
  library.keyExchange()
  for (let end = 0; end < 2; end++) {
    // SKEYSEED, six blocks of prf+ for 168 octets of keys, three for the 72 of the Child SA.
    for (let block = 0; block < 10; block++) library.prf(KEY, BLOCK)
    // AUTH, made for oneself and for the peer: prf(SK_p, ID), the padded secret, the signed octets.
    for (let auth = 0; auth < 2; auth++) {
      library.prf(KEY, ID)
      library.prf(SECRET, PAD)
      library.prf(KEY, SIGNED)
    }
    // NAT_DETECTION: two made, two checked.
    for (let address = 0; address < 4; address++) library.hash(ADDRESS)
    library.open(library.seal(AUTH_CHAIN))
  }
}

/** The crypto of a MOBIKE update with return routability: two exchanges, each message protected and unprotected. */
export function bareUpdate(library: BareLibrary): void {
  for (let message = 0; message < 4; message++) library.open(library.seal(UPDATE_CHAIN))
  for (let address = 0; address < 8; address++) library.hash(ADDRESS)
}

const KEY = filler(32, 50)
const SALTED_NONCE = filler(12, 51)
const AAD = filler(32, 52)
const BLOCK = filler(113, 53)
const ID = filler(21, 54)
const SECRET = filler(20, 55)
const PAD = filler(17, 56)
const SIGNED = filler(320, 57)
const ADDRESS = filler(22, 58)
const AUTH_CHAIN = filler(240, 59)
const UPDATE_CHAIN = filler(88, 60)

export const nobleLibrary: BareLibrary = {
  prf: (key, data) => hmac(sha256, key, data),
  hash: sha1,
  seal: (plaintext) => gcm(KEY, SALTED_NONCE, AAD).encrypt(plaintext),
  open: (ciphertext) => gcm(KEY, SALTED_NONCE, AAD).decrypt(ciphertext),
  keyExchange() {
    const [one, other] = [filler(32, 61), filler(32, 62)]
    const [onePublic, otherPublic] = [x25519.getPublicKey(one), x25519.getPublicKey(other)]
    return [x25519.getSharedSecret(one, otherPublic), x25519.getSharedSecret(other, onePublic)]
  }
}

export const nodeLibrary: BareLibrary = {
  prf: (key, data) => createHmac('sha256', key).update(data).digest(),
  hash: (data) => createHash('sha1').update(data).digest(),
  seal(plaintext) {
    const cipher: CipherGCM = createCipheriv('aes-256-gcm', KEY, SALTED_NONCE, { authTagLength: 16 })
    cipher.setAAD(AAD)
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  },
  open(ciphertext) {
    const decipher: DecipherGCM = createDecipheriv('aes-256-gcm', KEY, SALTED_NONCE, { authTagLength: 16 })
    decipher.setAAD(AAD)
    decipher.setAuthTag(ciphertext.subarray(-16))
    const plaintext = decipher.update(ciphertext.subarray(0, -16))
    decipher.final()
    return plaintext
  },
  keyExchange() {
    const [one, other] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')]
    const [onePublic, otherPublic] = [rawPublic(one.publicKey), rawPublic(other.publicKey)]
    return [
      diffieHellman({ privateKey: one.privateKey, publicKey: imported(otherPublic) }),
      diffieHellman({ privateKey: other.privateKey, publicKey: imported(onePublic) })
    ]
  }
}

/** SubjectPublicKeyInfo of X25519 (RFC 8410) up to the 32 octets of the key. */
const X25519_SPKI = Buffer.from('302a300506032b656e032100', 'hex')

function rawPublic(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(-32)
}

function imported(raw: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([X25519_SPKI, raw]), format: 'der', type: 'spki' })
}
