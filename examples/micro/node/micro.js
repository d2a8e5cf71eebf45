// Asks a server that shows what trackers sent: `internal-events serve --micro`.

import { randomUUID } from 'node:crypto';

/** Where it is; the port is that of Snowplow Micro. */
export const SERVER = process.env.MICRO ?? 'http://127.0.0.1:9090';

/**
 * How long anything may take, in milliseconds, on a machine that has much else to do.
 *
 * It is that of the trackers too: what they give up after 5 s, unless told otherwise, they send
 * again only with the next event.
 */
export const PATIENCE = 60_000;

/** A name that nobody else has, for a run or an application. */
export function ownName(what) {
  return `${what}-${randomUUID()}`;
}

/** Asks one of its pages; a filter that is a list is given several times. */
export async function ask(page, filters = {}) {
  const pairs = Object.entries(filters).flatMap(([name, value]) => [value].flat().map((it) => [name, it]));
  const answer = await fetch(`${SERVER}/micro/${page}?${new URLSearchParams(pairs)}`);
  const body = await answer.json();
  // It says which events came instead, and what is wrong with them.
  if (!answer.ok) throw Object.assign(new Error(body.detail), body);
  return body;
}

/** Waits for good events; an answer comes as soon as they are there, so patience costs nothing. */
export function seen(filters) {
  return ask('wait', { timeout: PATIENCE / 1000, ...filters });
}

/** What is wrong with the one bad event of this name. */
export async function wrong(filters) {
  const events = await ask('bad', filters);
  if (events.length !== 1) throw new Error(`${events.length} events are bad, not one`);
  return events[0].errors;
}
