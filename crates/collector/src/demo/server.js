// What the page asks its server, and how it says what came back.

const form = document.getElementById("token-form");
const tokenInput = document.getElementById("token");
let token = "";
let whenOpened = [];

form.addEventListener("submit", (event) => {
  event.preventDefault();
  token = tokenInput.value.trim();
  tokenInput.value = "";
  const waiting = whenOpened;
  whenOpened = [];
  for (const go of waiting) go();
});

/** Becomes ready when somebody has given another token. */
export const opened = () => new Promise((resolve) => whenOpened.push(resolve));

export const headers = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** Asks for JSON; what is no success is thrown, with the words of the server. */
export async function ask(path, posted) {
  const post = { method: "POST", body: JSON.stringify(posted) };
  const type = { "Content-Type": "application/json" };
  const answer = await fetch(path, {
    cache: "no-store",
    ...(posted === undefined ? {} : post),
    headers: { ...headers(), ...(posted === undefined ? {} : type) },
  });
  const json = await answer.json();
  const isShut = answer.status === 401 || json.code === "missing_scope";
  if (isShut || answer.ok) form.hidden = !isShut;
  if (answer.ok) return json;
  throw Object.assign(new Error(json.detail ?? `The server answers ${answer.status}.`), { isShut });
}

/** Asks what an event would do. */
export const explain = (event) => ask("/api/v4/usage_data/explain", event);

/** Everything that comes from anywhere gets into the page as text, and in no other way. */
export function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/**
 * What an explanation says of each metric, by key path: whether it moves, and why or why not.
 * A metric may read several counters, and moves with any of them.
 */
export function byMetric(explanation) {
  const found = new Map();
  for (const rule of explanation.rules) {
    for (const metric of rule.metrics) {
      const it = found.get(metric.key_path) ?? { ...metric, moves: false, whys: new Set() };
      if (rule.moves && !it.moves) Object.assign(it, { moves: true, whys: new Set() });
      if (rule.moves === it.moves) it.whys.add(rule.why);
      found.set(metric.key_path, it);
    }
  }
  return found;
}

/** A line about a metric, or about the event itself. */
export function line({ mark, name, numbers = "", why = "", className = "" }) {
  const made = element("li", undefined, className);
  const named = element("span", undefined, "name");
  // Key paths are long, and are best broken where their words end.
  for (const word of name.split(/(?<=[_.])/)) named.append(word, element("wbr"));
  made.append(element("span", mark, "mark"), named);
  made.append(element("span", numbers, "numbers"));
  if (why) made.append(element("span", why, "why"));
  return made;
}

/** Lines that say why something did not happen, which whoever asks why unfolds. */
export function folded(lines, what) {
  if (lines.length === 0) return [];
  const made = element("details");
  const list = element("ul", undefined, "metrics");
  list.append(...lines);
  made.append(element("summary", `${lines.length} ${what}`), list);
  const item = element("li", undefined, "folded");
  item.append(made);
  return [item];
}

/** What is wrong with an event before any metric is looked at. */
export function complaints(explanation) {
  const wrong = explanation.gates.filter((it) => !it.passed);
  const warned = (explanation.warnings ?? []).map((it) => ({ subject: "warning", detail: it }));
  return [...wrong, ...warned].map(({ subject, detail }) =>
    line({ mark: "!", name: subject, why: detail, className: "wrong" }));
}
