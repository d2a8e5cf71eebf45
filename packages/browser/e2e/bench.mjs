// What tracking costs the page it is done in, beside the official tracker, round by round in turn.
//
// Work is counted in processor time of the page's thread, so that other programs hardly change it.
// `ROUNDS` says how many rounds are counted (5), `EVENTS` how many events each sends (1,000), and
// `JSON_FILE` names a file for the figures. Both trackers send to a running server, with defaults.

import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { launch } from './lib/browser.mjs';
import { openSite } from './lib/site.mjs';
import { ours, packaged } from './lib/packages.mjs';
import { Server, TOTAL } from './lib/server.mjs';
import { TOOLS } from './lib/visit.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const EVENTS = Number(process.env.EVENTS ?? 1000);
const ELEMENTS = 10_000;
const SIDES = ['internal-events', 'snowplow'];

/** The same elements for both; the official tracker knows no attributes, so the page reads them. */
const page = (query) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Costs</title>
  <link rel="icon" href="data:,"><body data-page="costs"><main>${
  query.get('elements') ? '<button data-event-tracking="click_button" data-event-label="a" data-event-value="1"><b>A</b></button>'.repeat(ELEMENTS) : ''
}</main><script>
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((it) => it.duration))).observe({ type: 'longtask' });
  </script>
  <script>globalThis.began = performance.now();</script>
  <script src="${TOOLS[query.get('tool')]}"></script><script src="/track.js"></script>
  <script>
  globalThis.started = performance.now() - began;
  if (${query.get('tool') !== 'internal-events'}) document.addEventListener('click', (click) => {
    const element = click.target.closest('[data-event-tracking]');
    if (element) track(element.dataset.eventLabel);
  });
  </script></body></html>`;

const browser = await launch();
const server = await Server.start();
const site = await openSite({ '/': page });
let total = 0;

/** Opens a page that nobody has been to, with the address of the server itself. */
async function open(tool, elements = '') {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const query = new URLSearchParams({ tool, endpoint: server.url, ...(elements && { elements }) });
  await tab.goto(`${site.url}/?${query}`, { waitUntil: 'load' });
  return tab;
}

/**
 * Gives a function that tells for how many milliseconds the page's thread has had a processor:
 * what else runs on the machine hardly changes that.
 */
async function clock(tab) {
  const session = await tab.context().newCDPSession(tab);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find((it) => it.name === 'TaskDuration').value * 1000;
  };
}

/** Waits until all events are counted; what is not there by then is said, for it makes a side cheap. */
async function arrived(count) {
  const seen = await server.settled(TOTAL('click_button'), total + count, 20);
  const missing = total + count - seen;
  total = seen;
  return missing;
}

/** Events in one turn of the page's loop. */
async function burst(tool) {
  const tab = await open(tool);
  const worked = await clock(tab);
  const before = await worked();
  await tab.evaluate((count) => {
    for (let n = 0; n < count; n += 1) globalThis.track(`label ${n}`);
  }, EVENTS);
  const time = await worked() - before;
  const missing = await arrived(EVENTS);
  await tab.context().close();
  return { [`a call, of ${EVENTS} in one turn (µs)`]: (time / EVENTS) * 1000, 'of these not counted after 20 s (events)': missing };
}

/** Runs in the page: something every few milliseconds. */
async function pace([count, isTracked]) {
  globalThis.longTasks.length = 0;
  for (let n = 0; n < count; n += 1) {
    if (isTracked) globalThis.track(`label ${n}`);
    await new Promise((next) => { setTimeout(next, 1); });
  }
}

/** Events one after another, as a page has them, and all the work they make until they are sent. */
async function stream(tool) {
  const tab = await open(tool);
  const worked = await clock(tab);
  const start = await worked();
  await tab.evaluate(pace, [EVENTS, false]);
  const idle = await worked();
  await tab.evaluate(pace, [EVENTS, true]);
  const missing = await arrived(EVENTS);
  const time = await worked() - idle - (idle - start);
  const tasks = await tab.evaluate(() => globalThis.longTasks);
  await tab.context().close();
  return {
    'an event every few ms, until it is sent (µs)': (time / EVENTS) * 1000,
    'the longest task of these over 50 ms, by the clock (ms)': Math.max(0, ...tasks),
    'of those not counted after 20 s (events)': missing,
  };
}

/** Clicks in a page with many elements that have attributes. */
async function clicks(tool) {
  const count = 200;
  const tab = await open(tool, 'yes');
  const worked = await clock(tab);
  const before = await worked();
  await tab.evaluate((clicked) => {
    const elements = document.querySelectorAll('main b');
    for (let n = 0; n < clicked; n += 1) elements[(n * 7919) % elements.length].click();
  }, count);
  const time = await worked() - before;
  await arrived(count);
  const started = await tab.evaluate(() => globalThis.started);
  await tab.context().close();
  return {
    [`a click on one of ${ELEMENTS} elements (µs)`]: (time / count) * 1000,
    'from the script’s request to its start, by the clock (ms)': started,
  };
}

const rounds = Object.fromEntries(SIDES.map((it) => [it, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const tool of round % 2 ? SIDES : [...SIDES].reverse()) {
    const figures = { ...await burst(tool), ...await stream(tool), ...await clicks(tool) };
    // The first warms up.
    if (round > 0) rounds[tool].push(figures);
  }
}
await Promise.all([browser.close(), site.close(), server.stop()]);

const scripts = {
  'internal-events': ours('internal-events.js'),
  snowplow: packaged('@snowplow/browser-tracker/dist/index.umd.min.js'),
};
const packed = (it) => gzipSync(it, { level: 9 }).length;

/** What was measured of both in each round, in turn. */
const rows = Object.keys(rounds[SIDES[0]][0]).map((what) => {
  const [, name, unit] = /^(.*) \((\S+)\)$/.exec(what);
  const [own, official] = SIDES.map((side) => rounds[side].map((it) => it[what]));
  return { name, unit, ours: own, official };
});
for (const [name, size] of [['the script', (it) => it.length], ['the script, gzip -9', packed]]) {
  const [own, official] = SIDES.map((side) => [size(scripts[side])]);
  rows.push({ name, unit: 'B', ours: own, official });
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const digits = (value) => value.toFixed(Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 1);
const spread = (values) => `${digits(median(values))} [${digits(Math.min(...values))}–${digits(Math.max(...values))}]`;

const head = [`${ROUNDS} rounds of ${EVENTS} events, median [least–greatest]`, 'ours', '@snowplow/browser-tracker', 'ratio'];
const lines = rows.map(({ name, unit, ours: own, official }) => {
  const ratios = own.map((it, index) => it / official[index]).filter(Number.isFinite);
  return [`${name}, ${unit}`, spread(own), spread(official), ratios.length ? median(ratios).toFixed(2) : '–'];
});
for (const line of [head, ['---', '---:', '---:', '---:'], ...lines]) console.log(`| ${line.join(' | ')} |`);
if (process.env.JSON_FILE) writeFileSync(process.env.JSON_FILE, JSON.stringify(rows, null, 2));
