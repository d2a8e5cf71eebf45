//! In what two definitions of a metric may differ, in codes and words.

use crate::{MetricKind, TimeFrame};
use std::fmt;

/// One way in which a metric reads something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// It is not defined any more.
    Gone,
    /// Nobody here can tell what it read.
    UnreadableBefore {
        /// Why not.
        reason: String,
    },
    /// It has no value any more.
    UnreadableAfter {
        /// Why not.
        reason: String,
    },
    /// It looks at another period.
    OtherPeriod {
        /// The period before.
        before: TimeFrame,
        /// The period after.
        after: TimeFrame,
    },
    /// It is computed in another way.
    OtherKind {
        /// How before.
        before: MetricKind,
        /// How after.
        after: MetricKind,
    },
    /// It counts another identifier or property.
    OtherUnique {
        /// What before; none for a legacy set that does not say.
        before: Option<String>,
        /// What after.
        after: Option<String>,
    },
    /// The table continues its history, but from another counter than the one it reads.
    ContinuedByAnother {
        /// The entry of the table.
        entry: Entry,
        /// What the table would have to name.
        name: String,
        /// In what the two differ.
        by: Another,
    },
    /// It counts another event.
    OtherEvent {
        /// The event before.
        before: String,
        /// The event after.
        after: String,
        /// The entry by which the one would continue the other.
        entry: Option<Entry>,
    },
    /// An event is not counted any more.
    EventMissing {
        /// The event.
        event: String,
        /// Its key, without the week.
        key: String,
    },
    /// An event is counted that was not counted before.
    EventAdded {
        /// The event.
        event: String,
        /// Its key, without the week.
        key: String,
    },
    /// Nothing says that the history goes on under its old name.
    OverrideMissing {
        /// The entry that would.
        entry: Entry,
    },
    /// The table leads to another history.
    OverrideElsewhere {
        /// The entry that is needed.
        entry: Entry,
        /// Where the table leads instead.
        leads_to: String,
    },
    /// It reads another key, and no table can change that.
    OtherKey {
        /// The key before, without the week.
        before: String,
        /// The key after, without the week.
        after: String,
    },
}

/// In what two counters differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Another {
    /// What they count distinctly.
    Unique,
    /// Which events of a name they select.
    Filter,
    /// The event.
    Event,
}

/// An entry of a table of overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The table.
    pub table: Table,
    /// The new name.
    pub name: String,
    /// The legacy name that replaces it.
    pub legacy: String,
}

/// The tables of overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Of unique counters, by path.
    Unique,
    /// Of totals, by key.
    Total,
}

impl Table {
    /// The name of its file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Unique => "hll_redis_key_overrides.yml",
            Self::Total => "total_counter_redis_key_overrides.yml",
        }
    }
}

/// Writes the entry as it stands in its file; a name that starts like other YAML is quoted.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = self.name.chars().all(|it| it.is_ascii_alphanumeric() || "_-".contains(it));
        let quote = if is_plain { "" } else { "'" };
        write!(f, "{quote}{}{quote}: {}", self.name, self.legacy)
    }
}

impl Difference {
    /// The word for it in machine-readable output.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::UnreadableBefore { .. } => "unreadable_before",
            Self::UnreadableAfter { .. } => "unreadable_after",
            Self::OtherPeriod { .. } => "other_period",
            Self::OtherKind { .. } => "other_kind",
            Self::OtherUnique { .. } | Self::ContinuedByAnother { by: Another::Unique, .. } => {
                "other_unique"
            }
            Self::ContinuedByAnother { by: Another::Filter, .. } => "other_filter",
            Self::OtherEvent { .. } | Self::ContinuedByAnother { by: Another::Event, .. } => {
                "other_event"
            }
            Self::EventMissing { .. } => "event_missing",
            Self::EventAdded { .. } => "event_added",
            Self::OverrideMissing { .. } => "override_missing",
            Self::OverrideElsewhere { .. } => "override_elsewhere",
            Self::OtherKey { .. } => "other_key",
        }
    }

    /// The entry that would make the history go on, where one would.
    pub fn remedy(&self) -> Option<&Entry> {
        match self {
            Self::OverrideMissing { entry } => Some(entry),
            // Where the history is under its own name, an entry less is the remedy.
            Self::OverrideElsewhere { entry, .. } => (entry.name != entry.legacy).then_some(entry),
            Self::OtherEvent { entry, .. } => entry.as_ref(),
            _ => None,
        }
    }

    /// Whether the same is counted, only under another name: then equal values say something.
    pub fn is_only_the_name(&self) -> bool {
        matches!(
            self,
            Self::OverrideMissing { .. } | Self::OverrideElsewhere { .. } | Self::OtherKey { .. }
        )
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |it: &Option<String>| match it {
            Some(it) => format!("`{it}`"),
            None => "no identifier".to_owned(),
        };
        match self {
            Self::Gone => f.write_str("the metric is not defined any more"),
            Self::UnreadableBefore { reason } => write!(f, "before, {reason}"),
            Self::UnreadableAfter { reason } => write!(f, "now, {reason}"),
            Self::OtherPeriod { before, after } => {
                write!(f, "it looked at `{before}`, and now looks at `{after}`")
            }
            Self::OtherKind { before, after } => write!(
                f,
                "it was a {} count, and is now a {} count",
                before.as_str(),
                after.as_str()
            ),
            Self::OtherUnique { before, after } => {
                write!(f, "it counted by {}, and now counts by {}", shown(before), shown(after))
            }
            Self::ContinuedByAnother { entry, name, .. } => write!(
                f,
                "`{entry}` in {} continues its history, but it counts `{name}`",
                entry.table.file_name()
            ),
            Self::OtherEvent { before, after, entry } => {
                write!(f, "it counted `{before}`, and now counts `{after}`")?;
                match entry {
                    Some(entry) => write!(
                        f,
                        "; if that is its new name, add `{entry}` to {}",
                        entry.table.file_name()
                    ),
                    None => Ok(()),
                }
            }
            Self::EventMissing { event, key } => {
                write!(f, "it no longer counts `{event}`, under the key `{key}`")
            }
            Self::EventAdded { event, key } => {
                write!(f, "it did not count `{event}` before, under the key `{key}`")
            }
            Self::OverrideMissing { entry } => write!(
                f,
                "its history is under `{}`; add `{entry}` to {}",
                entry.legacy,
                entry.table.file_name()
            ),
            Self::OverrideElsewhere { entry, leads_to } if entry.name == entry.legacy => write!(
                f,
                "its history is under its own name, but {} leads from `{}` to `{leads_to}`",
                entry.table.file_name(),
                entry.name
            ),
            Self::OverrideElsewhere { entry, leads_to } => write!(
                f,
                "its history is under `{}`, but {} leads to `{leads_to}`; it should say `{entry}`",
                entry.legacy,
                entry.table.file_name()
            ),
            Self::OtherKey { before, after } => {
                write!(f, "it read `{before}`, and now reads `{after}`")
            }
        }
    }
}
