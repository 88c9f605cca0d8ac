// The keyspace as a ring. Outside of it: how many records lie where. Inside: contacts, the nearer to the ring the quicker they answer.
import { s } from '../lib/dom.js';
import { fraction, onCircle, round } from '../lib/keyspace.js';
import { count, milliseconds, number, plain } from '../lib/text.js';

const RING = 164;
const QUICKEST = 154;
const SLOWEST = 48;
const DENSITY = { from: 174, to: 204 };
const SECTORS = 128;
const MOST_CONTACTS = 1000;

/** Round trips that get a circle of their own. */
const GUIDES = [10, 100, 1000];

export const speedOf = rtt => (!Number.isFinite(rtt) ? 'unknown' : rtt < 50 ? 'quick' : rtt < 250 ? 'fair' : 'slow');

/** How far from the middle: the logarithm of the round trip, from 2 ms to 4 s. */
function radiusOf(rtt) {
  if (!Number.isFinite(rtt)) {
    return 30;
  }

  const share = (Math.log10(Math.min(4000, Math.max(2, rtt))) - Math.log10(2)) / (Math.log10(4000) - Math.log10(2));
  return QUICKEST - share * (QUICKEST - SLOWEST);
}

function placeOf(contact) {
  const part = fraction(contact.keyspace);
  return part === null ? null : onCircle(part, radiusOf(contact.rttMs ?? NaN));
}

/** @param path contacts in the order in which a lookup came nearer; target: its key */
export function ring({ own, contacts, density, path, target }) {
  const shown = contacts.slice(0, MOST_CONTACTS);
  const ownPart = fraction(own);
  return s('svg', { class: 'ring', viewBox: '-206 -206 412 412', role: 'img' },
    s('title', null, `The keyspace with ${count(contacts.length, 'contact')}`),
    s('desc', null, 'A ring: keys run clockwise from the top. Bars outside are records, dots inside are contacts; the nearer to the ring, the shorter the round trip. Tables below tell the same.'),
    density ? drawDensity(density) : null,
    s('circle', { class: 'keyspace', r: RING }),
    [0, 0.25, 0.5, 0.75].map(part => drawQuarter(part)),
    GUIDES.map(rtt => s('circle', { class: 'guide', r: round(radiusOf(rtt)) })),
    path.length > 0 ? drawPath(path, ownPart, target) : null,
    shown.map(contact => drawContact(contact)),
    GUIDES.map(rtt => s('text', { class: 'axis', x: 0, y: round(radiusOf(rtt) + 4), 'text-anchor': 'middle' }, milliseconds(rtt))),
    ownPart === null ? null : drawOwn(ownPart));
}

function drawQuarter(part) {
  const a = onCircle(part, RING - 5);
  const b = onCircle(part, RING + 5);
  return s('path', { class: 'quarter', d: `M${a.x} ${a.y}L${b.x} ${b.y}` });
}

function drawDensity(counts) {
  const size = Math.max(1, Math.floor(counts.length / SECTORS));
  const sectors = [];
  for (let i = 0; i < counts.length; i += size) {
    sectors.push(counts.slice(i, i + size).reduce((sum, value) => sum + value, 0));
  }

  const most = Math.max(1, ...sectors);
  return s('g', { class: 'density' }, s('circle', { class: 'shore', r: DENSITY.from }), sectors.map((value, index) => {
    if (value === 0) {
      return null;
    }

    const part = (index + 0.5) / sectors.length;
    const a = onCircle(part, DENSITY.from + 1);
    const b = onCircle(part, DENSITY.from + 3 + (value / most) * (DENSITY.to - DENSITY.from - 3));
    return s('path', { d: `M${a.x} ${a.y}L${b.x} ${b.y}` }, s('title', null, count(value, 'record')));
  }));
}

function drawContact(contact) {
  const at = placeOf(contact);
  if (at === null) {
    return null;
  }

  const state = ['good', 'doubtful', 'bad'].includes(contact.state) ? contact.state : 'doubtful';
  return s('circle', { class: `contact is-${speedOf(contact.rttMs ?? NaN)} was-${state}`, cx: at.x, cy: at.y, r: 4.2 },
    s('title', null, `${plain(contact.id, 80)}, ${plain(contact.address, 80)}, ${Number.isFinite(contact.rttMs) ? milliseconds(contact.rttMs) : 'round trip not known'}, ${state}`));
}

function drawOwn(part) {
  const tip = onCircle(part, RING - 10);
  const left = onCircle(part - 0.014, RING + 9);
  const right = onCircle(part + 0.014, RING + 9);
  return s('path', { class: 'own', d: `M${tip.x} ${tip.y}L${left.x} ${left.y}L${right.x} ${right.y}Z` }, s('title', null, 'This node'));
}

function drawPath(path, ownPart, target) {
  const points = path.map(placeOf).filter(point => point !== null);
  const end = fraction(target);
  const all = [...(ownPart === null ? [] : [onCircle(ownPart, RING - 6)]), ...points, ...(end === null ? [] : [onCircle(end, RING)])];
  return s('g', { class: 'path' },
    s('path', { class: 'line', d: all.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x} ${point.y}`).join('') }),
    points.map((point, index) => s('circle', { class: 'stop', cx: point.x, cy: point.y, r: 4.6 }, s('title', null, `Step ${number(index + 1)} of the last lookup`))),
    end === null ? null : drawTarget(onCircle(end, RING)));
}

function drawTarget({ x, y }) {
  return s('path', { class: 'goal', d: `M${x} ${round(y - 9)}L${round(x + 9)} ${y}L${x} ${round(y + 9)}L${round(x - 9)} ${y}Z` }, s('title', null, 'The target of the last lookup'));
}
