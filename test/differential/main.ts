import { fromHex } from '../../src/bytes/index.ts'
import { type Disagreement, type Dissector, disagreements } from './compare.ts'
import listed from './disagreements.json' with { type: 'json' }
import { DISSECTORS, dissectorVersion } from './dissectors.ts'
import { explanation, type Who } from './explanations.ts'
import { generatedSamples, type Sample, sample } from './messages.ts'

/** `npm run differential [-- COUNT]`: fails on a disagreement that is not listed, and on a listed one that is none. */

const SEED = 7296
const COUNT = Number(process.argv[2] ?? 10_000)

const started = performance.now()
// The smallest message of each listed one, too: some come up in a few messages of ten thousand only.
const samples = [...generatedSamples(COUNT, SEED), ...listed.map(({ minimal }) => sample(fromHex(minimal)))]
console.log(
  `${samples.length} messages, ${samples.reduce((sum, { message }) => sum + message.payloads.length, 0)} payloads`
)
const complaints: string[] = []
for (const who of ['tshark', 'scapy'] as const) complaints.push(...report(who, await compareWith(who)))
for (const complaint of complaints) console.log(`FAIL ${complaint}`)
console.log(`${complaints.length === 0 ? 'no' : complaints.length} complaints in ${seconds()} s`)
if (complaints.length > 0) process.exitCode = 1

async function compareWith(who: Who): Promise<readonly Disagreement[]> {
  const { ask, ours }: Dissector = DISSECTORS[who]
  let round = 0
  const asked = (some: readonly Sample[]): ReturnType<Dissector['ask']> => {
    round++
    console.log(`${who}: round ${round}, ${some.length} messages (${seconds()} s)`)
    return ask(some)
  }
  return await disagreements(samples, { ask: asked, ours })
}

/** Prints who agreed on what, and returns what is wrong with the list. */
function report(who: Who, found: readonly Disagreement[]): readonly string[] {
  const messages = new Map<string, Set<number>>()
  const wrong: string[] = []
  for (const disagreement of found) {
    for (const difference of disagreement.differences) {
      const name = explanation(who, disagreement, difference)
      if (name === undefined) {
        const { message, payload } = disagreement
        wrong.push(`${who} message ${message} ${payload?.kind ?? 'header'}: ${JSON.stringify(difference)}`)
        continue
      }
      const set = messages.get(name) ?? new Set()
      messages.set(name, set.add(disagreement.message))
    }
  }
  const disputed = new Set(found.map(({ message }) => message)).size
  console.log(`ok ${who} ${dissectorVersion(who)}: ${samples.length - disputed} messages without any difference`)
  for (const { name, decides } of listed.filter((entry) => entry.name.startsWith(`${who}-`))) {
    const count = messages.get(name)?.size ?? 0
    if (count === 0) wrong.push(`${name} is listed and did not occur`)
    else console.log(`   ${name.padEnd(36)} ${String(count).padStart(6)} messages   ${decides}`)
  }
  return wrong.slice(0, 20)
}

function seconds(): number {
  return Math.round((performance.now() - started) / 1000)
}
