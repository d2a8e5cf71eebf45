//! Which events are asked for.

use super::entry::Entry;
use super::run::Run;
use crate::problem::Problem;
use hyper::HeaderMap;
use serde_json::{Map, Value};

/// Contexts that may be asked for at once; an event of GitLab's has four.
const CONTEXTS: usize = 32;

/// What an event has to have; what is not given may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    pub(super) run: Option<Run>,
    event_type: Option<String>,
    schema: Option<String>,
    /// All of them.
    contexts: Vec<String>,
    event_id: Option<String>,
    event: Option<String>,
    app_id: Option<String>,
    vendor: Option<String>,
    version: Option<String>,
    /// How many are listed at most.
    pub(super) limit: Option<usize>,
}

/// What may be asked of good events.
pub(super) const GOOD: &[&str] =
    &["event_type", "schema", "contexts", "event_id", "event", "app_id", "limit", "run"];

/// What may be asked of bad ones.
pub(super) const BAD: &[&str] =
    &["vendor", "version", "event_id", "event", "app_id", "limit", "run"];

/// What may be asked of all.
pub(super) const ALL: &[&str] = &["run"];

/// Parameters as they were given: by a query, and by a body.
#[derive(Debug)]
pub(super) struct Given(Vec<(String, String)>);

impl Given {
    /// Reads what a query and the body of a POST say, where there is one.
    pub(super) fn read(query: &str, body: &[u8]) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        let mut pairs: Vec<_> = pairs.collect();
        if !body.trim_ascii().is_empty() {
            let members = serde_json::from_slice(body).map_err(not_an_object)?;
            read_members(members, &mut pairs)?;
        }
        Ok(Self(pairs))
    }

    /// Takes out a parameter that only one page knows.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>, Problem> {
        let Some(position) = self.0.iter().position(|(it, _)| it == name) else { return Ok(None) };
        let (_, value) = self.0.remove(position);
        if self.0.iter().any(|(it, _)| it == name) { Err(twice(name)) } else { Ok(Some(value)) }
    }

    /// Makes a filter of the rest, of which no more than these names may be there.
    pub(super) fn into_filter(
        self,
        names: &[&str],
        headers: &HeaderMap,
    ) -> Result<Filter, Problem> {
        let mut filter = Filter { run: Run::of(headers)?, ..Filter::default() };
        let by_head = filter.run.take();
        for (name, value) in self.0 {
            if !names.contains(&name.as_str()) {
                let known = names.join("`, `");
                return Err(invalid(format!("There is no parameter `{name}`, only `{known}`.")));
            }
            filter.set(&name, value)?;
        }
        if let (Some(run), Some(by_head)) = (&filter.run, &by_head)
            && run != by_head
        {
            let detail = "`run` is another one than that of the header X-Internal-Events-Run.";
            return Err(invalid(detail.to_owned()));
        }
        filter.run = filter.run.or(by_head);
        Ok(filter)
    }
}

fn not_an_object(error: serde_json::Error) -> Problem {
    if error.is_data() {
        return invalid("The body should be an object of filters.".to_owned());
    }
    Problem::InvalidJson(error)
}

/// Takes the members of a body for parameters; a null is as good as none.
fn read_members(
    members: Map<String, Value>,
    pairs: &mut Vec<(String, String)>,
) -> Result<(), Problem> {
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::String(text) if name != "contexts" => pairs.push((name, text)),
            Value::Number(number) if name == "limit" => {
                // Some languages write all numbers with a fraction.
                let text = number.to_string();
                let whole = text.strip_suffix(".0").unwrap_or(&text);
                pairs.push((name, whole.to_owned()));
            }
            Value::Array(list) if name == "contexts" => {
                for item in list {
                    let Value::String(text) = item else {
                        return Err(invalid("contexts should be a list of texts.".to_owned()));
                    };
                    pairs.push((name.clone(), text));
                }
            }
            _ => return Err(invalid(format!("{name} should be {}.", expected(&name)))),
        }
    }
    Ok(())
}

fn limit(text: &str) -> Result<usize, Problem> {
    let limit: Option<u32> = text.parse().ok();
    limit.and_then(|it| usize::try_from(it).ok()).ok_or_else(|| {
        let shown = &text[..text.floor_char_boundary(40)];
        invalid(format!("limit is `{shown}`; it should be a whole number below 4294967296."))
    })
}

fn expected(name: &str) -> &'static str {
    match name {
        "limit" => "a whole number",
        "contexts" => "a list of texts",
        _ => "text",
    }
}

fn invalid(detail: String) -> Problem {
    Problem::InvalidParameter(detail)
}

fn twice(name: &str) -> Problem {
    invalid(format!("{name} is given twice."))
}

impl Filter {
    /// All events of a run, or of all of them.
    pub(super) fn of_run(run: Option<Run>) -> Self {
        Self { run, ..Self::default() }
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Problem> {
        let text = match name {
            "contexts" if self.contexts.len() == CONTEXTS => {
                return Err(invalid(format!("contexts may list {CONTEXTS} at most.")));
            }
            "contexts" => {
                self.contexts.push(value);
                return Ok(());
            }
            "limit" if self.limit.is_some() => return Err(twice(name)),
            "limit" => {
                self.limit = Some(limit(&value)?);
                return Ok(());
            }
            "run" if self.run.is_some() => return Err(twice(name)),
            "run" => {
                self.run = Some(Run::parse(value.as_bytes())?);
                return Ok(());
            }
            "event_type" => &mut self.event_type,
            "schema" => &mut self.schema,
            "event_id" => &mut self.event_id,
            "event" => &mut self.event,
            "app_id" => &mut self.app_id,
            "vendor" => &mut self.vendor,
            _ => &mut self.version,
        };
        // Ids are kept in lower case, as Snowplow does.
        let value = if name == "event_id" { value.to_ascii_lowercase() } else { value };
        if text.replace(value).is_some() { Err(twice(name)) } else { Ok(()) }
    }

    pub(super) fn fits(&self, entry: &Entry) -> bool {
        let facts = &entry.facts;
        let fits = |wanted: &Option<String>, given: Option<&str>| {
            wanted.as_deref().is_none_or(|it| Some(it) == given)
        };
        entry.is_of(self.run.as_ref())
            && fits(&self.event_type, facts.event_type)
            && fits(&self.schema, facts.schema.as_deref())
            && fits(&self.event_id, facts.event_id.as_deref())
            && fits(&self.event, facts.event.as_deref())
            && fits(&self.app_id, facts.app_id.as_deref())
            && fits(&self.vendor, Some(super::entry::VENDOR))
            && fits(&self.version, Some(facts.version))
            && self.contexts.iter().all(|it| facts.contexts.contains(it))
    }
}
