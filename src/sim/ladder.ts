import { endpointText } from '../bytes/index.ts'
import type { SimDatagram, TraceEntry } from './types.ts'

/** How to draw a run. */
export interface LadderOptions {
  /** Hosts, left to right; others are left out. */
  readonly lifelines: readonly string[]
  /** What an arrow says; undefined leaves the datagram out. Default: protocol and length. */
  readonly label?: (datagram: SimDatagram) => string | undefined
  /** False leaves a note out. */
  readonly showNote?: (host: string, text: string) => boolean
  /** Only what was sent or noted from this time (ms) on, and up to that. */
  readonly fromMs?: number
  readonly toMs?: number
  /** Columns; default 120. */
  readonly width?: number
}

const TIME_COLUMNS = 10
/** Room for the endpoints of a datagram, IPv6 included, and for notes. */
const SIDE_COLUMNS = 46

/** A line between the lifelines and one beside them. */
interface Row {
  readonly time?: number
  readonly body: string
  readonly side?: string
}

type Sent = Extract<TraceEntry, { kind: 'sent' }>

/**
 * A run as a text ladder: time in seconds, a lifeline for each host, an arrow for each datagram at the time it was sent,
 * endpoints beside it. A lost datagram ends in `x`, with the reason; what NATs made of its endpoints stands below it; notes and
 * changes of addresses mark their host with `●`.
 */
export function drawLadder(trace: readonly TraceEntry[], options: LadderOptions): string {
  const { lifelines, fromMs = 0, toMs = Number.POSITIVE_INFINITY, width = 120 } = options
  const { label = (datagram) => `${datagram.protocol}, ${datagram.bytes.length} octets`, showNote = () => true } =
    options
  const columns = lifelineColumns(lifelines.length, width - TIME_COLUMNS - SIDE_COLUMNS)
  const fates = fatesById(trace)
  const rows: Row[] = [{ body: heading(lifelines, columns) }]

  for (const entry of trace) {
    if (entry.time < fromMs || entry.time > toMs) continue
    if (entry.kind === 'sent') {
      const text = lifelines.includes(entry.host) ? label(entry.datagram) : undefined
      if (text !== undefined) rows.push(...arrowRows(entry, text, fates.get(entry.id) ?? [], lifelines, columns))
    } else if (entry.kind === 'note' || entry.kind === 'addresses') {
      const text = entry.kind === 'note' ? entry.text : `addresses: ${entry.addresses.join(', ') || 'none'}`
      if (lifelines.includes(entry.host) && showNote(entry.host, text)) {
        rows.push(...noteRows(entry.time, lifelines.indexOf(entry.host), text, columns))
      }
    }
  }
  return rows.map((row) => lineOf(row, width)).join('\n')
}

/** All entries of a datagram but the first. */
function fatesById(trace: readonly TraceEntry[]): Map<number, TraceEntry[]> {
  const fates = new Map<number, TraceEntry[]>()
  for (const entry of trace) {
    if (!('id' in entry)) continue
    const fate = fates.get(entry.id)
    if (entry.kind === 'sent') fates.set(entry.id, [])
    else fate?.push(entry)
  }
  return fates
}

function lifelineColumns(count: number, width: number): number[] {
  const gap = count > 1 ? Math.floor((width - 2) / (count - 1)) : 0
  return Array.from({ length: count }, (_, index) => index * gap)
}

function heading(lifelines: readonly string[], columns: readonly number[]): string {
  let line = ''
  for (const [index, name] of lifelines.entries()) {
    const column = columns[index] as number
    const start = index === 0 ? column : Math.max(line.length + 1, column - name.length + 1)
    line = `${line.padEnd(start)}${name}`
  }
  return line
}

function arrowRows(
  sent: Sent,
  text: string,
  fate: readonly TraceEntry[],
  lifelines: readonly string[],
  columns: readonly number[]
): Row[] {
  const delivered = fate.filter((entry) => entry.kind === 'delivered')
  const lost = fate.find((entry) => entry.kind === 'lost')
  const from = lifelines.indexOf(sent.host)
  const towards = delivered[0]?.host ?? sent.towards
  const named = towards === undefined ? -1 : lifelines.indexOf(towards)
  const to = named >= 0 && named !== from ? named : from === 0 ? Math.min(1, lifelines.length - 1) : from - 1
  const side = [
    `${endpointText(sent.datagram.source)} > ${endpointText(sent.datagram.destination)}`,
    ...fate.flatMap((entry) =>
      entry.kind === 'translated'
        ? [`${entry.nat}: ${endpointText(entry.datagram.source)} > ${endpointText(entry.datagram.destination)}`]
        : []
    ),
    ...(delivered.length === 0 && lost?.kind === 'lost' ? [`lost: ${lost.reason}`] : []),
    ...(delivered.length > 1 ? [`arrived ${delivered.length} times`] : [])
  ]
  const [left, right] = [Math.min(from, to), Math.max(from, to)].map((index) => columns[index] as number) as [
    number,
    number
  ]
  const room = right - left - 1
  const words = wrap(text, room - 7)
  const arrived = delivered.length > 0
  const head = arrived ? (from < to ? '▶' : '◀') : lost === undefined ? '…' : 'x'
  const rows: Row[] = []
  for (let index = 0; index < Math.max(words.length, side.length); index++) {
    const word = words[index]
    let between = word === undefined ? '' : `   ${word}`
    if (index === 0) between = arrow(word as string, room, from < to, head)
    const body = [...verticals(columns)]
    // Leading blanks leave the lifelines between the two alone.
    for (let i = between.search(/\S|$/); i < Math.min(room, between.length); i++) body[left + 1 + i] = between.charAt(i)
    rows.push({
      ...(index === 0 ? { time: sent.time } : {}),
      body: body.join(''),
      ...(side[index] === undefined ? {} : { side: side[index] })
    })
  }
  return rows
}

/** `── text ──▶` over `room` columns; a lost one stops two thirds of the way. */
function arrow(text: string, room: number, rightwards: boolean, head: string): string {
  const reach = head === 'x' ? Math.max(text.length + 6, Math.floor((room * 2) / 3)) : room
  if (rightwards) return `${`── ${text} `.padEnd(reach - 1, '─')}${head}`
  const line = `${head}${` ${text} ──`.padStart(reach - 1, '─')}`
  return line.padStart(room)
}

function noteRows(time: number, host: number, text: string, columns: readonly number[]): Row[] {
  return wrap(text, SIDE_COLUMNS).map((line, index) => {
    const body = [...verticals(columns)]
    if (index === 0) body[columns[host] as number] = '●'
    return { ...(index === 0 ? { time } : {}), body: body.join(''), side: line }
  })
}

function verticals(columns: readonly number[]): string {
  let line = ''
  for (const column of columns) line = `${line.padEnd(column)}│`
  return line
}

/** Words of a text in lines of at most `room` columns; a word that is longer is cut. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const cut = word.length > room ? `${word.slice(0, room - 1)}…` : word
    if (line !== '' && line.length + 1 + cut.length > room) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? cut : `${line} ${cut}`
  }
  return [...lines, line]
}

function lineOf(row: Row, width: number): string {
  const time = row.time === undefined ? '' : (row.time / 1000).toFixed(3)
  const bodyColumns = width - TIME_COLUMNS - SIDE_COLUMNS
  return `${time.padStart(TIME_COLUMNS - 2)}  ${row.body.padEnd(bodyColumns)}${row.side ?? ''}`
    .trimEnd()
    .slice(0, width)
}
