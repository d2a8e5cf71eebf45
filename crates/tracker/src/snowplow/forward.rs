//! Snowplow events that came from elsewhere, on their way to the collector.
//!
//! They go as they came, but for what must not leave: who a user is.

use super::Salt;
use super::identity::is_pseudonym;
use super::options::SnowplowOptions;
use super::payload::Parameters;
use crate::store::StoredEntry;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, engine::general_purpose};
use internal_events_catalog::Id;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// All that `payload_data/jsonschema/1-0-4` allows. One other parameter would cost all events of a
/// request.
const ALLOWED: &str = "tna aid p dtm tz e tid eid tv duid nuid uid vid ip res url page refr fp \
    ctype cookie lang f_pdf f_qt f_realp f_wma f_dir f_fla f_java f_gears f_ag cd ds cs vp mac \
    pp_mix pp_max pp_miy pp_may ad_ba ad_ca ad_ad ad_uid tr_id tr_af tr_tt tr_tx tr_sh tr_ci tr_st \
    tr_co tr_cu ti_id ti_sk ti_nm ti_na ti_ca ti_pr ti_qu ti_cu sa sn st sp se_ca se_ac se_la se_pr \
    se_va ue_na ue_pr ue_px co cx ua tnuid stm sid ttm";

static ALLOWED_NAMES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| ALLOWED.split(' ').collect());

/// What the protocol demands.
const REQUIRED: [&str; 3] = ["e", "p", "tv"];

/// Parameters that say who or where somebody is.
const PERSONAL: [&str; 9] = ["uid", "duid", "nuid", "tnuid", "sid", "vid", "ip", "fp", "ad_uid"];

/// Members of the standard context that do.
const PERSONAL_MEMBERS: [&str; 3] = ["user_id", "global_user_id", "user_type"];

/// An entity of browsers that says whose session it is.
const SESSION: &str = "iglu:com.snowplowanalytics.snowplow/client_session/";

/// How long an event may wait here before that is added to the time when it was sent: a collector
/// takes the time between sending and arriving for an error of the sender's clock.
const LONG_MS: i64 = 60_000;

/// Makes ready what came as a Snowplow event; says why where it cannot be sent.
pub(super) fn forward(
    entry: &StoredEntry,
    came: &Map<String, Value>,
    now: i64,
    options: &SnowplowOptions,
) -> Result<Parameters, String> {
    let mut parameters = Parameters(Vec::with_capacity(came.len() + 1));
    for (name, value) in came {
        let Value::String(value) = value else { continue };
        if ALLOWED_NAMES.contains(name.as_str()) && !value.is_empty() {
            parameters.0.push((name.clone(), value.clone()));
        }
    }
    if let Some(missing) = REQUIRED.iter().find(|it| parameters.get(it).is_none()) {
        return Err(format!(
            "the parameter `{missing}` is missing, without which a collector refuses an event and \
             all that come with it"
        ));
    }
    if parameters.get("eid").is_none() {
        parameters.0.push(("eid".to_owned(), entry.id.to_string()));
    }
    let held_up = now.saturating_sub(entry.accepted_at);
    if held_up > LONG_MS {
        shift_sent(&mut parameters, held_up);
    }
    if options.pseudonymise {
        pseudonymise(&mut parameters, &options.salt)?;
    }
    Ok(parameters)
}

fn shift_sent(parameters: &mut Parameters, by: i64) {
    for (name, value) in &mut parameters.0 {
        if name == "stm"
            && let Ok(sent) = value.parse::<i64>()
        {
            *value = sent.saturating_add(by).to_string();
        }
    }
}

