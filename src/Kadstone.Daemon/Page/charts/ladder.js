// A lookup as a ladder: hops downwards, time to the right. One rung is one contact, from the question to its answer or silence.
import { s } from '../lib/dom.js';
import { milliseconds, number, plain } from '../lib/text.js';

const MOST_RUNGS = 120;
const RUNG = 20;
const HOP_GAP = 10;
const HEAD = 26;

const WORDS = { answered: 'answered', silent: 'silent', refused: 'refused', asked: 'no answer yet', stored: 'stored it', store_refused: 'refused to store it', store_silent: 'silent on storing it', storing: 'no word on storing it yet' };

// A write looks like the question it resembles.
const LOOKS = { storing: 'asked', stored: 'answered', store_refused: 'refused', store_silent: 'silent' };

/** Steps, paired: what was asked, and what came of it. */
export function rungsOf(steps) {
  const rungs = [];
  const open = new Map();
  for (const step of steps) {
    // Who is asked to store after the lookup has a second rung, below all hops.
    const isWrite = step.kind in LOOKS;
    const hop = isWrite ? Infinity : step.hop;
    const name = `${isWrite ? 'write' : ''} ${step.contact.id} ${step.contact.address}`;
    if (step.kind === 'asked' || step.kind === 'storing') {
      const rung = { contact: step.contact, hop, from: step.atMs, to: null, kind: step.kind, step };
      rungs.push(rung);
      open.set(name, rung);
    } else {
      let rung = open.get(name);
      if (!rung) {
        rung = { contact: step.contact, hop, from: Math.max(0, step.atMs - (step.rttMs ?? 0)), to: null, kind: 'asked', step };
        rungs.push(rung);
      }

      Object.assign(rung, { to: step.atMs, kind: step.kind, step });
      open.delete(name);
    }
  }

  return rungs.sort((a, b) => (a.hop === b.hop ? a.from - b.from : a.hop < b.hop ? -1 : 1));
}

/** @param stopped when it was over; null while it runs */
export function ladder(rungs, end, stopped, width) {
  const shown = rungs.slice(0, MOST_RUNGS);
  const isNarrow = width < 560;
  const left = isNarrow ? 92 : 172;
  const right = isNarrow ? 40 : 96;
  const scale = (width - left - right) / Math.max(1, end);
  const x = at => left + at * scale;
  const bands = layOut(shown);
  const height = bands.height + 8;
  return s('svg', { class: 'ladder', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' },
    s('title', null, `The lookup's ladder: ${number(rungs.length)} contacts in ${milliseconds(end)}`),
    s('desc', null, 'Each row is a contact, from when it was asked to when it answered. Rows are grouped by hop. The same is in the table below.'),
    bands.hops.map(hop => drawBand(hop, width)),
    ticks(end).map(at => s('g', null,
      s('path', { class: 'tick', d: `M${x(at).toFixed(1)} ${HEAD - 4}V${height}` }),
      s('text', { class: 'axis', x: x(at).toFixed(1), y: 14, 'text-anchor': at === 0 ? 'start' : 'middle' }, at === 0 ? '0' : milliseconds(at)))),
    bands.hops.flatMap(hop => hop.rungs.map(({ rung, y }) => drawRung(rung, y, x, end, { left, width, isNarrow }))),
    stopped === null ? null : s('path', { class: 'end', d: `M${x(stopped).toFixed(1)} ${HEAD - 4}V${height}` }, s('title', null, `Over after ${milliseconds(stopped)}`)));
}

export const hiddenRungs = rungs => Math.max(0, rungs.length - MOST_RUNGS);

function layOut(rungs) {
  const hops = [];
  let y = HEAD;
  for (const rung of rungs) {
    let hop = hops.at(-1);
    if (hop?.number !== rung.hop) {
      y += hop ? HOP_GAP : 0;
      hop = { number: rung.hop, top: y, rungs: [] };
      hops.push(hop);
    }

    hop.rungs.push({ rung, y: y + RUNG / 2 });
    y += RUNG;
    hop.bottom = y;
  }

  return { hops, height: y };
}

function drawBand(hop, width) {
  return s('g', null,
    s('rect', { class: 'band', x: 0, y: hop.top - 3, width, height: hop.bottom - hop.top + 6, rx: 6 }),
    s('text', { class: 'hop', x: 10, y: hop.top + RUNG / 2 + 4 }, hop.number === Infinity ? 'store' : `hop ${number(hop.number)}`));
}

function drawRung(rung, y, x, end, { left, width, isNarrow }) {
  const from = x(rung.from);
  const to = x(Math.max(rung.to ?? end, rung.from));
  const length = Math.max(3, to - from);
  const { step } = rung;
  const gave = rung.kind === 'answered' && step.closer > 0 ? `+${number(step.closer)}` : '';
  const labelAt = Math.min(from + length + 6, width - (isNarrow ? 42 : 100));
  return s('g', { class: `rung is-${LOOKS[rung.kind] ?? (rung.kind in WORDS ? rung.kind : 'asked')}` },
    s('title', null, describe(rung)),
    s('rect', { class: 'hit', x: 0, y: y - RUNG / 2, width, height: RUNG }),
    isNarrow ? null : s('text', { class: 'who', x: 64, y: y + 4 }, plain(rung.contact.id, 10)),
    isNarrow ? s('text', { class: 'who', x: 56, y: y + 4 }, plain(rung.contact.id, 4)) : null,
    s('path', { class: 'rail', d: `M${left} ${y}H${width - 8}` }),
    s('rect', { class: 'bar', x: from.toFixed(1), y: y - 5, width: length.toFixed(1), height: 10, rx: 3 }),
    step.values > 0 ? s('circle', { class: 'found', cx: (from + length).toFixed(1), cy: y, r: 5.5 }) : null,
    s('text', { class: 'gave', x: (labelAt + (step.values > 0 ? 5 : 0)).toFixed(1), y: y + 4 }, gave),
    isNarrow ? null : s('text', { class: 'bits', x: width - 10, y: y + 4, 'text-anchor': 'end' }, Number.isFinite(step.distanceBits) ? `${number(step.distanceBits)} bits` : ''));
}

export function describe(rung) {
  const { step } = rung;
  const parts = [`${plain(rung.contact.id, 80)} at ${plain(rung.contact.address, 80)}`, rung.hop === Infinity ? 'after the lookup' : `hop ${rung.hop}`, `asked at ${milliseconds(rung.from)}`, WORDS[rung.kind] ?? rung.kind];
  if (rung.to !== null && (rung.kind === 'answered' || rung.kind === 'stored')) {
    parts.push(`after ${milliseconds(step.rttMs ?? rung.to - rung.from)}`);
  }

  if (Number.isFinite(step.code)) {
    parts.push(`error ${number(step.code)}`);
  }

  return parts.join(', ');
}

function ticks(end) {
  const rough = Math.max(1, end) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough);
  const list = [];
  for (let at = 0; at <= end * 0.98; at += size) {
    list.push(at);
  }

  return list;
}
