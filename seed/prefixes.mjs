// Turns the patterns of the numbering metadata (a small part of regular expressions) into digit prefixes.

/** All prefixes, of at most `depth` digits, that numbers matching the pattern begin with; ten siblings become their parent. */
export function prefixesOf(pattern, depth) {
  const { node, rest } = parseAlternatives(pattern)
  if (rest !== '') throw new Error(`not understood: ${rest}`)
  return collapse(new Set([...expand(node, new Set([""]), depth)].map(p => p.slice(0, depth)).filter(p => p !== "")), depth)
}

function parseAlternatives(text) {
  const alternatives = []
  for (;;) {
    const sequence = []
    while (text !== '' && text[0] !== '|' && text[0] !== ')') {
      const { node, rest } = parseItem(text)
      sequence.push(node)
      text = rest
    }
    alternatives.push(sequence)
    if (text[0] !== '|') return { node: { alternatives, least: 1, most: 1 }, rest: text }
    text = text.slice(1)
  }
}

function parseItem(text) {
  let item
  if (text.startsWith('(?:')) {
    const inner = parseAlternatives(text.slice(3))
    item = { node: inner.node, rest: inner.rest.slice(1) }
  } else if (text[0] === '[') {
    const end = text.indexOf(']')
    item = { node: { digits: digitsOf(text.slice(1, end)) }, rest: text.slice(end + 1) }
  } else if (text.startsWith('\\d')) item = { node: { digits: '0123456789' }, rest: text.slice(2) }
  else if (/\d/.test(text[0])) item = { node: { digits: text[0] }, rest: text.slice(1) }
  else throw new Error(`not understood: ${text}`)
  const times = /^(?:\{(\d+)(?:,(\d+))?\}|(\?))/.exec(item.rest)
  const least = times ? (times[3] ? 0 : Number(times[1])) : 1
  const most = times ? (times[3] ? 1 : Number(times[2] ?? times[1])) : 1
  return { node: { ...item.node, least, most }, rest: times ? item.rest.slice(times[0].length) : item.rest }
}

function digitsOf(range) {
  return range.replace(/(\d)-(\d)/g, (_, from, to) => Array.from({ length: to - from + 1 }, (_, i) => Number(from) + i).join(''))
}

/** Adds every continuation that a node allows to every prefix that is not long enough yet. */
function expand(node, prefixes, depth) {
  const once = given => {
    const made = new Set()
    if (node.digits) for (const p of given) p.length >= depth ? made.add(p) : [...node.digits].forEach(d => made.add(p + d))
    else for (const sequence of node.alternatives) sequence.reduce((state, item) => expand(item, state, depth), given).forEach(p => made.add(p))
    return made
  }
  const result = new Set(node.least === 0 ? prefixes : [])
  let state = prefixes
  for (let i = 1; i <= node.most && !(i > node.least && [...state].every(p => p.length >= depth)); i++) {
    state = once(state)
    if (i >= node.least) state.forEach(p => result.add(p))
    else if ([...state].every(p => p.length >= depth)) return state
  }
  return result
}

function collapse(prefixes, depth) {
  for (let length = depth; length > 1; length--)
    for (const parent of new Set([...prefixes].filter(p => p.length === length).map(p => p.slice(0, -1)))) {
      const children = Array.from('0123456789', d => parent + d)
      if (!children.every(c => prefixes.has(c))) continue
      children.forEach(c => prefixes.delete(c))
      prefixes.add(parent)
    }
  return [...prefixes]
}
