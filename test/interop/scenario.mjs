// Rows of the final table. A scenario is a sequence of steps on one session; each step is a row.

/** Collects rows and prints them as they come. */
export class Results {
  rows = []

  /**
   * Runs one scenario: `body(step)` calls `await step(name, action)`; what `action` resolves to (a text) is what was
   * observed. After a failed step the rest of the scenario is skipped and the failure counts once. True when all passed.
   */
  async scenario(name, body, onFailure) {
    console.log(`\n${name}`)
    const step = async (title, action) => {
      const started = performance.now()
      try {
        const observed = await action()
        this.#add({ scenario: name, title, passed: true, observed: observed ?? '', ms: performance.now() - started })
      } catch (error) {
        this.#add({ scenario: name, title, passed: false, observed: error.message, ms: performance.now() - started })
        throw new StepFailed()
      }
    }
    try {
      await body(step)
      return true
    } catch (error) {
      if (!(error instanceof StepFailed)) {
        this.#add({ scenario: name, title: 'scenario', passed: false, observed: error.stack ?? error.message, ms: 0 })
      }
      await onFailure?.()
      return false
    }
  }

  /**
   * Charon and the kernel run on real time: a scenario that fails is played once more, and only that counts. What failed
   * the first time stays in the table as `again`.
   */
  playAgain(name) {
    this.rows = this.rows.filter((row) => row.scenario !== name || !row.passed)
    for (const row of this.rows) if (row.scenario === name) row.again = true
  }

  get failed() {
    return this.rows.filter((row) => !row.passed && !row.again).length
  }

  /** The table, one row per case. */
  table() {
    const widths = ['scenario', 'title'].map((key) => Math.max(...this.rows.map((row) => row[key].length), 4))
    const lines = this.rows.map((row) =>
      [
        row.again ? 'again' : row.passed ? 'ok   ' : 'FAIL ',
        row.scenario.padEnd(widths[0]),
        row.title.padEnd(widths[1]),
        row.observed
      ].join('  ')
    )
    return lines.join('\n')
  }

  #add(row) {
    this.rows.push(row)
    console.log(`  ${row.passed ? 'ok  ' : 'FAIL'} ${row.title} (${Math.round(row.ms)} ms): ${row.observed}`)
  }
}

class StepFailed extends Error {}

/** Throws with `what` unless `condition` holds. */
export function expect(condition, what) {
  if (!condition) throw new Error(what)
}
