// Opens pages in Chromium that track orders with the official browser tracker, as it is.
//
// First prints the origins of its two sites, then reads one visit per line and prints what the
// browser saw of it: each request to the collector with its answer, and what it complained about.
// The one argument is the path of Chromium.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

// The packages are installed in the folder we are started in.
const require = createRequire(`${process.cwd()}/`);
const { chromium } = require('playwright-core');

const page = readFileSync(new URL('page.html', import.meta.url));
const tracker = readFileSync(require.resolve('@snowplow/browser-tracker/dist/index.umd.min.js'));
const browser = await chromium.launch({ executablePath: process.argv[2] });
const sites = [await site(), await site()];
console.log(JSON.stringify({ sites }));
for await (const line of createInterface(process.stdin)) {
  console.log(JSON.stringify(await visit(JSON.parse(line))));
}
await browser.close();
process.exit();

/** Serves the shop on a port of its own, which makes it another origin. */
async function site() {
  const server = createServer((request, response) => {
    const isScript = request.url === '/tracker.js';
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? tracker : page);
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  return `http://127.0.0.1:${server.address().port}`;
}

async function visit({ origin, endpoint, headers, leaves, awaited, screenshot, ...shopping }) {
  const context = await browser.newContext({ extraHTTPHeaders: headers });
  const shop = await context.newPage();
  const complaints = [];
  shop.on('console', (message) => complaints.push(message.text()));
  shop.on('pageerror', (error) => complaints.push(error.message));
  const requests = await observe(context, shop, endpoint);
  await shop.goto(origin);
  await shop.evaluate(order, { endpoint, ...shopping });
  if (leaves) {
    // Within the site: a page that is closed has half a second for what it still wants to send.
    await shop.goto(`${origin}/elsewhere`);
    // What a page leaves behind is sent by its browser, in a context that must live on.
    return { complaints, requests };
  }
  await shop.waitForFunction((events) => globalThis.settled >= events, awaited);
  while (requests.some(({ status, failed }) => !status && !failed)) await setTimeout(5);
  if (screenshot) await shop.screenshot({ path: screenshot });
  await context.close();
  return { complaints, requests };
}

/** Collects all requests to the collector, those that the browser asks by itself included. */
async function observe(context, shop, endpoint) {
  const requests = [];
  const byId = new Map();
  const session = await context.newCDPSession(shop);
  session.on('Network.requestWillBeSent', ({ requestId, request }) => {
    if (request.url.startsWith(endpoint)) {
      const entry = { method: request.method, path: new URL(request.url).pathname };
      byId.set(requestId, entry);
      requests.push(entry);
    }
  });
  session.on('Network.responseReceived', ({ requestId, response }) => {
    Object.assign(byId.get(requestId) ?? {}, { status: response.status });
  });
  session.on('Network.loadingFailed', ({ requestId, errorText }) => {
    Object.assign(byId.get(requestId) ?? {}, { failed: errorText });
  });
  await session.send('Network.enable');
  return requests;
}

/** Runs in the page. */
function order({ endpoint, name, user, orders, beacon, tracker: options, emitter }) {
  const sp = globalThis.snowplowBrowserTracking;
  const sendBeacon = async (request) => {
    const blob = new Blob([await request.text()], { type: 'application/json' });
    return new Response('', { status: navigator.sendBeacon(request.url, blob) ? 200 : 500 });
  };
  globalThis.settled = 0;
  sp.newTracker(name, endpoint, {
    appId: 'shop',
    ...options,
    ...emitter,
    ...(beacon && { customFetch: sendBeacon }),
    onRequestSuccess: (events) => { globalThis.settled += events.length; },
    onRequestFailure: ({ events }) => { globalThis.settled += events.length; },
  });
  sp.trackPageView();
  const schema = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
  const data = {
    environment: 'test', source: 'shop', user_id: user, project_id: 7, namespace_id: 2,
  };
  for (let n = 0; n < orders; n += 1) {
    sp.trackStructEvent({
      category: 'shop', action: 'create_order', label: `${name}-${n}`, context: [{ schema, data }],
    });
  }
  document.querySelector('output').textContent = orders;
}
