//! Whose an event is that cannot be used, as far as it can still be read.

use crate::snowplow::Bad;
use serde::Deserialize;
use std::borrow::Cow;

/// All that is read of an event's text.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    aid: Option<Cow<'a, str>>,
}

/// The `aid` of a bad event: of the query, which wins as it does for good ones, or of its text.
pub(super) fn of<'a>(bad: &'a Bad<'_>) -> Option<Cow<'a, str>> {
    let query = form_urlencoded::parse(bad.query.as_bytes());
    let by_query = query.filter(|(name, _)| name == "aid").last();
    by_query.map(|(_, aid)| aid).or_else(|| serde_json::from_str::<Named<'_>>(&bad.body).ok()?.aid)
}
