/** Internal events that go nowhere: a test reads what would have been sent. */

import type { InternalEventsApi, Options, Outgoing, World } from './index.ts';
import { createInternalEvents } from './index.ts';

/** An event as it was sent, by whichever protocol. */
export interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly category: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly user: unknown;
  readonly project: unknown;
  readonly namespace: unknown;
}

type Members = Record<string, any>;

const fromRest = (it: Members): SentEvent => ({
  id: it['event_id'],
  event: it['event'],
  category: it['category'],
  properties: it['additional_properties'],
  user: it['user_id'],
  project: it['project_id'],
  namespace: it['namespace_id'],
});

const fromSnowplow = (it: Members): SentEvent => {
  const entities: Members[] = it['co'] ? JSON.parse(it['co']).data : [];
  const standard: Members = entities[0]?.['data'] ?? {};
  const properties = { ...standard['extra'] };
  if (it['se_la'] !== undefined) properties.label = it['se_la'];
  if (it['se_pr'] !== undefined) properties.property = it['se_pr'];
  if (it['se_va'] !== undefined) properties.value = Number(it['se_va']);
  return {
    id: it['eid'],
    event: it['se_ac'],
    category: it['se_ca'],
    properties,
    user: standard['user_id'],
    project: standard['project_id'],
    namespace: standard['namespace_id'],
  };
};

/** Reads the events in a body. */
export const readBody = (body: string): SentEvent[] => {
  const { data, events, ...one } = JSON.parse(body) as Members;
  if (data) return data.map(fromSnowplow);
  return (events ?? [one]).map(fromRest);
};

/** Internal events in memory, and what was sent. */
export interface InMemory {
  readonly InternalEvents: InternalEventsApi;
  /** All requests, oldest first. */
  readonly requests: readonly Outgoing[];
  /** All events that were sent; `await InternalEvents.flush()` sends those that wait. */
  readonly events: () => SentEvent[];
}

/** Makes internal events with a transport in memory. They have no storage, and know no other page. */
export const createInMemoryInternalEvents = (options: Options = {}): InMemory => {
  const requests: Outgoing[] = [];
  const world: World = {
    transport: async (request) => {
      requests.push(request);
      return { status: request.type === 'text/plain' ? 204 : 200 };
    },
    storage: () => undefined,
    alone: (_name, work) => work(true),
  };
  const InternalEvents = createInternalEvents(world);
  InternalEvents.init({ dataAttributes: false, ...options });
  return { InternalEvents, requests, events: () => requests.flatMap((it) => readBody(it.body)) };
};
