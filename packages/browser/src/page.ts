/** The only file that touches `window` and `document`. */

import type { PageValues } from './call.ts';
import type { Identifier } from './options.ts';
import { own } from './options.ts';
import type { Alone, Transport, World } from './world.ts';

/** After this a request counts as failed, in milliseconds. */
const TIMEOUT = 15_000;

/** How long a page waits until no other one sends, in milliseconds. */
const PATIENCE = 10_000;

/** Whether there is a page at all; on a server there is none. */
export const isPage = (): boolean => typeof document === 'object';

/** Tells a developer something. */
export const log = (...message: readonly unknown[]): void =>
  console.warn('[internal-events]', ...message);

/** Ends something after a time; older browsers wait as long as it takes. */
const within = (milliseconds: number): { readonly signal: AbortSignal } =>
  ({ signal: AbortSignal.timeout?.(milliseconds) });

/** The name of the meta element with options. */
export const OPTIONS = 'internal-events';

/** What a meta element says. */
export const meta = (name: string): string | null | undefined =>
  document.querySelector(`meta[name="${name}"]`)?.getAttribute('content');

/** Whether requests to this address go to another origin. */
export const isForeign = (url: string): boolean =>
  new URL(url, location.href).origin !== location.origin;

const send: Transport = async ({ url, type, body, keepalive, isLast, headers, credentials }) => {
  if (
    isLast && !('keepalive' in Request.prototype) &&
    navigator.sendBeacon?.(url, new Blob([body], { type }))
  ) {
    // Nobody says what becomes of it; if the page is still here then, the events are sent again.
    return new Promise((answer) => setTimeout(answer, TIMEOUT, { status: 0 }));
  }
  const token = !isForeign(url) && meta('csrf-token');
  const response = await fetch(url, {
    method: 'POST',
    body,
    keepalive,
    credentials: credentials || 'same-origin',
    headers: own({ 'Content-Type': type }, token && { 'X-CSRF-Token': token }, headers) as
      Record<string, string>,
    ...within(TIMEOUT),
  });
  // Until it is read to its end a browser counts it among those that are kept alive.
  await response.text().catch(() => {});
  return { status: response.status, retryAfter: response.headers.get('Retry-After') };
};

let isFirst = true;

/**
 * Lets one page at a time send. Without Web Locks a page takes in what others left when it starts,
 * and then sends only what is its own.
 */
const alone: Alone = async (name, work) => {
  const { locks } = navigator;
  const hasJustStarted = isFirst;
  isFirst = false;
  if (!locks) return work(hasJustStarted);
  let hasRun = false;
  try {
    await locks.request(name, within(PATIENCE), () => {
      hasRun = true;
      return work(true);
    });
  } catch {
    // Refused, or another page does not end: what is of this page can be sent all the same.
    if (!hasRun) await work(false);
  }
};

/** The world of this page. */
export const world: World = { transport: send, storage: () => localStorage, alone };

const { hasOwnProperty } = Object.prototype;

/**
 * Reads an own member: neither what a page did to prototypes, nor an element with that id. What
 * throws when it is read is not there: the event is worth more than what would be said of it.
 */
const get = <T>(from: unknown, name: string): T | undefined => {
  try {
    return hasOwnProperty.call(from, name)
      ? (from as Record<string, T | null>)[name] ?? undefined
      : undefined;
  } catch {
    return undefined;
  }
};

/** What the page says about itself, as pages of GitLab do. */
export const readPage = (): PageValues => {
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

/** The category of events that name none. */
export const readCategory = (): string | undefined => document.body?.dataset['page'];

/** Options in the page; throws if they are no JSON. */
export const readOptions = (): unknown => JSON.parse(meta(OPTIONS) || '{}');

/** What the visitor's browser says: Global Privacy Control, and Do-Not-Track. */
export const readPrivacy = (): readonly [boolean, boolean] => {
  const { globalPrivacyControl, doNotTrack } = navigator as unknown as Record<string, unknown>;
  return [!!globalPrivacyControl, doNotTrack === '1'];
};

/** A digit of a random UUID: of an 8, which is the variant's, only the last two bits are random. */
const digit = (given: string): string => {
  const [byte] = crypto.getRandomValues(new Uint8Array(1)) as unknown as [number];
  return (+given ^ (byte & (15 >> (+given / 4)))).toString(16);
};

/** A random UUID; pages without TLS have random numbers only. */
export const uuid = (): string =>
  crypto.randomUUID?.() ?? '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, digit);

/** The page may be gone soon. */
export const onLeave = (work: () => void): void => {
  addEventListener('pagehide', work);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') work();
  });
};

/** The network is back. */
export const onOnline = (work: () => void): void => addEventListener('online', work);

/** The tag of the classic script: its origin if it is another one, and its `data-…` attributes. */
export const readScript = (): Record<string, unknown> => {
  const script = document.currentScript as HTMLScriptElement | null;
  const options = own();
  if (script?.src && isForeign(script.src)) options['endpoint'] = new URL(script.src).origin;
  for (const [name, text] of Object.entries(script?.dataset || {})) {
    options[name] = text === 'true' || (text !== 'false' && text);
  }
  return options;
};
