// What can happen to events on their way out of a page.

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { launchProfile } from './lib/browser.mjs';

/** How long what fails goes on to fail, in seconds. */
export const OUTAGE = Number(process.env.OUTAGE ?? 2);

const outage = () => setTimeout(OUTAGE * 1000);

/** Lets `gate` fail in a way, while events are tracked and for a while after. */
async function trackWhile(visit, mode, count) {
  const tab = await visit.open();
  visit.gate.mode = mode;
  await visit.track(tab, count);
  await outage();
  visit.gate.mode = 'pass';
}

/**
 * Each happens to a visitor of its own. What is not counted when it has happened may still be when
 * the visitor comes back; `waits` says that nothing else can be hoped for.
 */
export const SCENARIOS = [
  {
    name: 'another site is opened by the click that is tracked',
    run: async (visit) => visit.trackAndLeave(await visit.open(), 3),
  },
  {
    name: 'the same, and the browser has no `sendBeacon`',
    async run(visit) {
      await visit.context.addInitScript(() => { delete Navigator.prototype.sendBeacon; });
      await visit.trackAndLeave(await visit.open(), 3);
    },
  },
  {
    // A browser carries 64 kB for a page that is gone.
    name: 'the same, with 200 kB waiting',
    waits: true,
    run: async (visit) => visit.trackAndLeave(await visit.open(), 100, 'x'.repeat(1000)),
  },
  {
    name: 'the tab is closed',
    async run(visit) {
      const tab = await visit.open();
      await visit.track(tab, 3);
      await tab.close({ runBeforeUnload: true });
    },
  },
  {
    name: 'the process of the tab is killed',
    waits: true,
    async run(visit) {
      const tab = await visit.open();
      const session = await visit.context.newCDPSession(tab);
      const crashed = new Promise((resolve) => { tab.once('crash', resolve); });
      await visit.track(tab, 5);
      session.send('Page.crash').catch(() => {});
      await crashed;
      await tab.close();
    },
  },
  {
    name: 'the process is killed while the server is down',
    waits: true,
    async run(visit) {
      const tab = await visit.open();
      const session = await visit.context.newCDPSession(tab);
      const crashed = new Promise((resolve) => { tab.once('crash', resolve); });
      visit.gate.mode = 'refuse';
      await visit.track(tab, 5);
      session.send('Page.crash').catch(() => {});
      await crashed;
      await tab.close();
      visit.gate.mode = 'pass';
    },
  },
  {
    name: 'two tabs share what waits while the server is down',
    async run(visit) {
      const tabs = [await visit.open(), await visit.open()];
      visit.gate.mode = 'refuse';
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(tabs.map((tab) => visit.track(tab, 4)));
      }
      await outage();
      visit.gate.mode = 'pass';
    },
  },
  {
    name: 'two tabs track at once, and one is closed',
    async run(visit) {
      const tabs = [await visit.open(), await visit.open()];
      for (let round = 0; round < 5; round += 1) {
        await Promise.all(tabs.map((tab) => visit.track(tab, 4)));
      }
      await tabs[0].close({ runBeforeUnload: true });
    },
  },
  {
    name: 'the browser is offline for a while',
    async run(visit) {
      const tab = await visit.open();
      await visit.context.setOffline(true);
      await visit.track(tab, 10);
      await outage();
      await visit.context.setOffline(false);
    },
  },
  { name: 'the server answers 500 for a while', run: (visit) => trackWhile(visit, 500, 10) },
  { name: 'the server answers 429 for a while', run: (visit) => trackWhile(visit, 429, 10) },
  { name: 'the host cannot be reached for a while', run: (visit) => trackWhile(visit, 'refuse', 10) },
  {
    name: 'the server is killed and starts again',
    async run(visit) {
      const tab = await visit.open();
      await visit.track(tab, 10);
      await visit.server.kill();
      await visit.track(tab, 10);
      await outage();
      await visit.server.restart();
    },
  },
  {
    name: 'the storage is full, and the server is down for a while',
    async run(visit) {
      const tab = await visit.open();
      await tab.evaluate(() => {
        for (let size = 1 << 20; size >= 1; size >>= 1) {
          try {
            for (;;) localStorage.setItem(`filler-${size}-${localStorage.length}`, 'x'.repeat(size));
          } catch { /* Less than this is free. */ }
        }
      });
      visit.gate.mode = 'refuse';
      await visit.track(tab, 10);
      await outage();
      visit.gate.mode = 'pass';
    },
  },
  {
    name: 'the browser forbids the site to store, and the server is down for a while',
    newContext: forbidding,
    run: (visit) => trackWhile(visit, 'refuse', 10),
  },
  {
    name: 'the same, and another site is opened by the click that is tracked',
    newContext: forbidding,
    run: async (visit) => visit.trackAndLeave(await visit.open(), 3),
  },
  {
    // 10,000 keep the page of the official tracker busy for minutes, and then end its process.
    name: '10,000 events in one turn of the page’s loop (of the official tracker 500)',
    seconds: 30,
    run: async (visit) => visit.track(await visit.open(), visit.tool === 'internal-events' ? 10_000 : 500),
  },
];

/** A browser whose user lets no site store anything. */
async function forbidding() {
  const folder = mkdtempSync(join(tmpdir(), 'internal-events-profile-'));
  mkdirSync(join(folder, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  writeFileSync(join(folder, 'Default/Preferences'), JSON.stringify(preferences));
  // A browser that has just ended may still write into it.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return launchProfile(folder);
}
