/** What a caller said, made safe to keep: nothing in it can throw, change or run later. */

import type { Identifier } from './options.ts';
import { own } from './options.ts';

/** What a property may be. */
export type Value = string | number | boolean;

/** An event as it was tracked. */
export interface Call {
  readonly event: string;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly properties: Readonly<Record<string, Value>>;
  readonly category: string | undefined;
}

/** The event that tells a server what was dropped in the page; it is no internal event. */
export const REPORT = 'client_dropped';

/** What a page says about itself. */
export interface PageValues {
  /** Schema and data of the standard context that the server rendered. */
  readonly schema?: string | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  /** The user who is signed in. */
  readonly user?: Identifier | undefined;
  /** Address and referrer without what is private in them. */
  readonly url?: string | undefined;
  readonly referrer?: string | undefined;
}

/**
 * Copies the properties that can be sent: texts, finite numbers and booleans. `value` has to be a
 * number, `label` and `property` texts. Each other is left out, and `warn` told its name.
 */
export const readProperties = (
  given: unknown,
  warn: (name: string) => void,
): Record<string, Value> => {
  const properties = own() as Record<string, Value>;
  if (!given || typeof given !== 'object') return properties;
  for (const name of Object.keys(given)) {
    try {
      const value = (given as Record<string, unknown>)[name];
      if (value == null) continue;
      const type = typeof value;
      const isFine =
        name === 'value' ? Number.isFinite(value)
        : name === 'label' || name === 'property' ? type === 'string'
        : type === 'string' || type === 'boolean' || Number.isFinite(value);
      if (isFine) {
        properties[name] = value as Value;
        continue;
      }
    } catch {
      // A getter of the page threw: the property has no value.
    }
    warn(name);
  }
  return properties;
};
