// Every way to track that the guides show, in pages of a real browser, and what it counted.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { byLabel, setUp, shareBrowser } from './lib/desk.mjs';
import { labels } from './lib/gate.mjs';
import { TOTAL, USERS } from './lib/server.mjs';

shareBrowser();

const PROJECTS = 'redis_hll_counters.count_distinct_project_id_from_click_button';

/** Who and where the pages say it is. */
const WHO = { user: 7, project: 1, namespace: 2 };

/** What an event of a page is in the journal. */
const event = (name, category, properties = {}) => [{ event: name, ...WHO, category, ...properties }];

/** Clicks on elements one after another. */
async function clickAll(tab, ids) {
  for (const id of ids) await tab.click(`#${id}`);
}

// They mostly wait: for a batch to be sent, for the browser, for the server.
describe('a page', { concurrency: 4 }, () => {
  test('each attribute form of plain HTML counts once, as it is written', async (t) => {
    const { server, gate, faults, open } = await setUp(t);
    const tab = await open('/plain.html');
    await clickAll(tab, ['name', 'all', 'child', 'inner', 'link', 'box', 'wins', 'broken', 'nameless', 'none']);
    await clickAll(tab, ['stars-0', 'stars-1-5', 'stars-1e3', 'stars-spaced', 'stars-negative', 'stars-no-number']);
    await clickAll(tab, ['deep', 'panel']);
    await tab.evaluate(() => {
      document.querySelector('#later').innerHTML =
        '<button id="added" data-event-tracking="click_button" data-event-label="added later">Added</button>';
    });
    await tab.click('#added');
    // By the keyboard too.
    await tab.focus('#all');
    await tab.keyboard.press('Enter');

    const clicked = (properties) => event('click_button', 'shop:index', properties);
    await server.settled(TOTAL('click_button'), 12);
    await server.settled(TOTAL('rate_page'), 6);
    assert.deepEqual(await byLabel(server, 'click_button'), {
      '': clicked(),
      // The page had no body yet, and so no category of its own.
      'before init': event('click_button', 'InternalEventTracking'),
      all: [...clicked({ property: 'header', value: 3, colour: 'red' }), ...clicked({ property: 'header', value: 3, colour: 'red' })],
      child: clicked(),
      inner: clicked(),
      link: clicked(),
      box: clicked(),
      wins: clicked(),
      broken: clicked(),
      shadow: clicked(),
      'added later': clicked(),
    });
    const rated = (properties) => event('rate_page', 'shop:index', properties);
    assert.deepEqual(await byLabel(server, 'rate_page'), {
      0: rated({ value: 0 }),
      1.5: rated({ value: 1.5 }),
      '1e3': rated({ value: 1000 }),
      spaced: rated({ value: 3 }),
      negative: rated({ value: -2 }),
      'no number': rated(),
    });
    // It is shown when the page is, and a click on it says nothing more.
    assert.deepEqual(await byLabel(server, 'show_panel'), { 'at once': event('show_panel', 'shop:index') });
    assert.equal(await server.metric('counts.count_total_rate_page_value_is_0'), 1);
    assert.equal(await server.metric('counts.count_total_rate_page_value_is_1_5'), 1);
    assert.equal(await server.metric(TOTAL('click_button')), 12);
    assert.equal(await server.metric(USERS('click_button')), 1);
    assert.equal(await server.metric(PROJECTS), 1);
    const complaints = faults.filter((it) => !it.includes('data-event-additional'));
    assert.deepEqual(complaints, [], 'at most the broken attribute is complained about');
    const sent = gate.posts.flatMap(labels);
    assert.ok(gate.posts.length < sent.length, `${sent.length} events take fewer requests: ${gate.posts.length}`);
  });

  test('each call in raw JavaScript counts as it says', async (t) => {
    const { server, faults, open } = await setUp(t);
    const tab = await open('/plain.html');
    const answers = await tab.evaluate(async () => {
      const { InternalEvents } = globalThis;
      InternalEvents.trackEvent('click_button');
      InternalEvents.trackEvent('click_button', { label: 'raw', property: 'footer', value: 0, colour: 'blue' });
      InternalEvents.trackEvent('click_button', { label: 'category' }, 'own');
      InternalEvents.track_event('click_button', { label: 'older name' });
      const section = document.createElement('section');
      section.innerHTML = `<div data-event-tracking="show_panel" data-event-tracking-load="true" data-event-label="in a part"></div>
        <button data-event-tracking="click_button" data-event-label="in a part">A</button>`;
      // Not in the document, so that only what is bound to it can hear of the click.
      const dispose = InternalEvents.bindInternalEventDocument(section);
      const again = InternalEvents.bindInternalEventDocument(section);
      const loaded = [...InternalEvents.trackInternalLoadEvents(section)].length;
      section.querySelector('button').click();
      dispose();
      section.querySelector('button').click();
      await InternalEvents.flush();
      return { dispose: typeof dispose, again, loaded, health: InternalEvents.health() };
    });
    const { health, ...others } = answers;
    assert.deepEqual(others, { dispose: 'function', again: null, loaded: 1 });
    // One before init, one panel that the page shows itself, four calls, and two of the part.
    assert.deepEqual([health.queued, health.sent, health.dropped], [0, 8, {}], JSON.stringify(health));
    const clicked = (properties, category = 'shop:index') => event('click_button', category, properties);
    assert.deepEqual(await byLabel(server, 'click_button'), {
      // The page had no body yet, and so no category of its own.
      'before init': event('click_button', 'InternalEventTracking'),
      '': clicked(),
      raw: clicked({ property: 'footer', value: 0, colour: 'blue' }),
      category: clicked({}, 'own'),
      'older name': clicked(),
      'in a part': clicked(),
    });
    const shown = event('show_panel', 'shop:index');
    assert.deepEqual(await byLabel(server, 'show_panel'), { 'at once': shown, 'in a part': shown });
    assert.deepEqual(faults, []);
  });

  test('in a Vue 2 app the mixin and the attributes count', async (t) => {
    const { server, faults, open } = await setUp(t);
    const tab = await open('/vue2.html');
    await clickAll(tab, ['method', 'older-method', 'template', 'older-template', 'category', 'attributes', 'later']);
    await server.settled(TOTAL('click_button'), 7);
    const clicked = (properties, category = 'shop:vue2') => event('click_button', category, properties);
    assert.deepEqual(await byLabel(server, 'click_button'), {
      method: clicked({ value: 1 }),
      'older method': clicked(),
      template: clicked(),
      'older template': clicked(),
      category: clicked({}, 'own'),
      attributes: clicked(),
      later: clicked(),
    });
    assert.deepEqual(faults, []);
  });

  test('in a Vue 3 app the mixin, the plugin, the composable and the attributes count', async (t) => {
    const { server, faults, open } = await setUp(t);
    const tab = await open('/vue3.html');
    await clickAll(tab, ['method', 'older-method', 'template', 'older-template', 'category', 'attributes', 'later', 'plugin', 'composable']);
    await server.settled(TOTAL('click_button'), 9);
    const clicked = (properties, category = 'shop:vue3') => event('click_button', category, properties);
    assert.deepEqual(await byLabel(server, 'click_button'), {
      method: clicked({ value: 1 }),
      'older method': clicked(),
      template: clicked(),
      'older template': clicked(),
      category: clicked({}, 'own'),
      attributes: clicked(),
      later: clicked(),
      plugin: clicked(),
      composable: clicked(),
    });
    assert.deepEqual(faults, []);
  });

  /** A page as GitLab renders it, with something of ours in it. */
  const gitlabPage = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>GitLab</title>
    <link rel="icon" href="data:,"><script src="/gitlab.js"></script>
    <body data-page="projects:show">
      <button id="button" data-event-tracking="click_button" data-event-label="attribute">A button</button>
      ${body}</body></html>`;

  test('a page with the globals of GitLab needs no configuration', async (t) => {
    const pages = { '/': gitlabPage('<script src="/dist/internal-events.js"></script>') };
    const { server, faults, open } = await setUp(t, { pages, isOneOrigin: true });
    const tab = await open('/');
    await tab.click('#button');
    await tab.evaluate(() => globalThis.InternalEvents.trackEvent('click_button', { label: 'call' }));
    await server.settled(TOTAL('click_button'), 2);
    const clicked = event('click_button', 'projects:show');
    assert.deepEqual(await byLabel(server, 'click_button'), { attribute: clicked, call: clicked });
    assert.deepEqual(faults, []);
  });

  test('the script of the server needs nothing but its tag', async (t) => {
    const pages = {
      '/': `<!doctype html><html lang="en"><meta charset="utf-8"><title>In one minute</title><link rel="icon" href="data:,">
        <script>(window.internalEventsQueue ||= []).push(['click_button', { label: 'early' }]);</script>
        <script src="{{server}}/internal-events.js" data-app-id="shop" data-user="7" data-project="1" data-namespace="2" defer></script>
        <body data-page="minute">
        <button id="button" data-event-tracking="click_button" data-event-label="clicked">A button</button>
        <button id="both" data-event-tracking="show_panel" data-event-tracking-load="true" data-event-tracking-click="true"
          data-event-label="both">A panel</button>`,
    };
    const { server, faults, open } = await setUp(t, { pages });
    const tab = await open('/');
    await clickAll(tab, ['button', 'both']);
    await server.settled(TOTAL('click_button'), 2);
    await server.settled(TOTAL('show_panel'), 2);
    // An attribute is a text; an id counts as the same element either way.
    const who = { user: '7', project: '1', namespace: '2' };
    const clicked = event('click_button', 'minute', who);
    assert.deepEqual(await byLabel(server, 'click_button'), { early: clicked, clicked });
    const shown = event('show_panel', 'minute', who);
    assert.deepEqual(await byLabel(server, 'show_panel'), { both: [...shown, ...shown] });
    assert.deepEqual(faults, []);
  });

  test('a page can be configured by a meta element', async (t) => {
    const pages = {
      '/': `<!doctype html><html lang="en"><meta charset="utf-8"><title>Meta</title><link rel="icon" href="data:,">
        <meta name="internal-events" content='{"endpoint": "{{server}}", "appId": "e2e", "user": 7, "project": 1, "namespace": 2}'>
        <script src="/dist/internal-events.js"></script>
        <body data-page="meta"><button id="button" data-event-tracking="click_button" data-event-label="meta">A button</button>`,
    };
    const { server, faults, open } = await setUp(t, { pages });
    await (await open('/')).click('#button');
    await server.settled(TOTAL('click_button'), 1);
    assert.deepEqual(await byLabel(server, 'click_button'), { meta: event('click_button', 'meta') });
    assert.deepEqual(faults, []);
  });

  test('what GitLab’s own front end sends by two ways counts once, with the documented setting', async (t) => {
    const settings = '[collector]\ncount_snowplow = [{ source = "gitlab-javascript", count = false }]\n';
    const pages = { '/': gitlabPage('<script src="/official.js"></script>') };
    const { server, gate, faults, open } = await setUp(t, { settings, pages, isOneOrigin: true });
    const tab = await open('/');
    await tab.evaluate((collector) => {
      globalThis.startGitlab(collector);
      for (const label of ['one', 'two', 'three']) globalThis.gitlabTrackEvent('click_button', { label });
    }, gate.url);
    const isBySnowplow = (it) => it.url.endsWith('/tp2');
    await until(() => gate.taken.filter(isBySnowplow).flatMap(labels).length === 3);
    await server.settled(TOTAL('click_button'), 3);
    const byRest = gate.posts.filter((it) => it.url.endsWith('/usage_data/track_event'));
    assert.equal(byRest.length, 3, 'each came by REST too');
    assert.equal(await server.metric(TOTAL('click_button')), 3);
    assert.equal((await server.ask('/healthz')).snowplow.not_counted, 3);
    assert.deepEqual(faults, []);
  });

  test('without that setting it counts twice, which is why there is one', async (t) => {
    const pages = { '/': gitlabPage('<script src="/official.js"></script>') };
    const { server, gate, open } = await setUp(t, { pages, isOneOrigin: true });
    const tab = await open('/');
    await tab.evaluate((collector) => {
      globalThis.startGitlab(collector);
      globalThis.gitlabTrackEvent('click_button', { label: 'one' });
    }, gate.url);
    assert.equal(await server.settled(TOTAL('click_button'), 2), 2);
  });

  test('this package in a page of GitLab counts with that setting too', async (t) => {
    const settings = '[collector]\ncount_snowplow = [{ app_id = "e2e", count = true }, { source = "gitlab-javascript", count = false }]\n';
    const init = '<script>InternalEvents.init({ endpoint: "", appId: "e2e" });</script>';
    const pages = { '/': gitlabPage(`<script src="/dist/internal-events.js"></script>${init}`) };
    const { server, faults, open } = await setUp(t, { settings, pages, isOneOrigin: true });
    await (await open('/')).click('#button');
    assert.equal(await server.settled(TOTAL('click_button'), 1), 1);
    assert.deepEqual(faults, []);
  });

  test('a visitor whom nobody knows counts in totals, and among no users', async (t) => {
    const pages = {
      '/': `<!doctype html><html lang="en"><meta charset="utf-8"><title>Anonymous</title><link rel="icon" href="data:,">
        <script src="/dist/internal-events.js"></script>
        <script>InternalEvents.init({ endpoint: '{{server}}', project: 1 });</script>
        <body data-page="shop"><button id="button" data-event-tracking="click_button" data-event-label="nobody">A</button>`,
    };
    const { server, faults, open } = await setUp(t, { pages });
    await (await open('/')).click('#button');
    assert.equal(await server.settled(TOTAL('click_button'), 1), 1);
    const [clicked] = (await byLabel(server, 'click_button')).nobody;
    assert.deepEqual(clicked, { event: 'click_button', project: 1, category: 'shop' });
    assert.equal(await server.metric(USERS('click_button')), 0);
    assert.equal(await server.metric(PROJECTS), 1);
    assert.deepEqual(faults, []);
  });

  test('who clicks in a page and is tracked by REST too is one user', async (t) => {
    const { server, open } = await setUp(t);
    const tab = await open('/plain.html');
    await tab.click('#all');
    const answer = await fetch(`${server.url}/api/v4/usage_data/track_event`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ event: 'click_button', user_id: 7, project_id: 1 }),
    });
    assert.equal(answer.status, 200);
    // Two of the page, one of which was tracked before it knew the server.
    assert.equal(await server.settled(TOTAL('click_button'), 3), 3);
    assert.equal(await server.metric(USERS('click_button')), 1);
    assert.equal(await server.metric(PROJECTS), 1);
  });
});

/** Waits until something is so, but not for ever. */
async function until(isSo, seconds = 10) {
  const deadline = Date.now() + seconds * 1000;
  while (!isSo() && Date.now() < deadline) await new Promise((wait) => { setTimeout(wait, 20); });
  assert.ok(isSo(), `${isSo} in ${seconds} s`);
}
