import { spawnSync } from 'node:child_process'
import { toHex } from '../../src/bytes/index.ts'
import { decodeMessage, encodeMessage } from '../../src/codec/index.ts'
import { send, time } from './measure.ts'
import { samples } from './messages.ts'

/** `decodeMessage` and `encodeMessage` against scapy in the same run, where Debian's python3-scapy is installed. */

/** At least and aimed at, by the name of the sample; the second AUTH chain is the one with a pre-shared key. */
const TARGETS: Readonly<Record<string, readonly [must: number, aim: number]>> = {
  'IKE_SA_INIT 560': [500, 2000],
  'AUTH chain 401': [300, 800],
  'MOBIKE INFORMATIONAL 116': [100, 250]
}

const COPIES = 40
const PYTHON = '/usr/bin/python3'
const SCRIPT = 'test/differential/scapy-dissect.py'

if (spawnSync(PYTHON, ['-c', 'import scapy.contrib.ikev2']).status === 0) {
  for (const { name, bytes } of samples()) compareWithScapy(name, bytes)
} else {
  console.log('NOT MEASURED: scapy is not installed (apt-get install python3-scapy), no ratios to it')
}

function compareWithScapy(name: string, bytes: Uint8Array): void {
  const target = TARGETS[name]
  if (target === undefined) return
  const [must, aim] = target
  const result = decodeMessage(bytes)
  if (!result.ok) throw new Error(`${name} refused`)
  const { dissect, build } = scapySeconds(bytes)
  const unit = { unit: 'µs', bound: 'atLeast', must, aim } as const
  const figures = [
    ['decode', time(() => decodeMessage(bytes)), dissect],
    ['encode', time(() => encodeMessage(result.value)), build]
  ] as const
  for (const [verb, ours, seconds] of figures) {
    const floor = (seconds / COPIES) * 1e6
    send({ ...unit, figure: `${verb} ${name} against scapy`, ours, floor, ratio: floor / ours })
  }
}

/**
 * CPU seconds of scapy for `COPIES` of the message, dissected and then built as a packet that a program composed.
 * Building a packet that came from dissection costs scapy a tenth of that, for it is not expanded.
 */
function scapySeconds(bytes: Uint8Array): { readonly dissect: number; readonly build: number } {
  const input = `${toHex(bytes)}\n`.repeat(COPIES)
  const { stdout } = spawnSync(PYTHON, [SCRIPT, '--time'], { input, encoding: 'utf8' })
  return JSON.parse(stdout) as { dissect: number; build: number }
}
