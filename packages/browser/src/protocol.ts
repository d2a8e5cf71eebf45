/** What events look like on the wire, for a Snowplow collector and for REST. */

import type { Call, PageValues } from './call.ts';
import type { Settings } from './options.ts';
import { own } from './options.ts';

declare const VERSION: string;

// Taken when the script loads: a page that replaces them later breaks itself, not its events.
const { stringify } = JSON;

const identifiers = (settings: Settings, page: PageValues): readonly unknown[] => {
  const of = (name: 'user' | 'project' | 'namespace', ...others: readonly unknown[]): unknown =>
    [settings[name], ...others, page.data?.[`${name}_id`], null].find((it) => it !== undefined);
  // To another origin the page's server gives the user's pseudonym, if it gives one.
  const isOwn = settings.transport === 'rest' || !settings.endpoint;
  return [of('user', isOwn ? page.user : undefined), of('project'), of('namespace')];
};

/** Writes an event for REST. */
const writeRest = (call: Call, settings: Settings, page: PageValues): string => {
  const [user_id, project_id, namespace_id] = identifiers(settings, page);
  const { event, id: event_id, category, properties: additional_properties } = call;
  return stringify(own({
    event, event_id, user_id, project_id, namespace_id, category, additional_properties,
  }));
};

const entity = (schema: string, ...data: readonly unknown[]): string =>
  `{"schema":${stringify(schema)},"data":${stringify(own(...data))}}`;

const contexts = (call: Call, settings: Settings, page: PageValues): string => {
  const { label, property, value, ...extra } = call.properties;
  const [user_id, project_id, namespace_id] = identifiers(settings, page);
  const standard = entity(
    settings.standardSchema || page.schema || 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8',
    { environment: 'production' },
    page.data,
    settings.context,
    { source: 'internal-events-javascript', user_id, project_id, namespace_id },
    { extra: own(page.data?.['extra'], extra) },
  );
  const servicePing = entity(
    settings.servicePingSchema || 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1',
    { event_name: call.event, data_source: 'redis_hll' },
  );
  // Put together as text: a page may have given lists a `toJSON` of its own.
  return `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":[${
    standard},${servicePing}]}`;
};

/** Writes an event for a Snowplow collector, all but the time at which it is sent. */
const writeSnowplow = (call: Call, settings: Settings, page: PageValues): string => {
  const { label, property, value } = call.properties;
  return stringify(own({
    e: 'se',
    p: 'web',
    tv: `internal-events-${VERSION}`,
    tna: 'internal-events',
    aid: settings.appId || undefined,
    eid: call.id,
    dtm: `${call.time}`,
    url: page.url,
    refr: page.referrer,
    se_ca: call.category || 'InternalEventTracking',
    se_ac: call.event,
    se_la: label,
    se_pr: property,
    se_va: value === undefined ? value : `${value}`,
    co: call.isReport ? undefined : contexts(call, settings, page),
  }));
};

/** A request for some events. */
export interface Outgoing {
  readonly url: string;
  readonly type: string;
  readonly body: string;
}

/** Writes an event; it is never written anew, so that a server knows it when it comes again. */
export const write = (call: Call, settings: Settings, page: PageValues): string =>
  (settings.transport === 'rest' ? writeRest : writeSnowplow)(call, settings, page);

/** Where events of these settings go. */
export const address = (settings: Settings): string =>
  (settings.endpoint || '').replace(/\/+$/, '') + (settings.path || (
    settings.transport === 'rest'
      ? '/api/v4/usage_data/track_event'
      : '/com.snowplowanalytics.snowplow/tp2'
  ));

/** Puts written events into a request. */
export const wrap = (
  texts: readonly string[],
  settings: Settings,
  type: string,
  now: number,
): Outgoing => {
  const url = address(settings);
  if (settings.transport === 'rest') {
    return texts.length === 1
      ? { url, type, body: texts[0] as string }
      : { url: `${url}s`, type, body: `{"events":[${texts.join()}]}` };
  }
  const data = texts.map((text) => `{"stm":"${now}",${text.slice(1)}`).join();
  return {
    url,
    type,
    body: `{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[${
      data}]}`,
  };
};
