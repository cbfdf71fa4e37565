import { isDeepStrictEqual } from 'node:util'
import type { Path } from '../../src/bytes/index.ts'
import { type Pair, reversed, type SideName } from './pair.ts'

interface View {
  readonly phase: string
  readonly ikeSas: readonly { readonly standing: string; readonly outstanding: number }[]
  readonly children: readonly { readonly client: number; readonly gateway: number; readonly closing: boolean }[]
  readonly tasks: number
}

function viewOf(pair: Pair, name: SideName): View {
  const { state } = pair[name].session
  return {
    phase: state.phase.name,
    ikeSas: state.ikeSas.map(({ initiatorSpi, responderSpi, generation, standing, requests }) => ({
      initiatorSpi,
      responderSpi,
      generation,
      standing: standing.name,
      outstanding: requests.outstanding.length
    })),
    children: state.children
      .map(({ sa, closing }) => ({
        client: name === 'client' ? sa.localSpi : sa.remoteSpi,
        gateway: name === 'client' ? sa.remoteSpi : sa.localSpi,
        closing
      }))
      .sort((a, b) => a.client - b.client),
    tasks: state.tasks.length
  }
}

/** In what two established ends do not agree, or what is under way or left over; undefined when all is well. */
export function disagreement(pair: Pair): string | undefined {
  const view = viewOf(pair, 'client')
  const theirs = viewOf(pair, 'gateway')
  const [sa] = view.ikeSas
  if (!isDeepStrictEqual(view, theirs)) return `the ends see ${JSON.stringify([view, theirs])}`
  if (view.phase !== 'established') return `the phase is ${view.phase}`
  if (view.ikeSas.length !== 1 || sa?.standing !== 'active' || sa.outstanding !== 0) return JSON.stringify(view.ikeSas)
  if (view.tasks !== 0) return `${view.tasks} tasks are left`
  if (view.children.some(({ closing }) => closing)) return 'a Child SA is still being closed'
  return undefined
}

/**
 * In what the MOBIKE machines of both ends do not agree, `seen` being a path of the client as the gateway has it; undefined
 * when they do.
 */
export function disagreementOnPaths(pair: Pair, seen: (path: Path) => Path = reversed): string | undefined {
  const one = pair.client.session.state.mobike
  const two = pair.gateway.session.state.mobike
  if (!isDeepStrictEqual(one && [one.ikePath, one.childPath].map(seen), two && [two.ikePath, two.childPath])) {
    return `paths ${JSON.stringify([one, two])}`
  }
  return isDeepStrictEqual(one?.ikePath, one?.childPath) ? undefined : 'IKE and Child SAs are on different paths'
}
