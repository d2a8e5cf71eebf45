// The page itself: how requests are sent, and the classic script.

import { readFileSync } from 'node:fs';
import { runInThisContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { InternalEventsApi } from '../src/index.ts';

const script = readFileSync('dist/internal-events.js', 'utf8');
const here = location.origin;

let fetched: [string, RequestInit][] = [];
beforeEach(() => {
  fetched = [];
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    fetched.push([url, init]);
    return { status: 200, headers: new Headers(), text: async () => '' };
  });
});
afterEach(() => {
  delete (window as unknown as Record<string, unknown>)['internalEventsQueue'];
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  localStorage.clear();
  document.head.innerHTML = '';
});

/** Runs the classic script as a page does that has its tag. */
const load = (tag = '<script src="/internal-events.js"></script>'): InternalEventsApi => {
  document.head.innerHTML += tag;
  delete (window as unknown as Record<string, unknown>)['InternalEvents'];
  const element = document.head.querySelector('script[src]');
  vi.spyOn(document, 'currentScript', 'get').mockReturnValue(element as HTMLScriptElement);
  runInThisContext(script);
  return (window as unknown as { InternalEvents: InternalEventsApi }).InternalEvents;
};

test('a request', async () => {
  document.head.innerHTML = '<meta name="csrf-token" content="secret">';
  const page = load();
  page.init({ dataAttributes: false, headers: { 'X-A': 'b' } });
  page.trackEvent('e');
  await page.flush();
  expect(fetched).toHaveLength(1);
  const [url, { body, signal, ...init }] = fetched[0] as [string, RequestInit];
  expect(url).toBe('/com.snowplowanalytics.snowplow/tp2');
  expect(init).toMatchObject({ method: 'POST', credentials: 'same-origin', keepalive: true });
  expect({ ...init.headers }).toEqual({
    'Content-Type': 'application/json', 'X-CSRF-Token': 'secret', 'X-A': 'b',
  });
  expect(page.health().sent).toBe(1);
});

test('to another origin goes no token', async () => {
  document.head.innerHTML = '<meta name="csrf-token" content="secret">';
  const page = load('<script src="https://c.example/internal-events.js"></script>');
  page.init({ dataAttributes: false, contentType: 'text/plain' });
  page.trackEvent('e');
  await page.flush();
  expect(fetched[0]?.[0]).toBe('https://c.example/com.snowplowanalytics.snowplow/tp2');
  expect({ ...fetched[0]?.[1].headers }).toEqual({ 'Content-Type': 'text/plain' });
});

describe('the tag', () => {
  const check = (title: string, tag: string, expected: [string, string] | undefined) =>
    test(title, async () => {
      const page = load(tag);
      page.trackEvent('e');
      await page.flush();
      expect(fetched.map(([url, { body }]) => [url, JSON.parse(`${body}`).data[0].aid])).toEqual(
        expected ? [expected] : []);
    });
  const tp2 = '/com.snowplowanalytics.snowplow/tp2';
  check('with options starts', '<script src="/i.js" data-app-id=shop data-data-attributes=false></script>', [tp2, 'shop']);
  check('of another origin names the server',
    '<script src="https://c.example/i.js" data-app-id=shop data-data-attributes=false data-content-type=text/plain></script>',
    [`https://c.example${tp2}`, 'shop']);
  check('whatever it says of it',
    `<script src="https://c.example/i.js" data-app-id=shop data-data-attributes=false data-endpoint="${here}"></script>`,
    [here + tp2, 'shop']);
  check('without options waits for init', '<script src="/i.js"></script>', undefined);
  check('with a meta element starts',
    `<meta name="internal-events" content='{"appId": "meta", "dataAttributes": false}'><script src="/i.js"></script>`,
    [tp2, 'meta']);
});

test('what was pushed before the script came is tracked', async () => {
  vi.stubGlobal('internalEventsQueue', [['early', { label: 'a' }]]);
  const page = load();
  page.init({ dataAttributes: false });
  (window as unknown as { internalEventsQueue: { push: (call: unknown[]) => void } })
    .internalEventsQueue.push(['late']);
  await page.flush();
  expect(`${fetched[0]?.[1].body}`).toMatch(/"se_ac":"early".*"se_ac":"late"/);
});

test('where fetch cannot outlive the page, a beacon is sent', async () => {
  vi.stubGlobal('Request', class {});
  const beacons: string[] = [];
  vi.stubGlobal('navigator', Object.assign(Object.create(navigator), {
    sendBeacon: (url: string) => beacons.push(url),
  }));
  const page = load();
  page.init({ dataAttributes: false });
  page.trackEvent('e');
  window.dispatchEvent(new Event('pagehide'));
  window.dispatchEvent(new Event('pagehide'));
  expect(beacons).toHaveLength(1);
  expect(fetched).toHaveLength(0);
  expect(page.health().queued).toBe(1);
});

describe('a page that broke its own tools', () => {
  const check = (title: string, tool: string, broken: unknown) =>
    test(title, async () => {
      const page = load();
      page.init({ dataAttributes: false });
      vi.stubGlobal(tool, broken);
      expect(() => page.trackEvent('e')).not.toThrow();
      await page.flush();
      expect(page.health()).toMatchObject({ sent: 0 });
    });
  check('fetch that throws', 'fetch', () => { throw new Error('no'); });
  check('fetch that gives nothing', 'fetch', () => undefined);
  check('no fetch', 'fetch', undefined);
  check('no random numbers', 'crypto', {});

  test('a location that the script is not from', () => {
    expect(() => load('<script src="data:text/javascript,1"></script>')).not.toThrow();
  });
});

test('on a server nothing happens', async () => {
  const { createInternalEvents } = await import('../src/index.ts');
  vi.stubGlobal('document', undefined);
  const page = createInternalEvents({} as never);
  expect(() => page.init({ appId: 'x' })).not.toThrow();
  expect(() => page.trackEvent('e')).not.toThrow();
});
