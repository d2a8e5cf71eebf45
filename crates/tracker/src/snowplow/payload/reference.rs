//! The same events, built in the obvious way: values first, then their JSON. What is sent has to be
//! byte for byte the same.

use super::super::json::Object;
use super::super::options::{Instance, SnowplowOptions};
use super::super::scalar::float;
use super::super::{Salt, destination};
use super::Builder;
use crate::payload::{encode_duo, encode_event, event_of};
use crate::store::{EventId, StoredEntry};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use internal_events_catalog::{Event, Id, Scalar};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde_json::{Map, Number, Value, json};

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

struct Reference<'o> {
    options: &'o SnowplowOptions,
    unique_instance_id: String,
}

impl<'o> Reference<'o> {
    fn new(options: &'o SnowplowOptions) -> Self {
        let instance = &options.instance;
        let id = options.salt.unique_instance_id(&instance.environment, instance.is_development);
        Self { options, unique_instance_id: id.to_string() }
    }

    /// The parameters as an object, of which those that say nothing are left out.
    fn build(&self, entry: &StoredEntry, event: &Event, is_duo: bool) -> Map<String, Value> {
        let options = self.options;
        let property = |name: &str| event.property(name).map(as_parameter).unwrap_or_default();
        let contexts = self.contexts(entry, event, is_duo);
        let (cx, co) = if options.base64 {
            (STANDARD.encode(contexts), String::new())
        } else {
            (String::new(), contexts)
        };
        let parameters = json!({
            "e": "se",
            "se_ca": event.category.as_deref().unwrap_or(CATEGORY),
            "se_ac": event.name,
            "se_la": property("label"),
            "se_pr": property("property"),
            "se_va": property("value"),
            "cx": cx,
            "co": co,
            "p": "srv",
            "dtm": entry.accepted_at.to_string(),
            "tna": options.tracker_name,
            "tv": options.tracker_version,
            "aid": options.app_id.as_deref().unwrap_or_default(),
            "eid": entry.id.to_string(),
        });
        let Value::Object(mut parameters) = parameters else { unreachable!("it is an object") };
        parameters.retain(|_, value| value != "");
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
        Value::Number(it) if it.is_i64() => return Value::Array(vec![value]),
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

/// Writes a value as the text of a parameter, as Ruby's `to_s` does.
fn as_parameter(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(it) => it.to_string(),
        Scalar::Int(it) => it.to_string(),
        Scalar::Float(it) => float(*it),
        Scalar::Str(it) => it.clone(),
    }
}

/// Writes a value as JSON.
fn as_json(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(it) => (*it).into(),
        Scalar::Int(it) => (*it).into(),
        Scalar::Float(it) => Number::from_f64(*it).map_or(Value::Null, Value::Number),
        Scalar::Str(it) => it.as_str().into(),
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{0,12}",
        "[ -~]{0,20}",
        any::<String>(),
        select(&["[1, 2]", "3,4", "[]", "[1, x]", " 5", "-1", "\u{7f}\u{0}\"\\/"])
            .prop_map(str::to_owned),
    ]
}

fn any_scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Int),
        (-100..100_i64).prop_map(Scalar::Int),
        any::<f64>().prop_map(Scalar::Float),
        any_text().prop_map(Scalar::Str),
    ]
}

fn any_id() -> impl Strategy<Value = Id> {
    prop_oneof![
        any::<i64>().prop_map(Id::Number),
        any_text().prop_map(Id::Text),
        any::<[u8; 32]>().prop_map(|it| Id::Text(STANDARD.encode(it))),
    ]
}

/// Names that mean something, and others; few enough that some come twice.
fn any_pairs() -> impl Strategy<Value = Vec<(String, Scalar)>> {
    let known = [&BASE[..], &LIFTED[..], &AI[..4], &["plan", "source", "environment", "extra"]];
    let other = ["realm", "organization_id", "user_type", "correlation_id", "instance_id", "a"];
    let known: Vec<&str> = known.concat().into_iter().chain(other).collect();
    let name = prop_oneof![4 => select(known).prop_map(str::to_owned), 1 => any_text()];
    let many = (40..80_i64)
        .prop_map(|n| (0..n).map(|it| (format!("n{}", it % 50), Scalar::Int(it))).collect());
    prop_oneof![9 => vec((name, any_scalar()), 0..8), 1 => many]
}

fn any_event() -> impl Strategy<Value = Event> {
    let ids = (option::of(any_id()), option::of(any_id()), option::of(any_id()));
    (any_text(), option::of(any_text()), ids, any_pairs(), any_pairs()).prop_map(
        |(name, category, (user, project, namespace), properties, context)| Event {
            name,
            category,
            user,
            project,
            namespace,
            properties,
            context,
            ..Event::default()
        },
    )
}

fn any_options() -> impl Strategy<Value = SnowplowOptions> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let texts = vec(any_text(), 5);
    let optional = vec(option::of(any_text()), 4);
    (any_text(), flags, texts, optional).prop_map(
        |(salt, (base64, pseudonymise, is_development), texts, optional)| {
            let mut options = SnowplowOptions::new("http://localhost", Salt::new(&salt));
            options.base64 = base64;
            options.pseudonymise = pseudonymise;
            let [tracker, source, realm, id, vendor] = <[_; 5]>::try_from(texts).unwrap();
            let [app_id, plan, version, host_name] = <[_; 4]>::try_from(optional).unwrap();
            options.tracker_name = tracker;
            options.schemas.vendor = vendor;
            options.app_id = app_id;
            let others = Instance { is_development, ..Instance::default() };
            options.instance = Instance { source, plan, realm, id, version, host_name, ..others };
            options
        },
    )
}

/// Any time that a clock may show before the year 10000.
const TIMES: std::ops::Range<i64> = 0..253_402_300_800_000;

proptest! {
    #[test]
    fn what_is_sent_is_what_the_obvious_way_gives(
        event in any_event(),
        is_duo: bool,
        id: [u8; 16],
        accepted_at in TIMES,
        options in any_options(),
    ) {
        let mut bytes = Vec::new();
        encode_event(&event, &mut bytes);
        if is_duo {
            encode_duo(&mut bytes);
        }
        let members: Map<String, Value> = serde_json::from_slice(&bytes).unwrap();
        let read = event_of(&members).unwrap();
        let entry = StoredEntry {
            sequence: 1,
            id: EventId(id),
            accepted_at,
            catalog: 0,
            event: bytes,
            updates: Vec::new(),
        };
        let expected = Reference::new(&options).build(&entry, &read, is_duo);
        let mut object = Object::with_capacity(0);
        let builder = Builder::new(&options);
        destination::write(&entry, &builder, accepted_at, &options, &mut object).unwrap();
        prop_assert_eq!(format!("{}}}", object.text), Value::Object(expected.clone()).to_string());
        prop_assert!(!object.has_sent_time);
        let parameters = builder.build(&entry, &event, is_duo);
        let parameters: Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        prop_assert_eq!(parameters, expected);
    }
}
