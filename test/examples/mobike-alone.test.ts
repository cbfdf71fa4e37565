import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import type { OtherStack } from '../../examples/mobike-alone/other-stack.ts'
import { playStory } from '../../examples/mobike-alone/story.ts'
import { type Endpoint, ipAddressBytes } from '../../src/bytes/index.ts'
import { decodeMessage, NOTIFY } from '../../src/codec/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** RFC 7296 section 2.23, by another implementation of SHA-1. */
function natHash([initiator, responder]: readonly [Uint8Array, Uint8Array], { address, port }: Endpoint): Uint8Array {
  return createHash('sha1')
    .update(initiator)
    .update(responder)
    .update(ipAddressBytes(address) ?? expect.fail())
    .update(Uint8Array.of(port >> 8, port & 255))
    .digest()
}

const play = () => playStory(natHash, (length) => Uint8Array.from(randomBytes(length)))

/** Requests of a host: where they went, and the types of their notifications. */
function requests({ sent }: OtherStack): { readonly ends: string; readonly types: readonly number[] }[] {
  return sent.flatMap(({ path, bytes }) => {
    const decoded = decodeMessage(bytes)
    if (!decoded.ok || decoded.value.isResponse) return []
    const types = decoded.value.payloads.map((payload) => (payload.kind === 'notify' ? payload.type : -1))
    return [{ ends: `${path.local.address} > ${path.remote.address}`, types }]
  })
}

const NATS = [NOTIFY.NAT_DETECTION_SOURCE_IP, NOTIFY.NAT_DETECTION_DESTINATION_IP]
const UPDATE = [NOTIFY.UPDATE_SA_ADDRESSES, ...NATS, NOTIFY.COOKIE2]

describe('MOBIKE in a stack that is not ours', () => {
  it('is compiled and run with nothing of IKE, of sessions or of crypto in it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'mobike-alone-'))
    try {
      const outfile = join(directory, 'main.mjs')
      const { metafile } = await build({
        entryPoints: [join(root, 'examples/mobike-alone/main.ts')],
        absWorkingDir: root,
        tsconfig: join(root, 'tsconfig.test.json'),
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile,
        metafile: true
      })
      const inputs = Object.keys(metafile.inputs)
      expect(inputs.filter((path) => !/^(examples\/mobike-alone|src\/(bytes|codec|mobike))\//.test(path))).toEqual([])
      expect(inputs).toContain('src/mobike/machine.ts')
      const external = Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter((each) => each.external))
      expect(external).toEqual([])
      const { status, stdout } = spawnSync(process.execPath, [outfile], { encoding: 'utf8' })
      expect(stdout).toMatch(/\nok both ends use 198\.18\.0\.2 and 198\.51\.100\.1\n$/)
      expect(status).toBe(0)
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  it('moves: one UPDATE for each change, tests before them where replies are missing, a check by the gateway', () => {
    const { client, gateway } = play()
    const probe = { ends: '10.2.0.2 > 192.0.2.1', types: NATS }
    expect(requests(client)).toEqual([
      { ends: '10.2.0.2 > 192.0.2.1', types: UPDATE },
      probe,
      probe,
      probe,
      { ...probe, ends: '10.2.0.2 > 198.51.100.1' },
      { ends: '10.2.0.2 > 198.51.100.1', types: UPDATE },
      // Nothing for an hour.
      { ends: '198.18.0.2 > 198.51.100.1', types: UPDATE }
    ])
    // The address of IKE_AUTH has proven itself, the NAT's has not.
    expect(requests(gateway)).toEqual([{ ends: '192.0.2.1 > 203.0.113.7', types: [...NATS, NOTIFY.COOKIE2] }])
    expect([client.closed, gateway.closed]).toEqual([null, null])
  })

  it('ends with both ends on one pair, without encapsulation and keepalives where the NAT is gone', () => {
    const { client, gateway } = play()
    const local = { address: '198.18.0.2', port: 4500 }
    const remote = { address: '198.51.100.1', port: 4500 }
    expect([client.childPath, client.encapsulate]).toEqual([{ local, remote }, false])
    expect([gateway.childPath, gateway.encapsulate]).toEqual([{ local: remote, remote: local }, false])
    expect([...client.keepalives, ...gateway.keepalives]).toEqual([])
  })

  it('keeps every retransmission the same octets, and every COOKIE2 another', () => {
    const { client, gateway } = play()
    const byId = new Map<number, Set<string>>()
    const cookies: string[] = []
    for (const { bytes } of [...client.sent, ...gateway.sent]) {
      const decoded = decodeMessage(bytes)
      if (!decoded.ok || decoded.value.isResponse) continue
      const { fromInitiator, messageId, payloads } = decoded.value
      const id = messageId * 2 + (fromInitiator ? 1 : 0)
      const octets = Buffer.from(bytes).toString('hex')
      if (byId.get(id)?.has(octets) !== true)
        for (const payload of payloads)
          if (payload.kind === 'notify' && payload.type === NOTIFY.COOKIE2)
            cookies.push(Buffer.from(payload.data).toString('hex'))
      byId.set(id, (byId.get(id) ?? new Set()).add(octets))
    }
    expect([...byId.values()].map(({ size }) => size)).toEqual([...byId].map(() => 1))
    expect(new Set(cookies).size).toBe(cookies.length)
    expect(cookies).toHaveLength(4)
  })
})
