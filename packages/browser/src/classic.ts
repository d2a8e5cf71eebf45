/** The classic script: `window.InternalEvents`, configured by its own `data-…` attributes. */

import type { InternalEventsApi, TrackEvent } from './api.ts';
import { InternalEvents } from './index.ts';
import { own } from './options.ts';
import { meta, OPTIONS, readPage, readScript } from './page.ts';

type Calls = Parameters<TrackEvent>[];

interface Classic {
  InternalEvents: InternalEventsApi;
  /** Arguments of `trackEvent`, pushed by pages that do not wait for the script. */
  internalEventsQueue: { push: (...calls: Calls) => void };
}

const target = window as unknown as Partial<Classic>;
const calls: unknown = target.internalEventsQueue;
const given = readScript();
const { init } = InternalEvents;
let isStarted = false;

InternalEvents.init = (options) => {
  isStarted = true;
  init(own(given, options));
};

/** A page that says how it wants to be tracked need not call `init` itself. */
const start = (): void => {
  if (!isStarted && (Object.keys(given).length || meta(OPTIONS) || readPage().data)) {
    InternalEvents.init();
  }
};

const push: Classic['internalEventsQueue']['push'] = (...all) =>
  all.forEach((args) => InternalEvents.trackEvent(...args));

// A page that has the script twice keeps the first.
if (!target.InternalEvents) {
  target.InternalEvents = InternalEvents;
  target.internalEventsQueue = { push };
  if (Array.isArray(calls)) push(...calls as Calls);
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
}
