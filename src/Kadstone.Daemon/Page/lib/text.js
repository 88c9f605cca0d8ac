// Words, numbers and times for people; and how text of the network is shown.
import { h } from './dom.js';

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const DATE = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const LONGEST = 240;

export const number = value => (Number.isFinite(value) ? NUMBER.format(value) : '–');
/** What is counted is whole as long as all its digits are shown. */
export const compact = value => (Number.isFinite(value) ? (Math.abs(value) < 1000 ? NUMBER : COMPACT).format(value) : '–');

/** One decimal where it tells something. */
export const rate = value => (Number.isFinite(value) ? (value > 0 && value < 10 ? value.toFixed(1) : number(value)) : '–');

/** 3 contacts, 1 contact. */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export function milliseconds(value) {
  if (!Number.isFinite(value)) {
    return '–';
  }

  return value < 1 ? '<1 ms' : value < 1000 ? `${Math.round(value)} ms` : value < 10_000 ? `${(value / 1000).toFixed(2)} s` : duration(value / 1000);
}

export function duration(seconds) {
  if (!Number.isFinite(seconds)) {
    return '–';
  }

  const parts = [[86_400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
  const first = parts.findIndex(([size]) => seconds >= size);
  if (first < 0) {
    return '0 s';
  }

  const [size, unit] = parts[first];
  const whole = Math.floor(seconds / size);
  const [smaller, smallUnit] = parts[first + 1] ?? [];
  const rest = smaller ? Math.floor((seconds % size) / smaller) : 0;
  return rest > 0 && whole < 10 ? `${whole} ${unit} ${rest} ${smallUnit}` : `${whole} ${unit}`;
}

export function bytes(value) {
  return !Number.isFinite(value) ? '–' : value < 1000 ? `${value} B` : value < 1e6 ? `${(value / 1e3).toFixed(1)} kB` : `${(value / 1e6).toFixed(1)} MB`;
}

// Seconds stop to matter after a minute.
const about = seconds => duration(seconds < 60 || seconds >= 36_000 ? seconds : Math.floor(seconds / 60) * 60);

/** "in 2 h", "5 s ago", with the exact time on hover. */
export function moment(text, now = Date.now()) {
  const at = Date.parse(text ?? '');
  if (Number.isNaN(at)) {
    return h('span', { class: 'quiet' }, '–');
  }

  const seconds = (at - now) / 1000;
  const words = Math.abs(seconds) < 1 ? 'now' : seconds > 0 ? `in ${about(seconds)}` : `${about(-seconds)} ago`;
  return h('time', { datetime: new Date(at).toISOString(), title: DATE.format(at) }, words);
}

/**
 * Text that somebody else wrote. It keeps its own direction, shows what would be invisible, and has an end.
 */
export function foreign(text, longest = LONGEST) {
  return h('bdi', { class: 'foreign' }, plain(text, longest));
}

/** The same for places that take no element, such as the title of a shape. */
export function plain(text, longest = LONGEST) {
  const letters = [...String(text ?? '').slice(0, longest * 2)];
  const cut = letters.length > longest ? [...letters.slice(0, longest - 1), '…'] : letters;
  return cut.map(visible).join('');
}

function visible(letter) {
  const code = letter.codePointAt(0);
  if (code < 32) {
    return String.fromCodePoint(0x2400 + code);
  }

  const isHidden = (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) || (code >= 0x202a && code <= 0x202e)
    || (code >= 0x2060 && code <= 0x206f) || code === 0xfeff || (code >= 0xd800 && code <= 0xdfff);
  return isHidden ? '\ufffd' : letter;
}

/** A name of the API for people: get_peers, ipfs-own-values. */
export const spaced = name => plain(name, 80).replaceAll(/[_-]/g, ' ');

/** A multiaddress without the peer that is named beside it. */
export const withoutPeer = (address, peer) => (peer && String(address).endsWith(`/p2p/${peer}`) ? String(address).slice(0, -`/p2p/${peer}`.length) : address);

/** A key, its middle left out: what people compare are the ends. */
export function key(text, ends = 8) {
  const shown = plain(text, 200);
  const short = shown.length > ends * 2 + 1 ? `${shown.slice(0, ends)}…${shown.slice(-Math.min(6, ends))}` : shown;
  return h('code', { class: 'key' }, h('bdi', null, short));
}
