//! Shared examples of legacy tracking: `it_behaves_like 'Snowplow event tracking' do … end`.

use super::super::file::{File, Plan, refusal};
use super::super::model::{Call, Shape, Statement, Value};
use super::super::properties::quoted;
use super::super::render::WIDTH;
use super::changed;
use crate::edit::Edits;
use crate::site::{Reason, Refusal};
use std::ops::Range;

/// Shared examples whose settings are those of an internal event.
const SNOWPLOW: [&str; 2] =
    ["Snowplow event tracking", "Snowplow event tracking with RedisHLL context"];

/// Parts of names of other shared examples of legacy tracking.
const OTHERS: [&str; 7] = [
    "Snowplow event",
    "snowplow",
    "tracked issu",
    "tracked merge request",
    "tracked event",
    "tracking unique",
    "RedisHLL",
];

/// What becomes of a use of shared examples; `None` if they are none of legacy tracking.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Option<Plan> {
    let name = call.args.first()?.positional()?;
    let text = name.literal()?;
    if SNOWPLOW.contains(&text) {
        return Some(of_snowplow(file, call, name));
    }
    let is_other = OTHERS.iter().any(|it| text.contains(it)) && !text.contains("internal event");
    is_other.then(|| Err(by_hand(text)))
}

fn by_hand(text: &str) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("what the shared examples `{text}` expect cannot be read off here"),
        "Write `it_behaves_like 'internal event tracking' do` with `let(:event) { '…' }`, \
         `let(:user)`, `let(:project)` or `let(:namespace)`, and a `subject` that tracks; or \
         `expect { … }.to trigger_internal_events('…').and increment_usage_metrics('…')`.",
    )
}

/// A setting: `let(:name) { value }`.
struct Setting<'s> {
    name: &'s str,
    key: &'s Value,
    value: &'s Value,
    statement: &'s Statement,
}

fn setting(statement: &Statement) -> Option<Setting<'_>> {
    let (method, key, value) = statement.definition.as_ref()?;
    let key = key.as_ref()?;
    let name = key.literal()?;
    let is_let = matches!(method.as_str(), "let" | "let!" | "let_it_be");
    is_let.then_some(Setting { name, key, value: value.as_ref()?, statement })
}

fn of_snowplow(file: &File<'_>, call: &Call, name: &Value) -> Plan {
    let text = name.literal().unwrap_or_default();
    let list = call.block.as_ref().and_then(|it| file.source.lists.get(it.list?));
    let Some(list) = list else { return Err(by_hand(text)) };
    if call.args.len() > 1 {
        return Err(by_hand(text));
    }
    let settings: Vec<Setting<'_>> = list.iter().filter_map(setting).collect();
    let action = settings.iter().find(|it| it.name == "action").ok_or_else(|| by_hand(text))?;
    if action.value.literal().is_none() {
        return Err(file.computed(action.value));
    }
    let event = match action.value.literal() {
        Some(it) if file.project.internal_events.contains(it) => {
            file.options.renamed(it).to_owned()
        }
        _ => file.event_name(action.value, call)?.event,
    };
    let mut edits = Edits::default();
    edits.replace(name.range.clone(), with_quotes(file, name, "internal event tracking"));
    edits.replace(action.key.range.clone(), ":event");
    let is_as_written = matches!(action.value.shape, Shape::Text(_))
        && action.value.literal() == Some(event.as_str());
    if !is_as_written {
        edits.replace(action.value.range.clone(), with_quotes(file, action.value, &event));
    }
    change_settings(file, text, &settings, &mut edits)?;
    Ok(changed(event, edits))
}

/// Removes the settings that internal events do not have, and joins properties.
fn change_settings(
    file: &File<'_>,
    text: &str,
    settings: &[Setting<'_>],
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let mut properties = Vec::new();
    let mut first = None;
    for it in settings {
        match it.name {
            "extra" | "event" | "additional_properties" => return Err(by_hand(text)),
            "category" | "feature_flag_name" | "context" => {}
            "label" | "property" | "value" => {
                if !file.drops_properties() && !matches!(it.value.shape, Shape::Nil) {
                    let value = match &it.value.shape {
                        Shape::Symbol(it) => quoted(it),
                        _ => file.code(&it.value.range).to_owned(),
                    };
                    properties.push(format!("{}: {value}", it.name));
                    if first.is_none() {
                        first = Some(&it.statement.range);
                        continue;
                    }
                }
            }
            _ => continue,
        }
        let lines = lines(file, &it.statement.range).ok_or_else(|| by_hand(text))?;
        edits.replace(lines, "");
    }
    if let Some(range) = first {
        edits.replace(range.clone(), additional(file, range.start, &properties));
    }
    Ok(())
}

/// The setting for properties, on several lines if one would be too long.
fn additional(file: &File<'_>, at: usize, properties: &[String]) -> String {
    let (indentation, line_break) = (file.indentation(at), file.line_break());
    let fits = |it: &str| indentation.len() + it.chars().count() <= WIDTH;
    let hash = format!("{{ {} }}", properties.join(", "));
    let line = format!("let(:additional_properties) {{ {hash} }}");
    if fits(&line) || hash.contains('\n') {
        return line;
    }
    let inner = format!("{line_break}{indentation}  ");
    let hash = if fits(&format!("  {hash}")) {
        hash
    } else {
        let each = properties.iter().map(|it| format!("{inner}  {it}"));
        format!("{{{}{inner}}}", each.collect::<Vec<_>>().join(","))
    };
    format!("let(:additional_properties) do{inner}{hash}{line_break}{indentation}end")
}

fn with_quotes(file: &File<'_>, value: &Value, text: &str) -> String {
    let quote = if file.code(&value.range).starts_with('"') { '"' } else { '\'' };
    format!("{quote}{text}{quote}")
}

/// The lines of a statement that stands on them alone.
fn lines(file: &File<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    let start = file.line_start(range.start);
    let end = file.text[range.end..].find('\n').map(|it| range.end + it + 1)?;
    let is_alone = file.text[start..range.start].trim().is_empty()
        && file.text[range.end..end].trim().is_empty();
    is_alone.then_some(start..end)
}
