import { BaseSequencer, type TestSpecification } from 'vitest/node'
import config from '../../vitest.config.ts'

/** Whole simulations, of which a mutant would run a second or more each time. */
const SLOW = [
  'mobike/random',
  'mobike/network',
  'session/roaming',
  'session/schedules',
  'session/bad-input',
  'session/rekey'
]

/** Mutants die soonest where single steps are looked at: those tests first. */
class QuickestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isSession = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('/test/session/'))
    return Promise.resolve([...files].sort((a, b) => isSession(a) - isSession(b)))
  }
}

/** What Stryker runs: tests of MOBIKE, of exchanges and of sessions, without those that take long. */
export default {
  ...config,
  test: {
    ...config.test,
    include: ['test/mobike/*.test.ts', 'test/exchange/*.test.ts', 'test/session/*.test.ts'],
    exclude: SLOW.map((name) => `test/${name}.test.ts`),
    reporters: ['default'],
    sequence: { sequencer: QuickestFirst }
  }
}
