// Starts the tracker that the address names, and gives every page the same way to use it.
{
  const { tool, endpoint, ...options } = Object.fromEntries(new URLSearchParams(location.search));

  const STANDARD = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
  const WHO = { user_id: 7, project_id: 1, namespace_id: 2 };

  /** The package of this project, with its defaults. */
  function ownTracker() {
    globalThis.InternalEvents.init({ endpoint, appId: 'e2e', user: 7, project: 1, namespace: 2, ...options });
    return (label, property) => globalThis.InternalEvents.trackEvent('click_button', { label, property });
  }

  /** The official tracker, with its defaults and what more is given. */
  function officialTracker(more = {}) {
    const snowplow = globalThis.snowplowBrowserTracking;
    snowplow.newTracker('sp', endpoint, { appId: 'e2e', ...more });
    const data = { environment: 'test', source: 'e2e', ...WHO };
    return (label, property) => snowplow.trackStructEvent({
      category: 'page', action: 'click_button', label, property, context: [{ schema: STANDARD, data }],
    });
  }

  const start = {
    'internal-events': ownTracker,
    snowplow: () => officialTracker(),
    // What its documentation advises against losing events when a page is left.
    'snowplow-keepalive': () => officialTracker({ keepalive: true, maxLocalStorageQueueSize: 10_000 }),
  };
  globalThis.track = start[tool]();
}
