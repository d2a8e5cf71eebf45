// What surrounds the package in a page: other origins, policies, cookies, and code that breaks things.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { byLabel, setUp, shareBrowser } from './lib/desk.mjs';
import { ours } from './lib/packages.mjs';
import { TOTAL } from './lib/server.mjs';
import { POISONS } from './poisons.mjs';

shareBrowser();

const page = (head, body = '') => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
  <link rel="icon" href="data:,">${head}</head><body data-page="page">${body}</body></html>`;

const CONFIGURED = `<meta name="internal-events" content='{"endpoint": "{{server}}", "appId": "e2e", "user": 7}'>`;
const SCRIPT = '<script src="/dist/internal-events.js"></script>';
const BUTTON = '<button data-event-tracking="click_button" data-event-label="clicked">A button</button>';

// They mostly wait: for a batch to be sent, for the browser, for the server.
describe('a page', { concurrency: 4 }, () => {
  test('the browser does not ask before a page of another origin sends', async (t) => {
    const { server, gate, faults, open } = await setUp(t, { pages: { '/': page(CONFIGURED + SCRIPT, BUTTON) } });
    const tab = await open('/');
    for (let clicks = 1; clicks <= 3; clicks += 1) {
      await tab.click('button');
      await server.settled(TOTAL('click_button'), clicks);
    }
    assert.equal(await server.metric(TOTAL('click_button')), 3);
    assert.deepEqual(gate.requests.map((it) => it.method), ['POST', 'POST', 'POST']);
    assert.deepEqual(faults, []);
  });

  test('by REST it asks once for a page, and the events count all the same', async (t) => {
    const init = '<script>InternalEvents.init({ endpoint: "{{server}}", transport: "rest", user: 7, project: 1 });</script>';
    const { server, gate, faults, open } = await setUp(t, { pages: { '/': page(SCRIPT + init, BUTTON) } });
    const tab = await open('/');
    for (let clicks = 1; clicks <= 3; clicks += 1) {
      await tab.click('button');
      await server.settled(TOTAL('click_button'), clicks);
    }
    assert.deepEqual((await byLabel(server, 'click_button')).clicked.map((it) => [it.user, it.project]), [[7, 1], [7, 1], [7, 1]]);
    const asked = gate.requests.filter((it) => it.method === 'OPTIONS').length;
    assert.ok(asked <= 2, `${asked} questions before 3 requests`);
    assert.ok(gate.posts.every((it) => it.headers['content-type'].startsWith('application/json')));
    assert.deepEqual(faults, []);
  });

  test('a page of another origin can read when a busy server wants to be asked again', async (t) => {
    const settings = '[collector.rate_limit]\nevents_per_second = 1\nburst = 1\nloopback = true\n';
    const { gate, faults, open } = await setUp(t, { settings, pages: { '/': page('') } });
    const tab = await open('/');
    const wishes = await tab.evaluate(async (url) => {
      const data = [{ e: 'se', p: 'web', tv: 'test', se_ca: 'page', se_ac: 'click_button' }];
      const schema = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4';
      const found = [];
      for (let n = 0; n < 10; n += 1) {
        const answer = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: JSON.stringify({ schema, data }) });
        if (answer.status === 429) found.push(answer.headers.get('Retry-After'));
      }
      return found;
    }, `${gate.url}/com.snowplowanalytics.snowplow/tp2`);
    assert.ok(wishes.length > 0, 'it was busy');
    for (const wish of wishes) assert.match(String(wish), /^\d+$/);
    assert.deepEqual(faults, []);
  });

  test('events can take a path that no blocker knows', async (t) => {
    const settings = '[collector]\npaths = ["/com.example/track"]\n';
    const init = '<script>InternalEvents.init({ endpoint: "{{server}}", path: "/com.example/track", user: 7 });</script>';
    const { server, gate, faults, open } = await setUp(t, { settings, pages: { '/': page(SCRIPT + init, BUTTON) } });
    await (await open('/')).click('button');
    assert.equal(await server.settled(TOTAL('click_button'), 1), 1);
    assert.deepEqual([...new Set(gate.requests.map((it) => it.url))], ['/com.example/track']);
    assert.deepEqual(faults, []);
  });

  test('cookies are sent to another origin only if the page wants that', async (t) => {
    const init = (credentials) => `<script>InternalEvents.init({ endpoint: "{{server}}", user: 7, ${credentials} });</script>`;
    const pages = {
      '/default': page(SCRIPT + init(''), BUTTON),
      '/include': page(SCRIPT + init('credentials: "include"'), BUTTON),
    };
    const { server, gate, site, context, faults, open } = await setUp(t, { pages });
    // A cookie belongs to a host, whatever the port.
    await context.addCookies([{ name: 'session', value: 'secret', url: site.url }]);
    for (const [index, path] of ['/default', '/include'].entries()) {
      await (await open(path)).click('button');
      assert.equal(await server.settled(TOTAL('click_button'), index + 1), index + 1);
    }
    assert.deepEqual(gate.posts.map((it) => it.headers.cookie), [undefined, 'session=secret']);
    assert.deepEqual(faults, []);
  });

  test('the strictest policy that lets it run at all is enough', async (t) => {
    const headers = (server) => ({
      'Content-Security-Policy': "default-src 'none'; script-src 'self'; "
        + `connect-src ${server}; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'`,
    });
    const pages = {
      '/': page(`${CONFIGURED}<script src="/watch.js"></script>${SCRIPT}`, BUTTON),
      '/watch.js': `globalThis.violations = [];
        document.addEventListener('securitypolicyviolation', (it) => violations.push(it.violatedDirective + ' ' + it.blockedURI));`,
    };
    const { server, faults, open } = await setUp(t, { pages, headers });
    const tab = await open('/');
    await tab.click('button');
    assert.equal(await server.settled(TOTAL('click_button'), 1), 1);
    assert.deepEqual(await tab.evaluate(() => globalThis.violations), []);
    assert.deepEqual(faults, []);
  });

  test('a policy that forbids the server costs the events, and nothing else', async (t) => {
    const headers = { 'Content-Security-Policy': "connect-src 'self'" };
    const pages = { '/': page(CONFIGURED + SCRIPT, BUTTON) };
    const { server, gate, open } = await setUp(t, { pages, headers });
    const tab = await open('/');
    const failures = await countFailures(tab);
    await tab.click('button');
    await tab.evaluate(() => globalThis.InternalEvents.flush());
    assert.equal(await server.metric(TOTAL('click_button')), 0);
    assert.equal(gate.requests.length, 0);
    assert.deepEqual(failures(), []);
    assert.equal(await tab.evaluate(() => globalThis.InternalEvents.health().queued), 1);
  });

  test('the script of the server runs with its integrity, and no other script does', async (t) => {
    const url = '{{server}}/internal-events.js';
    const script = (integrity) => `${CONFIGURED}<script src="${url}" integrity="${integrity}" crossorigin></script>`;
    const right = `sha384-${createHash('sha384').update(ours('internal-events.js')).digest('base64')}`;
    const wrong = `sha384-${createHash('sha384').update('another').digest('base64')}`;
    const pages = { '/right': page(script(right), BUTTON), '/wrong': page(script(wrong), BUTTON) };
    const { server, open } = await setUp(t, { pages });
    await (await open('/right')).click('button');
    assert.equal(await server.settled(TOTAL('click_button'), 1), 1);
    const tab = await open('/wrong');
    assert.equal(await tab.evaluate(() => typeof globalThis.InternalEvents), 'undefined');
  });

  test('a sandboxed frame, which has no origin and no storage, is not broken', async (t) => {
    const frame = page(CONFIGURED + SCRIPT, BUTTON);
    const pages = { '/': page('', '<iframe sandbox="allow-scripts" src="/frame"></iframe>'), '/frame': frame };
    const { server, faults, open } = await setUp(t, { pages });
    const tab = await open('/');
    const inner = tab.frames()[1];
    await inner.click('button');
    await inner.evaluate(() => globalThis.InternalEvents.flush());
    // No server can tell such frames from those of a stranger: it takes nothing from them.
    assert.equal(await server.metric(TOTAL('click_button')), 0);
    assert.deepEqual(faults, []);
  });

  test('who has said no is not tracked', async (t) => {
    const refusals = {
      'Global Privacy Control': () => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }),
      'Do Not Track': () => Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' }),
    };
    for (const transport of ['snowplow', 'rest']) {
      const init = `<script>InternalEvents.init({ endpoint: "{{server}}", transport: "${transport}", user: 7 });</script>`;
      const { gate, context, faults } = await setUp(t, { pages: { '/': page(SCRIPT + init, BUTTON) }, isOneOrigin: true });
      for (const [name, refuse] of Object.entries(refusals)) {
        const tab = await context.newPage();
        await tab.addInitScript(refuse);
        await tab.goto(gate.url);
        await tab.click('button');
        await tab.evaluate(() => globalThis.InternalEvents.flush());
        assert.equal(gate.requests.length, 0, `${name}, ${transport}`);
        assert.equal(await tab.evaluate(() => localStorage.length), 0, `${name}, ${transport}: nothing is stored`);
      }
      assert.deepEqual(faults, []);
    }
  });

  test('nothing is sent or stored before consent, and nothing is left after it is withdrawn', async (t) => {
    const init = '<script>InternalEvents.init({ endpoint: "{{server}}", consent: "required", user: 7 });</script>';
    const { server, gate, faults, open } = await setUp(t, { pages: { '/': page(SCRIPT + init, BUTTON) } });
    const tab = await open('/');
    const stored = () => tab.evaluate(() => localStorage.length);
    await tab.click('button');
    await tab.evaluate(() => globalThis.InternalEvents.flush());
    assert.deepEqual([gate.requests.length, await stored()], [0, 0]);
    await tab.evaluate(() => globalThis.InternalEvents.optIn());
    await tab.click('button');
    await tab.evaluate(() => globalThis.InternalEvents.flush());
    assert.ok(await server.settled(TOTAL('click_button'), 1) >= 1);
    const before = gate.taken.length;
    gate.mode = 'refuse';
    await tab.click('button');
    await tab.evaluate(() => globalThis.InternalEvents.optOut());
    gate.mode = 'pass';
    await tab.click('button');
    await tab.evaluate(() => globalThis.InternalEvents.flush());
    const texts = await tab.evaluate(() => Object.values(localStorage).join());
    assert.ok(!texts.includes('click_button'), texts);
    assert.equal(gate.taken.length, before);
    assert.deepEqual(faults, []);
  });

  test('a host that is never reached is asked seldom, and what waits has a bound', async (t) => {
    const init = '<script>InternalEvents.init({ endpoint: "{{server}}", user: 7, queue: { count: 50 } });</script>';
    const { gate, open } = await setUp(t, { pages: { '/': page(SCRIPT + init, BUTTON) } });
    gate.mode = 'refuse';
    const tab = await open('/');
    const failures = await countFailures(tab);
    const requests = [];
    tab.on('request', (it) => { if (it.url().startsWith(gate.url)) requests.push(it.url()); });
    const health = await tab.evaluate(async () => {
      for (let round = 0; round < 40; round += 1) {
        for (let n = 0; n < 5; n += 1) globalThis.InternalEvents.trackEvent('click_button', { label: `${round}-${n}` });
        await new Promise((wait) => { setTimeout(wait, 50); });
      }
      return globalThis.InternalEvents.health();
    });
    const dropped = Object.values(health.dropped).reduce((sum, it) => sum + it, 0);
    assert.equal(health.queued + dropped, 200, JSON.stringify(health));
    assert.ok(health.queued <= 50, JSON.stringify(health));
    assert.ok(requests.length <= 6, `${requests.length} requests in 2 s`);
    assert.deepEqual(failures(), []);
  });

  test('what somebody else writes over stored events is not taken for events', async (t) => {
    const { server, gate, faults, open } = await setUp(t, { pages: { '/': page(CONFIGURED + SCRIPT, BUTTON) } });
    gate.mode = 'refuse';
    const tab = await open('/');
    const texts = ['', 'null', '{', '{"a":', '[1,2]', '"text"', '{"__proto__":{"x":1}}', '{"e":"se"},{"e":"se"', '{}'];
    for (const text of texts) {
      await tab.click('button');
      const changed = await tab.evaluate((written) => {
        const keys = Object.keys(localStorage);
        for (const key of keys) localStorage.setItem(key, written);
        return keys.length;
      }, text);
      assert.ok(changed > 0, 'there is something to write over');
      await tab.reload();
    }
    gate.mode = 'pass';
    const after = await open('/');
    await after.click('button');
    await after.evaluate(() => globalThis.InternalEvents.flush());
    assert.ok(await server.settled(TOTAL('click_button'), 1) >= 1);
    assert.equal((await byLabel(server, 'click_button')).clicked.length, await server.metric(TOTAL('click_button')));
    assert.deepEqual(faults, []);
  });

  test('a page whose options cannot be read is told so, and not broken', async (t) => {
    const pages = { '/': page(`<meta name="internal-events" content='{"endpoint": '>${SCRIPT}`, BUTTON) };
    const { faults, open } = await setUp(t, { pages });
    const tab = await open('/');
    assert.match(await tab.evaluate(() => globalThis.InternalEvents.health().lastError), /JSON/);
    await tab.click('button');
    assert.deepEqual(faults, []);
  });

  for (const poison of POISONS) {
    test(`nothing is thrown into a page ${poison.name}`, async (t) => {
      const pages = { '/': page(CONFIGURED + SCRIPT, BUTTON) };
      const { server, context, faults, site } = await setUp(t, { pages });
      const tab = await context.newPage();
      const failures = await countFailures(tab);
      if (poison.before) await tab.addInitScript(poison.before);
      await tab.goto(site.url);
      if (poison.after) await tab.evaluate(poison.after);
      const outcome = await tab.evaluate(provoke, poison.isHarmless !== false);
      assert.deepEqual(outcome, { thrown: [], heard: 1 }, 'calls return, and the page’s own handlers run');
      if (poison.counts !== undefined) {
        await server.settled(TOTAL('click_button'), poison.counts);
        const seen = await byLabel(server, 'click_button');
        assert.ok(seen.clicked && seen.last, `a click and a call still count: ${JSON.stringify(Object.keys(seen))}`);
      }
      await tab.close({ runBeforeUnload: true });
      assert.deepEqual(failures(), []);
      assert.deepEqual(faults, []);
    });
  }
});

