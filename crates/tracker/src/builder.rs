//! One event, written down word by word.

use crate::{Durable, Others, Refusal, Strictness, Submission, Tracker};
use internal_events_catalog::{Analytics, Call, Event, GivenId, Id, Scalar};

/// An event that is being put together; it goes nowhere until [`send`](Self::send).
#[derive(Debug)]
#[must_use = "an event does nothing until it is sent"]
pub struct EventBuilder<'a> {
    tracker: &'a Tracker,
    event: Event,
}

impl<'a> EventBuilder<'a> {
    pub(crate) fn new(tracker: &'a Tracker, call: Call, name: String) -> Self {
        Self { tracker, event: Event { call, ..Event::new(name) } }
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

    /// Says more of the circumstances to analytics: a member of GitLab's standard context, such as
    /// `plan`, `user_type`, `ultimate_parent_namespace_id` or `correlation_id`. It counts nowhere.
    pub fn context(mut self, name: impl Into<String>, value: impl Into<Scalar>) -> Self {
        self.event.context.push((name.into(), value.into()));
        self
    }

    /// Says whether analytics are sent an event too, and not only counters moved; they are by
    /// default, if a destination for them is configured.
    pub fn send_to_snowplow(mut self, is_sent: bool) -> Self {
        self.event.analytics = if is_sent { Analytics::Built } else { Analytics::Nothing };
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
    pub fn send(self) {
        self.tracker.send_or_panic(self.event);
    }

    /// Sends the event as [`send`](Self::send) does, and gives what becomes ready once it is in the
    /// journal: for asynchronous programs whose own answers should not come before.
    ///
    /// ```
    /// # use internal_events::Tracker;
    /// async fn order(tracker: &Tracker) -> Result<&str, Box<dyn std::error::Error>> {
    ///     tracker.track_event("create_order").user(17).send_durably()?.await?;
    ///     Ok("ordered, and counted whatever becomes of this process")
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When it is refused for what is wrong with the tracker, and not with the event.
    ///
    /// # Panics
    ///
    /// In strict mode, as [`send`](Self::send) does.
    #[track_caller]
    pub fn send_durably(self) -> Result<Durable, Refusal> {
        let (submissions, durable) =
            self.tracker.submit_with(vec![self.event], Others::default())?;
        for it in submissions {
            self.tracker.panic_if_strict(it);
        }
        Ok(durable)
    }
}

/// Values to show to the set of an event from before internal events; they go nowhere until they
/// are [sent](Self::send).
#[derive(Debug)]
#[must_use = "values count nowhere until they are sent"]
pub struct LegacyUniqueBuilder<'a> {
    tracker: &'a Tracker,
    name: String,
    property: Option<String>,
    values: Vec<Id>,
}

impl<'a> LegacyUniqueBuilder<'a> {
    pub(crate) fn new(tracker: &'a Tracker, name: String) -> Self {
        Self { tracker, name, property: None, values: Vec::new() }
    }

    /// Says what the values are, as in `user.id`, for an event whose set has that in its name:
    /// one that is not on the list of legacy events.
    pub fn property(mut self, name: impl Into<String>) -> Self {
        self.property = Some(name.into());
        self
    }

    /// Adds values, mostly the id of one user or project.
    pub fn values<I: Into<Id>>(mut self, values: impl IntoIterator<Item = I>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }

    /// Sends the values on their way and returns at once; each is an entry of its own in the
    /// journal.
    ///
    /// # Panics
    ///
    /// In strict mode, at the caller's line, if no metric that is active or broken counts the
    /// event, if it is called without a property and not on the list of legacy events, or with one
    /// and on that list. Never in lenient mode, which counts each of these in
    /// [`Tracker::health`] by cause, and keeps aside what no definition knows.
    #[track_caller]
    pub fn send(self) {
        for value in self.values {
            self.tracker.send_or_panic(legacy_unique(&self.name, self.property.as_deref(), value));
        }
    }
}

/// The event that [`Tracker::track_legacy_unique`] sends for one value, as it stands in the journal:
/// the value under the name of what it is.
pub fn legacy_unique(name: &str, property: Option<&str>, value: Id) -> Event {
    let event = Event { call: Call::TrackLegacyUnique, ..Event::new(name) };
    match property.map(|it| it.split('.').next().unwrap_or(it)) {
        None => Event { call: Call::IncrementUniqueUsers, user: Some(value), ..event },
        Some("user") => Event { user: Some(value), ..event },
        Some("project") => Event { project: Some(value), ..event },
        Some("namespace") => Event { namespace: Some(value), ..event },
        Some(property) => {
            let value = match value {
                Id::Number(it) => Scalar::Int(it),
                Id::Text(it) => Scalar::Str(it),
            };
            Event { properties: vec![(property.to_owned(), value)], ..event }
        }
    }
}

impl Tracker {
    #[track_caller]
    fn send_or_panic(&self, event: Event) {
        // Refusals of any other kind are in the ledger; an application must not notice them.
        if let Ok(submission) = self.send(event) {
            self.panic_if_strict(submission);
        }
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "strict mode exists to fail at the call that is wrong")]
    fn panic_if_strict(&self, submission: Submission) {
        match submission {
            Submission::Refused { reason } if self.strictness() == Strictness::Strict => {
                panic!("{reason}")
            }
            _ => {}
        }
    }
}
