import fc from 'fast-check'

/** The same random cases in every run, so that a failure is the change's; `FC_SEED=7 npm test` looks at others. */
fc.configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 4555) })
