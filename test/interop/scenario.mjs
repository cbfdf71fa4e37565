// Rows of the final table. A scenario is a sequence of steps on one session; each step is a row.

/** Collects rows and prints them as they come. */
export class Results {
  rows = []

  /**
   * Runs one scenario: `body(step)` calls `await step(name, action)`; what `action` resolves to (a text) is what was
   * observed. After a failed step the rest of the scenario is skipped and the failure counts once.
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
    } catch (error) {
      if (!(error instanceof StepFailed)) {
        this.#add({ scenario: name, title: 'scenario', passed: false, observed: error.stack ?? error.message, ms: 0 })
      }
      await onFailure?.()
    }
  }

  get failed() {
    return this.rows.filter((row) => !row.passed).length
  }

  /** The table, one row per case. */
  table() {
    const widths = ['scenario', 'title'].map((key) => Math.max(...this.rows.map((row) => row[key].length), 4))
    const lines = this.rows.map((row) =>
      [row.passed ? 'ok  ' : 'FAIL', row.scenario.padEnd(widths[0]), row.title.padEnd(widths[1]), row.observed].join(
        '  '
      )
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
