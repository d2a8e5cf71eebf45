//! The Snowplow event that GitLab would send for an internal event.
//!
//! ```text
//! {"e":"se","se_ca":…,"se_ac":…,"se_la":…,"se_pr":…,"se_va":…,"cx":…,"p":"srv","dtm":…,"tna":"gl",…}
//! ```
//!
//! All of it follows from the entry in the journal and the configuration, so that it is the same
//! event whenever it is sent.

use super::options::SnowplowOptions;
use super::scalar::{as_json, as_parameter};
use crate::store::StoredEntry;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use internal_events_catalog::{Event, Id};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The parameters of an event, in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    /// Adds a parameter; one that says nothing is left out.
    fn add(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.push((name.to_owned(), value));
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Walks them in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The category of events whose caller names none.
const CATEGORY: &str = "InternalEventTracking";

const CONTEXTS: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";

/// The additional properties that Snowplow has a place for.
const BASE: [&str; 3] = ["label", "property", "value"];

/// Custom properties that take the place of a member of the standard context.
const LIFTED: [&str; 2] = ["project_id", "feature_enabled_by_namespace_ids"];

/// Members of the AI context, in order.
const AI: [&str; 23] = [
    "session_id",
    "workflow_id",
    "flow_type",
    "item_type",
    "item_version",
    "item_schema_version",
    "flow_name",
    "component_name",
    "agent_name",
    "agent_type",
    "custom_item_id",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "ephemeral_5m_input_tokens",
    "ephemeral_1h_input_tokens",
    "cache_read",
    "cache_creation",
    "model_engine",
    "model_name",
    "model_provider",
    "flow_version",
    "flow_registry_version",
];

/// Builds events; made once, for what it says of the installation.
#[derive(Debug)]
pub(super) struct Builder<'o> {
    options: &'o SnowplowOptions,
    unique_instance_id: String,
}

impl<'o> Builder<'o> {
    pub(super) fn new(options: &'o SnowplowOptions) -> Self {
        let instance = &options.instance;
        let id = options.salt.unique_instance_id(&instance.environment, instance.is_development);
        Self { options, unique_instance_id: id.to_string() }
    }

    /// Builds the Snowplow event of an internal event, all but the time when it is sent.
    pub(super) fn build(&self, entry: &StoredEntry, event: &Event, is_duo: bool) -> Parameters {
        let options = self.options;
        let property = |name: &str| event.property(name).map(as_parameter).unwrap_or_default();
        let mut parameters = Parameters(Vec::with_capacity(14));
        parameters.add("e", "se");
        parameters.add("se_ca", event.category.as_deref().unwrap_or(CATEGORY));
        parameters.add("se_ac", event.name.as_str());
        parameters.add("se_la", property("label"));
        parameters.add("se_pr", property("property"));
        parameters.add("se_va", property("value"));
        let contexts = self.contexts(entry, event, is_duo);
        if options.base64 {
            parameters.add("cx", STANDARD.encode(contexts));
        } else {
            parameters.add("co", contexts);
        }
        parameters.add("p", "srv");
        parameters.add("dtm", entry.accepted_at.to_string());
        parameters.add("tna", options.tracker_name.as_str());
        parameters.add("tv", options.tracker_version.as_str());
        parameters.add("aid", options.app_id.as_deref().unwrap_or_default());
        parameters.add("eid", entry.id.to_string());
        parameters
    }

    fn contexts(&self, entry: &StoredEntry, event: &Event, is_duo: bool) -> String {
        let schemas = &self.options.schemas;
        let extra = extra(event);
        let mut contexts = Vec::with_capacity(3);
        let ai = (is_duo && !extra.is_empty()).then(|| ai(&extra));
        let standard = self.standard(entry, event, extra);
        contexts.push(self.context("gitlab_standard", &schemas.standard, standard));
        let service_ping = json!({ "data_source": "redis_hll", "event_name": event.name });
        contexts.push(self.context("gitlab_service_ping", &schemas.service_ping, service_ping));
        if let Some(ai) = ai {
            contexts.push(self.context("ai_context", &schemas.ai, ai));
        }
        json!({ "schema": CONTEXTS, "data": contexts }).to_string()
    }

