// What became of events: each that the server accepts, with the metrics before and after it.

import { ask, byMetric, complaints, element, explain, folded, line, opened } from "./server.js";

const PAUSE = 700;
const SHOWN = 40;
const byId = (id) => document.getElementById(id);
const known = { last: null, values: new Map(), health: null };

/** Looks at the server until the page is closed, but not while nobody sees it. */
export async function watch() {
  for (;;) {
    try {
      await look();
    } catch (error) {
      say(error instanceof TypeError ? "the server does not answer" : error.message, true);
      if (error.isShut) await opened();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (document.hidden) await new Promise((resolve) => {
      document.addEventListener("visibilitychange", resolve, { once: true });
    });
  }
}

function say(text, isTrouble) {
  byId("state").textContent = text;
  byId("state").className = isTrouble ? "trouble" : "";
}

async function look() {
  if (known.last === null) {
    known.last = (await ask("/api/v4/usage_data/events?limit=1")).last;
    known.values = await values();
  }
  const arrived = await read();
  if (arrived.length > 0) {
    let after;
    // Between the two questions more may come, whose effect would be taken for that of the former.
    for (let n = 0; n < 5; n += 1) {
      after = await values();
      const more = await read();
      arrived.push(...more);
      if (more.length === 0) break;
    }
    await show(arrived, known.values, after);
    known.values = after;
  }
  const health = await ask("/healthz");
  if (known.health) for (const text of notes(known.health, health)) note(text);
  known.health = health;
  say(`live · ${health.events.accepted} accepted since the server started`, false);
}

async function read() {
  const answer = await ask(`/api/v4/usage_data/events?after=${known.last}`);
  known.last = answer.last;
  return answer.events;
}

async function values() {
  const report = await ask("/api/v4/usage_data/metrics?include_current_week=true");
  return new Map(report.metrics.map((it) => [it.key_path, it.value ?? null]));
}

/** The event of the journal, as it is asked about. */
function asked({ event, user, project, namespace, properties = {} }) {
  return {
    event, user_id: user, project_id: project, namespace_id: namespace,
    additional_properties: properties,
  };
}

/** Shows events that came together: whose effects cannot be told apart share their numbers. */
async function show(entries, before, after) {
  const tracked = entries.filter((it) => it.event.event !== undefined);
  const explanations = await Promise.all(tracked.map((it) => explain(asked(it.event))));
  const item = element("li");
  for (const it of tracked) item.append(heading(it), withWhat(it.event));
  const metrics = element("ul", undefined, "metrics");
  const verdicts = new Map();
  for (const explanation of explanations) {
    metrics.append(...complaints(explanation));
    for (const [keyPath, it] of byMetric(explanation)) {
      const earlier = verdicts.get(keyPath);
      if (!earlier || (it.moves && !earlier.moves)) verdicts.set(keyPath, it);
    }
  }
  const lines = (moves) => [...verdicts].filter(([, it]) => it.moves === moves)
    .map(([keyPath, it]) => verdict(keyPath, it, before, after));
  metrics.append(...lines(true), ...folded(lines(false), "did not move, and why"));
  if (verdicts.size === 0) metrics.append(line({ mark: "–", name: "no metric counts this event" }));
  item.append(metrics);
  if (tracked.length > 0) put(item);
}

function verdict(keyPath, it, before, after) {
  const [was, is] = [before, after].map((values) => written(values.get(keyPath)));
  const why = [...it.whys].join("; ");
  if (!it.moves) return line({ mark: "–", name: keyPath, numbers: is, why });
  if (was === is) return line({ mark: "=", name: keyPath, numbers: is, why: unchanged(it, why) });
  return line({ mark: "✓", name: keyPath, numbers: `${was} → ${is}`, className: "moved" });
}

function unchanged(it, why) {
  if (it.status !== "active") return `${why}, but the metric is ${it.status}`;
  return `${why}, which it had counted`;
}

/** A value; of a count per value the largest ones. */
function written(value) {
  if (value === null || value === undefined) return "no value";
  if (typeof value !== "object") return String(value);
  const all = Object.values(value).flatMap((it) => Object.entries(it));
  const largest = all.sort(([, a], [, b]) => b - a).slice(0, 3).map(([name, n]) => `${name} ${n}`);
  return largest.join(", ") + (all.length > 3 ? ", …" : "") || "none";
}

function heading(entry) {
  const made = element("div", undefined, "arrived");
  const at = new Date(entry.accepted_at);
  const time = element("time", isNaN(at) ? entry.accepted_at : at.toLocaleTimeString());
  time.dateTime = entry.accepted_at;
  made.append(element("strong", entry.event.event), time);
  return made;
}

function withWhat({ user, project, namespace, properties = {} }) {
  const all = Object.entries({ user, project, namespace, ...properties });
  const given = all.filter(([, value]) => value !== undefined);
  const text = given.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(" · ");
  return element("div", text || "nobody, nowhere, and no property", "with");
}

/** What else happened, from one look to the next: each event that moved nothing has a reason. */
function notes(was, is) {
  const sum = (counts) => Object.values(counts ?? {}).reduce((all, n) => all + n, 0);
  const kinds = [
    [(it) => it.events.quarantined, "kept aside, for no definition knows it or it cannot be used"],
    [(it) => it.events.duplicate, "sent again, and not counted twice"],
    [(it) => sum(it.events.refused), "refused"],
    [(it) => it.snowplow.not_counted, "not counted, as count_snowplow says"],
    [(it) => it.snowplow.bad["app-id"] ?? 0, "of an application that is not listed"],
    [(it) => sum(it.client_dropped), "dropped by a page before it was sent"],
  ];
  const grown = kinds.map(([count, what]) => [count(is) - count(was), what]);
  return grown.filter(([n]) => n > 0).map(([n, what]) => `${n} ${n === 1 ? "event was" : "events were"} ${what}.`);
}

function note(text) {
  const item = element("li");
  item.append(element("div", text, "with"));
  put(item);
}

function put(item) {
  byId("nothing-yet").hidden = true;
  byId("seen").prepend(item);
  while (byId("seen").childElementCount > SHOWN) byId("seen").lastElementChild.remove();
}
