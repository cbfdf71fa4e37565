import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Dissector } from './compare.ts'
import type { Who } from './explanations.ts'
import { dissectWithScapy, PYTHON } from './scapy.ts'
import { encodingsOf, statementsOf } from './statements.ts'
import { dissectWithTshark } from './tshark.ts'

/** Whom we are compared with. scapy also encodes; tshark only dissects. */
export const DISSECTORS: Readonly<Record<Who, Dissector>> = {
  scapy: {
    ask: (samples) => dissectWithScapy(samples, 2),
    ours: (sample) => [...statementsOf(sample), ...encodingsOf(sample)]
  },
  tshark: {
    ask: async (samples) => {
      const directory = mkdtempSync(join(tmpdir(), 'differential-'))
      const answers = await dissectWithTshark(samples, directory)
      rmSync(directory, { recursive: true })
      return answers
    },
    ours: statementsOf
  }
}

/** The version of a dissector here; undefined when it is not installed. */
export function dissectorVersion(who: Who): string | undefined {
  const [command, ...options] =
    who === 'scapy'
      ? ([PYTHON, '-c', 'import scapy.contrib.ikev2, scapy; print(scapy.VERSION)'] as const)
      : (['tshark', '--version'] as const)
  const { status, stdout } = spawnSync(command, options, { encoding: 'utf8' })
  return status === 0 ? /\d+\.[\d.]*\d/.exec(stdout)?.[0] : undefined
}
