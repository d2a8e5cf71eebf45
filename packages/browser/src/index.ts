/** Internal events in a page: raw JavaScript and data attributes. */

import type { Health } from './tracker.ts';
import type { Options } from './options.ts';
import { isPage, page } from './page.ts';
import { createTracker } from './tracker.ts';
import type { Value } from './call.ts';
import type { World } from './world.ts';

export type { Value } from './call.ts';
export type { Cause } from './delivery.ts';
export type { BatchLimits, Identifier, Options, QueueLimits } from './options.ts';
export type { Health } from './tracker.ts';
export type { Answer, Sending, Transport, World } from './world.ts';

/**
 * The events there are, by name, each with its additional properties.
 * Empty, any event may be tracked; declare members, by hand or by a generator, and only these may:
 *
 *     declare module '@internal-events/browser' {
 *       interface InternalEventsMap { create_order: { label?: string; value?: number } }
 *     }
 */
export interface InternalEventsMap {}

/** Additional properties of events that are not declared. */
export interface AdditionalProperties {
  readonly label?: string;
  readonly property?: string;
  readonly value?: number;
  readonly [custom: string]: Value | null | undefined;
}

/** The name of an event. */
export type EventName = [keyof InternalEventsMap] extends [never] ? string : keyof InternalEventsMap;

/** What an event may have. */
export type PropertiesOf<E extends EventName> = E extends keyof InternalEventsMap
  ? InternalEventsMap[E]
  : AdditionalProperties;

/** Tracks an event. */
export type TrackEvent = <E extends EventName>(
  event: E,
  additionalProperties?: PropertiesOf<E>,
  category?: string,
) => void;

/** A mixin for components of Vue 2 and Vue 3. */
export interface Mixin {
  readonly methods: { readonly trackEvent: TrackEvent; readonly track_event: TrackEvent };
}

/** All that can be done with internal events. Nothing of it throws. */
export interface InternalEventsApi {
  /**
   * Says where events go, and starts to send. What was tracked before is sent too.
   * A second call changes only what it gives.
   */
  init: (options?: Options) => void;
  /** Records that `event` happened. Returns at once. */
  trackEvent: TrackEvent;
  /** The older name of `trackEvent`. */
  track_event: TrackEvent;
  /** Makes a mixin, with both names as methods. */
  mixin: () => Mixin;
  /**
   * Tracks clicks on elements with data attributes in `parent`, those that come later too.
   * Gives what ends it; `null` if it is done already, or the visitor wants no tracking.
   */
  bindInternalEventDocument: (parent?: Document | Element | ShadowRoot) => (() => void) | null;
  /**
   * Tracks the elements in `parent` that are tracked as soon as they are there, each once.
   * Gives all of them; none if the visitor wants no tracking.
   */
  trackInternalLoadEvents: (parent?: ParentNode) => ArrayLike<Element>;
  /** The visitor agrees; remembered by the browser. Events that waited for it are sent. */
  optIn: () => void;
  /** The visitor does not agree; remembered by the browser. All events that wait are forgotten. */
  optOut: () => void;
  /** Sends what waits; done when that was tried. */
  flush: () => Promise<void>;
  /** What became of the events of this page. */
  health: () => Health;
}

/** Makes internal events in some world; tests bring their own. */
export const createInternalEvents = (world: World): InternalEventsApi => {
  const tracker = createTracker(world, (event, properties) =>
    api.trackEvent(event as EventName, properties as PropertiesOf<EventName>));
  const { attributes, guard } = tracker;

  const api: InternalEventsApi = {
    init: (options = {}) => guard(() => {
      if (!isPage() || !tracker.init(options) || options.dataAttributes === false) return;
      api.bindInternalEventDocument();
      api.trackInternalLoadEvents();
      // What the browser has not read yet of the page comes later, too.
      attributes.observe(document);
    }),
    trackEvent: (event, additionalProperties, category) =>
      tracker.track(event, additionalProperties, category),
    // Called by its other name, so that a spy on that one sees all events.
    track_event: (...args) => api.trackEvent(...args),
    mixin: () => {
      const trackEvent: TrackEvent = (event, additionalProperties, category) =>
        api.trackEvent(event, additionalProperties ?? ({} as PropertiesOf<typeof event>), category);
      return { methods: { trackEvent, track_event: trackEvent } };
    },
    bindInternalEventDocument: (parent = document) => {
      let dispose: (() => void) | null = null;
      guard(() => {
        if (!tracker.isSuppressed()) dispose = attributes.bind(parent);
      });
      return dispose;
    },
    trackInternalLoadEvents: (parent = document) => {
      let elements: ArrayLike<Element> = [];
      guard(() => {
        if (!tracker.isSuppressed()) elements = attributes.load(parent);
      });
      return elements;
    },
    optIn: () => tracker.consent(true),
    optOut: () => tracker.consent(false),
    flush: tracker.flush,
    health: tracker.health,
  };
  return api;
};

/** Internal events of this page. */
export const InternalEvents: InternalEventsApi = createInternalEvents(page);
