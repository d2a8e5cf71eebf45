//! From an event to the counters it moves: the hot path of everything.

use crate::catalog::TrackedEvent;
use crate::{
    Call, Catalog, CounterId, CounterKind, Event, EventDefinition, EventIdx, Id,
    RESERVED_PROPERTIES, Scalar, SelectionRule,
};
use smallvec::SmallVec;
use std::fmt;

/// What an event does to one counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// Which counter.
    pub counter: CounterId,
    /// What kind of value it holds.
    pub kind: CounterKind,
    /// Where in the event the element or amount is found.
    pub operand: Operand,
}

/// Where an element or amount is found in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Nowhere: the counter goes up by one.
    One,
    /// The user's id.
    User,
    /// The project's id.
    Project,
    /// The namespace's id.
    Namespace,
    /// The additional property at this position of [`Event::properties`].
    Property(u16),
}

impl Operand {
    /// Writes the element that is counted into `out`, which is in memory: the same bytes at every
    /// entrance.
    pub fn write_element(self, event: &Event, out: &mut impl fmt::Write) {
        let id = match self {
            Self::One => return,
            Self::User => &event.user,
            Self::Project => &event.project,
            Self::Namespace => &event.namespace,
            Self::Property(idx) => return push(out, &event.properties[usize::from(idx)].1),
        };
        if let Some(id) = id {
            push(out, id);
        }
    }

    /// The number that is added up; 0 for anything but a numeric property.
    #[expect(clippy::cast_precision_loss, reason = "sums are floats, as in Redis' INCRBYFLOAT")]
    pub fn amount(self, event: &Event) -> f64 {
        match self {
            Self::Property(idx) => match event.properties[usize::from(idx)].1 {
                Scalar::Int(it) => it as f64,
                Scalar::Float(it) => it,
                _ => 0.0,
            },
            _ => 0.0,
        }
    }
}

fn push(out: &mut impl fmt::Write, value: &impl fmt::Display) {
    write!(out, "{value}").expect("invariant: writing to memory cannot fail");
}

/// Something the event brought, or failed to bring, that keeps it from counting in full.
#[derive(Clone, Debug, PartialEq)]
pub enum Omission {
    /// A property that the definition does not declare; it is left out.
    UndeclaredProperty {
        /// Its name.
        name: String,
    },
    /// A property of the wrong type; it is left out.
    IllTypedProperty {
        /// Its name.
        name: String,
        /// What its type may be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// An identifier or property that a selection rule counts and the event lacks; the rules
    /// that need it are skipped.
    MissingOperand {
        /// Its name.
        name: String,
    },
    /// A legacy event that no metric counts which is active or broken; GitLab forgets it.
    UncountedLegacyEvent {
        /// The event.
        name: String,
    },
    /// A legacy call for an event that is not on the list of legacy events, or not any more.
    UnlistedLegacyEvent {
        /// The event.
        name: String,
    },
    /// A property was given for an event that is still on the list of legacy events, whose sets
    /// have none.
    UnfinishedMigration {
        /// The event.
        name: String,
    },
}

impl Omission {
    /// Whether the call itself is wrong, so that strict mode refuses it.
    pub fn is_wrong_call(&self) -> bool {
        !matches!(self, Self::MissingOperand { .. })
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UndeclaredProperty { name } => {
                write!(f, "property `{name}` is not declared by the event and was left out")
            }
            Self::IllTypedProperty { name, expected, found } => {
                write!(f, "property `{name}` should be {expected}, not {found}, and was left out")
            }
            Self::MissingOperand { name } => {
                write!(f, "`{name}` is missing, so the metrics that count it did not move")
            }
            Self::UncountedLegacyEvent { name } => {
                write!(f, "no metric that is active or broken counts the legacy event `{name}`")
            }
            Self::UnlistedLegacyEvent { name } => write!(
                f,
                "`{name}` is not on the list of legacy events, which this call is for; \
                 track it as an internal event"
            ),
            Self::UnfinishedMigration { name } => write!(
                f,
                "`{name}` is still on the list of legacy events, whose sets have no property; \
                 take it off the list to finish its migration"
            ),
        }
    }
}

