import config from '../../vitest.config.ts'

const SLOW = ['roaming', 'schedules', 'bad-input', 'rekey']

/** What Stryker runs: tests of MOBIKE and of exchanges, and of sessions those that take about a second. */
export default {
  ...config,
  test: {
    ...config.test,
    include: ['test/mobike/*.test.ts', 'test/exchange/*.test.ts', 'test/session/*.test.ts'],
    exclude: SLOW.map((name) => `test/session/${name}.test.ts`),
    reporters: ['default']
  }
}
