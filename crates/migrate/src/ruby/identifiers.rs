//! From the id that a legacy call counts to the object it is the id of.

use super::file::{File, Name, refusal};
use super::model::{Call, Shape, Value};
use crate::site::{Identifier, Reason, Refusal};

/// The object of an id.
pub(super) struct Object {
    /// What it is.
    pub identifier: Identifier,
    /// How it is written.
    pub written: String,
}

/// What an object is, by its name.
fn by_name(name: &str) -> Option<Identifier> {
    // No `owner`: that of a project may be a group.
    const USERS: &[&str] = &["user", "author", "assignee", "reviewer", "creator"];
    const PROJECTS: &[&str] = &["project"];
    const NAMESPACES: &[&str] = &["namespace", "group", "root_ancestor"];
    let is_one = |names: &[&str]| {
        names
            .iter()
            .any(|it| name.strip_suffix(it).is_some_and(|it| it.is_empty() || it.ends_with('_')))
    };
    let kinds = [
        (USERS, Identifier::User),
        (PROJECTS, Identifier::Project),
        (NAMESPACES, Identifier::Namespace),
    ];
    kinds.into_iter().find(|it| is_one(it.0)).map(|it| it.1)
}

/// The last name of an expression: `author` of `issue.author`.
fn last_name(value: &Value) -> Option<&str> {
    match &value.shape {
        Shape::Local(it) => Some(it),
        Shape::Instance(it) => Some(it.trim_start_matches('@')),
        Shape::Call(it) => Some(&it.name),
        _ => None,
    }
}

impl File<'_> {
    /// The object whose id a legacy call counts under the name of an event.
    pub(super) fn object(
        &self,
        value: &Value,
        call: &Call,
        event: &Name,
    ) -> Result<Object, Refusal> {
        let value = match &value.shape {
            Shape::Array(elements) => match &elements[..] {
                [one] => one,
                _ => return Err(self.several_ids(value)),
            },
            _ => value,
        };
        let object = match &value.shape {
            Shape::Call(it) if it.name == "id" && it.args.is_empty() => {
                it.receiver.as_ref().and_then(|it| self.named(it))
            }
            _ => self.in_reach(value, call),
        };
        let object = object.ok_or_else(|| self.raw_id(value))?;
        for it in event.all() {
            self.agrees(&object, value, it.legacy())?;
        }
        Ok(object)
    }

    fn named(&self, value: &Value) -> Option<Object> {
        let identifier = last_name(value).and_then(by_name)?;
        Some(Object { identifier, written: self.code(&value.range).to_owned() })
    }

    /// `user_id`, where the same method knows a `user`.
    fn in_reach(&self, value: &Value, call: &Call) -> Option<Object> {
        let (sigil, name) = match &value.shape {
            Shape::Local(it) => ("", it.as_str()),
            Shape::Instance(it) => ("@", it.trim_start_matches('@')),
            Shape::Call(it) if it.receiver.is_none() && it.args.is_empty() => {
                ("", it.name.as_str())
            }
            _ => return None,
        };
        let name = name.strip_suffix("_id")?;
        let written = format!("{sigil}{name}");
        let method = self.source.methods.get(call.method?)?;
        let identifier = by_name(name)?;
        method.names.contains(&written).then_some(Object { identifier, written })
    }

    fn several_ids(&self, value: &Value) -> Refusal {
        refusal(
            Reason::SeveralCalls,
            format!("several ids are counted at once: `{}`", self.short(&value.range)),
            "Track the event once for each of the objects, in a loop or in several calls.",
        )
    }

    fn raw_id(&self, value: &Value) -> Refusal {
        refusal(
            Reason::RawId,
            format!("no user, project or namespace is at hand for `{}`", self.short(&value.range)),
            "Internal events count objects. Hand over the user, the project or the namespace \
             instead of an id, and call `.id` upon it here.",
        )
    }

    /// Whether what the metrics count is what the call counts.
    fn agrees(&self, object: &Object, value: &Value, event: &str) -> Result<(), Refusal> {
        let known = self.project.legacy_events.get(event);
        let Some(hint) = known.and_then(|it| it.unique_hint.as_deref()) else { return Ok(()) };
        let unique = format!("{}.id", object.identifier.name());
        if hint == unique || hint == object.identifier.name() {
            return Ok(());
        }
        Err(refusal(
            Reason::UniqueMismatch,
            format!(
                "the call counts `{}`, and the metrics of `{event}` count `{hint}`",
                self.short(&value.range)
            ),
            "Find out which of the two is right, and correct the other one first.",
        ))
    }
}
