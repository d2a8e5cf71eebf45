// The form: one event, and every way to send it.

import { ask, byMetric, complaints, element, explain, folded, headers, line, opened } from "./server.js";
import { watch } from "./seen.js";

const NUMBERS = new Set(["value"]);
const TEXTS = new Set(["label", "property"]);
const byId = (id) => document.getElementById(id);
const state = { events: new Map(), metrics: {}, appId: "demo", asked: 0 };

/** The chosen event's definition; one without anything where it is not defined. */
function definition() {
  const none = { description: "No definition knows this event.", identifiers: [], properties: [] };
  return state.events.get(byId("event").value) ?? none;
}

/** A property as it was typed: `value` is a number, and of others what looks like one is. */
function typed(name, text) {
  if (TEXTS.has(name)) return text;
  const number = Number(text);
  const isNumber = text.trim() !== "" && Number.isFinite(number);
  return isNumber && (NUMBERS.has(name) || String(number) === text) ? number : text;
}

function properties() {
  const inputs = [...byId("property-fields").querySelectorAll("input")];
  const given = inputs.filter((it) => it.value !== "");
  return Object.fromEntries(given.map((it) => [it.name, typed(it.name, it.value)]));
}

/** An id as it was typed: digits are a number. */
function identifier(name) {
  const text = byId(name).value.trim();
  if (text === "") return undefined;
  const number = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(number) ? number : text;
}

function identifiers() {
  return { user: identifier("user"), project: identifier("project"), namespace: identifier("namespace") };
}

/** The event as REST takes it. */
function asJson() {
  const { user, project, namespace } = identifiers();
  const given = properties();
  return {
    event: byId("event").value, user_id: user, project_id: project, namespace_id: namespace,
    additional_properties: Object.keys(given).length > 0 ? given : undefined,
  };
}

/** The attributes by which an element tracks the event. */
function attributes() {
  const { label, property, value, ...more } = properties();
  const all = {
    "data-event-tracking": byId("event").value,
    "data-event-label": label, "data-event-property": property, "data-event-value": value,
    "data-event-additional": Object.keys(more).length > 0 ? JSON.stringify(more) : undefined,
  };
  return Object.entries(all).filter(([, it]) => it !== undefined);
}

function tracking(name, text, more = []) {
  const made = element(name, text);
  for (const [attribute, value] of [...attributes(), ...more]) made.setAttribute(attribute, value);
  return made;
}

/** Source text of an element, one attribute a line. */
function markup(made) {
  const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("'", "&#39;").replaceAll("<", "&lt;");
  const lines = [...made.attributes].map((it) => `  ${it.name}='${escape(it.value)}'`);
  const name = made.localName;
  return `<${name}\n${lines.join("\n")}>${made.textContent}</${name}>`;
}

function call() {
  const given = properties();
  const name = JSON.stringify(byId("event").value);
  if (Object.keys(given).length === 0) return `InternalEvents.trackEvent(${name});`;
  return `InternalEvents.trackEvent(${name}, ${JSON.stringify(given, null, 2)});`;
}

function settings(transport) {
  return { endpoint: "", appId: state.appId, transport, ...identifiers() };
}

/** Tells the package who is there, and how to send. A tracker has no token, and REST may want one. */
function configure(transport) {
  const { user = null, project = null, namespace = null, ...others } = settings(transport);
  const token = transport === "rest" ? headers() : {};
  // A second call changes only what it gives, so that nobody has to be said too.
  window.InternalEvents.init({ ...others, user, project, namespace, batch: { wait: 200 }, headers: token });
}

function renderFields() {
  const { description, properties: names } = definition();
  byId("description").textContent = description;
  const fields = names.map((name) => {
    const label = element("label", name);
    const input = element("input");
    const kind = TEXTS.has(name) ? "text" : NUMBERS.has(name) ? "number" : "text or number";
    Object.assign(input, { name, autocomplete: "off", placeholder: kind });
    label.append(input);
    return label;
  });
  byId("property-fields").replaceChildren(...fields);
  byId("properties").hidden = names.length === 0;
}

