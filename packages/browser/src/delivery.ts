/** Brings what waits to the server: in batches, again after failures, and before the page goes. */

import { REPORT } from './call.ts';
import type { Settings } from './options.ts';
import { isForeign } from './page.ts';
import { wrapRest, wrapSnowplow } from './protocol.ts';
import type { Entry, Queue } from './queue.ts';
import type { World } from './world.ts';

/** Why an event was dropped; the server knows these and no others. */
export type Cause =
  | 'queue_full'
  | 'too_large'
  | 'refused'
  | 'invalid'
  | 'privacy'
  | 'consent';

/** What delivery tells. */
export interface Reporter {
  sent: (n: number) => void;
  drop: (cause: Cause, n: number, why?: string) => void;
  /** Something failed that will be tried again. */
  fail: (why: unknown) => void;
}

/** Delivery of one queue. */
export interface Delivery {
  /** Events were added. */
  added: () => void;
  /** Sends what waits; done when it was tried. */
  flush: () => Promise<void>;
  /** The page may be gone soon. */
  leave: () => void;
  online: () => void;
}

/** What a browser lets all requests of a page that goes away have in total is 64 KiB. */
const KEEPALIVE_BYTES = 60_000;

/** What is in a request beside its events, about. */
const OVERHEAD_BYTES = 500;

/** The wait after the first failure, and the longest, in milliseconds. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 300_000;

/** Beyond this a server's wish to be left alone is not obeyed, in milliseconds. */
const LONGEST_WISH = 3_600_000;

const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain';

const sizeOf = (batch: readonly Entry[]): number =>
  batch.reduce((sum, it) => sum + it.bytes, OVERHEAD_BYTES);

/** Makes the delivery of a queue. */
export const createDelivery = (
  world: World,
  queue: Queue,
  settings: Settings,
  url: string,
  isAllowed: () => boolean,
  tell: Reporter,
): Delivery => {
  const { headers, credentials, transport, contentType, batch: { bytes, wait } } = settings;
  const isRest = transport === 'rest';
  // REST takes no more at once.
  const count = Math.min(settings.batch.count, isRest ? 50 : Infinity);
  let type = contentType || (isRest || !isForeign(url) ? JSON_TYPE : TEXT_TYPE);
  let most = count;
  let failures = 0;
  /** Until when the server is left alone after a failure. */
  let pausedUntil = 0;
  let keptAlive = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let due = Infinity;
  let running: Promise<void> | undefined;

  const schedule = (milliseconds: number): void => {
    const now = Date.now();
    const at = Math.max(now + milliseconds, pausedUntil);
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(() => void flush(), at - now);
  };

  const pause = (retryAfter: string | null | undefined): void => {
    const longest = Math.min(FIRST_RETRY * 2 ** failures++, LONGEST_RETRY);
    const seconds = +(retryAfter || 0);
    const wish = seconds >= 0 ? seconds * 1000 : Date.parse(`${retryAfter}`) - Date.now();
    // Pages that failed together do not come again together.
    const jittered = longest * (0.5 + Math.random() / 2);
    pausedUntil = Date.now() + Math.max(jittered, Math.min(wish || 0, LONGEST_WISH));
  };

  /** Sends a batch; tells whether it makes sense to go on with what is left. */
  const attempt = async (batch: readonly Entry[], isLeaving: boolean): Promise<boolean> => {
    const texts = batch.map((it) => it.text);
    const size = sizeOf(batch);
    // A browser that took too many of these answers none: where one failed, the next is another.
    const keepalive = isLeaving || (!failures && keptAlive + size <= KEEPALIVE_BYTES);
    const mark = (isSent: boolean): void => {
      for (const entry of batch) entry.isSent = isSent;
      if (keepalive) keptAlive += isSent ? size : -size;
    };
    mark(true);
    let status = 0;
    let retryAfter: string | null | undefined;
    let why = '';
    try {
      ({ status, retryAfter } = await world.transport({
        url: isRest && texts.length > 1 ? `${url}s` : url,
        type,
        body: isRest ? wrapRest(texts) : wrapSnowplow(texts, Date.now()),
        keepalive,
        isLast: isLeaving,
        headers,
        credentials,
      }));
    } catch (error) {
      why = `: ${error}`;
    }
    mark(false);
    const isOk = status >= 200 && status < 300;
    if (isOk && type === TEXT_TYPE && status !== 204 && !contentType) {
      // Another collector than ours takes this type for rubbish, and says nothing of it.
      type = JSON_TYPE;
      return true;
    }
    if (isOk) {
      failures = pausedUntil = 0;
      most = Math.min(most * 2, count);
      queue.remove(batch);
      tell.sent(batch.length);
      return true;
    }
    const failed = `${url} answered ${status || `nothing${why}`}`;
    if (status < 400 || status >= 500 || status === 408 || status === 429) {
      tell.fail(failed);
      pause(retryAfter);
      return false;
    }
    const isTooLarge = status === 413;
    if (batch.length > 1 && (isTooLarge || status === 400 || status === 422)) {
      // It may be for one of them only: the others shall not be lost with it.
      most = batch.length >> 1;
      return true;
    }
    queue.remove(batch);
    // A server that does not take reports is told nothing of it.
    if (batch.length > 1 || !texts[0]?.includes(`"${REPORT}"`)) {
      tell.drop(isTooLarge ? 'too_large' : 'refused', batch.length, failed);
    }
    return true;
  };

  const drain = async (isAlone: boolean): Promise<void> => {
    if (isAlone) queue.sync();
    while (isAllowed()) {
      const batch = queue.batch(most, bytes, !isAlone);
      if (!batch.length || !(await attempt(batch, false))) break;
    }
    queue.leave();
  };

  const goOn = (): void => {
    if (queue.size) schedule(wait);
  };

  const flush = (): Promise<void> => {
    clearTimeout(timer);
    due = Infinity;
    return (running ??= world.alone(url, drain).catch(tell.fail).then(() => {
      running = undefined;
      goOn();
    }));
  };

  return {
    added: () => schedule(queue.size >= count ? 0 : wait),
    flush,
    leave: () => {
      queue.persist();
      while (isAllowed()) {
        const room = KEEPALIVE_BYTES - OVERHEAD_BYTES - keptAlive;
        const batch = queue.batch(most, Math.min(bytes, room), true);
        if (!batch.length || sizeOf(batch) > room + OVERHEAD_BYTES) break;
        void attempt(batch, true).then(goOn);
      }
    },
    online: () => {
      failures = pausedUntil = 0;
      schedule(0);
    },
  };
};
