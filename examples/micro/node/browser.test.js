// A page in Chromium, tested by what it tracks.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { PATIENCE, SERVER, ask, ownName, seen, wrong } from './micro.js';

const STANDARD = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
const BOOK = 'iglu:com.example/book/jsonschema/1-0-0';

const file = (name) => readFileSync(fileURLToPath(import.meta.resolve(name)));
const FILES = {
  '/': ['text/html', file('./shop.html')],
  '/book': ['text/html', '<!doctype html><title>A book</title><link rel="icon" href="data:,">'],
  '/shop.js': ['text/javascript', file('./shop.js')],
  '/tracker.js': ['text/javascript', file('@snowplow/browser-tracker/dist/index.umd.min.js')],
};
const site = createServer((request, response) => {
  const [type, body] = FILES[request.url] ?? ['text/plain', 'There is no such page.'];
  response.setHeader('Content-Type', type);
  response.end(body);
});
let browser;

before(async () => {
  await new Promise((listening) => { site.listen(0, '127.0.0.1', listening); });
  const { BROWSER, CHROMIUM = '/usr/bin/chromium' } = process.env;
  browser = BROWSER
    ? await chromium.connectOverCDP(BROWSER)
    : await chromium.launch({ executablePath: CHROMIUM });
});

after(async () => {
  await browser?.close();
  site.closeAllConnections();
  site.close();
});

/** Opens the shop as a visitor who has never been there; by default in a run of its own. */
async function visit(t, settings = {}, before = () => {}) {
  const run = ownName('browser');
  const baseURL = `http://127.0.0.1:${site.address().port}`;
  const context = await browser.newContext({ baseURL });
  // What a page leaves behind is sent by its browser, so that must not end before the test.
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  await page.addInitScript(before);
  await page.addInitScript((given) => { globalThis.settings = given; }, {
    server: SERVER,
    appId: 'shop',
    headers: { 'X-Internal-Events-Run': run },
    connectionTimeout: PATIENCE,
    ...settings,
  });
  await page.goto('/');
  return { page, run };
}

describe('the shop', { concurrency: 4 }, () => {
  test('a visit is a page view', async (t) => {
    const { run } = await visit(t);
    const [view] = await seen({ run, event_type: 'page_view' });
    assert.equal(view.event.page_title, 'Bookshop');
    assert.equal(view.event.app_id, 'shop');
  });

  test('whoever sends the form has searched', async (t) => {
    const { page, run } = await visit(t);
    await page.fill('[name=query]', 'left hand');
    await page.selectOption('[name=language]', 'fr');
    await page.click('#search button');
    const [search] = await seen({ run, event: 'search_catalogue' });
    assert.equal(search.event.se_label, 'fr');
    assert.equal(search.event.se_property, 'header');
    assert.ok(!JSON.stringify(search).includes('left hand'), 'what is searched for is not sent');
  });

  test('a click on the button says which book it was', async (t) => {
    const { page, run } = await visit(t);
    await page.click('#basket');
    const contexts = [STANDARD, BOOK];
    const [added] = await seen({ run, event: 'add_book_to_basket', contexts });
    assert.equal(Number(added.event.se_value), 2);
    assert.ok(added.contexts.includes(BOOK), added.contexts);
    const sent = JSON.stringify(added.event.contexts);
    assert.ok(sent.includes('9780441478125'), sent);
  });

  test('a link is tracked though it leads away', async (t) => {
    const { page, run } = await visit(t);
    await page.click('#book');
    const [opened] = await seen({ run, event: 'open_book_page' });
    assert.equal(opened.event.se_property, 'novels');
    await page.waitForURL('**/book');
  });

  test('a page that is left says so', async (t) => {
    const { page, run } = await visit(t);
    await seen({ run, event_type: 'page_view' });
    // Not `page.close()`: a page that is closed has half a second to say so, and no more.
    await page.goto('/book');
    await seen({ run, event: 'leave_page' });
    assert.deepEqual(await ask('bad', { run }), []);
  });

  test('who leaves before an answer came is tracked all the same', async (t) => {
    const { page, run } = await visit(t, {}, () => {
      const { fetch } = globalThis;
      let isFirst = true;
      globalThis.fetch = (request) => {
        const answer = isFirst ? new Promise(() => {}) : fetch(request);
        isFirst = false;
        return answer;
      };
    });
    await page.click('#book');
    await seen({ run, event: 'open_book_page' });
    await seen({ run, event: 'leave_page' });
    assert.deepEqual(await ask('good', { run, event_type: 'page_view' }), [], 'it is under way');
  });

  test('visitors at the same time do not see each other', async (t) => {
    const visits = await Promise.all([visit(t), visit(t), visit(t)]);
    await Promise.all(visits.map(async ({ page, run }, clicks) => {
      for (let n = 0; n <= clicks; n += 1) await page.click('#basket');
      await seen({ run, event: 'add_book_to_basket', count: clicks + 1 });
    }));
    for (const [clicks, { run }] of visits.entries()) {
      const added = await ask('good', { run, event: 'add_book_to_basket' });
      assert.equal(added.length, clicks + 1);
    }
  });

  test('without a header, an application of its own keeps a test apart', async (t) => {
    const appId = ownName('shop');
    const { page } = await visit(t, { appId, headers: undefined, eventMethod: 'get' });
    await page.click('#basket');
    const [added] = await seen({ app_id: appId, event: 'add_book_to_basket' });
    assert.equal(added.event.app_id, appId);
    assert.equal((await ask('good', { app_id: appId })).length, 2, 'a page view, and a click');
  });

  test('mistakes are bad, each for its reason', async (t) => {
    const { page, run } = await visit(t);
    await page.evaluate(() => {
      globalThis.track('search_catalogue', { label: 'en', colour: 'red' });
      globalThis.track('serch_catalogue');
      globalThis.track('place_order', { label: 'post', value: 1250 }, { user_id: undefined });
    });
    // A page sends its events in their order, so with the last of them all are there.
    await page.click('#basket');
    await seen({ run, event: 'add_book_to_basket' });
    assert.deepEqual(await wrong({ run, event: 'search_catalogue' }), [
      'property `colour` is not declared by the event and was left out',
    ]);
    assert.deepEqual(await wrong({ run, event: 'serch_catalogue' }), [
      'no definition knows the event `serch_catalogue`; did you mean `search_catalogue`?',
    ]);
    assert.deepEqual(await wrong({ run, event: 'place_order' }), [
      '`user` is missing, so the metrics that count it did not move',
    ]);
  });
});