/** Counts what reaches the page's own handlers of failures. */
async function countFailures(tab) {
  const failures = [];
  await tab.exposeFunction('reportFailure', (it) => { failures.push(it); });
  const listen = () => {
    const report = globalThis.reportFailure;
    globalThis.addEventListener('error', (it) => { if (it.message) report(it.message); });
    globalThis.addEventListener('unhandledrejection', (it) => report(`rejected: ${it.reason}`));
  };
  await tab.addInitScript(listen);
  await tab.evaluate(listen);
  return () => failures;
}

/** Runs in the page: hands over what nobody should, and sees whether the page goes on. */
function provoke() {
  const thrown = [];
  const attempt = (what, call) => { try { call(); } catch (error) { thrown.push(`${what}: ${error}`); } };
  const track = (...args) => globalThis.InternalEvents.trackEvent(...args);
  const circle = { label: 'circle' };
  circle.colour = circle;
  const getter = Object.defineProperty({}, 'label', { enumerable: true, get() { throw new Error('a getter'); } });
  const proxy = new Proxy({}, { ownKeys() { throw new Error('a proxy'); }, get() { throw new Error('a proxy'); } });
  const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`);
  attempt('a circle', () => track('click_button', circle));
  attempt('a getter', () => track('click_button', getter));
  attempt('a proxy', () => track('click_button', proxy));
  attempt('depth', () => track('click_button', { colour: deep }));
  attempt('a huge text', () => track('click_button', { label: 'x'.repeat(5_000_000) }));
  attempt('lone surrogates', () => track('click_button', { label: '\ud800', property: '\udfff' }));
  attempt('odd values', () => track('click_button', { label: Symbol('x'), value: 10n, colour: () => {}, property: new Date(NaN) }));
  attempt('numbers', () => track('click_button', { label: 'numbers', value: Infinity, colour: NaN }));
  attempt('no properties', () => track('click_button', null));
  attempt('a list', () => track('click_button', [1, 2]));
  attempt('a text', () => track('click_button', 'text'));
  attempt('toJSON', () => track('click_button', { label: 'json', toJSON() { throw new Error('toJSON'); } }));
  for (const name of [undefined, null, 7, {}, [], Symbol('x'), 'x'.repeat(1_000_000), '__proto__', 'constructor']) {
    attempt(`the name ${typeof name}`, () => track(name));
  }
  attempt('its own names', () => track('click_button', JSON.parse('{"__proto__": {"label": "x"}, "constructor": 1}')));
  attempt('a category', () => track('click_button', {}, { toString() { throw new Error('toString'); } }));
  let heard = 0;
  const button = document.querySelector('button');
  button.addEventListener('click', () => { heard += 1; });
  attempt('a click', () => button.click());
  const odd = document.createElement('button');
  odd.setAttribute('data-event-tracking', 'click_button');
  odd.setAttribute('data-event-additional', `{"colour": "${'x'.repeat(3_000_000)}"}`);
  document.body.append(odd);
  attempt('a huge attribute', () => odd.click());
  attempt('the last', () => track('click_button', { label: 'last' }));
  return { thrown, heard };
}
