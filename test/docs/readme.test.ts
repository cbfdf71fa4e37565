import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createWorld } from '../../examples/demo/world.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1])

describe('README', () => {
  it.each(['run-loop.ts', 'configuration.ts'])('shows %s as it is compiled', (file) => {
    const source = readFileSync(new URL(`../../examples/${file}`, import.meta.url), 'utf8')
    expect(blocks).toContain(source)
  })

  it('shows the first move of the demo as it is drawn', () => {
    const world = createWorld()
    const start = world.network.now()
    world.network.changeInterface('phone', 'wlan0', { isUp: false })
    world.network.changeInterface('phone', 'wwan0', { isUp: true })
    world.network.runUntil(start + 1000)
    expect(readme).toContain(world.ladder(start, start + 1000))
  })
})
