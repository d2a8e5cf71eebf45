// A program that runs on Node, tested by what it tracks.

import { buildSelfDescribingEvent, buildStructEvent, newTracker } from '@snowplow/node-tracker';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PATIENCE, SERVER, ask, ownName, seen, wrong } from './micro.js';

const STANDARD = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
const SERVICE_PING = 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1';
const DELAY = 'iglu:com.example/delay/jsonschema/1-0-0';

/** What a shop that runs on Node would have: one tracker, and a function to track with. */
function shop({ run, appId = 'shop-program', bufferSize = 1, ...emitter }) {
  const customHeaders = run ? { 'X-Internal-Events-Run': run } : undefined;
  const tracker = newTracker(
    { namespace: ownName('shop'), appId, encodeBase64: false },
    { endpoint: SERVER, customHeaders, bufferSize, connectionTimeout: PATIENCE, ...emitter },
  );
  function track(action, { label, property, value, ...extra } = {}, who = { user_id: 7 }) {
    const standard = { environment: 'test', source: 'shop', project_id: 1, namespace_id: 2, ...who, extra };
    const ping = { data_source: 'redis_hll', event_name: action };
    tracker.track(
      buildStructEvent({ category: 'shop', action, label, property, value }),
      [{ schema: STANDARD, data: standard }, { schema: SERVICE_PING, data: ping }],
    );
  }
  return { tracker, track };
}

describe('the program', { concurrency: true }, () => {
  test('an order is tracked with its price', async () => {
    const run = ownName('program');
    const { track } = shop({ run });
    track('place_order', { label: 'courier', property: 'card', value: 1250 });
    const [order] = await seen({ run, event: 'place_order' });
    assert.equal(Number(order.event.se_value), 1250);
    assert.equal(order.event.se_label, 'courier');
    assert.equal(order.notes, undefined, 'nothing about it is odd');
  });

  test('all events of a batch come, in a request of as many', async () => {
    const run = ownName('program');
    const { track } = shop({ run, bufferSize: 10 });
    for (let stars = 1; stars <= 10; stars += 1) track('write_review', { value: 1 + (stars % 5) });
    const reviews = await seen({ run, event: 'write_review', count: 10 });
    assert.equal(new Set(reviews.map((it) => it.event.event_id)).size, 10);
    assert.deepEqual(await ask('all', { run }), { total: 10, good: 10, bad: 0 });
  });

  test('what has not been sent yet comes with a flush', async () => {
    const run = ownName('program');
    const { track, tracker } = shop({ run, bufferSize: 100 });
    track('return_book', { property: 'damaged' });
    assert.deepEqual(await ask('good', { run }), []);
    tracker.flush();
    await seen({ run, event: 'return_book' });
  });

  test('an event of another kind is found by its schema', async () => {
    const run = ownName('program');
    const { tracker } = shop({ run });
    tracker.track(buildSelfDescribingEvent({ event: { schema: DELAY, data: { days: 3 } } }));
    const [delay] = await seen({ run, schema: DELAY });
    assert.equal(delay.eventType, 'unstruct');
    assert.match(delay.notes.join(), /was not checked: no schema for `iglu:com.example\/delay/);
  });

  test('shops at the same time do not see each other', async () => {
    const runs = Array.from({ length: 8 }, () => ownName('program'));
    await Promise.all(runs.map(async (run, orders) => {
      const { track } = shop({ run });
      for (let n = 0; n <= orders; n += 1) track('place_order', { label: run, value: 1250 });
      const placed = await seen({ run, event: 'place_order', count: orders + 1 });
      assert.deepEqual(new Set(placed.map((it) => it.event.se_label)), new Set([run]));
    }));
    for (const [orders, run] of runs.entries()) {
      assert.equal((await ask('all', { run })).total, orders + 1);
    }
  });

  test('without a header, an application of its own keeps a test apart', async () => {
    const appId = ownName('shop');
    const { track } = shop({ appId, eventMethod: 'get' });
    track('place_order', { label: 'pickup', value: 1250 });
    await seen({ app_id: appId, event: 'place_order' });
    assert.equal((await ask('good', { app_id: appId })).length, 1);
  });

  test('a run that is reset is empty, and no other is', async () => {
    const [run, other] = [ownName('program'), ownName('program')];
    for (const it of [run, other]) {
      shop({ run: it }).track('place_order', { label: 'post', value: 1250 });
      await seen({ run: it, event: 'place_order' });
    }
    assert.equal((await ask('reset', { run })).total, 0);
    assert.equal((await ask('all', { run: other })).total, 1);
  });
});

/** Tracks by mistake, and then something else: events of one request keep together. */
async function mistake(...how) {
  const run = ownName('program');
  const { track } = shop({ run, bufferSize: 2 });
  track(...how);
  track('receive_delivery', { value: 1 });
  await seen({ run, event: 'receive_delivery' });
  return wrong({ run, event: how[0] });
}

describe('mistakes of the program', { concurrency: true }, () => {
  test('a property that no definition declares', async () => {
    assert.deepEqual(await mistake('return_book', { property: 'damaged', colour: 'red' }), [
      'property `colour` is not declared by the event and was left out',
    ]);
  });

  test('an event that no definition knows', async () => {
    assert.deepEqual(await mistake('place_orders'), [
      'no definition knows the event `place_orders`; did you mean `place_order`?',
    ]);
  });

  test('an identifier that a metric counts is missing', async () => {
    assert.deepEqual(await mistake('place_order', { label: 'post', value: 1250 }, { user_id: null }), [
      '`user` is missing, so the metrics that count it did not move',
    ]);
  });

  test('a wait in vain says what came instead', async () => {
    const run = ownName('program');
    const { track } = shop({ run, bufferSize: 2 });
    track('place_order', { label: 'post', value: 1250 }, { user_id: null });
    track('return_book');
    await seen({ run, event: 'return_book' });
    await assert.rejects(ask('wait', { run, event: 'place_order', timeout: 0 }), (error) => {
      assert.equal(error.code, 'not_seen');
      assert.match(error.message, /bad is place_order: `user` is missing/);
      assert.deepEqual(error.seen, ['return_book']);
      return true;
    });
  });
});
