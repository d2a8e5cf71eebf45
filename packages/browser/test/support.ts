// What the tests of this package share: pages with a server, a storage and a lock of their own.

import { vi } from 'vitest';
import type { InternalEventsApi, Options, Outgoing } from '../src/index.ts';
import { createInternalEvents } from '../src/index.ts';
import type { SentEvent } from '../src/memory.ts';
import { readBody } from '../src/memory.ts';

/** What the server says to a request: a status, an answer, or nothing for ever. */
export type Reply = number | { status: number; retryAfter?: string } | 'never' | 'unreachable';

/** A storage like the browser's, with room for some characters. */
export const createStorage = (room = Infinity): Storage => {
  const all = new Map<string, string>();
  const used = () => [...all].reduce((sum, [key, text]) => sum + key.length + text.length, 0);
  return {
    get length() {
      return all.size;
    },
    key: (nth) => [...all.keys()][nth] ?? null,
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, text) => {
      if (used() + key.length + text.length > room) throw new DOMException('full', 'QuotaExceededError');
      all.set(key, `${text}`);
    },
    removeItem: (key) => void all.delete(key),
    clear: () => all.clear(),
  };
};

/** A server, and the browser's storage and locks, which pages share. */
export interface Origin {
  reply: (request: Outgoing) => Reply;
  readonly requests: Outgoing[];
  readonly storage: Storage;
  /** Distinct events that were confirmed, and how often they came. */
  readonly received: () => SentEvent[];
  readonly open: (options?: Options) => InternalEventsApi;
}

export const createOrigin = (storage: Storage | undefined = createStorage()): Origin => {
  const confirmed: SentEvent[] = [];
  let turn: Promise<void> = Promise.resolve();
  const origin: Origin = {
    reply: ({ type }) => (type === 'text/plain' ? 204 : 200),
    requests: [],
    storage,
    received: () => confirmed,
    open: (options = {}) => {
      const page = createInternalEvents({
        transport: async (request) => {
          origin.requests.push(request);
          const reply = origin.reply(request);
          if (reply === 'never') return new Promise(() => {});
          if (reply === 'unreachable') throw new TypeError('Failed to fetch');
          const answer = typeof reply === 'number' ? { status: reply } : reply;
          if (answer.status < 300) confirmed.push(...readBody(request.body));
          return answer;
        },
        storage: () => storage,
        alone: (_name, work) => (turn = turn.then(() => work(true))),
      });
      page.init({ dataAttributes: false, ...options });
      return page;
    },
  };
  return origin;
};

/** Lets time pass, and all that waits for it happen. */
export const pass = (milliseconds: number): Promise<unknown> =>
  vi.advanceTimersByTimeAsync(milliseconds);

/** The names of events, in order. */
export const names = (events: readonly SentEvent[]): string[] => events.map((it) => it.event);

/** A number generator with a seed, so that a failure can be repeated (mulberry32). */
export const createRandom = (seed: number): (() => number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let it = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
  return ((it ^ (it >>> 14)) >>> 0) / 4294967296;
};
