// Packets a second of the last two minutes: sent as an area, received as a line.
import { s } from '../lib/dom.js';
import { rate } from '../lib/text.js';

const WIDTH = 240;
const HEIGHT = 44;
const SAMPLES = 120;

export function traffic(samples) {
  const last = samples.at(-1);
  const highest = Math.max(4, ...samples.map(sample => Math.max(sample.sent, sample.received)));
  const x = index => (((SAMPLES - samples.length + index) / (SAMPLES - 1)) * WIDTH).toFixed(1);
  const y = value => (HEIGHT - 1 - (value / highest) * (HEIGHT - 4)).toFixed(1);
  const line = which => samples.map((sample, index) => `${index === 0 ? 'M' : 'L'}${x(index)} ${y(sample[which])}`).join('');
  return s('svg', { class: 'traffic', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    s('title', null, 'Traffic of the last two minutes'),
    s('desc', null, last ? `Now ${rate(last.sent)} packets sent and ${rate(last.received)} received a second.` : 'No samples yet.'),
    s('path', { class: 'base', d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    samples.length > 1 ? [
      s('path', { class: 'sent-area', d: `${line('sent')}L${WIDTH} ${HEIGHT}L${x(0)} ${HEIGHT}Z` }),
      s('path', { class: 'sent', d: line('sent') }),
      s('path', { class: 'received', d: line('received') }),
    ] : null);
}
