import { describe, it } from 'vitest'
import { live, planOf } from './sessions.ts'

/** `npm run model` lives twenty thousand. */
const SESSIONS = 200

describe('simulated sessions against a model of what RFC 4555 lets their ends do', () => {
  it('A009 A014 A065 whatever happens, both ends do what it allows and come to agree', () => {
    for (let seed = 1; seed <= SESSIONS; seed++) live(planOf(seed))
  })
})
