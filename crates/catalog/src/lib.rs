//! Says, as a pure function, which counters an event moves, what they are called, and which
//! periods a metric reads.
//!
//! Definitions are resolved once into an indexed, immutable [`Catalog`]; everything else reads
//! that. Nothing here parses text, touches a file or asks for the time: dates are arguments.
//!
//! ```text
//!  EventDefinition ─┐
//!  MetricDefinition ├─► Catalog ─► route(event)        ─► updates: counter, operand
//!  Overrides       ─┘          ├─► key(counter, week)  ─► "{hll_counters}_e-user-2026-47"
//!                              ├─► reading(metric, …)  ─► keys and weeks a metric reads
//!                              ├─► explain(event, …)   ─► every gate and rule, and its verdict
//!                              └─► differences_from(…) ─► why a metric does not go on as before
//! ```
#![warn(clippy::disallowed_methods)]

mod catalog;
mod definition;
mod event;
mod explain;
mod key;
mod legacy;
mod parity;
mod reading;
mod route;
mod rule;
mod value;
mod week;

pub use catalog::{Catalog, Counter, CounterId, EventIdx, Metric};
pub use definition::{
    Aggregate, DataSource, Definitions, EventDefinition, ExtraTracker, LegacyOptions,
    MetricDefinition, MetricStatus, Overrides, SetOperator, TimeFrame,
};
pub use event::{Analytics, Call, Event, GivenId, Id};
pub use explain::{Explanation, Gate, RuleVerdict, Surface, Verdict};
pub use key::unsafe_key_character;
pub use parity::{Another, Difference, Entry, Table};
pub use reading::{MetricKind, Part, Reading, Unreadable, Window};
pub use route::{Omission, Operand, Routed, Update};
pub use rule::{CounterKind, Operator, SelectionRule};
pub use value::Scalar;
pub use week::Week;

/// Names that always mean the object itself and can therefore never be additional properties.
pub const RESERVED_PROPERTIES: [&str; 3] = ["user", "namespace", "project"];

/// The additional properties every event may carry once it declares them, with fixed types.
pub const BUILT_IN_PROPERTIES: [&str; 3] = ["label", "property", "value"];
