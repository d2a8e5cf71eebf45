//! What definitions say, as plain data: the input from which a [`Catalog`](crate::Catalog) is
//! built.

use crate::SelectionRule;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Everything a catalog is built from.
#[derive(Clone, Debug, Default)]
pub struct Definitions {
    /// Events, sorted by the path of their file; of two with one action the first wins.
    pub events: Vec<EventDefinition>,
    /// Metrics, one per time frame, sorted by the path of their file.
    pub metrics: Vec<MetricDefinition>,
    /// Names that history gave to counters.
    pub overrides: Overrides,
}

/// One event definition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventDefinition {
    /// The event's name.
    pub action: String,
    /// What happened, in words.
    pub description: String,
    /// Whether it is an internal event; a legacy Snowplow definition is unknown to tracking.
    pub internal: bool,
    /// The category of a legacy Snowplow event.
    pub category: Option<String>,
    /// Identifiers the event is documented to carry.
    pub identifiers: Vec<String>,
    /// Names of the declared additional properties, in the order of the file, without
    /// [`RESERVED_PROPERTIES`](crate::RESERVED_PROPERTIES).
    pub properties: Vec<String>,
    /// Properties that only extra trackers may see.
    pub protected_properties: Vec<String>,
    /// Whom an application tells of the event beside us, in the order of the file.
    pub extra_trackers: Vec<ExtraTracker>,
    /// Whether `classification` is `duo`.
    pub is_duo: bool,
    /// The file it was read from, relative to the root.
    pub path: String,
}

/// Code of the application that is told of an event too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtraTracker {
    /// The name of its class.
    pub class: String,
    /// Properties that it alone sees.
    pub protected_properties: Vec<String>,
}

/// One metric definition with a single time frame.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricDefinition {
    /// The metric's name, with the suffix of its time frame where the file lists several.
    pub key_path: String,
    /// What it counts, in words.
    pub description: String,
    /// Its period.
    pub time_frame: TimeFrame,
    /// Where its value comes from.
    pub data_source: DataSource,
    /// Whether it is reported.
    pub status: MetricStatus,
    /// Its selection rules.
    pub rules: Vec<SelectionRule>,
    /// How metrics of older data sources name what they read.
    pub legacy: LegacyOptions,
    /// The class that computes a metric of an older data source.
    pub instrumentation_class: Option<String>,
    /// The file it was read from, relative to the root.
    pub path: String,
}

/// The `options` of metrics that are older than internal events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyOptions {
    /// `events` of a `redis_hll` metric, or the single `event` of a `redis` metric.
    pub events: Vec<String>,
    /// `prefix` of a `redis` metric.
    pub prefix: Option<String>,
    /// `include_usage_prefix` of a `redis` metric; absent means yes.
    pub include_usage_prefix: Option<bool>,
    /// `aggregate` of a `redis_hll` metric.
    pub aggregate: Option<Aggregate>,
}

/// How an aggregated metric combines the sets of its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// What is counted of the sets.
    pub operator: SetOperator,
    /// What the sets are of, as written: `user.id`, or `user_id` in older definitions.
    pub attribute: Option<String>,
}

/// What is counted of several sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetOperator {
    /// `OR`: elements of any of them; so it is where nothing is said.
    Or,
    /// `AND`: elements of all of them.
    And,
    /// Anything else, which has no value.
    Other(String),
}

impl SetOperator {
    /// Reads the text of a definition.
    pub fn parse(text: &str) -> Self {
        match text {
            "OR" => Self::Or,
            "AND" => Self::And,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The period a metric looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeFrame {
    /// `7d`: the last complete ISO week.
    SevenDays,
    /// `28d`: the last four complete ISO weeks.
    TwentyEightDays,
    /// `all`: since counting began.
    All,
    /// `none`: a state, not a count over time.
    None,
}

impl TimeFrame {
    /// Reads the text of a definition.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "7d" => Self::SevenDays,
            "28d" => Self::TwentyEightDays,
            "all" => Self::All,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// The text of a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SevenDays => "7d",
            Self::TwentyEightDays => "28d",
            Self::All => "all",
            Self::None => "none",
        }
    }

    /// Whether counters of this time frame are kept per week.
    pub fn is_weekly(self) -> bool {
        matches!(self, Self::SevenDays | Self::TwentyEightDays)
    }

    /// What a key path gets appended when its file lists several time frames.
    pub fn key_path_suffix(self) -> &'static str {
        match self {
            Self::SevenDays => "_weekly",
            Self::TwentyEightDays => "_monthly",
            Self::All | Self::None => "",
        }
    }
}

impl fmt::Display for TimeFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a metric's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataSource {
    /// Counters of internal events.
    InternalEvents,
    /// Unique counters of the system before internal events.
    RedisHll,
    /// Total counters of the system before internal events.
    Redis,
    /// A query.
    Database,
    /// A monitoring system.
    Prometheus,
    /// A property of the installation.
    System,
    /// The licence.
    License,
}

impl DataSource {
    /// Reads the text of a definition.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "internal_events" => Self::InternalEvents,
            "redis_hll" => Self::RedisHll,
            "redis" => Self::Redis,
            "database" => Self::Database,
            "prometheus" => Self::Prometheus,
            "system" => Self::System,
            "license" => Self::License,
            _ => return None,
        })
    }

    /// The text of a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InternalEvents => "internal_events",
            Self::RedisHll => "redis_hll",
            Self::Redis => "redis",
            Self::Database => "database",
            Self::Prometheus => "prometheus",
            Self::System => "system",
            Self::License => "license",
        }
    }
}

/// Whether a metric is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MetricStatus {
    /// Reported.
    Active,
    /// Reported, but known to be wrong.
    Broken,
    /// No longer reported; its counters keep moving.
    Removed,
}

impl MetricStatus {
    /// Reads the text of a definition.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "active" => Self::Active,
            "broken" => Self::Broken,
            "removed" => Self::Removed,
            _ => return None,
        })
    }

    /// Whether the counters of such a metric are still known to the system from before internal
    /// events.
    pub fn is_available(self) -> bool {
        self != Self::Removed
    }

    /// The text of a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Broken => "broken",
            Self::Removed => "removed",
        }
    }
}

/// The tables that keep the counters of older systems alive under their old names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Path of a counter (without slot and week) to the legacy name that replaces it.
    pub unique: BTreeMap<String, String>,
    /// Complete key of a total to the legacy key that replaces it.
    pub total: BTreeMap<String, String>,
    /// Events still written by the legacy call, without a property in their key.
    pub legacy_events: BTreeSet<String>,
}
