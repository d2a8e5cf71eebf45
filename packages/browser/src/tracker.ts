/** Takes events, decides whether they may be tracked, and hands them to their queue. */

import type { Attributes } from './attributes.ts';
import { createAttributes } from './attributes.ts';
import type { Call } from './call.ts';
import { readProperties } from './call.ts';
import type { Cause, Delivery } from './delivery.ts';
import { createDelivery } from './delivery.ts';
import type { Options, Settings } from './options.ts';
import { settle } from './options.ts';
import { address, write } from './protocol.ts';
import type { Queue } from './queue.ts';
import { createQueue } from './queue.ts';
import type { World } from './world.ts';

/** What became of the events of this page. */
export interface Health {
  /** Events that wait: for the server, for `init()`, or for consent. */
  readonly queued: number;
  /** Events that a server has confirmed. */
  readonly sent: number;
  /** Events that were dropped, by cause. */
  readonly dropped: Readonly<Partial<Record<Cause, number>>>;
  /** What went wrong last, in words for a developer. */
  readonly lastError: string | undefined;
}

/** The tracker beneath the public face. */
export interface Tracker {
  track: (event: unknown, properties: unknown, category: unknown) => void;
  init: (options: Options) => boolean;
  consent: (isGiven: boolean) => void;
  flush: () => Promise<void>;
  health: () => Health;
  /** Whether the visitor wants not to be tracked. */
  isSuppressed: () => boolean;
  guard: (work: () => void) => void;
  readonly attributes: Attributes;
}

/** Where consent is remembered. */
const CONSENT = 'internal-events consent';

/** Causes that are nobody's business but the visitor's. */
const PRIVATE: readonly Cause[] = ['privacy', 'consent'];

/** Makes a tracker; `fire` is called for the events of data attributes. */
export const createTracker = (
  world: World,
  fire: (event: string, properties: Record<string, unknown>) => void,
): Tracker => {
  let settings: Settings | undefined;
  let waiting: Call[] = [];
  let queue: Queue | undefined;
  let delivery: Delivery | undefined;
  let consent: string | null | undefined;
  let sent = 0;
  let lastError: string | undefined;
  const dropped: Partial<Record<Cause, number>> = {};
  /** What the server was not told yet. */
  let untold: Partial<Record<Cause, number>> = {};

  const log = (...message: readonly unknown[]): void => {
    if (settings?.debug) world.log(...message);
  };

  const fail = (why: unknown): void => {
    lastError = `${why}`;
    log(lastError);
  };

  const drop = (cause: Cause, n: number, why?: string): void => {
    if (!n) return;
    dropped[cause] = (dropped[cause] || 0) + n;
    if (!PRIVATE.includes(cause)) untold[cause] = (untold[cause] || 0) + n;
    fail(`${n} dropped (${cause})${why ? `: ${why}` : ''}`);
  };

  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      try {
        drop('invalid', 1, `${error}`);
      } catch {
        // What was thrown cannot even be turned into text.
      }
    }
  };

  const storage = <T>(work: (store: NonNullable<ReturnType<World['storage']>>) => T): T | undefined => {
    try {
      const it = world.storage();
      return it && work(it);
    } catch {
      return undefined;
    }
  };

  const isSuppressed = (): boolean => {
    const { gpc, dnt } = world.privacy();
    return (gpc && settings?.respectGlobalPrivacyControl !== false) ||
      (dnt && settings?.respectDoNotTrack !== false);
  };

  /** Another page may have been told otherwise; what it stored is the latest. */
  const choice = (): string | null | undefined => storage((it) => it.getItem(CONSENT)) ?? consent;

  const isAllowed = (): boolean => {
    if (isSuppressed()) return false;
    const it = choice();
    return it === 'in' || (it !== 'out' && settings?.consent !== 'required');
  };

  const call = (event: string, properties: Call['properties'], category?: string): Call =>
    ({ event, properties, category, id: world.uuid(), time: world.now() });

  const forget = (cause: Cause): void => {
    drop(cause, waiting.length + (queue?.clear() || 0));
    waiting = [];
  };

  const enqueue = (it: Call, settings: Settings, queue: Queue): void => {
    const text = write(it, settings, world.page());
    if (text.length > settings.batch.bytes) drop('too_large', 1, it.event.slice(0, 100));
    else queue.push(text, it.time, it.id);
    log(it.event, it);
  };

  /** Hands on what waits, if it may be tracked. */
  const drain = (): void => {
    if (!settings || !queue || !delivery) return;
    if (isSuppressed()) return forget('privacy');
    if (!isAllowed()) {
      if (choice() === 'out') forget('consent');
      return;
    }
    const calls = waiting;
    waiting = [];
    for (const cause of Object.keys(untold) as Cause[]) {
      const report = call('client_dropped', { label: cause, value: untold[cause] as number }, 'internal-events');
      calls.push({ ...report, isReport: true });
    }
    untold = {};
    for (const it of calls) guard(() => enqueue(it, settings as Settings, queue as Queue));
    if (queue.size) delivery.added();
  };

  const tracker: Tracker = {
    track: (event, properties, category) => guard(() => {
      if (typeof event !== 'string' || !event) {
        return drop('invalid', 1, 'the name of an event should be a text');
      }
      const given = readProperties(properties, (name) =>
        fail(`property \`${name}\` of \`${event}\` was left out: it should be ${
          name === 'value' ? 'a number' : 'a text'}`));
      const where = typeof category === 'string' ? category : settings?.category || world.category();
      waiting.push(call(event, given, where));
      if (waiting.length > (settings?.queue.count || 1_000)) {
        waiting.shift();
        drop('queue_full', 1);
      }
      drain();
    }),
    init: (options) => {
      let given: unknown;
      try {
        given = world.given();
      } catch (error) {
        fail(`the options in the page cannot be read: ${error}`);
      }
      const isFirst = !settings;
      const before = settings;
      settings = settle(given, before, options);
      const url = address(settings);
      const isElsewhere = !before || address(before) !== url;
      if (isElsewhere) {
        queue = createQueue(world.storage, `internal-events ${url}`, settings.queue, (n) => drop('queue_full', n));
      }
      delivery = createDelivery(world, queue as Queue, settings, url, isAllowed, {
        sent: (n) => {
          sent += n;
        },
        drop,
        fail,
      });
      if (isFirst) {
        world.onLeave(() => guard(() => delivery?.leave()));
        world.onOnline(() => guard(() => delivery?.online()));
      }
      guard(drain);
      // Pages before this one may have left something.
      if (isAllowed()) delivery.added();
      return isFirst;
    },
    consent: (isGiven) => guard(() => {
      consent = isGiven ? 'in' : 'out';
      storage((it) => it.setItem(CONSENT, consent as string));
      drain();
    }),
    flush: async () => {
      if (isAllowed()) await delivery?.flush();
    },
    health: () => ({
      queued: waiting.length + (queue?.size || 0),
      sent,
      dropped: { ...dropped },
      lastError,
    }),
    isSuppressed,
    guard,
    attributes: createAttributes(fire, fail, guard),
  };
  return tracker;
};
