//! What callers send: bodies of a real size, none of them twice.

use crate::generated::{self, LABEL};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use std::cell::Cell;
use std::rc::Rc;

/// Where single events go, and where Snowplow trackers send.
pub(crate) const REST: &str = "/api/v4/usage_data/track_event";
pub(crate) const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Bytes of a single event; a property is as long as that needs.
const SINGLE_BYTES: usize = 582;

/// Events that differ.
const EVENTS: usize = 4_096;

/// Makes one body after the other.
#[derive(Clone, Debug)]
pub(crate) struct Bodies {
    templates: Rc<[String]>,
    /// Events of one body; 0 if it is a single event without an id.
    batch: usize,
    n_made: Rc<Cell<u64>>,
}

impl Bodies {
    /// Single events over REST.
    pub(crate) fn singles(n_events: usize) -> Self {
        Self::of_singles(n_events, false)
    }

    /// The same for which a Snowplow event is to be sent too.
    pub(crate) fn singles_for_analytics(n_events: usize) -> Self {
        Self::of_singles(n_events, true)
    }

    fn of_singles(n_events: usize, is_sent: bool) -> Self {
        let templates = (0..EVENTS).map(|it| single(it, n_events, is_sent)).collect();
        Self { templates, batch: 0, n_made: Rc::default() }
    }

    /// What a Snowplow tracker sends of so many events at a time.
    pub(crate) fn batches(batch: usize, n_events: usize) -> Self {
        let templates = (0..EVENTS / batch).map(|it| {
            let events = (0..batch).map(|nth| tracked(it * batch + nth, n_events));
            format!(
                r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[{}]}}"#,
                events.collect::<Vec<_>>().join(",")
            )
        });
        Self { templates: templates.collect(), batch, n_made: Rc::default() }
    }

    /// Events in each.
    pub(crate) fn events(&self) -> u64 {
        self.batch.max(1) as u64
    }

    /// Bytes of one event, its share of what is around it included.
    pub(crate) fn event_bytes(&self) -> usize {
        self.templates[0].len() / self.batch.max(1)
    }

    /// The next body; its events have ids that no other has.
    pub(crate) fn next(&self) -> String {
        let n = self.n_made.replace(self.n_made.get() + 1);
        let idx = n.wrapping_mul(37) % self.templates.len() as u64;
        let template = &self.templates[usize::try_from(idx).unwrap_or_default()];
        if self.batch == 0 {
            return template.clone();
        }
        let mut body = String::with_capacity(template.len());
        for (nth, part) in template.split(PLACE).enumerate() {
            if nth > 0 {
                let (batch, id) = (self.batch, n * self.batch as u64 + nth as u64);
                body.push_str(&format!("5b6c7d8e-{batch:04}-4000-8000-{id:012x}"));
            }
            body.push_str(part);
        }
        body
    }
}

/// Stands for the id of an event.
const PLACE: &str = "%eid%";

fn single(idx: usize, n_events: usize, is_sent: bool) -> String {
    let body = |property: &str| {
        format!(
            r#"{{"event":"{}","user_id":{},"project_id":{},"namespace_id":{},"send_to_snowplow":{is_sent},"additional_properties":{{"label":"{LABEL}","property":"{property}","value":{}}}}}"#,
            action(idx, n_events),
            user(idx),
            project(idx),
            namespace(idx),
            idx % 100,
        )
    };
    body(&"p".repeat(SINGLE_BYTES.saturating_sub(body("").len())))
}

/// An event as GitLab's own tracker sends it, with its two contexts.
fn tracked(idx: usize, n_events: usize) -> String {
    let name = action(idx, n_events);
    let contexts = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1",
        "data": [
            {
                "schema": "iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7",
                "data": {
                    "environment": "production",
                    "source": "gitlab-rails",
                    "correlation_id": format!("01JD8Q4N5RZ3W2V1T0S9{idx:06}"),
                    "plan": "ultimate",
                    "extra": {},
                    "user_id": user(idx),
                    "global_user_id": "VQ7B2sVn8rB0o3Yb9l0hQ2pN4qk5u6dZ8xT1cW3eR5g=",
                    "user_type": "human",
                    "is_gitlab_team_member": false,
                    "namespace_id": namespace(idx),
                    "ultimate_parent_namespace_id": namespace(idx),
                    "project_id": project(idx),
                    "feature_enabled_by_namespace_ids": null,
                    "realm": "saas",
                    "deployment_type": ".com",
                    "context_generated_at": "2026-11-22T07:46:58.993Z",
                    "instance_id": "ea8bf810-1d6f-4a6a-b4fd-93e8cbd8b57f",
                    "unique_instance_id": "9d1b1c0e-7c5c-5d3a-9a7b-0c1d2e3f4a5b",
                    "host_name": "gitlab.example.com",
                    "instance_version": "19.3.0",
                },
            },
            {
                "schema": "iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1",
                "data": { "data_source": "redis_hll", "event_name": name },
            },
        ],
    });
    let cx = BASE64_URL_SAFE_NO_PAD.encode(contexts.to_string());
    format!(
        r#"{{"e":"se","se_ca":"InternalEventTracking","se_ac":"{name}","se_la":"{LABEL}","se_pr":"sidebar","se_va":"{}","eid":"{PLACE}","dtm":"1795333374195","cx":"{cx}","tna":"gl","tv":"rb-0.8.0","p":"srv","aid":"gitlab","stm":"1795333374412"}}"#,
        idx % 100,
    )
}

fn action(idx: usize, n_events: usize) -> String {
    generated::action(idx * 7919 % n_events)
}

fn user(idx: usize) -> usize {
    100_000 + idx * 31 % 20_000
}

fn project(idx: usize) -> usize {
    10_000 + idx % 5_000
}

fn namespace(idx: usize) -> usize {
    1_000 + idx % 500
}
