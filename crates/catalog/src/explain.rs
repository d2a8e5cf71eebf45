//! Why an event would, or would not, move which metric.
//!
//! This walks the same gates as [`Catalog::route`] but one by one and with reasons; a property
//! test holds that both always agree.

mod legacy;

use legacy::legacy_gate;

use crate::route::{Admission, admit, operand_name};
use crate::{
    Call, Catalog, Counter, CounterId, CounterKind, Event, Metric, MetricStatus, Omission, Scalar,
    TimeFrame, Week,
};
use jiff::civil::Date;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// The whole answer for one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What is asked before any rule: known, declared, typed.
    pub gates: Vec<Gate>,
    /// One verdict per counter the event could move.
    pub rules: Vec<RuleVerdict>,
}

impl Explanation {
    /// Whether the event is counted at all.
    pub fn is_known(&self) -> bool {
        self.gates.first().is_some_and(|it| it.passed)
    }
}

/// One question asked before any rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// What is asked: `known`, `legacy`, `declared`, `typed`, or `enabled` where it is not.
    pub name: &'static str,
    /// What it is asked of: the event's or a property's name.
    pub subject: String,
    /// The answer.
    pub passed: bool,
    /// The reason, in words.
    pub detail: String,
}

impl Gate {
    /// What keeps every event from counting, whatever definitions say.
    pub fn switched_off(event: &str, detail: String) -> Self {
        Self { name: "enabled", subject: event.to_owned(), passed: false, detail }
    }
}

/// What happens at one counter.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleVerdict {
    /// Which counter.
    pub counter: CounterId,
    /// Its complete key on the day asked about.
    pub key: String,
    /// Whether it moves.
    pub verdict: Verdict,
    /// The metrics that read it, and when.
    pub surfaces: Vec<Surface>,
}

impl RuleVerdict {
    /// Whether it moves.
    pub fn moves(&self) -> bool {
        matches!(self.verdict, Verdict::Moves { .. })
    }
}

/// Whether a counter moves.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It does.
    Moves {
        /// The element counted or the amount added; none for a plain total.
        operand: Option<String>,
    },
    /// A filter does not match.
    FilterMismatch {
        /// The property.
        property: String,
        /// The value the filter wants.
        expected: Scalar,
        /// The value the event has; null where it has none that may be used.
        found: Scalar,
    },
    /// The identifier or property to count is missing.
    MissingOperand {
        /// Its name.
        name: String,
    },
    /// Only another call moves it.
    OtherCall {
        /// That call.
        call: Call,
    },
}

/// Says it in words.
impl fmt::Display for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} from {}", self.key_path, self.time_frame, self.from)?;
        if let Some(until) = self.until {
            write!(f, " until {until}")?;
        }
        f.write_str(match self.status {
            MetricStatus::Active => "",
            MetricStatus::Broken => " (the metric is broken)",
            MetricStatus::Removed => " (the metric is removed and not reported)",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Moves { operand: None } => f.write_str("goes up by one"),
            Self::Moves { operand: Some(it) } => write!(f, "takes in `{it}`"),
            Self::FilterMismatch { property, expected, found: Scalar::Null } => {
                write!(f, "its filter wants {property} = {}, which is missing", quoted(expected))
            }
            Self::FilterMismatch { property, expected, found } => {
                let (expected, found) = (quoted(expected), quoted(found));
                write!(f, "its filter wants {property} = {expected}, not {found}")
            }
            Self::MissingOperand { name } => write!(f, "`{name}` is missing"),
            Self::OtherCall { call } => write!(f, "only `{}` moves it", call.as_str()),
        }
    }
}

/// A value as it is written in a definition, so that text is told from a number.
fn quoted(value: &Scalar) -> String {
    match value {
        Scalar::Str(it) => format!("\"{it}\""),
        other => other.to_string(),
    }
}

/// A metric that reads a counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surface {
    /// Its key path.
    pub key_path: String,
    /// Its period.
    pub time_frame: TimeFrame,
    /// Whether it is reported at all.
    pub status: MetricStatus,
    /// The first day on which an event of the asked day shows.
    pub from: Date,
    /// The first day on which it no longer shows; none for all-time metrics.
    pub until: Option<Date>,
}

