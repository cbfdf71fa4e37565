import { BaseSequencer, type TestSpecification } from 'vitest/node'
import config from '../../vitest.config.ts'

const SLOW = ['roaming', 'schedules', 'bad-input', 'rekey']
/** Where a mutant most likely dies comes first; whole simulations come last. */
const ORDER = [/\/(random|network)\.test/, /\/session\//, /\/exchange\//]

class QuickestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => ORDER.findIndex((pattern) => pattern.test(moduleId))
    const late = (file: TestSpecification): number => (place(file) < 0 ? 0 : ORDER.length - place(file))
    return Promise.resolve([...files].sort((a, b) => late(a) - late(b)))
  }
}

/** What Stryker runs: tests of MOBIKE and of exchanges, and of sessions those that take about a second. */
export default {
  ...config,
  test: {
    ...config.test,
    include: ['test/mobike/*.test.ts', 'test/exchange/*.test.ts', 'test/session/*.test.ts'],
    exclude: SLOW.map((name) => `test/session/${name}.test.ts`),
    reporters: ['default'],
    sequence: { sequencer: QuickestFirst }
  }
}
