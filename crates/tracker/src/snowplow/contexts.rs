//! The contexts of a Snowplow event, as GitLab builds them: JSON, written straight into a text.

use super::json::{write_int, write_text};
use super::options::SnowplowOptions;
use super::said::{Given, Said};
use crate::store::StoredEntry;
use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde_json::json;
use uuid::Uuid;
use uuid::fmt::Simple;

pub(super) const CONTEXTS: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";

/// The additional properties that Snowplow has a place for.
const BASE: [&str; 3] = ["label", "property", "value"];

/// Custom properties that take the place of a member of the standard context.
const LIFTED: [&str; 2] = ["project_id", "feature_enabled_by_namespace_ids"];

/// Members of the standard context, in order. What else is said of the circumstances follows.
const STANDARD: [&str; 21] = [
    "environment",
    "source",
    "correlation_id",
    "plan",
    "extra",
    "user_id",
    "global_user_id",
    "user_type",
    "is_gitlab_team_member",
    "namespace_id",
    "ultimate_parent_namespace_id",
    "project_id",
    "feature_enabled_by_namespace_ids",
    "realm",
    "deployment_type",
    "instance_id",
    "unique_instance_id",
    "host_name",
    "instance_version",
    "context_generated_at",
    "organization_id",
];

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

/// Bytes of the contexts of a usual event.
const USUAL: usize = 1_536;

/// Writes contexts; what they say of the installation is written once.
#[derive(Debug)]
pub(super) struct Contexts<'o> {
    options: &'o SnowplowOptions,
    /// From the beginning to the name of `source`.
    start: String,
    /// The members from `instance_id` to `instance_version`.
    instance: String,
    /// From the end of the standard context to the name of the event.
    service_ping: String,
    /// From the end of the service ping's to the members of the AI context.
    ai: String,
}

