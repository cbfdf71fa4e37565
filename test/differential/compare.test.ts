import { describe, expect, it } from 'vitest'
import { encodeMessage, type Payload } from '../../src/codec/index.ts'
import { differences, disagreements } from './compare.ts'
import { explanation } from './explanations.ts'
import { generatedSamples, sample } from './messages.ts'
import { type PdmlField, PdmlReader } from './pdml.ts'
import { statementsOf } from './statements.ts'

const header = {
  initiatorSpi: new Uint8Array(8).fill(1),
  responderSpi: new Uint8Array(8).fill(2),
  majorVersion: 2,
  minorVersion: 0,
  exchangeType: 37,
  fromInitiator: true,
  isResponse: false,
  messageId: 0
}

function vendorIds(...octets: number[]): readonly Payload[] {
  return octets.map((octet) => ({ kind: 'vendorId', data: Uint8Array.of(octet) }))
}

describe('comparing statements', () => {
  it('finds what only we say, what only they say, and what both say differently', () => {
    const ours = [
      { at: 0, name: 'type', value: 43 },
      { at: 2, name: 'length', value: 5 }
    ]
    const theirs = [
      { at: 2, name: 'length', value: 6 },
      { at: 4, name: 'data', value: '07' }
    ]
    expect(differences(ours, theirs)).toEqual([
      { at: 0, name: 'type', ours: 43, theirs: undefined },
      { at: 2, name: 'length', ours: 5, theirs: 6 },
      { at: 4, name: 'data', ours: undefined, theirs: '07' }
    ])
  })

  it('places statements where RFC 7296 sections 3.1 and 3.2 draw the fields', () => {
    const statements = statementsOf(sample(encodeMessage({ ...header, payloads: vendorIds(7) })))
    for (const expected of [
      { at: 16, name: 'next', value: 43 },
      { at: 17, name: 'version', value: 0x20 },
      { at: 19, name: 'flags', value: 0x08 },
      { at: 24, name: 'length', value: 33 },
      { at: 28, name: 'type', value: 43 },
      { at: 28, name: 'next', value: 0 },
      { at: 29, name: 'critical', value: 0 },
      { at: 30, name: 'length', value: 5 },
      { at: 32, name: 'data', value: '07' }
    ])
      expect(statements).toContainEqual(expected)
  })

  it('asks again about what stands behind a payload in dispute, and finds the second dispute there', async () => {
    const whole = sample(encodeMessage({ ...header, payloads: vendorIds(1, 2, 3) }))
    const asked: number[] = []
    const found = await disagreements([whole], {
      ours: statementsOf,
      // Reads the chain until the first even octet of data, which it takes for zero, and says nothing more.
      ask: async (samples) =>
        samples.map((one) => {
          asked.push(one.message.payloads.length)
          const all = statementsOf(one)
          const stop = all.findIndex(({ name, value }) => name === 'data' && value !== '01')
          return stop < 0 ? all : [...all.slice(0, stop), { ...all[stop]!, value: '00' }]
        })
    })
    expect(asked).toEqual([3, 1])
    expect(found.map(({ payload, differences: list }) => [payload, list])).toEqual([
      [vendorIds(2)[0], [{ at: 4, name: 'data', ours: '02', theirs: '00' }]],
      [vendorIds(3)[0], [{ at: 4, name: 'data', ours: '03', theirs: '00' }]]
    ])
  })

  it('explains nothing that is wrong in a plain payload or in the header', () => {
    const difference = { at: 4, name: 'data', ours: '02', theirs: '00' }
    for (const payload of [undefined, vendorIds(2)[0]]) {
      for (const who of ['scapy', 'tshark'] as const) {
        const disagreement = { message: 0, payload, previous: undefined, differences: [difference] }
        expect(explanation(who, disagreement, difference)).toBeUndefined()
      }
    }
  })

  it('generates the same messages from the same seed, every fifth at port 4500', () => {
    expect(generatedSamples(20, 1)).toEqual(generatedSamples(20, 1))
    expect(generatedSamples(20, 1).filter(({ port }) => port === 4500)).toHaveLength(4)
  })
})

describe('reading PDML', () => {
  it('takes a tag whose value has a line break for one tag, and starts each packet anew', () => {
    const packets: (readonly PdmlField[])[] = []
    const reader = new PdmlReader((fields) => packets.push(fields))
    const text = `<packet>
  <proto name="isakmp" size="9" pos="28">
    <field name="isakmp.id.data" size="2" pos="30" show="a
b" value="610a62">
  </proto>
</packet>
<packet>
  <proto name="isakmp" size="1" pos="28"/>
</packet>`
    for (const line of text.split('\n')) reader.line(line)
    expect(packets.map((fields) => fields.map(({ name, parents }) => [name, parents.length]))).toEqual([
      [
        ['isakmp', 0],
        ['isakmp.id.data', 1]
      ],
      [['isakmp', 0]]
    ])
  })
})
