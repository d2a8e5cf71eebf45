/** The world of a page: the only file that touches `window` and `document`. */

import type { PageValues } from './call.ts';
import type { Identifier } from './options.ts';
import { own } from './options.ts';
import type { Answer, Transport, World } from './world.ts';

/** Whether there is a page at all; on a server there is none. */
export const isPage = (): boolean => typeof document === 'object';

/** After this a request counts as failed, in milliseconds. */
const TIMEOUT = 15_000;

/** How long a page waits until no other one sends, in milliseconds. */
const PATIENCE = 10_000;

type Signals = { timeout?: (milliseconds: number) => AbortSignal };

const signal = (milliseconds: number): { signal?: AbortSignal } => {
  const it = (AbortSignal as unknown as Signals).timeout?.(milliseconds);
  return it ? { signal: it } : {};
};

/** Whether `fetch` can outlive its page; where it cannot, a beacon can. */
const canKeepAlive = (): boolean => 'keepalive' in Request.prototype;

const meta = (name: string): string | undefined =>
  document.querySelector(`meta[name="${name}"]`)?.getAttribute('content') || undefined;

/** Whether an address is of another origin. */
const isForeign = (url: string): boolean => new URL(url, location.href).origin !== location.origin;

const send: Transport = async ({ url, type, body }, { keepalive, headers, credentials }) => {
  if (keepalive && !canKeepAlive() && navigator.sendBeacon?.(url, new Blob([body], { type }))) {
    // Nobody says what becomes of it; if the page is still here then, the events are sent again.
    return new Promise((answer) => setTimeout(answer, TIMEOUT, { status: 0 }));
  }
  const token = isForeign(url) ? undefined : meta('csrf-token');
  const response = await fetch(url, {
    method: 'POST',
    body,
    keepalive: keepalive && canKeepAlive(),
    credentials: credentials || 'same-origin',
    headers: own({ 'Content-Type': type }, token && { 'X-CSRF-Token': token }, headers) as
      Record<string, string>,
    ...signal(TIMEOUT),
  });
  return { status: response.status, retryAfter: response.headers.get('Retry-After') } as Answer;
};

/** Lets one page at a time send; without Web Locks by a lease in the storage, as well as it can. */
const alone: World['alone'] = async (name, work) => {
  let hasRun = false;
  const run = (isAlone: boolean): Promise<void> => {
    hasRun = true;
    return work(isAlone);
  };
  try {
    if (navigator.locks) {
      await navigator.locks.request(`internal-events ${name}`, signal(PATIENCE), () => run(true));
      return;
    }
    const key = `internal-events-lease ${name}`;
    if (+(localStorage.getItem(key) || 0) < Date.now()) {
      localStorage.setItem(key, `${Date.now() + 2 * TIMEOUT}`);
      await run(true);
      localStorage.removeItem(key);
      return;
    }
  } catch {
    // Refused, or another page does not end: what is of this page can be sent all the same.
  }
  if (!hasRun) await run(false);
};

const { hasOwnProperty } = Object.prototype;

/** Reads an own member: neither what a page did to prototypes, nor an element with that id. */
const get = <T>(from: unknown, name: string): T | undefined =>
  from != null && hasOwnProperty.call(from, name)
    ? (from as Record<string, T | null>)[name] ?? undefined
    : undefined;

const values = (): PageValues => {
  const gl = get(window, 'gl');
  const context = get(gl, 'snowplowStandardContext');
  return {
    schema: get(context, 'schema'),
    data: get(context, 'data'),
    user: get<Identifier>(get(window, 'gon'), 'current_user_id'),
    url: get(gl, 'snowplowPseudonymizedPageUrl'),
    referrer: get(gl, 'maskedDefaultReferrerUrl'),
  };
};

const uuid = (): string => {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Pages without TLS have random numbers only.
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte, nth) =>
    (nth === 6 ? (byte & 15) | 64 : nth === 8 ? (byte & 63) | 128 : byte)
      .toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
};

/** The world of the page that runs this. */
export const page: World = {
  now: () => Date.now(),
  random: () => Math.random(),
  uuid,
  wait: (work, milliseconds) => setTimeout(work, milliseconds),
  stop: (timer) => clearTimeout(timer as number | undefined),
  transport: send,
  storage: () => localStorage,
  alone,
  page: values,
  category: () => document.body?.dataset['page'],
  given: () => JSON.parse(meta('internal-events') || '{}'),
  privacy: () => {
    const { globalPrivacyControl, doNotTrack, msDoNotTrack } = navigator as unknown as
      Record<string, unknown>;
    const dnt = doNotTrack || (window as unknown as Record<string, unknown>)['doNotTrack'] || msDoNotTrack;
    return { gpc: !!globalPrivacyControl, dnt: dnt === '1' || dnt === 'yes' };
  },
  isForeign,
  onLeave: (work) => {
    addEventListener('pagehide', work);
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') work();
    });
  },
  onOnline: (work) => addEventListener('online', work),
  log: (...message) => console.warn('[internal-events]', ...message),
};

/** What the tag of the classic script says: its origin, and options as `data-…` attributes. */
export const ownScript = (): {
  readonly defaults: Record<string, unknown>;
  readonly isConfigured: () => boolean;
} => {
  const script = document.currentScript as HTMLScriptElement | null;
  const defaults: Record<string, unknown> = own();
  if (script?.src && isForeign(script.src)) defaults['endpoint'] = new URL(script.src).origin;
  const given = Object.entries(script?.dataset || {});
  for (const [name, text] of given) {
    defaults[name] = text === 'true' || (text === 'false' ? false : text);
  }
  return {
    defaults,
    isConfigured: () =>
      !!(given.length || meta('internal-events') || values().data),
  };
};
