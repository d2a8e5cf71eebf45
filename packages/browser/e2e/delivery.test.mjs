// Events lost and counted twice, beside the official tracker in the same run.
//
// `RUNS` says how often each scenario is run (1), `OUTAGE` for how many seconds something fails (2),
// `TOOLS` which trackers, and `TABLE` names a file that the table is written to.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { TOOLS, Visit } from './lib/visit.mjs';
import { OUTAGE, SCENARIOS } from './scenarios.mjs';

const RUNS = Number(process.env.RUNS ?? 1);
const CHOSEN = process.env.TOOLS?.split(',') ?? ['internal-events', 'snowplow'];
const ONLY = process.env.ONLY ?? '';

/** How long events may take to come once nothing fails any more, in seconds. */
const SETTLE = Number(process.env.SETTLE ?? 5);

/** Visits at the same time: they mostly wait. */
const LANES = 3;

const OURS = 'internal-events';

test('no event is lost or counted twice, whatever happens to the page, the network and the server', async () => {
  assert.ok(CHOSEN.every((it) => it in TOOLS), `TOOLS are of ${Object.keys(TOOLS)}`);
  const browser = await launch();
  try {
    const rows = await runAll(browser);
    const table = tabulate(rows);
    console.log(`\n${table}\n`);
    if (process.env.TABLE) writeFileSync(process.env.TABLE, `${table}\n`);
    judge(rows);
  } finally {
    await browser.close();
  }
});

/** Runs each scenario with each tracker; gives the sums over all runs. */
async function runAll(browser) {
  const chosen = SCENARIOS.filter((it) => it.name.includes(ONLY));
  const rows = chosen.map((scenario) => ({ scenario, sums: {} }));
  const jobs = rows.flatMap((row) => CHOSEN.flatMap((tool) => Array.from({ length: RUNS }, () => ({ row, tool }))));
  async function work() {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const outcome = await runOne(browser, job.tool, job.row.scenario);
      const sum = job.row.sums[job.tool] ??= { tracked: 0, waiting: 0, lost: 0, twice: 0, resent: 0, requests: 0, faults: [] };
      if (process.env.VERBOSE) console.log(job.row.scenario.name, job.tool, JSON.stringify(outcome));
      for (const [key, value] of Object.entries(outcome)) {
        sum[key] = Array.isArray(value) ? [...sum[key], ...value] : sum[key] + value;
      }
    }
  }
  await Promise.all(Array.from({ length: LANES }, work));
  return rows;
}

async function runOne(browser, tool, { name, run, seconds = SETTLE, newContext = () => browser.newContext() }) {
  const visit = await Visit.begin(tool, newContext);
  try {
    await run(visit);
    const waiting = await visit.settle(seconds);
    // Who comes back does something, which is when some trackers send what they still have.
    if (waiting > 0) {
      const tab = await visit.open();
      await tab.evaluate(() => globalThis.track('back'));
      await visit.settle(seconds);
    }
    return { waiting, ...await visit.outcome() };
  } catch (error) {
    throw new Error(`${tool}, when ${name}: ${error.message}`, { cause: error });
  } finally {
    await visit.end();
  }
}

function tabulate(rows) {
  const head = ['what happens'];
  for (const tool of CHOSEN) head.push(`${tool}: events`, 'lost', 'only when the visitor is back', 'counted twice', 'sent again', 'requests');
  const lines = rows.map(({ scenario, sums }) => [scenario.name, ...CHOSEN.flatMap((tool) => {
    const { tracked, lost, waiting, twice, resent, requests } = sums[tool];
    return [tracked, lost, waiting - lost, twice, resent, requests];
  })]);
  const rule = head.map((_, index) => (index === 0 ? '---' : '---:'));
  const header = `${RUNS} ${RUNS === 1 ? 'run' : 'runs'} of each, what fails fails for ${OUTAGE} s\n`;
  return [header, ...[head, rule, ...lines].map((it) => `| ${it.join(' | ')} |`)].join('\n');
}

/** Holds our own tracker to what it promises; the other is only written down. */
function judge(rows) {
  const broken = [];
  for (const { scenario, sums } of rows) {
    if (!sums[OURS]) continue;
    const { lost, twice, waiting, faults } = sums[OURS];
    const mayWait = scenario.waits ? waiting : 0;
    if (lost > 0 || twice > 0 || waiting > mayWait || faults.length > 0) {
      broken.push({ scenario: scenario.name, lost, twice, waiting, faults });
    }
  }
  assert.deepEqual(broken, [], 'what the package promises is kept');
}
