// tcpdump on a host of the lab.

import { sleep } from './lab.mjs'

/** Starts capturing IKE and UDP-encapsulated ESP on every interface of a host; resolves once tcpdump listens. */
export async function startCapture(lab, host, file) {
  const child = lab.spawn(
    host,
    'tcpdump',
    ['-i', 'any', '-U', '-n', '-Z', 'root', '-w', file, 'udp port 500 or udp port 4500'],
    {
      stdio: ['ignore', 'ignore', 'pipe']
    }
  )
  await new Promise((resolve, reject) => {
    let text = ''
    child.stderr.on('data', (chunk) => {
      text += chunk
      if (text.includes('listening on')) resolve()
    })
    child.once('exit', () => reject(new Error(`tcpdump ended: ${text}`)))
  })
  return {
    file,
    async stop() {
      if (child.exitCode !== null) return
      // tcpdump takes packets from the kernel in batches.
      await sleep(300)
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
    }
  }
}
