//! Snowplow events that came from elsewhere, on their way to the collector.
//!
//! They go as they came, but for what must not leave: who a user is.

mod contexts;

use super::Salt;
use super::identity::is_pseudonym;
use super::options::SnowplowOptions;
use super::payload::Parameters;
use crate::store::StoredEntry;
use contexts::{Change, Unreadable};
use serde_json::value::RawValue;
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

/// Why an event is kept back whose user may be in it unseen.
const UNREADABLE: &str = "its contexts cannot be read, so nobody knows whether they name a user";

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
                let changed = contexts::rewrite(name, value, &Pseudonymised(salt));
                if let Some(changed) = changed.map_err(|Unreadable| UNREADABLE)? {
                    *value = changed;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Puts a hash in the place of a standard context's user.
struct Pseudonymised<'s>(&'s Salt);

impl Change for Pseudonymised<'_> {
    fn keeps(&self, _: &str) -> bool {
        true
    }

    fn member(&self, name: &str, value: &RawValue) -> Option<Value> {
        if name != "user_id" {
            return None;
        }
        let value: Value = serde_json::from_str(value.get()).unwrap_or_default();
        let hash = match value {
            Value::Null => return None,
            Value::String(it) if it.is_empty() || is_pseudonym(&it) => return None,
            Value::String(it) => self.0.hash(&it),
            // No schema allows any other value than a number, and none of them may leave.
            it => self.0.hash(&it.to_string()),
        };
        Some(hash.into())
    }
}

/// Takes out of an event's parameters who its user is, for a request that asks to stay anonymous.
pub fn without_user(parameters: &mut Map<String, Value>) {
    parameters.retain(|name, _| !PERSONAL.contains(&name.as_str()));
    for name in ["cx", "co"] {
        let Some(Value::String(value)) = parameters.get_mut(name) else { continue };
        match contexts::rewrite(name, value, &Anonymous) {
            Ok(None) => {}
            Ok(Some(changed)) => *value = changed,
            // What nobody can read may say anything.
            Err(Unreadable) => value.clear(),
        }
    }
}

/// Takes out whose session it is and who has it.
struct Anonymous;

impl Change for Anonymous {
    fn keeps(&self, schema: &str) -> bool {
        !schema.starts_with(SESSION)
    }

    fn member(&self, name: &str, value: &RawValue) -> Option<Value> {
        let is_said = PERSONAL_MEMBERS.contains(&name) && value.get() != "null";
        is_said.then_some(Value::Null)
    }
}

#[cfg(test)]
mod tests;
