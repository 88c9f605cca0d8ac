// How near the lookup had come, against time: a stair that goes down.
import { s } from '../lib/dom.js';
import { milliseconds, number } from '../lib/text.js';

const HEIGHT = 120;
const TOP = 14;
const BOTTOM = 22;

/** Where the nearest that answered moved: [{ at, bits }]. */
export function approachOf(rungs) {
  const stairs = [];
  const answers = rungs.filter(rung => rung.kind === 'answered' && Number.isFinite(rung.step.distanceBits)).sort((a, b) => a.to - b.to);
  for (const { to, step } of answers) {
    if (stairs.length === 0 || step.distanceBits < stairs.at(-1).bits) {
      stairs.push({ at: to, bits: step.distanceBits });
    }
  }

  return stairs;
}

export function approach(stairs, end, width) {
  const left = 44;
  const most = Math.max(...stairs.map(stair => stair.bits));
  const least = Math.min(...stairs.map(stair => stair.bits));
  const x = at => left + (at / Math.max(1, end)) * (width - left - 12);
  const y = bits => TOP + ((most - bits) / Math.max(1, most - least)) * (HEIGHT - TOP - BOTTOM);
  let path = `M${x(stairs[0].at).toFixed(1)} ${y(stairs[0].bits).toFixed(1)}`;
  for (const stair of stairs.slice(1)) {
    path += `H${x(stair.at).toFixed(1)}V${y(stair.bits).toFixed(1)}`;
  }

  path += `H${x(end).toFixed(1)}`;
  return s('svg', { class: 'approach', viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: 'img' },
    s('title', null, 'Distance to the target against time'),
    s('desc', null, `From ${number(most)} bits to ${number(least)} bits in ${milliseconds(end)}.`),
    [most, least].map(bits => s('g', null,
      s('path', { class: 'tick', d: `M${left} ${y(bits).toFixed(1)}H${width - 12}` }),
      s('text', { class: 'axis', x: left - 8, y: (y(bits) + 4).toFixed(1), 'text-anchor': 'end' }, number(bits)))),
    s('path', { class: 'stair', d: path }),
    stairs.map(stair => s('circle', { class: 'step', cx: x(stair.at).toFixed(1), cy: y(stair.bits).toFixed(1), r: 3 })),
    s('text', { class: 'axis', x: left, y: HEIGHT - 4 }, '0 ms'),
    s('text', { class: 'axis', x: width - 12, y: HEIGHT - 4, 'text-anchor': 'end' }, milliseconds(end)));
}
