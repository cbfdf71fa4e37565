import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Path } from '../../src/bytes/index.ts'
import {
  canRequest,
  classifyRequest,
  createRequestWindow,
  createResponseCache,
  growWindow,
  LAST_MESSAGE_ID,
  nextRetransmission,
  type RequestRecord,
  recordRequest,
  recordResponse,
  replaceRecord,
  restarted,
  retransmitted,
  sentOn,
  suspendAll,
  takeAnswered
} from '../../src/exchange/index.ts'

const POLICY = { initialMs: 500, factor: 2, maximumMs: 30_000, transmissions: 13 }
const PATH: Path = { local: { address: '10.1.0.2', port: 4500 }, remote: { address: '192.0.2.1', port: 4500 } }
const request = (now: number) => ({ purpose: 'test', bytes: Uint8Array.of(1, 2, 3), path: PATH, now })

describe('our requests', () => {
  it('B027 B028 Message IDs count up by one for each request', () => {
    let window = createRequestWindow<string>(0)
    const ids: number[] = []
    for (let i = 0; i < 5; i++) {
      ids.push(window.nextMessageId)
      window = takeAnswered(recordRequest(window, POLICY, request(0)), window.nextMessageId).window
    }
    expect(ids).toEqual([0, 1, 2, 3, 4])
  })

  it('B043 without SET_WINDOW_SIZE only one request is outstanding', () => {
    const window = createRequestWindow<string>(7)
    expect(canRequest(window)).toBe(true)
    const one = recordRequest(window, POLICY, request(0))
    expect(canRequest(one)).toBe(false)
    expect(canRequest(takeAnswered(one, 7).window)).toBe(true)
  })

  it('B044 request X waits for every response up to X - N, also when later ones have come', () => {
    let window = growWindow(createRequestWindow<string>(0), 3)
    for (let i = 0; i < 3; i++) window = recordRequest(window, POLICY, request(0))
    expect(canRequest(window)).toBe(false)
    window = takeAnswered(window, 1).window
    window = takeAnswered(window, 2).window
    expect(window.outstanding.map(({ messageId }) => messageId)).toEqual([0])
    expect(canRequest(window)).toBe(false)
    expect(canRequest(takeAnswered(window, 0).window)).toBe(true)
  })

  it('B045 a window grows and never shrinks', () => {
    const window = growWindow(createRequestWindow<string>(), 4)
    expect(growWindow(window, 2).size).toBe(4)
    expect(growWindow(window, 9).size).toBe(9)
  })

  it('B045 the size that a window has, said again, and a response to nothing leave it as it is', () => {
    const window = growWindow(createRequestWindow<string>(), 4)
    expect(growWindow(window, 4)).toBe(window)
    const open = recordRequest(window, POLICY, request(0))
    expect(takeAnswered(open, 7).window).toBe(open)
  })

  it('B030 no request is made once Message IDs have run out', () => {
    const last = createRequestWindow<string>(LAST_MESSAGE_ID)
    expect(canRequest(last)).toBe(true)
    const spent = takeAnswered(recordRequest(last, POLICY, request(0)), LAST_MESSAGE_ID).window
    expect(canRequest(spent)).toBe(false)
  })

  it('B012 a response to nothing, or the second one, finds no request', () => {
    const window = recordRequest(createRequestWindow<string>(3), POLICY, request(0))
    expect(takeAnswered(window, 2).record).toBeUndefined()
    const answered = takeAnswered(window, 3)
    expect(answered.record?.messageId).toBe(3)
    expect(takeAnswered(answered.window, 3).record).toBeUndefined()
  })

  it('B036 B058 intervals double up to the longest one, the octets stay the same, and it ends', () => {
    let record: RequestRecord<string> | undefined = recordRequest(createRequestWindow<string>(), POLICY, request(0))
      .outstanding[0] as RequestRecord<string>
    const first = record
    const times = [0]
    for (;;) {
      const at: number = record.nextAt as number
      const again: RequestRecord<string> | undefined = retransmitted(record, POLICY, PATH, at)
      if (again === undefined) break
      times.push(at)
      expect(again.bytes).toBe(first.bytes)
      expect(again.messageId).toBe(first.messageId)
      record = again
    }
    const intervals = times.slice(1).map((at, i) => at - (times[i] as number))
    expect(intervals).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000, 30_000])
    expect(times).toHaveLength(POLICY.transmissions)
  })

  it('A move starts the schedule anew and remembers every address used', () => {
    const window = recordRequest(createRequestWindow<string>(), POLICY, request(0))
    const [record] = window.outstanding as [RequestRecord<string>]
    const late = retransmitted(record, POLICY, PATH, 500) as RequestRecord<string>
    const moved = { ...PATH, local: { address: '10.2.0.2', port: 4500 } }
    const again = restarted(late, POLICY, moved, 9000)
    expect(again).toMatchObject({ attempt: 1, nextAt: 9500, bytes: record.bytes })
    expect(again.sources).toEqual([PATH.local, moved.local])
    expect(again.destinations).toEqual([PATH.remote])
    expect(sentOn(again, moved).sources).toHaveLength(2)
  })

  it('Where a request went first counts among its addresses', () => {
    const { outstanding } = recordRequest(createRequestWindow<string>(), POLICY, request(0))
    expect(outstanding).toMatchObject([{ sources: [PATH.local], destinations: [PATH.remote] }])
  })

  it('The earliest of all schedules acts next, whichever request it is of; a suspended one has none', () => {
    let window = growWindow(createRequestWindow<string>(), 3)
    for (const now of [400, 0, 200]) window = recordRequest(window, POLICY, request(now))
    expect(nextRetransmission(window)).toBe(500)
    const [first, second] = window.outstanding as [RequestRecord<string>, RequestRecord<string>]
    expect(nextRetransmission(replaceRecord(window, { ...second, nextAt: undefined }))).toBe(700)
    expect(nextRetransmission(replaceRecord(window, { ...first, nextAt: undefined }))).toBe(500)
  })

  it('The addresses remembered of one request are bounded', () => {
    let record = recordRequest(createRequestWindow<string>(), POLICY, request(0))
      .outstanding[0] as RequestRecord<string>
    for (let port = 1; port < 200; port++) record = sentOn(record, { ...PATH, local: { address: '10.1.0.2', port } })
    expect(record.sources.length).toBeLessThanOrEqual(16)
    expect(record.sources.length).toBeGreaterThan(1)
  })

  it('F60 suspended requests neither act nor time out', () => {
    const window = recordRequest(createRequestWindow<string>(), POLICY, request(0))
    expect(nextRetransmission(window)).toBe(500)
    const silent = suspendAll(window)
    expect(nextRetransmission(silent)).toBeUndefined()
    const [record] = silent.outstanding as [RequestRecord<string>]
    expect(nextRetransmission(replaceRecord(silent, restarted(record, POLICY, PATH, 70)))).toBe(570)
  })
})

