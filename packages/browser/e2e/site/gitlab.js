// A page as GitLab renders it, and what GitLab's own front end does in it, as its documentation
// and its behaviour say: each internal event goes out by REST, without an id, and by Snowplow too.
{
  const schema = 'iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7';
  const standard = {
    environment: 'development', source: 'gitlab-rails', plan: 'free', user_id: 7, project_id: 1, namespace_id: 2, extra: {},
  };
  globalThis.gl = { snowplowStandardContext: { schema, data: standard } };
  globalThis.gon = { current_user_id: 7, api_version: 'v4', relative_url_root: '' };

  /** What `window.snowplowOptions` of such a page makes of the official tracker. */
  globalThis.startGitlab = (collector) => {
    globalThis.snowplowBrowserTracking.newTracker('gl', collector, {
      appId: 'gitlab', eventMethod: 'post', respectDoNotTrack: true, maxLocalStorageQueueSize: 100,
    });
  };

  globalThis.gitlabTrackEvent = (event, { label, property, value, ...extra } = {}) => {
    const { project_id, namespace_id } = standard;
    const additional_properties = { label, property, value, ...extra };
    const body = JSON.stringify({ event, project_id, namespace_id, additional_properties });
    fetch(`${gon.relative_url_root}/api/${gon.api_version}/usage_data/track_event`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body,
    });
    const ping = { event_name: event, data_source: 'redis_hll' };
    globalThis.snowplowBrowserTracking.trackStructEvent({
      category: document.body.dataset.page,
      action: event,
      label,
      property,
      value,
      context: [
        { schema, data: { ...standard, source: 'gitlab-javascript', extra } },
        { schema: 'iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1', data: ping },
      ],
    });
  };
}
