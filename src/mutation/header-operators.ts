import { equalBytes } from '../bytes/index.ts'
import { EXCHANGE } from '../codec/index.ts'
import { type Field, field, readField } from './fields.ts'
import type { RandomBelow } from './mutations.ts'
import { withOther } from './octet-operators.ts'
import { type Changed, isMessage, pick, type Subject } from './subject.ts'

const VERSION: Field = /* @__PURE__ */ field('number', 'version', 17, 1)
const EXCHANGE_TYPE: Field = /* @__PURE__ */ field('number', 'exchange type', 18, 1)
const MESSAGE_ID: Field = /* @__PURE__ */ field('number', 'Message ID', 20, 4)
const FLAGS: Field = { role: 'number', name: 'flags', offset: 19, width: 1, mask: 0x38 }
const SPI_OCTETS = 8

/** Another major version, another minor version, or any of both. */
export function versionEdit(subject: Subject, random: RandomBelow): Changed | undefined {
  if (!isMessage(subject)) return undefined
  return withOther(subject, VERSION, [0x00, 0x10, 0x20, 0x21, 0x2f, 0x30, 0xf0, 0xff, random(256)], random)
}

/** Inverts the Initiator (0x08), Version (0x10) or Response (0x20) flag, or all three. */
export function flagsEdit(subject: Subject, random: RandomBelow): Changed | undefined {
  if (!isMessage(subject)) return undefined
  const before = readField(subject.octets, FLAGS)
  return withOther(subject, FLAGS, [before ^ 0x08, before ^ 0x10, before ^ 0x20, before ^ 0x38], random)
}

/** Another exchange that has a name, an end of the range, or any. */
export function exchangeTypeEdit(subject: Subject, random: RandomBelow): Changed | undefined {
  if (!isMessage(subject)) return undefined
  return withOther(subject, EXCHANGE_TYPE, [...Object.values(EXCHANGE), 0, 0xff, random(256)], random)
}

/** A neighbour, an end or the middle of the range, or any. */
export function messageIdEdit(subject: Subject, random: RandomBelow): Changed | undefined {
  if (!isMessage(subject)) return undefined
  const before = readField(subject.octets, MESSAGE_ID)
  const most = 0xffffffff
  const values = [before - 1, before + 1, 0, 1, 0x7fffffff, 0x80000000, most - 1, most, random(most)]
  return withOther(subject, MESSAGE_ID, values, random)
}

/** Makes one IKE SPI zero, all ones, or the other one. */
export function ikeSpiEdit(subject: Subject, random: RandomBelow): Changed | undefined {
  if (!isMessage(subject)) return undefined
  const offset = SPI_OCTETS * random(2)
  const before = subject.octets.subarray(offset, offset + SPI_OCTETS)
  const theOther = subject.octets.subarray(SPI_OCTETS - offset, 2 * SPI_OCTETS - offset)
  const values = [
    { name: 'zero', spi: new Uint8Array(SPI_OCTETS) },
    { name: 'all ones', spi: new Uint8Array(SPI_OCTETS).fill(0xff) },
    { name: 'the other one', spi: theOther }
  ].filter(({ spi }) => !equalBytes(spi, before))
  const { name, spi } = pick(values, random)
  const octets = subject.octets.slice()
  octets.set(spi, offset)
  return { octets, offset, detail: `${offset === 0 ? 'initiator' : 'responder'} SPI to ${name}` }
}