/// Puts hashes in the place of ids of users.
fn pseudonymise(parameters: &mut Parameters, salt: &Salt) -> Result<(), String> {
    for (name, value) in &mut parameters.0 {
        match name.as_str() {
            "uid" if !is_pseudonym(value) => *value = salt.hash(value),
            "cx" | "co" => {
                let hash = |contexts: &mut Vec<Value>| pseudonymise_contexts(contexts, salt);
                match rewrite_contexts(name, value, hash) {
                    Rewritten::Unchanged => {}
                    Rewritten::Changed(changed) => *value = changed,
                    Rewritten::Unreadable => return Err("its contexts cannot be read".to_owned()),
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn pseudonymise_contexts(contexts: &mut [Value], salt: &Salt) -> bool {
    let mut is_changed = false;
    for data in contexts.iter_mut().filter_map(standard_data) {
        let Some(user) = data.get_mut("user_id") else { continue };
        let hashed = match user {
            Value::String(it) if !it.is_empty() && !is_pseudonym(it) => salt.hash(it),
            Value::Number(it) => match it.as_i64() {
                Some(id) => salt.pseudonym(&Id::Number(id)),
                None => salt.hash(&it.to_string()),
            },
            _ => continue,
        };
        *user = hashed.into();
        is_changed = true;
    }
    is_changed
}

/// Takes out of an event's parameters who its user is, for a request that asks to stay anonymous.
pub fn without_user(parameters: &mut Map<String, Value>) {
    parameters.retain(|name, _| !PERSONAL.contains(&name.as_str()));
    let hide = |contexts: &mut Vec<Value>| {
        let schema = |it: &Value| it.get("schema").and_then(Value::as_str).unwrap_or("").to_owned();
        let before = contexts.len();
        contexts.retain(|it| !schema(it).starts_with(SESSION));
        let mut is_changed = contexts.len() < before;
        for data in contexts.iter_mut().filter_map(standard_data) {
            for name in PERSONAL_MEMBERS {
                if let Some(value) = data.get_mut(name).filter(|it| !it.is_null()) {
                    *value = Value::Null;
                    is_changed = true;
                }
            }
        }
        is_changed
    };
    for name in ["cx", "co"] {
        let Some(Value::String(value)) = parameters.get_mut(name) else { continue };
        match rewrite_contexts(name, value, hide) {
            Rewritten::Unchanged => {}
            Rewritten::Changed(changed) => *value = changed,
            // What nobody can read may say anything.
            Rewritten::Unreadable => value.clear(),
        }
    }
}

/// The members of a standard context, of whatever vendor.
fn standard_data(context: &mut Value) -> Option<&mut Map<String, Value>> {
    let schema = context.get("schema")?.as_str()?;
    if !schema.contains("/gitlab_standard/") {
        return None;
    }
    context.get_mut("data")?.as_object_mut()
}

/// What became of contexts.
enum Rewritten {
    Unchanged,
    Changed(String),
    Unreadable,
}

/// Changes contexts in the form in which they came.
fn rewrite_contexts(
    name: &str,
    value: &str,
    change: impl FnOnce(&mut Vec<Value>) -> bool,
) -> Rewritten {
    let is_base64 = name == "cx" && !value.trim_start().starts_with('{');
    let decoded = if is_base64 { decode(value) } else { Some(value.as_bytes().to_vec()) };
    let wrapper = decoded.and_then(|it| serde_json::from_slice::<Value>(&it).ok());
    let Some(mut wrapper) = wrapper else { return Rewritten::Unreadable };
    let Some(contexts) = wrapper.get_mut("data").and_then(Value::as_array_mut) else {
        return Rewritten::Unreadable;
    };
    if !change(contexts) {
        return Rewritten::Unchanged;
    }
    let text = wrapper.to_string();
    Rewritten::Changed(if is_base64 { encode_like(value, &text) } else { text })
}

/// Any padding, and whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes either alphabet; a space is the `+` that somebody forgot to escape.
fn decode(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .filter(|it| !matches!(it, '\r' | '\n'))
        .map(|it| match it {
            '-' | ' ' => '+',
            '_' => '/',
            it => it,
        })
        .collect();
    LENIENT.decode(standard.trim_end_matches('=')).ok()
}

/// Encodes with the alphabet and padding that another text has.
fn encode_like(model: &str, text: &str) -> String {
    let is_padded = model.ends_with('=');
    let is_url_safe = model.contains(['-', '_']);
    match (is_url_safe, is_padded) {
        (true, true) => general_purpose::URL_SAFE.encode(text),
        (true, false) => general_purpose::URL_SAFE_NO_PAD.encode(text),
        (false, true) => general_purpose::STANDARD.encode(text),
        // It has neither sign of either alphabet, or `+` and `/` and a length that needs no padding.
        (false, false) if model.contains(['+', '/']) => general_purpose::STANDARD.encode(text),
        (false, false) => general_purpose::URL_SAFE_NO_PAD.encode(text),
    }
}

#[cfg(test)]
mod tests;
