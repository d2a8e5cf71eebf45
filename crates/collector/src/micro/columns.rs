//! What Snowplow's pipeline makes of parameters: a flat object with the names of its columns.

use super::entry::Facts;
use crate::snowplow::{Kind, Payload};
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

/// How the value of a column is made of a parameter.
#[derive(Clone, Copy)]
enum Type {
    Text,
    Integer,
    Decimal,
    Flag,
    Time,
    /// The first and the second number of `800x600`.
    Width,
    Height,
}

/// The columns that take a parameter, in Snowplow's order, and which.
const COLUMNS: [(&str, &str, Type); 56] = [
    ("app_id", "aid", Type::Text),
    ("platform", "p", Type::Text),
    ("dvce_created_tstamp", "dtm", Type::Time),
    ("txn_id", "tid", Type::Integer),
    ("name_tracker", "tna", Type::Text),
    ("v_tracker", "tv", Type::Text),
    ("user_id", "uid", Type::Text),
    ("user_fingerprint", "fp", Type::Text),
    ("domain_userid", "duid", Type::Text),
    ("domain_sessionidx", "vid", Type::Integer),
    ("page_url", "url", Type::Text),
    ("page_title", "page", Type::Text),
    ("page_referrer", "refr", Type::Text),
    ("se_category", "se_ca", Type::Text),
    ("se_action", "se_ac", Type::Text),
    ("se_label", "se_la", Type::Text),
    ("se_property", "se_pr", Type::Text),
    ("se_value", "se_va", Type::Decimal),
    ("tr_orderid", "tr_id", Type::Text),
    ("tr_affiliation", "tr_af", Type::Text),
    ("tr_total", "tr_tt", Type::Decimal),
    ("tr_tax", "tr_tx", Type::Decimal),
    ("tr_shipping", "tr_sh", Type::Decimal),
    ("tr_city", "tr_ci", Type::Text),
    ("tr_state", "tr_st", Type::Text),
    ("tr_country", "tr_co", Type::Text),
    ("ti_orderid", "ti_id", Type::Text),
    ("ti_sku", "ti_sk", Type::Text),
    ("ti_name", "ti_nm", Type::Text),
    ("ti_category", "ti_ca", Type::Text),
    ("ti_price", "ti_pr", Type::Decimal),
    ("ti_quantity", "ti_qu", Type::Integer),
    ("pp_xoffset_min", "pp_mix", Type::Integer),
    ("pp_xoffset_max", "pp_max", Type::Integer),
    ("pp_yoffset_min", "pp_miy", Type::Integer),
    ("pp_yoffset_max", "pp_may", Type::Integer),
    ("useragent", "ua", Type::Text),
    ("br_lang", "lang", Type::Text),
    ("br_features_pdf", "f_pdf", Type::Flag),
    ("br_features_java", "f_java", Type::Flag),
    ("br_cookies", "cookie", Type::Flag),
    ("br_colordepth", "cd", Type::Text),
    ("br_viewwidth", "vp", Type::Width),
    ("br_viewheight", "vp", Type::Height),
    ("os_timezone", "tz", Type::Text),
    ("dvce_screenwidth", "res", Type::Width),
    ("dvce_screenheight", "res", Type::Height),
    ("doc_charset", "cs", Type::Text),
    ("doc_width", "ds", Type::Width),
    ("doc_height", "ds", Type::Height),
    ("tr_currency", "tr_cu", Type::Text),
    ("ti_currency", "ti_cu", Type::Text),
    ("dvce_sent_tstamp", "stm", Type::Time),
    ("domain_sessionid", "sid", Type::Text),
    ("true_tstamp", "ttm", Type::Time),
    ("network_userid", "tnuid", Type::Text),
];

impl Type {
    /// The value, if the text has the form it should have.
    fn value(self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Text => text.into(),
            Self::Integer => text.parse::<i32>().ok()?.into(),
            Self::Decimal => Number::from_f64(text.parse().ok()?)?.into(),
            Self::Flag => (text == "1").into(),
            Self::Time => time(text.parse().ok()?)?.into(),
            Self::Width => text.split_once('x')?.0.parse::<u32>().ok()?.into(),
            Self::Height => text.split_once('x')?.1.parse::<u32>().ok()?.into(),
        })
    }
}

/// Writes milliseconds since 1970 as Snowplow's analytics tools do.
pub(super) fn time(millis: i64) -> Option<String> {
    let at = Timestamp::from_millisecond(millis).ok()?;
    Some(format!("{at:.3}"))
}

/// The names that the pipeline has for a kind of event: its type, and who defines it under which
/// name; what describes itself says that itself.
pub(super) fn kind(payload: &Payload<'_>) -> (&'static str, Option<(&'static str, &'static str)>) {
    const SNOWPLOW: &str = "com.snowplowanalytics.snowplow";
    match payload.kind {
        Kind::Struct => ("struct", Some(("com.google.analytics", "event"))),
        Kind::SelfDescribing => ("unstruct", None),
        Kind::PageView => ("page_view", Some((SNOWPLOW, "page_view"))),
        Kind::PagePing => ("page_ping", Some((SNOWPLOW, "page_ping"))),
        Kind::Transaction => ("transaction", Some((SNOWPLOW, "transaction"))),
        Kind::TransactionItem => ("transaction_item", Some((SNOWPLOW, "transaction_item"))),
        Kind::Legacy if payload.parameters.get("e") == Some("ad") => ("ad", None),
        Kind::Legacy => ("ev", None),
    }
}

/// Makes the flat object of an event; a column without a value is null.
pub(super) fn flat(payload: &Payload<'_>, now_ms: i64, facts: &Facts) -> Map<String, Value> {
    let mut flat = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        flat.insert(name.to_owned(), value.unwrap_or_default());
    };
    put("event_id", facts.event_id.as_deref().map(Value::from));
    put("event", facts.event_type.map(Value::from));
    put("collector_tstamp", time(now_ms).map(Value::from));
    put("derived_tstamp", derived(payload, now_ms).and_then(time).map(Value::from));
    for (column, parameter, kind) in COLUMNS {
        let value = payload.parameters.get(parameter).and_then(|it| kind.value(it));
        // A network user id goes by two names, of which the tracker's own wins.
        let or = || payload.parameters.get("nuid").filter(|_| parameter == "tnuid");
        put(column, value.or_else(|| or().map(Value::from)));
    }
    let schema = facts.schema.as_deref();
    let mut parts = schema.and_then(|it| it.strip_prefix("iglu:")).unwrap_or_default().split('/');
    for name in ["event_vendor", "event_name", "event_format", "event_version"] {
        put(name, parts.next().filter(|it| !it.is_empty()).map(Value::from));
    }
    flat
}

/// When it happened, as far as the clock of the device can be set right.
fn derived(payload: &Payload<'_>, now_ms: i64) -> Option<i64> {
    if let Some(truly) = payload.true_ms() {
        return Some(truly);
    }
    match (payload.created_ms(), payload.sent_ms()) {
        (Some(created), Some(sent)) if created < sent => now_ms.checked_sub(sent - created),
        _ => Some(now_ms),
    }
}
