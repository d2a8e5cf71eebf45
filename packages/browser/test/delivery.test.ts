// What becomes of events between a call and the server's answer.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Origin, Reply } from './support.ts';
import { createOrigin, createStorage, names, pass } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 30) });
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const leave = () => window.dispatchEvent(new Event('pagehide'));

/** Replies one after the other, and the last one from then on. */
const inTurn = (...replies: Reply[]) => () => (replies.length > 1 ? replies.shift() : replies[0]) as Reply;

const sizes = (origin: Origin) => origin.requests.map((it) => it.body.match(/"(eid|event_id)"/g)?.length);

const track = (page: { trackEvent: (event: string) => void }, n: number, name = 'e') => {
  for (let nth = 1; nth <= n; nth++) page.trackEvent(`${name}${nth}`);
};

describe('batches', () => {
  test('few events wait for a second, and go together', async () => {
    const origin = createOrigin();
    track(origin.open(), 3);
    await pass(999);
    expect(origin.requests).toHaveLength(0);
    await pass(1);
    expect(sizes(origin)).toEqual([3]);
  });

  const check = (title: string, options: object, n: number, expected: number[]) =>
    test(title, async () => {
      const origin = createOrigin();
      const page = origin.open(options);
      track(page, n);
      await pass(0);
      await pass(5_000);
      expect(sizes(origin)).toEqual(expected);
      expect(page.health()).toEqual({ queued: 0, sent: n, dropped: {}, lastError: undefined });
    });
  check('one less than a batch', { batch: { count: 5 } }, 4, [4]);
  check('a batch', { batch: { count: 5 } }, 5, [5]);
  check('one more', { batch: { count: 5 } }, 6, [5, 1]);
  check('REST takes 50 at once', { batch: { count: 80 }, transport: 'rest' }, 101, [50, 50, 1]);
  check('as many as fit', { batch: { bytes: 1_500 } }, 4, [2, 2]);
  check('a burst', {}, 10_000, Array(200).fill(50));

  test('a full batch does not wait', async () => {
    const origin = createOrigin();
    track(origin.open({ batch: { count: 5 } }), 5);
    await pass(0);
    expect(sizes(origin)).toEqual([5]);
  });

  test('flush sends at once, and is done when that was tried', async () => {
    const origin = createOrigin();
    const page = origin.open();
    track(page, 2);
    await page.flush();
    expect(page.health().sent).toBe(2);
  });

  test('calls before init are kept', async () => {
    const { createInternalEvents } = await import('../src/index.ts');
    const requests: string[] = [];
    const page = createInternalEvents({
      transport: async ({ body }) => {
        requests.push(body);
        return { status: 200 };
      },
      storage: () => undefined,
      alone: (_name, work) => work(true),
    });
    page.trackEvent('early');
    expect(page.health().queued).toBe(1);
    page.init({ dataAttributes: false });
    await page.flush();
    expect(requests.join()).toContain('"se_ac":"early"');
  });
});

