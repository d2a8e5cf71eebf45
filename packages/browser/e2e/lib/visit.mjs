// A visitor of a site that tracks, and what became of the events.

import { setTimeout } from 'node:timers/promises';
import { Gate, labels } from './gate.mjs';
import { observe } from './browser.mjs';
import { openSite } from './site.mjs';
import { Server, TOTAL } from './server.mjs';

const EVENT = 'click_button';

/** The trackers that are compared, and the script of each. */
export const TOOLS = {
  'internal-events': '/dist/internal-events.js',
  snowplow: '/official.js',
  'snowplow-keepalive': '/official.js',
};

/** Pages that both trackers are used in: as a shop would, with what each does by default. */
const PAGES = {
  '/': (query) => page(`
    <script src="${TOOLS[query.get('tool')]}"></script>
    <script src="/track.js"></script>
    <button id="leave">Leave</button>`),
  '/elsewhere': page('<h1>Somewhere else</h1>'),
};

function page(body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
    <link rel="icon" href="data:,">${body}</html>`;
}

export class Visit {
  /** Labels of all events that were tracked. */
  tracked = [];

  /** A visitor who has never been there, of a site and a server that nobody else uses. */
  static async begin(tool, newContext) {
    const visit = new Visit();
    visit.tool = tool;
    visit.server = await Server.start();
    visit.gate = await Gate.open(visit.server);
    visit.site = await openSite(PAGES);
    // What lies elsewhere has another origin, and with it another storage.
    visit.elsewhere = await openSite(PAGES);
    visit.context = await newContext();
    visit.faults = observe(visit.context);
    return visit;
  }

  async end() {
    await this.context.close().catch(() => {});
    await Promise.all([this.site.close(), this.elsewhere.close(), this.gate.close()]);
    await this.server.stop();
  }

  /** Opens the page in a tab of its own. */
  async open() {
    const tab = await this.context.newPage();
    const query = new URLSearchParams({ tool: this.tool, endpoint: this.gate.url });
    await tab.goto(`${this.site.url}/?${query}`);
    return tab;
  }

  /** Tracks events in a page, each with a label of its own, all in one turn of its loop. */
  track(tab, count) {
    return tab.evaluate((names) => { for (const name of names) globalThis.track(name); }, this.names(count));
  }

  /** Tracks events and leaves for another site, in the handler of one click. */
  async trackAndLeave(tab, count, filler = '') {
    await tab.evaluate(([names, url, text]) => {
      document.querySelector('#leave').addEventListener('click', () => {
        for (const name of names) globalThis.track(name, text);
        location.assign(url);
      });
    }, [this.names(count), `${this.elsewhere.url}/elsewhere`, filler]);
    await tab.click('#leave');
    await tab.waitForURL('**/elsewhere');
  }

  /** Labels that nobody had before. */
  names(count) {
    const first = this.tracked.length;
    const names = Array.from({ length: count }, (_, index) => `${this.tool}-${first + index}`);
    this.tracked.push(...names);
    return names;
  }

  /** How often each label was counted. */
  async counted() {
    const counts = new Map(this.tracked.map((it) => [it, 0]));
    for (const { properties } of await this.server.events(EVENT)) {
      const { label } = properties;
      if (counts.has(label)) counts.set(label, counts.get(label) + 1);
    }
    return counts;
  }

  /** Waits until all that was tracked is counted, but not for ever; says how many events are not. */
  async settle(seconds) {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      // The total is cheap to ask for, and one event too many must not hide one that is missing.
      const total = await this.server.metric(TOTAL(EVENT));
      const isLate = Date.now() > deadline;
      if (total >= this.tracked.length || isLate) {
        const missing = [...(await this.counted()).values()].filter((it) => it === 0).length;
        if (missing === 0 || isLate) return missing;
      }
      await setTimeout(50);
    }
  }

  /** What became of the events: lost, counted twice, and needlessly sent again. */
  async outcome() {
    const counts = [...(await this.counted()).values()];
    const answered = this.gate.taken.flatMap(labels);
    const sent = answered.filter((it) => this.tracked.includes(it));
    return {
      tracked: this.tracked.length,
      lost: counts.filter((it) => it === 0).length,
      twice: counts.reduce((sum, it) => sum + Math.max(0, it - 1), 0),
      resent: sent.length - new Set(sent).size,
      requests: this.gate.posts.length,
      faults: this.faults,
    };
  }
}
