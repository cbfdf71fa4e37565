import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { toHex } from '../../src/bytes/index.ts'
import type { Sample } from './messages.ts'
import { type Statement, StatementList } from './statement-list.ts'

/** Debian's own: `python3-scapy` is a package of Debian's. */
export const PYTHON = '/usr/bin/python3'

/** From the root of the repository, where npm and vitest start. */
const SCRIPT = 'test/differential/scapy-dissect.py'

/** One layer as `scapy-dissect.py` writes it: class, start, depth, fields, rebuilt, recomputed. */
export type ScapyLayer = readonly [
  name: string,
  start: number,
  depth: number,
  fields: readonly (readonly [name: string, at: number, octets: string])[],
  rebuilt: string | null,
  recomputed: string | null
]

const TYPES: Readonly<Record<string, number>> = {
  Proposal: 2,
  Transform: 3,
  SA: 33,
  KE: 34,
  IDi: 35,
  IDr: 36,
  CERT_CRT: 37,
  CERT_CRL: 37,
  CERT_STR: 37,
  CERTREQ: 38,
  AUTH: 39,
  Nonce: 40,
  Notify: 41,
  Delete: 42,
  VendorID: 43,
  TSi: 44,
  TSr: 45,
  Encrypted: 46,
  CP: 47,
  Encrypted_Fragment: 53
}

/** scapy's names of fields that are numbers. */
const NUMBERS: Readonly<Record<string, string>> = {
  next_payload: 'next',
  version: 'version',
  exch_type: 'exchangeType',
  flags: 'flags',
  id: 'messageId',
  length: 'length',
  res: 'reserved',
  res2: 'reserved',
  proposal: 'number',
  proto: 'protocol',
  SPIsize: 'spiSize',
  trans_nb: 'transforms',
  transform_type: 'transformType',
  transform_id: 'transformId',
  group: 'group',
  IDtype: 'idType',
  cert_type: 'encoding',
  auth_type: 'method',
  type: 'notifyType',
  number_of_TSs: 'count',
  TS_type: 'selectorType',
  IP_protocol_ID: 'protocol',
  start_port: 'startPort',
  end_port: 'endPort',
  CFGType: 'configurationType',
  frag_number: 'fragmentNumber',
  frag_total: 'totalFragments'
}

/** scapy's names of fields that are octets. */
const OCTETS: Readonly<Record<string, string>> = {
  init_SPI: 'initiatorSpi',
  resp_SPI: 'responderSpi',
  SPI: 'spi',
  load: 'data',
  vendorID: 'data',
  ID: 'data',
  cert_data: 'data',
  x509Cert: 'data',
  x509CRL: 'data',
  value: 'value',
  starting_address_v4: 'startAddress',
  ending_address_v4: 'endAddress',
  starting_address_v6: 'startAddress',
  ending_address_v6: 'endAddress'
}

/** What scapy states: its fields, and of each payload the octets it encodes from them. */
export function scapyStatements(layers: readonly ScapyLayer[]): readonly Statement[] {
  const list = new StatementList()
  let next = 0
  for (const [name, start, depth, fields, rebuilt, recomputed] of layers) {
    const isPayload = name.startsWith('IKEv2_payload')
    if (isPayload) list.add(start, 'type', TYPES[name.slice('IKEv2_payload_'.length)] ?? next)
    for (const field of fields) addField(list, name, field)
    if (depth > 0) continue
    if (rebuilt !== null) list.add(start, 'rebuilt', rebuilt)
    if (recomputed !== null) list.add(start, 'recomputed', recomputed)
    const following = fields.find(([field]) => field === 'next_payload')
    if (following !== undefined) next = Number.parseInt(following[2], 16)
  }
  return list.all()
}

function addField(list: StatementList, layer: string, [field, at, octets]: ScapyLayer[3][number]): void {
  const value = Number.parseInt(octets, 16)
  const number = NUMBERS[field]
  const run = OCTETS[field]
  if (octets === '') return
  if (octets.startsWith('!')) list.add(at, field, octets)
  else if (field === 'key_length') addAttribute(list, at, octets)
  else if (layer === 'ConfigurationAttribute' && field === 'type') list.add(at, 'attributeType', value)
  else if (isCritical(layer, field)) addCritical(list, at, value)
  else if (number !== undefined) list.add(at, number, value)
  else list.add(at, run ?? field, octets)
}

/** The octet behind Next Payload; in a proposal and a transform it is all RESERVED (RFC 7296 section 3.3.1). */
function isCritical(layer: string, field: string): boolean {
  if (layer === 'IKEv2_payload') return field === 'flags'
  return field === 'res' && TYPES[layer.slice('IKEv2_payload_'.length)]! > 3
}

function addCritical(list: StatementList, at: number, value: number): void {
  list.add(at, 'critical', value >> 7)
  if ((value & 0x7f) !== 0) list.add(at, 'reserved', value & 0x7f)
}

/** What scapy calls a key length: four octets, the attribute's own type included. */
function addAttribute(list: StatementList, at: number, octets: string): void {
  const head = Number.parseInt(octets.slice(0, 4), 16)
  list.add(at, 'isShort', head >> 15)
  list.add(at, 'attributeType', head & 0x7fff)
  list.add(at + 2, 'value', octets.slice(4))
}

/** Asks scapy in `processes` processes at once. */
export async function dissectWithScapy(
  samples: readonly Sample[],
  processes: number
): Promise<readonly (readonly Statement[])[]> {
  const share = Math.ceil(samples.length / processes)
  const shares = Array.from({ length: processes }, (_, i) => samples.slice(i * share, (i + 1) * share))
  return (await Promise.all(shares.map((part) => dissectShare(part)))).flat()
}

async function dissectShare(samples: readonly Sample[]): Promise<readonly (readonly Statement[])[]> {
  const python = spawn(PYTHON, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  python.stdin.end(samples.map(({ bytes }) => `${toHex(bytes)}\n`).join(''))
  const answers: (readonly Statement[])[] = []
  for await (const line of createInterface({ input: python.stdout })) {
    answers.push(scapyStatements(JSON.parse(line) as ScapyLayer[]))
  }
  if (answers.length !== samples.length)
    throw new Error(`scapy answered ${answers.length} of ${samples.length} messages`)
  return answers
}
