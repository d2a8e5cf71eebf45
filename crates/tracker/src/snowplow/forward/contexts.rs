//! The contexts of an event that came from elsewhere, changed where they have to be and nowhere
//! else.
//!
//! What is not changed stays as it was written, digit by digit: nobody here knows all schemas, and
//! a number that is read and written again may be another one.

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, engine::general_purpose};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Contexts that cannot be read, and so may say anything.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// What has to change.
pub(super) trait Change {
    /// Whether a context of this schema stays.
    fn keeps(&self, schema: &str) -> bool;

    /// What a member of a standard context becomes, unless it stays.
    fn member(&self, name: &str, value: &RawValue) -> Option<Value>;
}

/// Changes contexts, in the form in which they came; nothing if nothing has changed.
pub(super) fn rewrite(
    parameter: &str,
    value: &str,
    change: &impl Change,
) -> Result<Option<String>, Unreadable> {
    let is_base64 = parameter == "cx" && !value.trim_start().starts_with('{');
    let decoded = if is_base64 { Some(decode(value).ok_or(Unreadable)?) } else { None };
    let json = decoded.as_deref().unwrap_or(value);
    let mut wrapper: Members<'_> = serde_json::from_str(json).map_err(|_| Unreadable)?;
    let mut is_changed = false;
    let mut has_data = false;
    for (_, data) in wrapper.0.iter_mut().filter(|(name, _)| name == "data") {
        has_data = true;
        let contexts: Vec<&RawValue> = serde_json::from_str(data.get()).map_err(|_| Unreadable)?;
        if let Some(changed) = change_all(&contexts, change)? {
            *data = Cow::Owned(changed);
            is_changed = true;
        }
    }
    if !has_data {
        return Err(Unreadable);
    }
    if !is_changed {
        return Ok(None);
    }
    let text = wrapper.to_raw()?;
    Ok(Some(if is_base64 { encode_like(value, text.get()) } else { text.get().to_owned() }))
}

fn change_all(
    contexts: &[&RawValue],
    change: &impl Change,
) -> Result<Option<Box<RawValue>>, Unreadable> {
    let mut kept = Vec::with_capacity(contexts.len());
    let mut is_changed = false;
    for context in contexts {
        // What is no object says nothing, and is for whoever reads it to complain of.
        let Ok(mut members) = serde_json::from_str::<Members<'_>>(context.get()) else {
            kept.push(Cow::Borrowed(*context));
            continue;
        };
        let schemas = members.texts("schema");
        if !schemas.iter().all(|it| change.keeps(it)) {
            is_changed = true;
            continue;
        }
        let is_standard = schemas.iter().any(|it| it.contains("/gitlab_standard/"));
        if is_standard && change_standard(&mut members, change)? {
            is_changed = true;
            kept.push(Cow::Owned(members.to_raw()?));
        } else {
            kept.push(Cow::Borrowed(*context));
        }
    }
    if is_changed { raw(&kept).map(Some) } else { Ok(None) }
}

/// Changes the data of a standard context; says whether anything has changed.
fn change_standard(context: &mut Members<'_>, change: &impl Change) -> Result<bool, Unreadable> {
    let mut is_changed = false;
    for (_, data) in context.0.iter_mut().filter(|(name, _)| name == "data") {
        let Ok(mut members) = serde_json::from_str::<Members<'_>>(data.get()) else { continue };
        let mut is_changed_here = false;
        for (name, value) in &mut members.0 {
            if let Some(changed) = change.member(name, value) {
                *value = Cow::Owned(raw(&changed)?);
                is_changed_here = true;
            }
        }
        if is_changed_here {
            let changed = members.to_raw()?;
            *data = Cow::Owned(changed);
            is_changed = true;
        }
    }
    Ok(is_changed)
}

/// The members of an object as they are written, those that are there twice included: who reads
/// them may believe either.
struct Members<'a>(Vec<(String, Cow<'a, RawValue>)>);

impl Members<'_> {
    fn texts(&self, name: &str) -> Vec<String> {
        let values = self.0.iter().filter(|(it, _)| it == name);
        values.filter_map(|(_, value)| serde_json::from_str(value.get()).ok()).collect()
    }

    fn to_raw(&self) -> Result<Box<RawValue>, Unreadable> {
        let mut text = String::from("{");
        for (position, (name, value)) in self.0.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            text.push_str(&Value::from(name.as_str()).to_string());
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        RawValue::from_string(text).map_err(|_| Unreadable)
    }
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>, Unreadable> {
    serde_json::value::to_raw_value(value).map_err(|_| Unreadable)
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, &'de RawValue>()? {
            members.push((name, Cow::Borrowed(value)));
        }
        Ok(Members(members))
    }
}

/// Any padding, and whatever the last bits are.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes either alphabet; a space is the `+` that somebody forgot to escape.
fn decode(text: &str) -> Option<String> {
    let standard: String = text
        .chars()
        .filter(|it| !matches!(it, '\r' | '\n'))
        .map(|it| match it {
            '-' | ' ' => '+',
            '_' => '/',
            it => it,
        })
        .collect();
    String::from_utf8(LENIENT.decode(standard.trim_end_matches('=')).ok()?).ok()
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