describe('failures', () => {
  /** Tracks an event, lets ten minutes pass, and tells when requests came, in seconds. */
  const check = (title: string, replies: Reply[], expected: number[], outcome: object) =>
    test(title, async () => {
      const origin = createOrigin();
      const start = Date.now();
      const times: number[] = [];
      const reply = inTurn(...replies);
      origin.reply = () => {
        times.push((Date.now() - start) / 1000);
        return reply();
      };
      const page = origin.open();
      page.trackEvent('e');
      await pass(600_000);
      expect(times).toEqual(expected);
      expect(page.health()).toMatchObject(outcome);
      const ids = new Set(origin.requests.map((it) => /"eid":"[^"]+"/.exec(it.body)?.[0]));
      expect(ids.size).toBe(1);
    });
  const sent = { sent: 1, queued: 0, dropped: {} };
  check('a server that answers', [200], [1], sent);
  check('500 once', [500, 200], [1, 2], sent);
  check('the pause doubles', [503, 503, 503, 503, 200], [1, 2, 4, 8, 16], sent);
  check('and ends at five minutes', ['unreachable'],
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], { sent: 0, queued: 1, dropped: {} });
  check('408', [408, 200], [1, 2], sent);
  check('429 with a wish', [{ status: 429, retryAfter: '30' }, 200], [1, 31], sent);
  check('503 with a date', [{ status: 503, retryAfter: 'Mon, 30 Nov 2026 00:01:01 GMT' }, 200],
    [1, 61], sent);
  check('a wish that is no time', [{ status: 503, retryAfter: 'soon' }, 200], [1, 2], sent);
  check('400 for one event', [400, 200], [1], { sent: 0, queued: 0, dropped: { refused: 1 } });
  check('413 for one event', [413, 200], [1], { sent: 0, queued: 0, dropped: { too_large: 1 } });
  check('a redirect is no answer', [302, 200], [1, 2], sent);
  check('status 0', [0, 200], [1, 2], sent);

  test('the longest pause is five minutes', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    const page = origin.open();
    page.trackEvent('e');
    await pass(3_600_000);
    const n = origin.requests.length;
    await pass(3_600_000);
    expect(origin.requests.length - n).toBe(12);
  });

  test('new events do not make a server that is down busy', async () => {
    const origin = createOrigin();
    origin.reply = () => 503;
    const page = origin.open({ batch: { count: 2 } });
    for (let second = 0; second < 60; second++) {
      track(page, 3);
      await pass(1_000);
    }
    expect(origin.requests.length).toBeLessThan(8);
  });

  test('the network that is back is used at once', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    const page = origin.open();
    page.trackEvent('e');
    await pass(300_000);
    origin.reply = () => 204;
    window.dispatchEvent(new Event('online'));
    await pass(0);
    expect(page.health().sent).toBe(1);
  });

  test('413 halves the batch, and larger ones are tried again later', async () => {
    const origin = createOrigin();
    origin.reply = ({ body }) => (body.match(/"eid"/g)?.length ?? 0) > 3 ? 413 : 200;
    const page = origin.open({ batch: { count: 8 } });
    track(page, 8);
    await pass(60_000);
    expect(sizes(origin)).toEqual([8, 4, 2, 4, 2, 4, 2, 2]);
    expect(page.health()).toMatchObject({ sent: 8, dropped: {} });
  });

  for (const status of [400, 422]) {
    test(`one bad event of many costs no other (${status})`, async () => {
      const origin = createOrigin();
      origin.reply = ({ body }) => body.includes('"e5"') ? status : 200;
      const page = origin.open({ batch: { count: 8 }, transport: 'rest' });
      track(page, 8);
      await pass(60_000);
      const events = names(origin.received()).filter((it) => it !== 'client_dropped');
      expect(events.sort()).toEqual(['e1', 'e2', 'e3', 'e4', 'e6', 'e7', 'e8']);
      expect(page.health().dropped).toEqual({ refused: 1 });
    });
  }

  test('a server that forbids is asked once for a batch', async () => {
    const origin = createOrigin();
    origin.reply = () => 403;
    const page = origin.open();
    track(page, 50);
    await pass(0);
    expect(origin.requests).toHaveLength(1);
    expect(page.health()).toMatchObject({ queued: 0, dropped: { refused: 50 } });
    expect(page.health().lastError).toContain('answered 403');
  });
});

describe('the type of the body', () => {
  const elsewhere = { endpoint: 'https://collector.example' };
  const check = (title: string, options: object, replies: Reply[], expected: string[]) =>
    test(title, async () => {
      const origin = createOrigin();
      origin.reply = inTurn(...replies);
      const page = origin.open(options);
      page.trackEvent('e');
      await pass(10_000);
      page.trackEvent('f');
      await pass(10_000);
      expect(origin.requests.map((it) => it.type)).toEqual(expected);
      expect(page.health()).toMatchObject({ sent: 2, queued: 0, dropped: {} });
    });
  const [json, text] = ['application/json', 'text/plain'] as const;
  check('to the own origin', {}, [200], [json, json]);
  check('to another one, without a question', elsewhere, [204], [text, text]);
  check('to a collector that takes it for rubbish', elsewhere, [200], [text, json, json]);
  check('as it is asked for', { ...elsewhere, contentType: json }, [200], [json, json]);
  check('as it is asked for, whatever comes', { ...elsewhere, contentType: text }, [200], [text, text]);
  check('by REST', { ...elsewhere, transport: 'rest' }, [200], [json, json]);
});

