//! What trackers sent and nobody can use, as it is kept aside.

use crate::limits::Limits;
use crate::snowplow::Bad;
use internal_events::Foreign;
use serde_json::{Map, Value, json};

/// Reasons that are kept of one bad event; more would only repeat the lesson.
const REASONS: usize = 8;

/// Makes what is kept of a bad event: `{"reasons": […], "query": "…", "body": "…"}`.
///
/// A request that asks for anonymity leaves the reasons only: its text may name a user.
pub(super) fn foreign(bad: &Bad<'_>, is_anonymous: bool, limits: &Limits) -> Foreign {
    let reasons = bad.reasons.iter().take(REASONS);
    let reasons: Vec<Value> =
        reasons.map(|it| json!({ "code": it.code(), "reason": it.to_string() })).collect();
    let mut object = Map::new();
    object.insert("reasons".to_owned(), reasons.into());
    if is_anonymous {
        object.insert("anonymous".to_owned(), true.into());
    } else {
        let mut is_cut = false;
        for (name, text) in [("query", &bad.query), ("body", &bad.body)] {
            let end = text.floor_char_boundary(limits.kept_bytes);
            is_cut |= end < text.len();
            if end > 0 {
                object.insert(name.to_owned(), text[..end].into());
            }
        }
        if is_cut {
            object.insert("cut".to_owned(), true.into());
        }
    }
    let code = bad.reasons.first().map_or("unknown", crate::snowplow::Fault::code);
    let payload = Value::Object(object).to_string().into_bytes();
    Foreign { reason: format!("snowplow:{code}").into(), payload }
}
