/** The classic script: `window.InternalEvents`, configured by its own `data-…` attributes. */

import type { InternalEventsApi, TrackEvent } from './api.ts';
import { InternalEvents } from './index.ts';
import { own } from './options.ts';
import { readOptions, readPage, readScript } from './page.ts';

type Calls = Parameters<TrackEvent>[];

interface Classic {
  InternalEvents: InternalEventsApi;
  /** Arguments of `trackEvent`, pushed by pages that do not wait for the script. */
  internalEventsQueue: { push: (...calls: Calls) => void };
}

const target = window as unknown as Classic;
const calls = target.internalEventsQueue as unknown as Calls | undefined;
const given = readScript();
const { init } = InternalEvents;
let isStarted = false;

InternalEvents.init = (options) => {
  isStarted = true;
  init(own(given, options));
};

const isConfigured = (): boolean => {
  try {
    return !!Object.keys(own(given, readOptions(), readPage().data)).length;
  } catch {
    // It says something that cannot be read: `init` will say so.
    return true;
  }
};

/** A page that says how it wants to be tracked need not call `init` itself. */
const start = (): void => {
  if (!isStarted && isConfigured()) InternalEvents.init();
};

const push: Classic['internalEventsQueue']['push'] = (...all) =>
  all.forEach((args) => InternalEvents.trackEvent(...args));

target.InternalEvents = InternalEvents;
target.internalEventsQueue = { push };
if (calls) push(...calls);
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
