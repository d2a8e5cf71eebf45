/** What events look like on the wire, for a Snowplow collector and for REST. */

import type { Call, PageValues } from './call.ts';
import { REPORT } from './call.ts';
import type { Settings } from './options.ts';
import { own } from './options.ts';

declare const VERSION: string;

// Taken when the script loads: a page that replaces it later breaks itself, not its events.
const { stringify } = JSON;

const isRest = (settings: Settings): boolean => settings.transport === 'rest';

const identifiers = (settings: Settings, page: PageValues): Record<string, unknown> => {
  const all = own();
  for (const name of ['user', 'project', 'namespace'] as const) {
    const member = `${name}_id`;
    // To another origin the page's server gives a pseudonym of the user, if it gives anything.
    const raw = name === 'user' && (isRest(settings) || !settings.endpoint) ? page.user : undefined;
    const given = settings[name];
    all[member] = given === undefined ? raw ?? page.data?.[member] ?? null : given;
  }
  return all;
};

/** Writes an event for REST. */
const writeRest = (call: Call, ids: object): string =>
  stringify(own({
    event: call.event,
    event_id: call.id,
    category: call.category,
    additional_properties: call.properties,
  }, ids));

const entity = (schema: string, ...data: readonly unknown[]): string =>
  `{"schema":${stringify(schema)},"data":${stringify(own(...data))}}`;

const contexts = (call: Call, settings: Settings, page: PageValues, ids: object): string => {
  const { label, property, value, ...extra } = call.properties;
  // Put together as text: a page may have given lists a `toJSON` of its own.
  return `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[${
    entity(
      settings.standardSchema || page.schema || 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8',
      { environment: 'production' },
      page.data,
      settings.context,
      ids,
      { source: 'internal-events-javascript', extra: own(page.data?.['extra'], extra) },
    )},${
    entity(
      settings.servicePingSchema || 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1',
      { event_name: call.event, data_source: 'redis_hll' },
    )}]}`;
};

/** Writes an event for a Snowplow collector, all but the time at which it is sent. */
const writeSnowplow = (call: Call, settings: Settings, page: PageValues, ids: object): string => {
  const { label, property, value } = call.properties;
  return stringify(own({
    e: 'se',
    p: 'web',
    tv: `internal-events-${VERSION}`,
    tna: 'internal-events',
    aid: settings.appId,
    eid: call.id,
    dtm: `${call.time}`,
    url: page.url,
    refr: page.referrer,
    se_ca: call.category || 'InternalEventTracking',
    se_ac: call.event,
    se_la: label,
    se_pr: property,
    se_va: value?.toString(),
    co: call.event === REPORT ? undefined : contexts(call, settings, page, ids),
  }));
};

/** Writes an event; it is never written anew, so that a server knows it when it comes again. */
export const write = (call: Call, settings: Settings, page: PageValues): string => {
  const ids = identifiers(settings, page);
  return isRest(settings) ? writeRest(call, ids) : writeSnowplow(call, settings, page, ids);
};

/** Where events of these settings go; by REST several of them to this with an `s`. */
export const address = (settings: Settings): string =>
  (settings.endpoint || '') + (settings.path || (
    isRest(settings)
      ? '/api/v4/usage_data/track_event'
      : '/com.snowplowanalytics.snowplow/tp2'
  ));

/** Puts written events into a body for REST. */
export const wrapRest = (texts: readonly string[]): string =>
  texts.length > 1 ? `{"events":[${texts}]}` : `${texts}`;

/** Puts written events into a body for a Snowplow collector. */
export const wrapSnowplow = (texts: readonly string[], now: number): string =>
  `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[${
    texts.map((text) => `{"stm":"${now}",${text.slice(1)}`)}]}`;
