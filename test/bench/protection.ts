import { equalBytes } from '../../src/bytes/index.ts'
import { type IkeSuite, ikeKeyLayout, ikeSendingKeys, openMessage, sealMessage } from '../../src/crypto/index.ts'
import type { Comparison } from './measure.ts'
import { filler } from './messages.ts'

/** The bare library calls that protect and unprotect one message. */
export interface BareCipher {
  /** Ciphertext with its tag, or the checksum alone where there is one (the ciphertext is made and dropped). */
  seal(parts: MessageParts): Uint8Array
  open(parts: MessageParts): Uint8Array
}

/** A protected message taken apart, so that the bare calls have nothing to do but crypto. */
export interface MessageParts {
  readonly key: Uint8Array
  readonly salt: Uint8Array
  readonly integrityKey: Uint8Array
  readonly iv: Uint8Array
  /** Salt and IV joined. */
  readonly nonce: Uint8Array
  readonly associatedData: Uint8Array
  /** With padding and Pad Length. */
  readonly plaintext: Uint8Array
  /** With the tag of an AEAD. */
  readonly ciphertext: Uint8Array
  /** Everything the checksum of a CBC suite covers. */
  readonly checked: Uint8Array
}

/** Bound and aim for one size of inner chain, in octets. */
export interface Target {
  readonly octets: number
  readonly must: number
  readonly aim: number
}

/** `sealMessage` and `openMessage` with one suite beside the bare calls, after checking that both agree. */
export function protection(
  name: string,
  suite: IkeSuite,
  bare: BareCipher,
  targets: readonly Target[]
): readonly Comparison[] {
  const material = filler(ikeKeyLayout(suite).length, 30)
  return targets.flatMap(({ octets, must, aim }): Comparison[] => {
    const seal = (): Uint8Array => sealMessage({ suite, material, header: HEADER, firstInner: 41, inner, iv })
    const inner = filler(octets, 31)
    const iv = filler(suite.encryption.ivOctets, 32)
    const message = seal()
    const parts = takeApart(suite, material, inner, message)
    const open = (): unknown => openMessage({ suite, material, sender: 'initiator', message, offset: 28 })
    agree(name, message, inner, open(), bare, parts)
    const limits = { bound: 'atMost', must, aim } as const
    return [
      { figure: `protect ${name} ${octets}`, ours: seal, floor: () => bare.seal(parts), ...limits },
      { figure: `unprotect ${name} ${octets}`, ours: open, floor: () => bare.open(parts), ...limits }
    ]
  })
}

const HEADER = {
  initiatorSpi: filler(8, 33),
  responderSpi: filler(8, 34),
  exchangeType: 37,
  fromInitiator: true,
  isResponse: false,
  messageId: 7
}

function takeApart(suite: IkeSuite, material: Uint8Array, inner: Uint8Array, message: Uint8Array): MessageParts {
  const { encryption, integrity } = suite
  const keys = ikeSendingKeys(suite, material, 'initiator')
  const saltOctets = encryption.aead ? 4 : 0
  const key = keys.encryption.slice(0, keys.encryption.length - saltOctets)
  const salt = keys.encryption.slice(key.length)
  const iv = message.slice(32, 32 + encryption.ivOctets)
  const end = message.length - (integrity?.icvOctets ?? 0)
  const ciphertext = message.slice(32 + iv.length, end)
  const plaintext = new Uint8Array(ciphertext.length - encryption.tagOctets)
  plaintext.set(inner)
  plaintext[plaintext.length - 1] = plaintext.length - 1 - inner.length
  return {
    key,
    salt,
    integrityKey: keys.integrity.slice(),
    iv,
    nonce: Uint8Array.of(...salt, ...iv),
    associatedData: message.slice(0, 32),
    plaintext,
    ciphertext,
    checked: message.slice(0, end)
  }
}

function agree(
  name: string,
  message: Uint8Array,
  inner: Uint8Array,
  opened: unknown,
  bare: BareCipher,
  parts: MessageParts
): void {
  const sealed = bare.seal(parts)
  if (!equalBytes(sealed, message.subarray(message.length - sealed.length))) throw new Error(`${name}: seals differ`)
  if (!equalBytes(bare.open(parts), parts.plaintext)) throw new Error(`${name}: the bare calls do not open`)
  if (!equalBytes((opened as { inner: Uint8Array }).inner, inner)) throw new Error(`${name}: does not open`)
}
