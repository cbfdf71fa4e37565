// A UDP echo server, and a client that counts what comes back.
//   node udp-echo.mjs serve ADDRESS[,ADDRESS] PORT
//   node udp-echo.mjs send ADDRESS PORT COUNT INTERVAL_MS     prints {"sent":5,"received":5,"longestGapMs":101}

import { createSocket } from 'node:dgram'

const [mode, address, port, count = '5', interval = '100'] = process.argv.slice(2)

if (mode === 'serve') {
  let listening = 0
  const addresses = address.split(',')
  for (const own of addresses) {
    const socket = createSocket('udp4')
    socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address))
    socket.bind(Number(port), own, () => ++listening === addresses.length && console.log('ready'))
  }
} else {
  const socket = createSocket('udp4')
  const received = new Set()
  let sent = 0
  let lastReply = performance.now()
  let longestGapMs = 0
  const noteGap = () => {
    longestGapMs = Math.max(longestGapMs, Math.round(performance.now() - lastReply))
  }
  const finish = () => {
    console.log(JSON.stringify({ sent, received: received.size, longestGapMs }))
    process.exit(0)
  }
  socket.on('message', (bytes) => {
    received.add(bytes.toString())
    noteGap()
    lastReply = performance.now()
    if (received.size === Number(count)) finish()
  })
  const timer = setInterval(() => {
    if (sent === Number(count)) {
      clearInterval(timer)
      noteGap()
      setTimeout(finish, 700)
      return
    }
    // A route that comes a moment later is a lost packet, not the end.
    socket.send(`echo ${process.pid} ${sent++}`, Number(port), address, () => {})
  }, Number(interval))
}
