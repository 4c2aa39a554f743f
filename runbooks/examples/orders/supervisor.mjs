// Starts the service from `current`, starts it anew on HUP or when it dies, and takes it along when it ends.
import { fork } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const [home = '.', port = '0'] = process.argv.slice(2)
let child
let listenOn = port
let stopping = false

function start() {
  child = fork(path.join(import.meta.dirname, 'service.mjs'), [home, listenOn], { stdio: 'ignore' })
  child.on('message', (message) => {
    // the port stays the same over restarts
    listenOn = String(message.port)
    writeFileSync(path.join(home, 'orders.pid'), `${message.pid}\n`)
    process.send?.(message)
  })
  child.on('exit', () => {
    if (stopping) process.exit(0)
    else setTimeout(start, 50)
  })
}

function stop() {
  stopping = true
  for (const name of ['orders.pid', 'supervisor.pid']) rmSync(path.join(home, name), { force: true })
  child?.kill('SIGTERM')
  setTimeout(() => process.exit(0), 2_000).unref()
}

writeFileSync(path.join(home, 'supervisor.pid'), `${process.pid}\n`)
process.on('SIGHUP', () => child?.kill('SIGTERM'))
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop)
start()