    fn context(&self, name: &str, version: &str, data: impl Serialize) -> Value {
        let vendor = &self.options.schemas.vendor;
        json!({ "schema": format!("iglu:{vendor}/{name}/jsonschema/{version}"), "data": data })
    }

    /// The standard context: GitLab's members in GitLab's order, a null where there is nothing to
    /// say; then what else the event's caller said.
    fn standard(&self, entry: &StoredEntry, event: &Event, extra: Map<String, Value>) -> Value {
        let (options, instance) = (self.options, &self.options.instance);
        let said = |name: &str| {
            let given = event.context.iter().rev().find(|(it, _)| it == name);
            given.map_or(Value::Null, |(_, value)| as_json(value))
        };
        let or = |name: &str, value: Value| match said(name) {
            Value::Null => value,
            said => said,
        };
        let user = event.user.as_ref();
        let mut members = Map::with_capacity(24);
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("environment", instance.environment.as_str().into());
        add("source", or("source", instance.source.as_str().into()));
        add("correlation_id", or("correlation_id", entry.id.to_string().replace('-', "").into()));
        add("plan", or("plan", instance.plan.as_deref().into()));
        add("extra", extra.into());
        add("user_id", user.map(|it| user_id(it, options)).into());
        add("global_user_id", user.map(|it| global_user_id(it, options)).into());
        for name in ["user_type", "is_gitlab_team_member"] {
            add(name, said(name));
        }
        add("namespace_id", id(event.namespace.as_ref()));
        add("ultimate_parent_namespace_id", said("ultimate_parent_namespace_id"));
        add("project_id", lifted(event, "project_id", id(event.project.as_ref())));
        let feature = said("feature_enabled_by_namespace_ids");
        let feature = lifted(event, "feature_enabled_by_namespace_ids", feature);
        add("feature_enabled_by_namespace_ids", as_ids(feature));
        add("realm", or("realm", instance.realm.as_str().into()));
        add("deployment_type", or("deployment_type", instance.deployment_type.as_str().into()));
        add("instance_id", instance.id.as_str().into());
        add("unique_instance_id", self.unique_instance_id.as_str().into());
        add("host_name", instance.host_name.as_deref().into());
        add("instance_version", instance.version.as_deref().into());
        add("context_generated_at", time(entry.accepted_at).into());
        add("organization_id", said("organization_id"));
        for (name, value) in &event.context {
            if !members.contains_key(name) {
                members.insert(name.clone(), as_json(value));
            }
        }
        members.into()
    }
}

/// The custom properties of an event; of two with one name the last counts.
fn extra(event: &Event) -> Map<String, Value> {
    let is_custom = |name: &str| !BASE.contains(&name) && !LIFTED.contains(&name);
    let custom = event.properties.iter().filter(|(name, _)| is_custom(name));
    custom.map(|(name, value)| (name.clone(), as_json(value))).collect()
}

fn lifted(event: &Event, name: &str, otherwise: Value) -> Value {
    event.property(name).map_or(otherwise, as_json)
}

fn ai(extra: &Map<String, Value>) -> Value {
    let member = |name: &&str| ((*name).to_owned(), extra.get(*name).cloned().unwrap_or_default());
    Value::Object(AI.iter().map(member).collect())
}

/// Reads ids that a caller could only write as one value: `[1, 2]`, `1,2` or a single number.
fn as_ids(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.trim_matches(['[', ']', ' ']),
        Value::Number(_) => return Value::Array(vec![value]),
        _ => return value,
    };
    if text.is_empty() {
        return Value::Array(Vec::new());
    }
    let ids = text.split(',').map(|it| it.trim().parse::<i64>());
    ids.collect::<Result<Vec<i64>, _>>().map_or(value, Value::from)
}

fn user_id(user: &Id, options: &SnowplowOptions) -> Value {
    if options.pseudonymise {
        return options.salt.pseudonym(user).into();
    }
    id(Some(user))
}

fn global_user_id(user: &Id, options: &SnowplowOptions) -> String {
    options.salt.hash(&format!("{}{user}", options.instance.id))
}

fn id(id: Option<&Id>) -> Value {
    match id {
        None => Value::Null,
        Some(Id::Number(it)) => (*it).into(),
        Some(Id::Text(it)) => it.as_str().into(),
    }
}

/// Writes a time as browsers do: `2026-11-22T09:06:51.772Z`.
fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests;
