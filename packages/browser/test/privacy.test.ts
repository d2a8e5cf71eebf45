// What a visitor wants, and what a page may do before it knows.

import { afterEach, describe, expect, test } from 'vitest';
import type { Options } from '../src/index.ts';
import { createOrigin, names } from './support.ts';

const say = (signals: object): void => {
  for (const [name, value] of Object.entries(signals)) {
    Object.defineProperty(navigator, name, { value, configurable: true });
  }
};
afterEach(() => say({ globalPrivacyControl: undefined, doNotTrack: null }));

describe('signals of the browser', () => {
  const check = (title: string, signals: object, options: Options, isTracked: boolean) =>
    test(title, async () => {
      say(signals);
      for (const transport of ['snowplow', 'rest'] as const) {
        const origin = createOrigin();
        const page = origin.open({ ...options, transport });
        page.trackEvent('e');
        await page.flush();
        expect(origin.requests).toHaveLength(isTracked ? 1 : 0);
        expect(page.health().dropped).toEqual(isTracked ? {} : { privacy: 1 });
        const parent = document.createElement('div');
        parent.innerHTML = '<b data-event-tracking=e data-event-tracking-load=true></b>';
        expect(page.bindInternalEventDocument(parent) !== null).toBe(isTracked);
        expect(page.trackInternalLoadEvents(parent)).toHaveLength(isTracked ? 1 : 0);
        if (!isTracked) expect(origin.storage.length).toBe(0);
      }
    });
  check('none', {}, {}, true);
  check('Global Privacy Control', { globalPrivacyControl: true }, {}, false);
  check('Do-Not-Track', { doNotTrack: '1' }, {}, false);
  check('may be tracked', { doNotTrack: '0' }, {}, true);
  check('both, not respected', { doNotTrack: '1', globalPrivacyControl: true },
    { respectDoNotTrack: false, respectGlobalPrivacyControl: false }, true);
  check('one of them respected', { doNotTrack: '1', globalPrivacyControl: true },
    { respectDoNotTrack: false }, false);
});

describe('consent', () => {
  const required = { consent: 'required' } as const;

  test('nothing is stored or sent before', async () => {
    const origin = createOrigin();
    const page = origin.open(required);
    page.trackEvent('e');
    await page.flush();
    window.dispatchEvent(new Event('pagehide'));
    expect([origin.storage.length, origin.requests.length]).toEqual([0, 0]);
    expect(page.health().queued).toBe(1);
  });

  test('what waited is sent, and the next page knows', async () => {
    const origin = createOrigin();
    const page = origin.open(required);
    page.trackEvent('e');
    page.optIn();
    await page.flush();
    const next = origin.open(required);
    next.trackEvent('f');
    await next.flush();
    expect(names(origin.received())).toEqual(['e', 'f']);
  });

  test('an opt-out forgets all that waits, here and for the next page', async () => {
    for (const options of [required, {}]) {
      const origin = createOrigin();
      origin.reply = () => 503;
      const page = origin.open(options);
      page.trackEvent('e');
      page.optOut();
      page.trackEvent('f');
      await page.flush();
      const next = origin.open(options);
      next.trackEvent('g');
      await next.flush();
      expect(origin.requests).toHaveLength(0);
      expect(page.health()).toMatchObject({ queued: 0, dropped: { consent: 2 } });
      expect(Array.from({ length: origin.storage.length }, (_, nth) => origin.storage.key(nth))
        .filter((key) => key?.includes('tp2 '))).toEqual([]);
    }
  });

  test('can be given again', async () => {
    const origin = createOrigin();
    const page = origin.open();
    page.optOut();
    page.optIn();
    page.trackEvent('e');
    await page.flush();
    expect(names(origin.received())).toEqual(['e']);
  });

  test('holds without a storage, for the page', async () => {
    const origin = createOrigin(new Proxy({} as Storage, { get: () => { throw new Error('no'); } }));
    const page = origin.open(required);
    page.trackEvent('e');
    page.optIn();
    await page.flush();
    expect(page.health().sent).toBe(1);
  });

  test('does not stand above the browser’s signal', async () => {
    say({ globalPrivacyControl: true });
    const origin = createOrigin();
    const page = origin.open(required);
    page.optIn();
    page.trackEvent('e');
    await page.flush();
    expect(origin.requests).toHaveLength(0);
  });

  test('what is dropped for the visitor is told to nobody', async () => {
    const origin = createOrigin();
    const page = origin.open();
    page.optOut();
    page.trackEvent('e');
    page.optIn();
    page.trackEvent('f');
    await page.flush();
    expect(names(origin.received())).toEqual(['f']);
  });
});