function renderWays() {
  const init = (transport) => `InternalEvents.init(${JSON.stringify(settings(transport), null, 2)});\n`;
  byId("code-call").textContent = `${init("snowplow")}${call()}`;
  byId("code-rest").textContent = `${init("rest")}${call()}`;
  const click = tracking("button", "Click me");
  byId("code-click").textContent = markup(click);
  byId("live-click").replaceChildren(click);
  byId("code-load").textContent = markup(tracking("span", "Here I am", [["data-event-tracking-load", "true"]]));
  byId("code-program").textContent =
    `POST /api/v4/usage_data/track_event\nContent-Type: application/json\n\n${JSON.stringify(asJson(), null, 2)}`;
}

async function renderForecast() {
  const turn = (state.asked += 1);
  let lines;
  try {
    const explanation = await explain(asJson());
    const all = [...byMetric(explanation)];
    const [moved, others] = [true, false].map((moves) => all.filter(([, it]) => it.moves === moves).map(forecast));
    lines = [...complaints(explanation), ...moved, ...folded(others, "would not move, and why")];
    if (lines.length === 0) lines = [line({ mark: "–", name: "no metric counts this event" })];
  } catch (error) {
    lines = [line({ mark: "!", name: error.message, className: "wrong" })];
  }
  // An answer that was overtaken is about another event.
  if (turn === state.asked) byId("forecast").replaceChildren(...lines);
}

function forecast([keyPath, it]) {
  const className = it.moves ? "moves" : "";
  const made = line({ mark: it.moves ? "✓" : "–", name: keyPath, why: [...it.whys].join("; "), className });
  made.title = state.metrics[keyPath] ?? "";
  return made;
}

function changed() {
  renderWays();
  renderForecast();
}

function choose() {
  renderFields();
  changed();
}

/** What the package itself says: what waits in the page, and whether the browser forbids all. */
function renderPage() {
  const { queued, dropped } = window.InternalEvents.health();
  const n = Object.values(dropped).reduce((all, it) => all + it, 0);
  const parts = [`in this page: ${queued} waiting, ${n} dropped`];
  if (navigator.globalPrivacyControl) parts.push("your browser sends Global Privacy Control, so the package sends nothing");
  else if (navigator.doNotTrack === "1") parts.push("your browser asks not to be tracked, so the package sends nothing");
  byId("page-state").textContent = parts.join(" · ");
}

function track(transport) {
  configure(transport);
  window.InternalEvents.trackEvent(byId("event").value, properties());
  // What is clicked next is sent as the page says; what waits goes the way it was tracked for.
  configure("snowplow");
}

async function sendAsProgram() {
  byId("answer-program").textContent = "…";
  try {
    byId("answer-program").textContent = JSON.stringify(await ask("/api/v4/usage_data/track_event", asJson()));
  } catch (error) {
    byId("answer-program").textContent = error.message;
  }
}

function listen() {
  byId("event").addEventListener("change", choose);
  byId("identifiers").addEventListener("input", changed);
  byId("identifiers").addEventListener("change", () => configure("snowplow"));
  byId("properties").addEventListener("input", changed);
  byId("send-call").addEventListener("click", () => track("snowplow"));
  byId("send-rest").addEventListener("click", () => track("rest"));
  byId("send-load").addEventListener("click", () => {
    byId("live-load").replaceChildren(tracking("span", "Here I am", [["data-event-tracking-load", "true"]]));
    window.InternalEvents.trackInternalLoadEvents(byId("live-load"));
  });
  byId("send-program").addEventListener("click", sendAsProgram);
}

/** Asks what there is to try out, until the server may say it. */
async function definitions() {
  for (;;) {
    try {
      return await ask("/demo/definitions");
    } catch (error) {
      byId("description").textContent = error.message;
      if (error.isShut) await opened();
      else await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

async function start() {
  const { app_id: appId, events, metrics } = await definitions();
  Object.assign(state, { appId, metrics, events: new Map(events.map((it) => [it.event, it])) });
  byId("events").replaceChildren(...events.map((it) => {
    const option = element("option", it.description);
    option.value = it.event;
    return option;
  }));
  // The one with most to show.
  const size = (it) => it.metrics.length + it.properties.length;
  const richest = events.reduce((best, it) => (best && size(best) >= size(it) ? best : it), undefined);
  byId("event").value = richest?.event ?? "";
  byId("user").value = "5";
  byId("project").value = "7";
  configure("snowplow");
  listen();
  choose();
  setInterval(renderPage, 500);
}

start();
watch();
