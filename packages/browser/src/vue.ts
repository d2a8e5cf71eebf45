/** Internal events in Vue 3, and as a plugin in Vue 2. It needs nothing of Vue at run time. */

import type { InternalEventsApi, TrackEvent } from './api.ts';
import { InternalEvents } from './index.ts';
import type { Options } from './options.ts';
import type {} from 'vue';

/** What an application of Vue 3, or the constructor of Vue 2, is to a plugin. */
export interface VueHost {
  readonly config?: { readonly globalProperties?: object };
  readonly prototype?: object;
}

/** A plugin. */
export interface Plugin {
  readonly install: (host: VueHost, options?: Options) => void;
}

const methods = (): Pick<InternalEventsApi, 'trackEvent' | 'track_event'> =>
  InternalEvents.mixin().methods;

/**
 * Gives every component `trackEvent` and `track_event`, in scripts and templates:
 * `app.use(InternalEventsPlugin, { appId: 'shop' })`. Without options the application calls
 * `InternalEvents.init` itself.
 */
export const InternalEventsPlugin: Plugin = {
  install: (host, options) => {
    Object.assign(host.config?.globalProperties ?? host.prototype ?? {}, methods());
    if (options) InternalEvents.init(options);
  },
};

/** Internal events for `setup`: all of {@link InternalEvents}, to be taken apart. */
export const useInternalEvents = (): InternalEventsApi => ({ ...InternalEvents, ...methods() });

declare module 'vue' {
  interface ComponentCustomProperties {
    trackEvent: TrackEvent;
    track_event: TrackEvent;
  }
}
