/** The classic script: `window.InternalEvents`, configured by its own `data-…` attributes. */

import type { InternalEventsApi } from './index.ts';
import { InternalEvents } from './index.ts';
import { own } from './options.ts';
import { ownScript } from './page.ts';

interface Classic {
  InternalEvents: InternalEventsApi;
  /** Arguments of `trackEvent`, pushed by pages that do not wait for the script. */
  internalEventsQueue: { push: (...calls: Parameters<InternalEventsApi['trackEvent']>[]) => void };
}

const { defaults, isConfigured } = ownScript();
const { init } = InternalEvents;
let isStarted = false;

InternalEvents.init = (options) => {
  isStarted = true;
  init(own(defaults, options));
};

const start = (): void => {
  if (!isStarted && isConfigured()) InternalEvents.init();
};

const target = window as unknown as Classic;
const calls = target.internalEventsQueue;
target.InternalEvents = InternalEvents;
const push: Classic['internalEventsQueue']['push'] = (...all) => {
  for (const args of all) InternalEvents.trackEvent(...args);
};
target.internalEventsQueue = { push };
if (Array.isArray(calls)) push(...calls);
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
