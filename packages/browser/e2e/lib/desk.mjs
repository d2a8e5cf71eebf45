// What each test of a page needs, and takes down after it.

import { after, before } from 'node:test';
import { Gate } from './gate.mjs';
import { launch, observe } from './browser.mjs';
import { answer, openSite } from './site.mjs';
import { Server } from './server.mjs';

let browser;

/** Lets the tests of a file share a browser; they have profiles of their own. */
export function shareBrowser() {
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
}

/**
 * Starts a server with a gate before it, and a visitor of a site.
 *
 * `settings` are those of the server, `pages` and `headers` those of the site. With `isOneOrigin`
 * the site and the server have one origin, as behind a proxy.
 */
export async function setUp(t, { settings, flags, pages, headers, isOneOrigin = false, context: options } = {}) {
  const closing = [];
  t.after(async () => { for (const close of closing.reverse()) await close(); });
  const server = await Server.start(settings, flags);
  closing.push(() => server.stop());
  const values = {};
  const gate = await Gate.open(server, (request, response) => isOneOrigin && answer(request, response, { pages, headers, values }));
  closing.push(() => gate.close());
  values.server = gate.url;
  let site = gate;
  if (!isOneOrigin) {
    const given = typeof headers === 'function' ? headers(gate.url) : headers;
    site = await openSite(pages, { headers: given, values });
    closing.push(() => site.close());
  }
  const context = await browser.newContext(options);
  closing.push(() => context.close());
  const faults = observe(context);
  const open = async (path) => {
    const tab = await context.newPage();
    await tab.goto(site.url + path);
    return tab;
  };
  return { server, gate, site, context, faults, open };
}

/** The events of a name as they were counted, by their labels; what was sent for them is left out. */
export async function byLabel(server, name) {
  const found = {};
  for (const { properties = {}, snowplow, ...event } of await server.events(name)) {
    const { label, ...others } = properties;
    const list = found[label ?? ''] ??= [];
    list.push({ ...event, ...others });
  }
  return found;
}
