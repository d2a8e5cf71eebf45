//! Which keys a metric reads, and for which weeks.

use crate::key;
use crate::{Catalog, CounterKind, DataSource, Metric, SelectionRule, TimeFrame, Week};
use jiff::civil::Date;
use std::fmt;

/// From which day one looks, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Today, in UTC.
    pub today: Date,
    /// Whether the week that is still running is read as well, as developers want it.
    pub include_current_week: bool,
}

impl Window {
    /// The weeks a time frame reads, the earliest first; none for time frames without weeks.
    ///
    /// `7d` is the last complete ISO week and `28d` the last four: never the running one, not
    /// even on its Sunday.
    pub fn weeks(self, time_frame: TimeFrame) -> Vec<Week> {
        let complete = match time_frame {
            TimeFrame::SevenDays => 1,
            TimeFrame::TwentyEightDays => 4,
            TimeFrame::All | TimeFrame::None => return Vec::new(),
        };
        let current = Week::of(self.today);
        let last = i32::from(!self.include_current_week);
        (last..=complete).rev().map(|it| current.before(it)).collect()
    }
}

/// How the counters of a metric become its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// Totals are added.
    Total,
    /// The size of the union of all sets, over events and weeks.
    Unique,
    /// Sums are added.
    Sum,
    /// Per value, totals are added: `{unique: {value: count}}`.
    PerValue,
}

impl MetricKind {
    /// The word for it in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Unique => "unique",
            Self::Sum => "sum",
            Self::PerValue => "unique_total",
        }
    }
}

/// What a metric reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// How to combine.
    pub kind: MetricKind,
    /// One part per selection rule.
    pub parts: Vec<Part>,
    /// The weeks that are read, the earliest first; none for an all-time metric.
    pub weeks: Vec<Week>,
}

/// What one selection rule of a metric reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What is counted distinctly or per value, as written in the definition.
    pub unique: Option<String>,
    /// Keys, one per week.
    pub keys: Vec<String>,
}

impl Reading {
    /// All keys in the order in which they are read.
    ///
    /// A union names each key once; totals and sums count a key that two rules share twice, as
    /// GitLab does.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for key in self.parts.iter().flat_map(|it| &it.keys) {
            if self.kind != MetricKind::Unique || !keys.contains(&key.as_str()) {
                keys.push(key);
            }
        }
        keys
    }
}

/// Why a metric has no value here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Its value does not come from counters of events.
    DataSource(DataSource),
    /// It counts no event.
    NoRules,
    /// `none` is no period that counters are kept for.
    NoTimeFrame,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataSource(it) => {
                write!(f, "data source `{}` is not counted by internal events", it.as_str())
            }
            Self::NoRules => f.write_str("the metric lists no events"),
            Self::NoTimeFrame => f.write_str("time frame `none` has no counters"),
        }
    }
}

impl Catalog {
    /// Says which keys a metric reads on a given day.
    ///
    /// # Errors
    ///
    /// When the metric's value does not come from counters.
    pub fn reading(&self, metric: &Metric, window: Window) -> Result<Reading, Unreadable> {
        let definition = &metric.definition;
        if definition.data_source != DataSource::InternalEvents {
            return Err(Unreadable::DataSource(definition.data_source));
        }
        if definition.time_frame == TimeFrame::None {
            return Err(Unreadable::NoTimeFrame);
        }
        let first = definition.rules.first().ok_or(Unreadable::NoRules)?;
        let weeks = window.weeks(definition.time_frame);
        let parts = definition.rules.iter().map(|rule| self.part(rule, &weeks)).collect();
        Ok(Reading { kind: metric_kind(first), parts, weeks })
    }

    fn part(&self, rule: &SelectionRule, weeks: &[Week]) -> Part {
        let stem = key::stem(rule, self.overrides());
        let complete = |week| key::complete(&stem, rule.kind(), week, self.overrides());
        let keys = if weeks.is_empty() {
            vec![complete(None)]
        } else {
            weeks.iter().map(|week| complete(Some(*week))).collect()
        };
        Part { unique: rule.unique.clone(), keys }
    }
}

/// Only the first rule decides; `check` refuses metrics whose rules differ in kind.
fn metric_kind(first: &SelectionRule) -> MetricKind {
    match first.kind() {
        CounterKind::Total => MetricKind::Total,
        CounterKind::Unique => MetricKind::Unique,
        CounterKind::Sum => MetricKind::Sum,
        CounterKind::PerValue => MetricKind::PerValue,
    }
}
