// An independent client of the Event Socket: node client.mjs PORT PASSWORD UUID. Prints what it got, one JSON a line.
import { FreeSwitchClient } from 'esl-lite'

const [port, password, uuid] = process.argv.slice(2)
const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {}, fatal() {}, child: () => quiet }
const client = new FreeSwitchClient({ host: '127.0.0.1', port: Number(port), password, logger: quiet })
const say = (what, value) => console.log(JSON.stringify({ what, value }))
const seen = (name) => new Promise((resolve) => client.on(name, (msg) => {
  if (msg.body.data['Unique-ID'] === uuid) resolve(msg.body.data)
}))
const answered = seen('CHANNEL_ANSWER')
const ended = seen('CHANNEL_HANGUP_COMPLETE')
const run = async (command) => {
  const reply = await client.bgapi(command, 5000)
  return reply instanceof Error ? `${reply}` : (reply.response ?? reply.body?.response ?? JSON.stringify(reply.body))
}
say('hostname', await run('hostname'))
say('transfer', await run(`uuid_transfer ${uuid} 442071838750 XML billed`))
say('answered', (await answered)['Caller-Channel-Answered-Time'])
say('kill', await run(`uuid_kill ${uuid} OUTGOING_CALL_BARRED`))
const last = await ended
say('ended', [last['Hangup-Cause'], last.variable_billusec, last['Caller-Caller-ID-Name']])
process.exit(0)