impl Catalog {
    /// Explains what an event would do on a given day.
    pub fn explain(&self, event: &Event, today: Date) -> Explanation {
        let readers = self.readers(today);
        if let Some(routed) = self.route_legacy(event) {
            return self.explain_legacy(event, &routed, &readers);
        }
        let Some(idx) = self.find_event(&event.name) else {
            let gates = vec![self.unknown(&event.name)];
            return Explanation { gates, rules: self.other_calls(event, &readers) };
        };
        let definition = self.event(idx);
        let mut gates = vec![Gate {
            name: "known",
            subject: event.name.clone(),
            passed: true,
            detail: format!("defined in {}", definition.path),
        }];
        let mut usable: Vec<(&str, &Scalar)> = Vec::new();
        for (name, value) in &event.properties {
            match admit(name, value, self.tracked(idx)) {
                Admission::Slot(_) => {
                    usable.retain(|(it, _)| it != name);
                    usable.push((name, value));
                    let detail = format!("declared, and a {} is allowed", value.kind());
                    gates.push(property_gate("typed", name, true, detail));
                }
                Admission::Ignored => {
                    let detail = "null or protected: takes no part in counting".to_owned();
                    gates.push(property_gate("declared", name, true, detail));
                }
                Admission::Refused(omission) => {
                    let ill_typed = matches!(omission, Omission::IllTypedProperty { .. });
                    let gate = if ill_typed { "typed" } else { "declared" };
                    let mut detail = omission.to_string();
                    if !ill_typed {
                        detail.push_str(&declared(&definition.properties));
                    }
                    gates.push(property_gate(gate, name, false, detail));
                }
            }
        }
        gates.extend(self.route(idx, event).omissions.iter().filter_map(legacy_gate));
        let counters = self.counters_of(idx).iter();
        let rules = counters.map(|id| self.explain_rule(*id, event, &usable, &readers));
        Explanation { gates, rules: rules.chain(self.other_calls(event, &readers)).collect() }
    }

    fn unknown(&self, name: &str) -> Gate {
        let detail = if let Some(it) = self.untracked_event(name) {
            format!("{} defines it, but not as an internal event", it.path)
        } else if let Some(call) = self.legacy_call(name) {
            format!("it is the name of a legacy event, which only `{}` takes", call.as_str())
        } else if let Some(metric) = self.metric(name) {
            format!("this is the key path of a metric; {}", counted_by(metric))
        } else if let Some(similar) = self.similar_event(name) {
            format!("no event has this name; did you mean `{similar}`?")
        } else if self.events().next().is_none() {
            "no event is defined at all".to_owned()
        } else {
            "no event has this name".to_owned()
        };
        Gate { name: "known", subject: name.to_owned(), passed: false, detail }
    }

    /// The defined event whose name is nearest, if one is near.
    pub fn similar_event(&self, name: &str) -> Option<&str> {
        // Unknown names may come in floods, so only names that start alike are compared.
        let actions = self.events().map(|it| it.action.as_str());
        let alike = |it: &&str| is_as_long(it, name) && it.bytes().next() == name.bytes().next();
        nearest(name, actions.filter(alike))
    }

    /// The defined metric whose key path is nearest, if one is near.
    pub fn similar_metric(&self, key_path: &str) -> Option<&str> {
        let key_paths = self.metrics().iter().map(|it| it.definition.key_path.as_str());
        nearest(key_path, key_paths.filter(|it| is_as_long(it, key_path)))
    }

    fn explain_rule(
        &self,
        id: CounterId,
        event: &Event,
        usable: &[(&str, &Scalar)],
        readers: &Readers<'_>,
    ) -> RuleVerdict {
        let counter = self.counter(id);
        let key = self.key(id, Week::of(readers.today));
        let verdict = if counter.is_moved_by(event.call) {
            verdict(counter, event, usable)
        } else {
            Verdict::OtherCall { call: Call::TrackEvent }
        };
        RuleVerdict { counter: id, verdict, surfaces: readers.of(&key, counter.weekly), key }
    }