impl<'o> Contexts<'o> {
    pub(super) fn new(options: &'o SnowplowOptions) -> Self {
        let (schemas, instance) = (&options.schemas, &options.instance);
        let schema = |name: &str, version: &str| {
            json!(format!("iglu:{}/{name}/jsonschema/{version}", schemas.vendor))
        };
        let id = options.salt.unique_instance_id(&instance.environment, instance.is_development);
        Self {
            options,
            start: format!(
                r#"{{"schema":"{CONTEXTS}","data":[{{"schema":{},"data":{{"environment":{}"#,
                schema("gitlab_standard", &schemas.standard),
                json!(instance.environment),
            ),
            instance: format!(
                r#","instance_id":{},"unique_instance_id":"{id}","host_name":{},"instance_version":{}"#,
                json!(instance.id),
                json!(instance.host_name),
                json!(instance.version),
            ),
            service_ping: format!(
                r#"}}}},{{"schema":{},"data":{{"data_source":"redis_hll","event_name":"#,
                schema("gitlab_service_ping", &schemas.service_ping),
            ),
            ai: format!(r#"}}}},{{"schema":{},"data":{{"#, schema("ai_context", &schemas.ai)),
        }
    }

    /// Writes all contexts of an event.
    pub(super) fn write(&self, entry: &StoredEntry, said: &Said<'_>) -> String {
        let mut out = String::with_capacity(USUAL);
        out.push_str(&self.start);
        self.write_standard(entry, said, &mut out);
        out.push_str(&self.service_ping);
        write_text(said.name().unwrap_or_default(), &mut out);
        if said.is_duo() && extra(said).next().is_some() {
            out.push_str(&self.ai);
            write_ai(said, &mut out);
        }
        out.push_str("}}]}");
        out
    }

    /// Writes the standard context of an event and others, which are objects of JSON.
    pub(super) fn write_with(
        &self,
        entry: &StoredEntry,
        said: &Said<'_>,
        others: &[String],
    ) -> String {
        let mut out = String::with_capacity(USUAL);
        out.push_str(&self.start);
        self.write_standard(entry, said, &mut out);
        out.push_str("}}");
        for other in others {
            out.push(',');
            out.push_str(other);
        }
        out.push_str("]}");
        out
    }

    /// The standard context: GitLab's members in GitLab's order, a null where there is nothing to
    /// say; then what else the event's caller said.
    fn write_standard(&self, entry: &StoredEntry, said: &Said<'_>, out: &mut String) {
        let instance = &self.options.instance;
        or_text(said, "source", Some(&instance.source), out);
        let mut id = [0; Simple::LENGTH];
        let id = Uuid::from_bytes(entry.id.0).simple().encode_lower(&mut id);
        or_text(said, "correlation_id", Some(id), out);
        or_text(said, "plan", instance.plan.as_deref(), out);
        name("extra", out);
        write_object(extra(said), out);
        self.write_user(said.user(), out);
        as_said(said, "user_type", out);
        as_said(said, "is_gitlab_team_member", out);
        or_null("namespace_id", said.namespace(), out);
        as_said(said, "ultimate_parent_namespace_id", out);
        or_null("project_id", said.property("project_id").or(said.project()), out);
        let feature = "feature_enabled_by_namespace_ids";
        name(feature, out);
        write_ids(said.property(feature).or(said.circumstance(feature)), out);
        or_text(said, "realm", Some(&instance.realm), out);
        or_text(said, "deployment_type", Some(&instance.deployment_type), out);
        out.push_str(&self.instance);
        name("context_generated_at", out);
        write_time(entry.accepted_at, out);
        as_said(said, "organization_id", out);
        for (member, value) in said.context() {
            if !STANDARD.contains(&&**member) {
                out.push(',');
                write_text(member, out);
                out.push(':');
                value.write(out);
            }
        }
    }

    fn write_user(&self, user: Option<&Given<'_>>, out: &mut String) {
        let Some(user) = user else {
            out.push_str(r#","user_id":null,"global_user_id":null"#);
            return;
        };
        let salt = &self.options.salt;
        name("user_id", out);
        if self.options.pseudonymise {
            user.write_pseudonym(salt, out);
        } else {
            user.write(out);
        }
        out.push_str(r#","global_user_id":""#);
        salt.write_hash(&[&self.options.instance.id, &user.to_text()], out);
        out.push('"');
    }
}

/// Begins one of our members, which is not the first of its object.
fn name(name: &'static str, out: &mut String) {
    out.push_str(",\"");
    out.push_str(name);
    out.push_str("\":");
}

fn or_null(member: &'static str, value: Option<&Given<'_>>, out: &mut String) {
    name(member, out);
    value.unwrap_or(&Given::Null).write(out);
}

fn as_said(said: &Said<'_>, member: &'static str, out: &mut String) {
    or_null(member, said.circumstance(member), out);
}

/// What is said of a circumstance, else what the installation says.
fn or_text(said: &Said<'_>, member: &'static str, otherwise: Option<&str>, out: &mut String) {
    match (said.circumstance(member), otherwise) {
        (None, Some(otherwise)) => {
            name(member, out);
            write_text(otherwise, out);
        }
        (said, _) => or_null(member, said, out),
    }
}

/// The custom properties of an event.
fn extra<'s>(said: &'s Said<'_>) -> impl Iterator<Item = (&'s str, &'s Given<'s>)> {
    let custom = said.properties().iter().map(|(name, value)| (&**name, value));
    custom.filter(|(name, _)| !BASE.contains(name) && !LIFTED.contains(name))
}

fn write_object<'s>(members: impl Iterator<Item = (&'s str, &'s Given<'s>)>, out: &mut String) {
    let mut before = '{';
    for (name, value) in members {
        out.push(before);
        before = ',';
        write_text(name, out);
        out.push(':');
        value.write(out);
    }
    if before == '{' {
        out.push('{');
    }
    out.push('}');
}

/// Appends the members of the AI context, and neither brace.
fn write_ai(said: &Said<'_>, out: &mut String) {
    for (position, member) in AI.iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_text(member, out);
        out.push(':');
        said.property(member).unwrap_or(&Given::Null).write(out);
    }
}

/// Appends ids that a caller could only write as one value: `[1, 2]`, `1,2` or a single number.
fn write_ids(given: Option<&Given<'_>>, out: &mut String) {
    let given = given.unwrap_or(&Given::Null);
    let Some(ids) = ids(given) else { return given.write(out) };
    out.push('[');
    for (position, id) in ids.into_iter().enumerate() {
        if position > 0 {
            out.push(',');
        }
        write_int(id, out);
    }
    out.push(']');
}

fn ids(given: &Given<'_>) -> Option<Vec<i64>> {
    if let Given::Int(id) = given {
        return Some(vec![*id]);
    }
    let text = given.as_str()?.trim_matches(['[', ']', ' ']);
    if text.is_empty() {
        return Some(Vec::new());
    }
    text.split(',').map(|it| it.trim().parse().ok()).collect()
}

/// Appends a time as browsers write it: `"2026-11-22T09:06:51.772Z"`.
fn write_time(ms: i64, out: &mut String) {
    const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    out.push('"');
    // Writing into a text does not fail.
    let _ = PRINTER.print_timestamp(&time, &mut *out);
    out.push('"');
}
