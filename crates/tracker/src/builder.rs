//! One event, written down word by word.

use crate::{Strictness, Submission, Tracker};
use internal_events_catalog::{Event, GivenId, Id, Scalar};

/// An event that is being put together; it goes nowhere until [`send`](Self::send).
#[derive(Debug)]
#[must_use = "an event does nothing until it is sent"]
pub struct EventBuilder<'a> {
    tracker: &'a Tracker,
    event: Event,
}

impl<'a> EventBuilder<'a> {
    pub(crate) fn new(tracker: &'a Tracker, name: String) -> Self {
        Self { tracker, event: Event { name, ..Event::default() } }
    }

    /// Says who did it.
    pub fn user(mut self, id: impl Into<Id>) -> Self {
        self.event.user = Some(id.into());
        self
    }

    /// Says in which project.
    pub fn project(mut self, id: impl Into<Id>) -> Self {
        self.event.project = Some(id.into());
        self
    }

    /// Says in which namespace.
    pub fn namespace(mut self, id: impl Into<Id>) -> Self {
        self.event.namespace = Some(id.into());
        self
    }

    /// Says where it happened; analytics destinations have a default for it.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.event.category = Some(category.into());
        self
    }

    /// Adds an additional property, which the event's definition must declare.
    pub fn property(mut self, name: impl Into<String>, value: impl Into<Scalar>) -> Self {
        self.event.properties.push((name.into(), value.into()));
        self
    }

    /// Gives the event an id, so that it counts once even if it is sent again: the same id with
    /// the same content within a day and a million such events.
    pub fn id(mut self, id: [u8; 16]) -> Self {
        self.event.given_id = Some(GivenId { id, content: None });
        self
    }

    /// Sends the event on its way and returns at once.
    ///
    /// It is durable within [`Limits::linger`](crate::Limits::linger) plus the time of a commit;
    /// [`Tracker::flush`] waits for that. What goes wrong is counted in [`Tracker::health`].
    ///
    /// # Panics
    ///
    /// In strict mode, at the caller's line, if the event is unknown or has a property that its
    /// definition does not declare or that is of the wrong type. Never in lenient mode.
    #[track_caller]
    #[expect(clippy::panic, reason = "strict mode exists to fail at the call that is wrong")]
    pub fn send(self) {
        let strictness = self.tracker.strictness();
        match self.tracker.send(self.event) {
            Ok(Submission::Refused { reason }) if strictness == Strictness::Strict => {
                panic!("{reason}")
            }
            // Refusals of any other kind are in the ledger; an application must not notice them.
            Ok(_) | Err(_) => {}
        }
    }
}
