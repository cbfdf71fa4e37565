import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import type { News } from '../session/pair.ts'
import { cookie2, established, fromClient, type Hostile } from './hostile.ts'

const { UPDATE_SA_ADDRESSES } = NOTIFY

/** Each round causes one more MOBIKE request of the victim, and answers the one before. */
function flood(hostile: Hostile, round: number): void {
  hostile.pair.now += 10
  const from = hostile.name === 'client' ? fromClient(`10.4.0.${round + 1}`) : undefined
  hostile.notifies([UPDATE_SA_ADDRESSES], from)
  const cookie = hostile.cookieOf()
  hostile.respond(cookie === undefined ? [] : [cookie2(cookie)])
}

describe.each(['client', 'gateway'] as const)(
  'a hostile %s whose UPDATEs make one MOBIKE request after the other',
  (name) => {
    /** A victim whose window is taken when it is told something. */
    const held = (news: News): Hostile => {
      const hostile = established(name)
      hostile.pair.tell(hostile.victim, { type: 'livenessRequested' })
      hostile.pair.tell(hostile.victim, news)
      return hostile
    }

    it('does not keep the session from closing', () => {
      const hostile = held({ type: 'closeRequested' })
      for (let round = 0; round < 50 && hostile.alive; round++) flood(hostile, round)
      expect(hostile.alive).toBe(false)
    })

    it('does not keep the IKE SA from being rekeyed', () => {
      const hostile = held({ type: 'ikeSaRekeyRequested' })
      const exchanges = new Set<string | undefined>()
      for (let round = 0; round < 50; round++) {
        exchanges.add(hostile.pair.ikeSa(hostile.victim).requests.outstanding[0]?.purpose.kind)
        if (exchanges.has('rekeyIke')) break
        flood(hostile, round)
      }
      expect(exchanges).toContain('rekeyIke')
    })
  }
)
