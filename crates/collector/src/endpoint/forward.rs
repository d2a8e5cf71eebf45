//! Hands events of trackers on to a Snowplow collector, as they came.

use crate::snowplow::Payload;
use internal_events::snowplow::without_user;
use serde_json::{Map, Value};

/// How events are handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarding {
    /// What the ids of applications end in that came by `/-/collect_events`: `_sm`, for one.
    pub app_id_suffix: &'static str,
}

/// The parameters of an event, as the journal keeps them until they are handed on.
pub(super) fn parameters(
    payload: &Payload<'_>,
    app_id_suffix: Option<&str>,
    is_anonymous: bool,
) -> Box<str> {
    let mut parameters: Map<String, Value> =
        payload.parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    if let Some(suffix) = app_id_suffix
        && let Some(Value::String(app_id)) = parameters.get_mut("aid")
        && !app_id.is_empty()
        && !["_dedicated", "_sm"].iter().any(|it| app_id.ends_with(it))
    {
        app_id.push_str(suffix);
    }
    if is_anonymous {
        without_user(&mut parameters);
    }
    Value::Object(parameters).to_string().into()
}
