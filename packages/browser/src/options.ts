/** What can be configured, and what it is unless it is configured. */

/** Who or what an event is about: a number, or any text. */
export type Identifier = number | string;

/** Options of {@link InternalEvents.init}. */
export interface Options {
  /**
   * Where events go: scheme, host and port, or `''` for the page's own origin.
   * @defaultValue the origin of the classic script; else `''`
   */
  readonly endpoint?: string;
  /**
   * The path that events are posted to.
   * @defaultValue `/com.snowplowanalytics.snowplow/tp2`; by REST `/api/v4/usage_data/track_event`,
   * with an `s` for several events
   */
  readonly path?: string;
  /** The application, which the collector may ask for (`aid`). @defaultValue `''` */
  readonly appId?: string;
  /** Who does what is tracked; `null` for nobody, whatever the page says. */
  readonly user?: Identifier | null;
  /** The project in which it happens; `null` for none, whatever the page says. */
  readonly project?: Identifier | null;
  /** The namespace in which it happens; `null` for none, whatever the page says. */
  readonly namespace?: Identifier | null;
  /** The category of events that name none. @defaultValue `document.body.dataset.page` */
  readonly category?: string;
  /** The protocol. @defaultValue `'snowplow'` */
  readonly transport?: 'snowplow' | 'rest';
  /**
   * The type of the body for Snowplow. `text/plain` spares a browser the question whether it may
   * send to another origin, but collectors other than ours do not read it.
   * @defaultValue `text/plain` to another origin, until the server is found not to read it;
   * else `application/json`
   */
  readonly contentType?: string;
  /** More headers of each request. Any of them makes a browser ask other origins first. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether cookies go with requests. @defaultValue `'same-origin'` */
  readonly credentials?: RequestCredentials;
  /** `'required'` keeps all events in memory until `optIn()`. @defaultValue `'implied'` */
  readonly consent?: 'required' | 'implied';
  /** Whether nothing is tracked for who sends Do-Not-Track. @defaultValue `true` */
  readonly respectDoNotTrack?: boolean;
  /** Whether nothing is tracked for who sends Global Privacy Control. @defaultValue `true` */
  readonly respectGlobalPrivacyControl?: boolean;
  /** Whether data attributes are tracked. @defaultValue `true` */
  readonly dataAttributes?: boolean;
  /** When waiting events are sent, and how many of them in one request. */
  readonly batch?: Partial<BatchLimits>;
  /** How many events may wait. */
  readonly queue?: Partial<QueueLimits>;
  /** More members of the standard context, such as `environment` or `plan`. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** The schema of the standard context. @defaultValue that of the page, else version 1-1-8 */
  readonly standardSchema?: string;
  /** The schema of the service-ping context. @defaultValue version 1-0-1 */
  readonly servicePingSchema?: string;
  /** Whether the console tells what is tracked, and what is wrong. @defaultValue `false` */
  readonly debug?: boolean;
}

/** When waiting events are sent. */
export interface BatchLimits {
  /** This many events are sent at once, and in one request at most. @defaultValue `50` */
  readonly count: number;
  /**
   * Bytes of the events in one request. One alone that is larger is dropped.
   * A browser lets a page that goes away send 64 kB. @defaultValue `50_000`
   */
  readonly bytes: number;
  /** Milliseconds after which they are sent, if they are fewer. @defaultValue `1_000` */
  readonly wait: number;
}

/** How many events may wait; beyond that the oldest are dropped. */
export interface QueueLimits {
  /** Events. @defaultValue `10_000` */
  readonly count: number;
  /** Bytes of all of them. @defaultValue `8_000_000` */
  readonly bytes: number;
  /**
   * Characters of those that are stored, so as to outlive the page. A browser gives all of an
   * origin about 5 million, and the rest belongs to the page. @defaultValue `1_000_000`
   */
  readonly stored: number;
}

/** Options of a page, with what is known when it is not said. */
export type Settings = Omit<Options, 'batch' | 'queue'> & {
  readonly batch: BatchLimits;
  readonly queue: QueueLimits;
};

/**
 * Copies own members, later ones over earlier ones, into an object without a prototype: what a
 * page did to `Object.prototype` is neither read from it nor called when it becomes JSON.
 */
export const own = (...from: readonly unknown[]): Record<string, unknown> =>
  Object.assign(Object.create(null), ...from);

/** Completes options; of those given twice the later are taken. */
export const settle = (...given: readonly unknown[]): Settings => {
  const all = own(...given);
  all['batch'] = own({ count: 50, bytes: 50_000, wait: 1_000 } satisfies BatchLimits, all['batch']);
  all['queue'] = own(
    { count: 10_000, bytes: 8_000_000, stored: 1_000_000 } satisfies QueueLimits,
    all['queue'],
  );
  return all as unknown as Settings;
};