    /// Finds out what every metric reads.
    fn readers(&self, today: Date) -> Readers<'_> {
        let mut by_key: HashMap<String, Vec<&Metric>> = HashMap::new();
        for metric in self.metrics() {
            let Ok(plan) = self.plan(metric) else { continue };
            let week = plan.is_weekly.then(|| Week::of(today));
            let keys: BTreeSet<String> =
                plan.counters.iter().map(|it| it.key(week, self)).collect();
            for key in keys {
                by_key.entry(key).or_default().push(metric);
            }
        }
        Readers { by_key, today }
    }
}

/// The metrics that read each key in the week of a day.
struct Readers<'a> {
    by_key: HashMap<String, Vec<&'a Metric>>,
    today: Date,
}

impl Readers<'_> {
    fn of(&self, key: &str, is_weekly: bool) -> Vec<Surface> {
        let metrics = self.by_key.get(key).map_or(&[][..], Vec::as_slice);
        metrics.iter().map(|it| surface(it, is_weekly, self.today)).collect()
    }
}

/// Which events to ask about in place of a metric.
fn counted_by(metric: &Metric) -> String {
    let definition = &metric.definition;
    let rules = definition.rules.iter().map(|it| it.name.as_str());
    let events: BTreeSet<&str> =
        rules.chain(definition.legacy.events.iter().map(String::as_str)).collect();
    if events.is_empty() {
        return "it counts no event by its name".to_owned();
    }
    let events: Vec<String> = events.iter().map(|it| format!("`{it}`")).collect();
    format!("ask about an event that it counts: {}", events.join(", "))
}

/// What could have been meant by a property that is not declared.
fn declared(properties: &[String]) -> String {
    if properties.is_empty() {
        return "; it declares none".to_owned();
    }
    let properties: Vec<String> = properties.iter().map(|it| format!("`{it}`")).collect();
    format!("; it declares {}", properties.join(", "))
}

/// Whether two names are so alike in length that one may be meant by the other.
///
/// Comparing takes the product of their lengths, and names of strangers can be as long as they
/// like.
fn is_as_long(name: &str, other: &str) -> bool {
    name.len().abs_diff(other.len()) <= 4
}

/// The name most like the given one; of equally good ones the first in the alphabet.
fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this, names have only their beginnings in common.
    const NEAR: f64 = 0.85;
    let scored = names.map(|it| (strsim::jaro_winkler(name, it), it));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    best.filter(|(score, _)| *score > NEAR).map(|(_, it)| it)
}

fn property_gate(name: &'static str, subject: &str, passed: bool, detail: String) -> Gate {
    Gate { name, subject: subject.to_owned(), passed, detail }
}

fn verdict(counter: &Counter, event: &Event, usable: &[(&str, &Scalar)]) -> Verdict {
    let value = |name: &str| usable.iter().find(|(it, _)| *it == name).map(|(_, value)| *value);
    for (property, expected) in &counter.rule.filter {
        let found = value(property).unwrap_or(&Scalar::Null);
        if !found.matches(expected) {
            let (property, expected) = (property.clone(), expected.clone());
            return Verdict::FilterMismatch { property, expected, found: found.clone() };
        }
    }
    if counter.kind == CounterKind::Total {
        return Verdict::Moves { operand: None };
    }
    let name = operand_name(&counter.rule, counter.kind);
    let operand = match name {
        "user" => event.user.as_ref().map(ToString::to_string),
        "project" => event.project.as_ref().map(ToString::to_string),
        "namespace" => event.namespace.as_ref().map(ToString::to_string),
        name => value(name).map(ToString::to_string),
    };
    match operand {
        Some(it) => Verdict::Moves { operand: Some(it) },
        None => Verdict::MissingOperand { name: name.to_owned() },
    }
}

fn surface(metric: &Metric, is_weekly: bool, today: Date) -> Surface {
    let definition = &metric.definition;
    let next = Week::of(today).before(-1);
    let (from, until) = match definition.time_frame {
        // A legacy total is of all time, whatever its metric says.
        _ if !is_weekly => (today, None),
        TimeFrame::SevenDays => (next.monday(), Some(next.before(-1).monday())),
        TimeFrame::TwentyEightDays => (next.monday(), Some(next.before(-4).monday())),
        TimeFrame::All | TimeFrame::None => (today, None),
    };
    Surface {
        key_path: definition.key_path.clone(),
        time_frame: definition.time_frame,
        status: definition.status,
        from,
        until,
    }
}
