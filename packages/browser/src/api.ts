/** The public face: what can be called, and with what. */

import type { Value } from './call.ts';
import type { Cause } from './delivery.ts';
import type { InternalEventsMap } from './index.ts';
import type { Options } from './options.ts';

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
