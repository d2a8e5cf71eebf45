//! Which keys a metric reads, and for which weeks.

use crate::{Catalog, CounterKind, DataSource, Metric, SelectionRule, TimeFrame, Week};
use crate::{key, legacy};
use jiff::civil::Date;
use std::collections::HashSet;
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
    /// The size of the intersection of the sets of each part, over weeks united.
    Intersection,
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
            Self::Intersection => "intersection",
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
    /// One part per selection rule, or per event of an older metric.
    pub parts: Vec<Part>,
    /// The weeks that are read, the earliest first; none for an all-time metric.
    pub weeks: Vec<Week>,
}

/// What one selection rule of a metric reads, or one event of an older metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The event.
    pub event: String,
    /// What is counted distinctly or per value, as written in the definition.
    pub unique: Option<String>,
    /// What the table of overrides would name to continue another counter: the path of a unique
    /// counter, the key of a total.
    pub name: String,
    /// Keys, one per week.
    pub keys: Vec<String>,
}

impl Reading {
    /// All keys in the order in which they are read.
    ///
    /// Unions and intersections name each key once; totals and sums count a key that two rules
    /// share twice, as GitLab does.
    pub fn keys(&self) -> Vec<&str> {
        let is_of_sets = matches!(self.kind, MetricKind::Unique | MetricKind::Intersection);
        let mut seen = HashSet::new();
        let all = self.parts.iter().flat_map(|it| &it.keys).map(String::as_str);
        all.filter(|key| !is_of_sets || seen.insert(*key)).collect()
    }
}

/// Why a metric has no value here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Its value does not come from counters of events.
    DataSource(DataSource),
    /// It counts no event.
    NoRules,
    /// `none` is no period that counters are kept for.
    NoTimeFrame,
    /// It does not say which legacy counters it reads.
    NoOptions,
    /// It is computed by code that is not known here.
    Class(String),
    /// Counters of its kind are kept per week only.
    OnlyWeekly(TimeFrame),
    /// Its events are not all counted by the same identifier.
    SeveralUniques,
    /// No metric that is reported counts any of its events, so nothing writes them.
    NotCounted,
    /// Sets are combined in a way that is not known.
    Operator(String),
    /// The intersection of so many sets would be guesswork.
    TooManySets(usize),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DataSource(it) => {
                let what = match it {
                    DataSource::Database => "the application's database, which is not asked here",
                    DataSource::Prometheus => "a monitoring system, which is not asked here",
                    DataSource::License => "the application's licence, which is not read here",
                    _ => "the application's own state, which is not known here",
                };
                write!(f, "data source `{}`: its value comes from {what}", it.as_str())
            }
            Self::NoRules => f.write_str("the metric lists no events"),
            Self::NoTimeFrame => f.write_str("time frame `none` has no counters"),
            Self::NoOptions => f.write_str(
                "the definition does not say which legacy counters it reads: it has neither \
                 `events` nor `options` with events",
            ),
            Self::Class(class) => {
                write!(f, "it is computed by the class `{class}`, which is not known here")
            }
            Self::OnlyWeekly(it) => {
                write!(f, "its counters are kept per week, so it has no value for `{it}`")
            }
            Self::SeveralUniques => {
                f.write_str("its events differ in `unique`, and a legacy metric can have only one")
            }
            Self::NotCounted => f.write_str(
                "nothing writes its counters any more: no metric that is active or broken lists \
                 one of its events",
            ),
            Self::Operator(it) => {
                write!(f, "its events are combined by `{it}`, which is neither `OR` nor `AND`")
            }
            Self::TooManySets(n) => write!(
                f,
                "it asks for what {n} sets have in common, which is not estimated for more than \
                 {MAX_INTERSECTED}"
            ),
        }
    }
}

/// An intersection is the sum and difference of a union for each subset of its sets, so its cost
/// and the error of its estimate double with each set; a real one had 2 (2021).
pub(crate) const MAX_INTERSECTED: usize = 8;

/// What a metric reads, whatever the day.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kind: MetricKind,
    pub(crate) is_weekly: bool,
    pub(crate) counters: Vec<PlannedCounter>,
}

/// One counter of a plan, for all its weeks.
#[derive(Clone, Debug)]
pub(crate) struct PlannedCounter {
    pub(crate) event: String,
    pub(crate) unique: Option<String>,
    pub(crate) kind: CounterKind,
    /// Its name before the override tables, as they would name it, without the week.
    pub(crate) name: String,
    /// Its key with the unique overrides applied, without the week.
    pub(crate) stem: String,
}

impl PlannedCounter {
    /// What a selection rule reads.
    pub(crate) fn of_rule(rule: &SelectionRule, catalog: &Catalog) -> Self {
        let (kind, stem) = (rule.kind(), key::stem(rule, catalog.overrides()));
        let name = if kind == CounterKind::Unique { rule.path() } else { stem.clone() };
        Self { event: rule.name.clone(), unique: rule.unique.clone(), kind, name, stem }
    }

    pub(crate) fn key(&self, week: Option<Week>, catalog: &Catalog) -> String {
        key::complete(&self.stem, self.kind, week, catalog.overrides())
    }
}

impl Catalog {
    /// Says which keys a metric reads on a given day.
    ///
    /// # Errors
    ///
    /// When the metric's value does not come from counters.
    pub fn reading(&self, metric: &Metric, window: Window) -> Result<Reading, Unreadable> {
        let plan = self.plan(metric)?;
        let time_frame = metric.definition.time_frame;
        let weeks = if plan.is_weekly { window.weeks(time_frame) } else { Vec::new() };
        let part = |it: PlannedCounter| Part {
            keys: match weeks.as_slice() {
                [] => vec![it.key(None, self)],
                weeks => weeks.iter().map(|week| it.key(Some(*week), self)).collect(),
            },
            event: it.event,
            unique: it.unique,
            name: it.name,
        };
        let parts = plan.counters.into_iter().map(part).collect();
        Ok(Reading { kind: plan.kind, parts, weeks })
    }

    /// Says which counters a metric reads, whatever the day.
    pub(crate) fn plan(&self, metric: &Metric) -> Result<Plan, Unreadable> {
        match metric.definition.data_source {
            DataSource::InternalEvents => self.plan_of_rules(metric),
            DataSource::RedisHll => self.plan_of_legacy_sets(metric),
            DataSource::Redis => legacy::plan_of_total(metric),
            DataSource::System => self.plan_of_invocations(metric),
            other => Err(Unreadable::DataSource(other)),
        }
    }

    fn plan_of_rules(&self, metric: &Metric) -> Result<Plan, Unreadable> {
        let definition = &metric.definition;
        if definition.time_frame == TimeFrame::None {
            return Err(Unreadable::NoTimeFrame);
        }
        let first = definition.rules.first().ok_or(Unreadable::NoRules)?;
        let counters = definition.rules.iter().map(|it| PlannedCounter::of_rule(it, self));
        Ok(Plan {
            kind: metric_kind(first),
            is_weekly: definition.time_frame.is_weekly(),
            counters: counters.collect(),
        })
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
