/** Takes events, decides whether they may be tracked, and hands them to their queue. */

import type { EventName, InternalEventsApi, PropertiesOf, TrackEvent } from './api.ts';
import { createAttributes } from './attributes.ts';
import type { Call } from './call.ts';
import { readProperties, REPORT } from './call.ts';
import type { Cause, Delivery } from './delivery.ts';
import { createDelivery } from './delivery.ts';
import type { Settings } from './options.ts';
import { settle } from './options.ts';
import * as page from './page.ts';
import { address, write } from './protocol.ts';
import type { Queue, UseStore } from './queue.ts';
import { createQueue } from './queue.ts';
import type { World } from './world.ts';

/** Where consent is remembered. */
const CONSENT = 'internal-events consent';

/** How many events wait for `init()`. */
const BEFORE_INIT = 1_000;

/** Makes internal events in some world. */
export const createInternalEvents = (world: World): InternalEventsApi => {
  let settings: Settings | undefined;
  /** Where events go. */
  let target: string | undefined;
  /** Events that wait for `init()` or for consent, and so are not stored. */
  let waiting: Call[] = [];
  let queue: Queue | undefined;
  let delivery: Delivery | undefined;
  let consent: string | undefined;
  let sent = 0;
  let lastError: string | undefined;
  const dropped: Partial<Record<Cause, number>> = {};
  /** What the server was not told yet. */
  let untold: Partial<Record<Cause, number>> = {};

  const log = (...message: readonly unknown[]): void => {
    if (settings?.debug) page.log(...message);
  };

  const fail = (why: unknown): void => log(lastError = `${why}`);

  const drop = (cause: Cause, n: number, why = ''): void => {
    if (!n) return;
    const count = (all: typeof untold): number => all[cause] = (all[cause] || 0) + n;
    count(dropped);
    // What a visitor does not want is nobody's business.
    if (cause !== 'privacy' && cause !== 'consent') count(untold);
    fail(`${n} dropped (${cause}) ${why}`);
  };

  /** Keeps whatever is thrown from the page. */
  const guard = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      // What was thrown may not even have a text.
      drop('invalid', 1, typeof error === 'object' ? (error as Error | null)?.message : '');
      return undefined;
    }
  };

  const storage: UseStore = (work) => {
    try {
      const it = world.storage();
      return it && work(it);
    } catch {
      // Full or forbidden: what is in memory has to do.
      return undefined;
    }
  };

  /** Why nothing may be tracked: for good, or `undefined` until the visitor was asked. */
  const obstacle = (): 'privacy' | 'consent' | undefined | false => {
    const [gpc, dnt] = page.readPrivacy();
    if (gpc && settings?.respectGlobalPrivacyControl !== false) return 'privacy';
    if (dnt && settings?.respectDoNotTrack !== false) return 'privacy';
    // Another page may have been told otherwise; what it stored is the latest.
    const choice = storage((it) => it.getItem(CONSENT)) ?? consent;
    if (choice === 'out') return 'consent';
    return choice || settings?.consent !== 'required' ? false : undefined;
  };

  const isAllowed = (): boolean => obstacle() === false;

  const call = (event: string, properties: Call['properties'], category?: string): Call =>
    ({ event, properties, category, id: page.uuid(), time: Date.now() });

  const enqueue = (it: Call): void => {
    if (!settings) return;
    const text = write(it, settings, page.readPage());
    if (text.length > settings.batch.bytes) drop('too_large', 1, it.event.slice(0, 99));
    else queue?.push(text, it.time, it.id);
    log(it.event, it);
  };

  /** Hands on what waits, if it may be tracked. */
  const drain = (): void => {
    if (!settings || !queue || !delivery) return;
    const cause = obstacle();
    if (cause === undefined) return;
    const calls = waiting;
    waiting = [];
    if (cause) return drop(cause, calls.length + queue.clear());
    calls.forEach(enqueue);
    if (queue.size) delivery.added();
  };

  /** Puts what was dropped among the events: only when some arrive, or the page goes. */
  const report = (): void => {
    const all = Object.entries(untold);
    untold = {};
    for (const [label, value] of all) {
      enqueue(call(REPORT, { label, value }, 'internal-events'));
    }
  };

  const attributes = createAttributes(
    (event, properties) => api.trackEvent(event as EventName, properties as PropertiesOf<EventName>),
    (name, text) => fail(`data-event-${name} cannot be read: ${text}`),
    guard,
  );

  const setConsent = (choice: string): void => guard(() => {
    consent = choice;
    storage((it) => it.setItem(CONSENT, choice));
    drain();
  });

  const start = (): void => {
    page.onLeave(() => guard(() => {
      if (isAllowed()) report();
      delivery?.leave();
    }));
    page.onOnline(() => guard(() => delivery?.online()));
    if (settings?.dataAttributes === false) return;
    api.bindInternalEventDocument();
    api.trackInternalLoadEvents();
    // What the browser has not read yet of the page comes later, too.
    attributes.observe(document);
  };

  const trackInMixin: TrackEvent = (event, additionalProperties, category) =>
    api.trackEvent(event, additionalProperties ?? ({} as PropertiesOf<typeof event>), category);

  const api: InternalEventsApi = {
    init: (options) => guard(() => {
      if (!page.isPage()) return;
      let given: unknown;
      try {
        given = page.readOptions();
      } catch {
        fail('<meta name="internal-events"> should be JSON');
      }
      const isFirst = !settings;
      settings = settle(given, settings, options);
      const url = address(settings);
      if (url !== target) {
        target = url;
        queue = createQueue(storage, `internal-events ${url}`, settings.queue, (n) =>
          drop('queue_full', n));
        delivery = createDelivery(world, queue, settings, url, isAllowed, {
          sent: (n) => {
            sent += n;
            report();
          },
          drop,
          fail,
        });
      }
      if (isFirst) start();
      drain();
      // Pages before this one may have left something.
      if (isAllowed()) delivery?.added();
    }),
    trackEvent: (event, additionalProperties, category) => guard(() => {
      if (typeof event !== 'string' || !event) return drop('invalid', 1, 'event has no name');
      const properties = readProperties(additionalProperties, (name) =>
        fail(`${event}: ${name} was left out, being neither text nor number as it should`));
      const where = typeof category === 'string' ? category : settings?.category || page.readCategory();
      waiting.push(call(event, properties, where));
      if (waiting.length > (settings?.queue.count || BEFORE_INIT)) {
        waiting.shift();
        drop('queue_full', 1);
      }
      drain();
    }),
    // Called by its other name, so that a spy on that one sees all events.
    track_event: (...args) => api.trackEvent(...args),
    mixin: () => ({ methods: { trackEvent: trackInMixin, track_event: trackInMixin } }),
    bindInternalEventDocument: (parent = document) => guard(() =>
      obstacle() === 'privacy' ? null : attributes.bind(parent)) ?? null,
    trackInternalLoadEvents: (parent = document) => guard(() =>
      obstacle() === 'privacy' ? [] : attributes.load(parent)) ?? [],
    optIn: () => setConsent('in'),
    optOut: () => setConsent('out'),
    flush: async () => {
      if (isAllowed()) await delivery?.flush();
    },
    health: () =>
      ({ queued: waiting.length + (queue?.size || 0), sent, dropped: { ...dropped }, lastError }),
  };
  return api;
};