describe('a page that goes', () => {
  test('hands over what waits, and the next page finds nothing', async () => {
    const origin = createOrigin();
    const page = origin.open();
    track(page, 2);
    leave();
    expect(origin.requests.map((it) => it.keepalive)).toEqual([true]);
    await pass(10);
    expect(page.health()).toMatchObject({ sent: 2, queued: 0 });
    origin.open();
    await pass(60_000);
    expect(origin.requests).toHaveLength(1);
  });

  test('an event that was handed over and not confirmed comes again under its id, unchanged', async () => {
    const origin = createOrigin();
    origin.reply = () => 'never';
    origin.open().trackEvent('e', { label: 'a' });
    leave();
    leave();
    expect(origin.requests).toHaveLength(1);
    origin.reply = () => 200;
    await pass(5_000);
    const next = createOrigin(origin.storage);
    next.open({ user: 9 });
    await pass(5_000);
    const [first, second] = [origin, next].map((it) =>
      JSON.parse(it.requests[0]?.body ?? '').data[0]);
    expect(first.stm).not.toBe(second.stm);
    expect({ ...first, stm: 0 }).toEqual({ ...second, stm: 0 });
    expect(origin.storage.length).toBe(1);
  });

  test('takes no more than a browser allows; the rest is stored', async () => {
    const origin = createOrigin();
    origin.reply = () => 'never';
    const page = origin.open({ batch: { wait: 60_000, count: 1_000 } });
    track(page, 400);
    leave();
    const bytes = origin.requests.reduce((sum, it) => sum + new Blob([it.body]).size, 0);
    expect(bytes).toBeGreaterThan(40_000);
    expect(bytes).toBeLessThan(65_536);
    const next = createOrigin(origin.storage);
    next.open();
    await pass(60_000);
    expect(new Set(names(next.received())).size).toBe(400);
  });

  test('while requests fail, the hand-over is tried all the same', async () => {
    const origin = createOrigin();
    origin.reply = () => 500;
    const page = origin.open();
    page.trackEvent('e');
    await pass(1_000);
    origin.reply = () => 200;
    leave();
    await pass(0);
    expect(page.health().sent).toBe(1);
  });
});

describe('the queue', () => {
  test('drops the oldest, and tells with the next batch', async () => {
    const origin = createOrigin();
    origin.reply = () => 503;
    const page = origin.open({ queue: { count: 3 } });
    track(page, 5);
    expect(page.health()).toMatchObject({ queued: 3, dropped: { queue_full: 2 } });
    origin.reply = () => 200;
    await pass(2_000);
    track(page, 1, 'later');
    await pass(2_000);
    expect(names(origin.received())).toEqual(['e3', 'e4', 'e5', 'client_dropped', 'later1']);
    expect(origin.received().at(-2)).toMatchObject({
      category: 'internal-events', properties: { label: 'queue_full', value: 2 },
    });
    expect(page.health().dropped).toEqual({ queue_full: 2 });
  });

  test('is bounded by bytes, too', () => {
    const page = createOrigin().open({ queue: { bytes: 2_000 } });
    track(page, 10);
    expect(page.health()).toMatchObject({ queued: 3, dropped: { queue_full: 7 } });
  });

  test('never drops an event for another one that was confirmed', async () => {
    const origin = createOrigin();
    const page = origin.open({ queue: { count: 5 }, batch: { count: 5 } });
    origin.reply = () => 'never';
    track(page, 5);
    await pass(0);
    track(page, 5, 'f');
    expect(page.health()).toMatchObject({ queued: 5, dropped: { queue_full: 5 } });
  });

  test('an event that is too large is dropped alone', async () => {
    const origin = createOrigin();
    const page = origin.open();
    page.trackEvent('huge', { label: 'x'.repeat(100_000) });
    page.trackEvent('small');
    await pass(1_000);
    expect(names(origin.received())).toContain('small');
    expect(page.health()).toMatchObject({ sent: 2, dropped: { too_large: 1 } });
  });
});