/// What an event does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routed {
    /// The counters that move, in the order in which GitLab writes them.
    pub updates: SmallVec<[Update; 8]>,
    /// What was left out; empty for a well-formed event.
    pub omissions: Vec<Omission>,
    /// Positions of the properties among it, in order.
    pub left_out: Vec<usize>,
    /// Whether the event is classified as `duo`: analytics have a context of their own for these.
    pub is_duo: bool,
}

impl Catalog {
    /// Says which counters an event moves.
    ///
    /// Pure; allocates only when something is omitted or more than eight counters move.
    pub fn route(&self, idx: EventIdx, event: &Event) -> Routed {
        let tracked = self.tracked(idx);
        let routing = &tracked.routing;
        let mut routed = Routed { is_duo: routing.is_duo, ..Routed::default() };
        if event.call == Call::IncrementUniqueUsers && self.is_unlisted(&event.name) {
            routed.omissions.push(Omission::UnlistedLegacyEvent { name: event.name.clone() });
        }
        let mut slots = Slots::from_elem(None, routing.n_slots);
        for (position, (name, value)) in event.properties.iter().enumerate() {
            match admit(name, value, tracked) {
                Admission::Slot(slot) => slots[usize::from(slot)] = u16::try_from(position).ok(),
                Admission::Ignored => {}
                Admission::Refused(omission) => {
                    routed.omissions.push(omission);
                    routed.left_out.push(position);
                }
            }
        }
        for (id, rule) in &routing.rules {
            let is_moved =
                event.call == Call::TrackEvent || self.counter(*id).is_moved_by(event.call);
            if !is_moved || !rule.selects(event, &slots) {
                continue;
            }
            match rule.operand(event, &slots) {
                Some(operand) => {
                    routed.updates.push(Update { counter: *id, kind: rule.kind, operand });
                }
                None => {
                    let counter = self.counter(*id);
                    note_missing(&counter.rule, counter.kind, &mut routed.omissions);
                }
            }
        }
        routed
    }
}

pub(crate) fn note_missing(rule: &SelectionRule, kind: CounterKind, omissions: &mut Vec<Omission>) {
    let name = operand_name(rule, kind).to_owned();
    let omission = Omission::MissingOperand { name };
    if !omissions.contains(&omission) {
        omissions.push(omission);
    }
}

/// The identifier or property that a rule needs.
pub(crate) fn operand_name(rule: &SelectionRule, kind: CounterKind) -> &str {
    if kind == CounterKind::Sum { "value" } else { rule.unique_name().unwrap_or_default() }
}

/// Position in the event of each declared property, where it was given and well typed.
pub(crate) type Slots = SmallVec<[Option<u16>; 8]>;

/// What routing reads of an event, side by side.
///
/// For one event among thousands none of it is near the processor, and reading it wherever else it
/// stands takes longer than all the rest of routing.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    is_duo: bool,
    n_slots: usize,
    base_slots: BaseSlots,
    rules: Box<[(CounterId, ResolvedRule)]>,
}

impl Routing {
    pub(crate) fn new(
        definition: &EventDefinition,
        rules: Box<[(CounterId, ResolvedRule)]>,
    ) -> Self {
        Self {
            is_duo: definition.is_duo,
            n_slots: definition.properties.len(),
            base_slots: BaseSlots::new(&definition.properties),
            rules,
        }
    }
}

/// The slots of the three properties that most events have.
#[derive(Clone, Copy, Debug)]
struct BaseSlots {
    label: Option<u16>,
    property: Option<u16>,
    value: Option<u16>,
}

impl BaseSlots {
    fn new(declared: &[String]) -> Self {
        let slot = |name: &str| slot_of(name, declared);
        Self { label: slot("label"), property: slot("property"), value: slot("value") }
    }

