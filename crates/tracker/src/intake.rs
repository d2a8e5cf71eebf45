//! What happens to an event on its caller's thread: validated, routed, put into a batch.

use crate::config::Strictness;
use crate::health::{Cause, shortened};
use crate::prepared::Prepared;
use crate::queue::{Aside, Batch, Kept};
use crate::shared::Shared;
use crate::submission::{Foreign, Forwarded, Submission};
use internal_events_catalog::{Catalog, Event, EventIdx, Omission, Routed};
use std::sync::Arc;

/// Takes the events of one call, all by the same catalog and at the same time.
pub(crate) struct Intake<'a> {
    shared: &'a Shared,
    catalog: Arc<Catalog>,
    now: i64,
    /// How many events there are about.
    n_events: usize,
    pub(crate) batch: Batch,
}

impl<'a> Intake<'a> {
    pub(crate) fn new(shared: &'a Shared, n_events: usize) -> Self {
        let (catalog, now) = (shared.catalog.load_full(), shared.clock.now_ms());
        Self { shared, catalog, now, n_events, batch: Batch::default() }
    }

    /// Puts an event into the batch, unless strict mode refuses it.
    pub(crate) fn admit(&mut self, event: Event) -> Submission {
        let event = self.with_pseudonym(event);
        if let Some(routed) = self.catalog.route_legacy(&event) {
            if routed.omissions.is_empty() {
                self.accept(&event, &routed);
                return Submission::Accepted { omissions: Vec::new() };
            }
            return self.admit_legacy_in_part(event, routed);
        }
        let Some(idx) = self.catalog.find_event(&event.name) else {
            return self.admit_unknown(event);
        };
        let routed = self.catalog.route(idx, &event);
        if !routed.omissions.is_empty() {
            return self.admit_in_part(event, idx, routed);
        }
        self.accept(&event, &routed);
        Submission::Accepted { omissions: Vec::new() }
    }

    /// Puts a pseudonym in the place of the user's id, where that is wanted.
    #[cfg(feature = "snowplow")]
    fn with_pseudonym(&self, mut event: Event) -> Event {
        if let (Some(salt), Some(user)) = (&self.shared.pseudonyms, &event.user) {
            event.user = Some(salt.pseudonym(user).into());
        }
        event
    }

    #[cfg(not(feature = "snowplow"))]
    #[expect(clippy::unused_self, reason = "with the feature it is used")]
    fn with_pseudonym(&self, event: Event) -> Event {
        event
    }

    #[cold]
    fn admit_unknown(&mut self, event: Event) -> Submission {
        let name = shortened(&event.name);
        let reason = match self.catalog.similar_event(&event.name) {
            Some(similar) => format!("Unknown event: {name}. Did you mean {similar}?"),
            None => format!("Unknown event: {name}"),
        };
        if self.shared.strictness == Strictness::Strict {
            self.shared.ledger.count(Cause::Strict, 1);
            return Submission::Refused { reason };
        }
        self.shared.ledger.warn_unknown(&reason, self.now);
        self.keep_aside(Kept::Unknown(event));
        Submission::Quarantined { reason }
    }

    /// Puts what is no event into the batch.
    pub(crate) fn admit_foreign(&mut self, foreign: Foreign) {
        self.keep_aside(Kept::Foreign(foreign));
    }

    fn keep_aside(&mut self, what: Kept) {
        self.batch.aside.push(Aside { what, received_at: self.now });
    }

    /// Accepts a legacy event that does not count in full, or refuses it in strict mode.
    #[cold]
    fn admit_legacy_in_part(&mut self, event: Event, routed: Routed) -> Submission {
        let omissions = routed.omissions.clone();
        if let Some(refused) = self.refuse_wrong_call(&event, &omissions) {
            return refused;
        }
        self.note(&event.name, &omissions);
        self.accept(&event, &routed);
        Submission::Accepted { omissions }
    }

    /// Refuses what is wrong with the call itself, if strict mode wants that.
    fn refuse_wrong_call(&self, event: &Event, omissions: &[Omission]) -> Option<Submission> {
        if self.shared.strictness != Strictness::Strict {
            return None;
        }
        let wrong = omissions.iter().find(|it| it.is_wrong_call())?;
        self.shared.ledger.count(Cause::Strict, 1);
        Some(Submission::Refused { reason: format!("{}: {wrong}", event.name) })
    }

    /// Accepts an event without what is wrong with it, or refuses it in strict mode.
    #[cold]
    fn admit_in_part(&mut self, mut event: Event, idx: EventIdx, routed: Routed) -> Submission {
        let omissions = routed.omissions.clone();
        if let Some(refused) = self.refuse_wrong_call(&event, &omissions) {
            return refused;
        }
        self.note(&event.name, &omissions);
        if routed.left_out.is_empty() {
            self.accept(&event, &routed);
            return Submission::Accepted { omissions };
        }
        leave_out(&mut event, &routed.left_out);
        let routed = self.catalog.route(idx, &event);
        self.accept(&event, &routed);
        Submission::Accepted { omissions }
    }

    fn note(&self, event: &str, omissions: &[Omission]) {
        for omission in omissions {
            self.shared.ledger.omit(event, omission, self.now);
        }
    }

    /// Puts what is handed on into the batch.
    pub(crate) fn admit_forwarded(&mut self, forwarded: &Forwarded) {
        let now = self.now;
        self.prepared().push_forwarded(forwarded, now);
    }

    fn accept(&mut self, event: &Event, routed: &Routed) {
        let now = self.now;
        self.prepared().push(event, now, routed);
    }

    fn prepared(&mut self) -> &mut Prepared {
        let (catalog, n_events) = (&self.catalog, self.n_events);
        let new = || Box::new(Prepared::new(Arc::clone(catalog), n_events));
        self.batch.prepared.get_or_insert_with(new)
    }
}

/// Routes an event as a call in lenient mode would be; nothing if no definition knows it.
///
/// What is wrong is taken out of the event, and is among the omissions.
pub(crate) fn route_leniently(catalog: &Catalog, event: &mut Event) -> Option<Routed> {
    if let Some(routed) = catalog.route_legacy(event) {
        return Some(routed);
    }
    let idx = catalog.find_event(&event.name)?;
    let routed = catalog.route(idx, event);
    if routed.left_out.is_empty() {
        return Some(routed);
    }
    leave_out(event, &routed.left_out);
    Some(Routed { omissions: routed.omissions, ..catalog.route(idx, event) })
}

/// Takes properties out, so that they do not reach the journal either; what stays moves up.
fn leave_out(event: &mut Event, positions: &[usize]) {
    let mut left_out = positions.iter().peekable();
    let mut position = 0;
    event.properties.retain(|_| {
        let stays = left_out.next_if_eq(&&position).is_none();
        position += 1;
        stays
    });
}

/// Under which cause something left out is counted.
pub(crate) fn cause_of(omission: &Omission) -> Cause {
    match omission {
        Omission::UndeclaredProperty { .. } => Cause::UndeclaredProperty,
        Omission::IllTypedProperty { .. } => Cause::IllTypedProperty,
        Omission::MissingOperand { .. } => Cause::MissingIdentifier,
        Omission::UncountedLegacyEvent { .. } => Cause::UncountedLegacyEvent,
        Omission::UnlistedLegacyEvent { .. } => Cause::UnlistedLegacyEvent,
        Omission::UnfinishedMigration { .. } => Cause::UnfinishedMigration,
    }
}