describe('the storage', () => {
  const check = (title: string, storage: Storage | undefined) =>
    test(title, async () => {
      const origin = createOrigin(storage);
      const page = origin.open();
      track(page, 60);
      await pass(1_000);
      expect(page.health()).toEqual({ queued: 0, sent: 60, dropped: {}, lastError: undefined });
    });
  check('with room', createStorage());
  check('full', createStorage(100));
  check('that fills up', createStorage(5_000));
  check('forbidden', new Proxy({} as Storage, {
    get: () => {
      throw new DOMException('denied', 'SecurityError');
    },
  }));

  test('keeps room for the page', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    const page = origin.open({ queue: { stored: 10_000 } });
    track(page, 100);
    expect(page.health().queued).toBe(100);
    const stored = Array.from({ length: origin.storage.length }, (_, nth) =>
      origin.storage.getItem(origin.storage.key(nth) ?? '')?.length ?? 0);
    expect(stored.reduce((sum, it) => sum + it)).toBeLessThanOrEqual(10_001);
  });

  test('what a page leaves, the next one brings', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    track(origin.open(), 120);
    const next = createOrigin(origin.storage);
    const page = next.open();
    await pass(5_000);
    expect(next.received()).toHaveLength(120);
    expect(page.health()).toMatchObject({ sent: 120, queued: 0 });
    expect(next.storage.length).toBe(1);
  });

  test('of another server is none of our business', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    track(origin.open({ endpoint: 'https://one.example' }), 2);
    const next = createOrigin(origin.storage);
    next.open({ endpoint: 'https://two.example' });
    await pass(60_000);
    expect(next.requests).toHaveLength(0);
  });

  test('that the page empties costs no event', async () => {
    const origin = createOrigin();
    const page = origin.open();
    track(page, 2);
    origin.storage.clear();
    await pass(1_000);
    expect(page.health()).toMatchObject({ sent: 2, queued: 0 });
  });

  test('with rubbish in it', async () => {
    const origin = createOrigin();
    for (const [nth, text] of ['', '{"', 'null', '{"e":"se"', '[1]'].entries()) {
      origin.storage.setItem(`internal-events /com.snowplowanalytics.snowplow/tp2 ${nth}`, text);
    }
    const page = origin.open();
    page.trackEvent('e');
    await pass(1_000);
    expect(names(origin.received())).toEqual(['e']);
  });
});

describe('two pages', () => {
  test('send each event once', async () => {
    const origin = createOrigin();
    const [one, two] = [origin.open(), origin.open()];
    for (let nth = 0; nth < 100; nth++) {
      track(one, 1, `a${nth}-`);
      track(two, 1, `b${nth}-`);
      if (nth % 10 === 0) await pass(300);
    }
    await pass(5_000);
    expect(origin.received()).toHaveLength(200);
    expect(new Set(origin.received().map((it) => it.id)).size).toBe(200);
    expect([one, two].map((it) => it.health().queued)).toEqual([0, 0]);
  });

  test('one brings what the other could not', async () => {
    const origin = createOrigin();
    origin.reply = () => 'unreachable';
    const [one, two] = [origin.open(), origin.open()];
    track(one, 2, 'a');
    await pass(1_000);
    origin.reply = () => 200;
    track(two, 2, 'b');
    await pass(20_000);
    expect(names(origin.received()).sort()).toEqual(['a1', 'a2', 'b1', 'b2']);
    expect(one.health().queued).toBe(0);
  });

  test('an opt-out in one holds in the other', async () => {
    const origin = createOrigin();
    const [one, two] = [origin.open(), origin.open()];
    track(one, 2);
    two.optOut();
    track(one, 2);
    await pass(60_000);
    expect(origin.requests).toHaveLength(0);
    expect(one.health()).toMatchObject({ queued: 0, dropped: { consent: 4 } });
  });
});
