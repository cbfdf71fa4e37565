// `node examples/mobike-alone/dist/main.js`: MOBIKE in a stack that is not ours.

import { playStory } from './story.ts'

// In place of SHA-1: what would be hashed. Both ends of the story do the same.
const { world, client, gateway } = playStory(
  ([initiator, responder], { address, port }) =>
    Buffer.concat([initiator, responder, Buffer.from(`${address} ${port}`)]),
  (length) => globalThis.crypto.getRandomValues(new Uint8Array(length))
)
console.log(world.lines.join('\n'))
const [mine, theirs] = [client.childPath, gateway.childPath]
const isInStep =
  client.closed === null && mine.local.address === theirs.remote.address && mine.remote.address === theirs.local.address
console.log(`\n${isInStep ? 'ok' : 'FAIL'} both ends use ${mine.local.address} and ${mine.remote.address}`)
process.exitCode = isInStep ? 0 : 1