/** A request that has this Message ID; `restored`: another one that has it too. */
const message = (id: number, restored = 0): Uint8Array => new Uint8Array(40).fill(id & 255).fill(restored, 30)

describe("the peer's requests", () => {
  it('B037 B038 B039 one answered is repeated from memory, one before is forgotten, one beyond is outside', () => {
    let cache = createResponseCache(0)
    expect(classifyRequest(cache, 0, message(0))).toEqual({ kind: 'new' })
    expect(classifyRequest(cache, 1, message(1))).toEqual({ kind: 'outsideWindow' })
    cache = recordResponse(cache, 0, Uint8Array.of(9), message(0))
    expect(classifyRequest(cache, 0, message(0))).toEqual({ kind: 'repeated', response: Uint8Array.of(9) })
    cache = recordResponse(cache, 1, Uint8Array.of(8), message(1))
    expect(classifyRequest(cache, 0, message(0))).toEqual({ kind: 'forgotten' })
    expect(classifyRequest(cache, 1, message(1))).toEqual({ kind: 'repeated', response: Uint8Array.of(8) })
    expect(classifyRequest(cache, 2, message(2))).toEqual({ kind: 'new' })
    expect(classifyRequest(cache, 3, message(3))).toEqual({ kind: 'outsideWindow' })
  })

  it('B036 B037 another request with the Message ID of one answered before is no retransmission', () => {
    const cache = recordResponse(createResponseCache(0), 0, Uint8Array.of(9), message(0))
    expect(classifyRequest(cache, 0, message(0, 1))).toEqual({ kind: 'reused' })
    expect(classifyRequest(cache, 0, message(0))).toMatchObject({ kind: 'repeated' })
  })

  it('B037 of a request answered only the end is kept, however long it was, and all of one that is shorter', () => {
    const kept = (length: number): Uint8Array | undefined =>
      recordResponse(
        createResponseCache(0),
        0,
        Uint8Array.of(9),
        Uint8Array.from({ length }, (_, i) => i)
      ).responses[0]?.requestEnd
    expect(kept(200)).toEqual(Uint8Array.from({ length: 16 }, (_, i) => 184 + i))
    expect(kept(5)).toEqual(Uint8Array.of(0, 1, 2, 3, 4))
  })

  it('B038 B048 B049 with a window of N, requests come in any order and N responses are kept, the newest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.nat(12), { maxLength: 60 }), (size, offsets) => {
        let cache = createResponseCache(0, size)
        const answered = new Set<number>()
        for (const offset of offsets) {
          const id = Math.max(0, cache.nextMessageId - size) + (offset % (2 * size + 2))
          const { kind } = classifyRequest(cache, id, message(id))
          // RFC 7296 section 2.3: below the window everything was answered; inside it each is new exactly once.
          let low = 0
          while (answered.has(low)) low++
          // Kept until a request N above it came, which says that the peer has it.
          if (answered.has(id)) expect(kind).toBe(id + size > Math.max(...answered) ? 'repeated' : 'forgotten')
          else expect(kind).toBe(id < low + size ? 'new' : 'outsideWindow')
          if (kind === 'new') {
            cache = recordResponse(cache, id, Uint8Array.of(id & 255), message(id))
            answered.add(id)
          }
          expect(cache.responses.length).toBeLessThanOrEqual(size)
        }
      }),
      { seed: 1 }
    )
  })
})
