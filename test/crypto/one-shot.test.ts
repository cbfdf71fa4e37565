import { createHash } from 'node:crypto'
import { sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { oneShot } from '../../src/crypto/one-shot.ts'

test.each([
  ['sha1', sha1],
  ['sha256', sha256]
])('%s of one message after the other is what OpenSSL computes: none leaves a trace in the next', (name, hash) => {
  const digest = oneShot(hash)
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 2 }), (messages) => {
      const digests = messages.map(digest)
      expect(digests).toEqual(messages.map((message) => new Uint8Array(createHash(name).update(message).digest())))
    })
  )
})