    /// The slot of any property.
    fn slot(self, name: &str, declared: &[String]) -> Option<u16> {
        match name {
            "label" => self.label,
            "property" => self.property,
            "value" => self.value,
            _ => slot_of(name, declared),
        }
    }
}

fn slot_of(name: &str, declared: &[String]) -> Option<u16> {
    declared.iter().position(|it| it == name).and_then(|it| u16::try_from(it).ok())
}

/// Whether an additional property of an event may be used.
pub(crate) enum Admission {
    /// It fills this slot: the position of its name among the declared properties.
    Slot(u16),
    /// It is null, or only extra trackers may see it.
    Ignored,
    /// It may not.
    Refused(Omission),
}

pub(crate) fn admit(name: &str, value: &Scalar, tracked: &TrackedEvent) -> Admission {
    if *value == Scalar::Null {
        return Admission::Ignored;
    }
    let declared = &tracked.definition.properties;
    let Some(slot) = tracked.routing.base_slots.slot(name, declared) else {
        let is_protected = tracked.definition.protected_properties.iter().any(|it| it == name);
        return if is_protected && !RESERVED_PROPERTIES.contains(&name) {
            Admission::Ignored
        } else {
            Admission::Refused(Omission::UndeclaredProperty { name: name.to_owned() })
        };
    };
    let expected = match name {
        "label" | "property" if !matches!(value, Scalar::Str(_)) => "a string",
        "value" if !is_finite_number(value) => "a number",
        "label" | "property" | "value" => return Admission::Slot(slot),
        _ if matches!(value, Scalar::Str(_)) || is_finite_number(value) => {
            return Admission::Slot(slot);
        }
        _ => "a string or a number",
    };
    let (name, found) = (name.to_owned(), value.kind());
    Admission::Refused(Omission::IllTypedProperty { name, expected, found })
}

fn is_finite_number(value: &Scalar) -> bool {
    match value {
        Scalar::Int(_) => true,
        Scalar::Float(it) => it.is_finite(),
        _ => false,
    }
}

/// A selection rule with its names looked up among the event's declared properties.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResolvedRule {
    kind: CounterKind,
    filter: Vec<(Option<u16>, Scalar)>,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    One,
    User,
    Project,
    Namespace,
    Slot(u16),
    /// A property that the event does not declare and that can therefore never be given.
    Nowhere,
}

impl ResolvedRule {
    pub(crate) fn new(rule: &SelectionRule, declared: &[String]) -> Self {
        let slot = |name: &str| slot_of(name, declared);
        let filter = rule.filter.iter().map(|(name, value)| (slot(name), value.clone())).collect();
        let kind = rule.kind();
        let source = match (kind, operand_name(rule, kind)) {
            (CounterKind::Total, _) => Source::One,
            (CounterKind::Sum, name) => slot(name).map_or(Source::Nowhere, Source::Slot),
            (_, "user") => Source::User,
            (_, "project") => Source::Project,
            (_, "namespace") => Source::Namespace,
            (_, name) => slot(name).map_or(Source::Nowhere, Source::Slot),
        };
        Self { kind, filter, source }
    }

    fn selects(&self, event: &Event, slots: &Slots) -> bool {
        self.filter.iter().all(|(slot, wanted)| match slot.and_then(|it| slots[usize::from(it)]) {
            Some(position) => event.properties[usize::from(position)].1.matches(wanted),
            None => *wanted == Scalar::Null,
        })
    }

    pub(crate) fn counts_users(&self) -> bool {
        self.source == Source::User
    }

    pub(crate) fn operand(&self, event: &Event, slots: &Slots) -> Option<Operand> {
        let present = |id: &Option<Id>, operand| id.as_ref().map(|_| operand);
        match self.source {
            Source::One => Some(Operand::One),
            Source::User => present(&event.user, Operand::User),
            Source::Project => present(&event.project, Operand::Project),
            Source::Namespace => present(&event.namespace, Operand::Namespace),
            Source::Slot(slot) => slots[usize::from(slot)].map(Operand::Property),
            Source::Nowhere => None,
        }
    }
}
