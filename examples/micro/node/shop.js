// What the page under test does: it tracks with the official browser tracker.

const STANDARD = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
const SERVICE_PING = 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1';
const BOOK = 'iglu:com.example/book/jsonschema/1-0-0';

const { snowplowBrowserTracking: snowplow, settings } = globalThis;

// A tracker sends one request at a time, and what is tracked meanwhile waits for its answer. Who
// leaves the page does not: what is tracked then has trackers of its own, which have nothing else
// to send, and `keepalive` lets their requests outlive the page.
for (const tracker of ['shop', 'link', 'leave']) {
  snowplow.newTracker(tracker, settings.server, {
    appId: settings.appId,
    customHeaders: settings.headers,
    eventMethod: settings.eventMethod ?? 'post',
    connectionTimeout: settings.connectionTimeout,
    keepalive: tracker !== 'shop',
  });
}
snowplow.trackPageView({}, ['shop']);

/** Tracks an internal event; what is no label, property or value goes into `extra`. */
function track(action, { label, property, value, ...extra } = {}, who = { user_id: 7 }, more = [], tracker = 'shop') {
  const standard = { environment: 'test', source: 'shop', project_id: 1, namespace_id: 2, ...who, extra };
  const ping = { data_source: 'redis_hll', event_name: action };
  snowplow.trackStructEvent({
    category: 'shop',
    action,
    label,
    property,
    value,
    context: [{ schema: STANDARD, data: standard }, { schema: SERVICE_PING, data: ping }, ...more],
  }, [tracker]);
}
globalThis.track = track;

document.querySelector('#search').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  track('search_catalogue', { label: form.get('language'), property: 'header' });
});

document.querySelector('#basket').addEventListener('click', () => {
  const book = { schema: BOOK, data: { isbn: '9780441478125', shelf: 'novels' } };
  track('add_book_to_basket', { label: 'paperback', value: 2 }, undefined, [book]);
});

document.querySelector('#book').addEventListener('click', () => {
  track('open_book_page', { property: 'novels', isbn: '9780441478125' }, undefined, [], 'link');
});

globalThis.addEventListener('pagehide', () => {
  snowplow.trackStructEvent({ category: 'shop', action: 'leave_page' }, ['leave']);
});
