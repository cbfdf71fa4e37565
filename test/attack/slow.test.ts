import { describe, expect, it } from 'vitest'
import { NOTIFY } from '../../src/codec/index.ts'
import { kinds, read } from '../session/forge.ts'
import { mobikeReports, Pair } from '../session/pair.ts'

describe('a slow network', () => {
  it.each([200, 600, 800, 1000, 1500, 3000])(
    'C15 a move is confirmed over a path with %i ms each way although there are other pairs to test',
    (delay) => {
      const pair = new Pair().establish()
      pair.copies = () => [delay]
      pair.tell('client', { type: 'localAddressesChanged', addresses: [{ address: '10.2.0.2' }] })
      let updates = 0
      pair.passes = (datagram) => {
        if (datagram.from === 'client' && kinds(read(pair, datagram).payloads).includes(NOTIFY.UPDATE_SA_ADDRESSES))
          updates++
        return true
      }
      pair.advance(60_000)
      const said = mobikeReports(pair.client.actions).map(({ kind }) => kind)
      expect(said.filter((kind) => kind === 'moved')).toHaveLength(1)
      expect(updates).toBeLessThan(25)
      expect(pair.client.session.state.mobike?.rollback).toBeNull()
    }
  )
})
