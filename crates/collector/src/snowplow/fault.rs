//! What can be wrong with what a tracker sent.

use serde_json::Error as JsonError;

/// Characters of foreign text that a fault repeats; what is longer goes on in the raw event.
const REPEATED: usize = 64;

/// One thing that is wrong with a request or an event.
///
/// Whether it costs the event is said by where it stands: among [`Bad::reasons`], or among the
/// notes of an event that was taken all the same.
///
/// [`Bad::reasons`]: super::Bad::reasons
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The body does not say that it is JSON in UTF-8.
    #[error("content type should be `application/json`, not `{given}`")]
    ContentType {
        /// What it says.
        given: String,
    },
    /// There is neither a body nor a query.
    #[error("the request holds no event")]
    Empty,
    /// The body is no JSON.
    #[error("the body is no JSON")]
    Body(#[source] JsonError),
    /// The body is JSON, but no object with `schema` and a list `data`.
    #[error("the body is no `payload_data`")]
    Envelope(#[source] JsonError),
    /// The body names another schema.
    #[error("the body's schema should be `payload_data` 1-0-x, not `{given}`")]
    EnvelopeSchema {
        /// What it names.
        given: String,
    },
    /// The list of events is missing or empty.
    #[error("`data` lists no event")]
    NoEvents,
    /// The list of events is longer than we take.
    #[error("`data` lists {given} events, more than {at_most}")]
    TooManyEvents {
        /// How many it lists.
        given: usize,
        /// How many it may list.
        at_most: usize,
    },
    /// The query would be copied into more events than is reasonable.
    #[error("a query of {bytes} bytes is too long to be merged into {events} events")]
    QueryTooLong {
        /// Its length.
        bytes: usize,
        /// How many events there are.
        events: usize,
    },
    /// An event is no flat object.
    #[error("an event should be an object of texts")]
    Event(#[source] JsonError),
    /// An event has more parameters than we take.
    #[error("the event has more than {at_most} parameters")]
    TooManyParameters {
        /// How many it may have.
        at_most: usize,
    },
    /// The event's type is none of the protocol's.
    #[error("`e` is no type of event: `{given}`")]
    EventType {
        /// What it says; empty where it is missing.
        given: String,
    },
    /// A self-describing event describes nothing.
    #[error("the self-describing event has neither `ue_px` nor `ue_pr`")]
    NothingDescribed,
    /// Text that should be base64 is not.
    #[error("`{parameter}` is no base64 from byte {position} on")]
    Base64 {
        /// The parameter.
        parameter: &'static str,
        /// Where it stops being base64.
        position: usize,
    },
    /// Text that should be JSON is not, or it is too large or too deep.
    #[error("`{parameter}` is no JSON that can be used")]
    Json {
        /// The parameter.
        parameter: &'static str,
        /// The parser's complaint.
        source: JsonError,
    },
    /// The JSON of a parameter is not wrapped as it should be.
    #[error("`{parameter}` should be wrapped in `{expected}`")]
    Wrapper {
        /// The parameter.
        parameter: &'static str,
        /// The schema it should name, with its shape.
        expected: &'static str,
    },
    /// Something wrapped does not describe itself.
    #[error("`{parameter}` holds at {position} no `schema` with `data`")]
    Entity {
        /// The parameter.
        parameter: &'static str,
        /// Its position, from 0.
        position: usize,
    },

    /// Bytes that are no UTF-8 were replaced.
    #[error("{place} is no UTF-8; what is not was replaced")]
    Utf8 {
        /// Where.
        place: String,
    },
    /// Half of a surrogate pair was replaced, as `JSON.stringify` writes a text cut in an emoji.
    #[error("{place} has half of a surrogate pair, which was replaced")]
    Surrogate {
        /// Where.
        place: &'static str,
    },
    /// A percent sign is not followed by two hexadecimal digits.
    #[error("`{parameter}` has a percent sign that escapes nothing")]
    PercentEscape {
        /// The parameter.
        parameter: String,
    },
    /// A parameter is no text.
    #[error("`{parameter}` should be text, not {kind}")]
    NotText {
        /// The parameter.
        parameter: String,
        /// What it is, in words.
        kind: &'static str,
    },
    /// A parameter is given more than once; the last is taken.
    #[error("`{parameter}` is given twice; the last is taken")]
    Duplicate {
        /// The parameter, or the member of its JSON.
        parameter: String,
    },
    /// The protocol knows no such parameter.
    #[error("`{parameter}` is no parameter of the protocol")]
    Unknown {
        /// The parameter.
        parameter: String,
    },
    /// A parameter that the protocol demands is missing.
    #[error("`{parameter}` is missing")]
    Missing {
        /// The parameter.
        parameter: &'static str,
    },
    /// A parameter has another form than the protocol demands.
    #[error("`{parameter}` should be {expected}")]
    Form {
        /// The parameter.
        parameter: &'static str,
        /// Its form, in words.
        expected: &'static str,
    },
    /// A parameter is longer than Snowplow takes.
    #[error("`{parameter}` is longer than {at_most} characters")]
    TooLong {
        /// The parameter.
        parameter: &'static str,
        /// Its longest, in UTF-16 units.
        at_most: usize,
    },
    /// The same is given plain and encoded.
    #[error("`{taken}` and `{ignored}` are both given; `{taken}` is taken")]
    Both {
        /// The one that is taken.
        taken: &'static str,
        /// The other.
        ignored: &'static str,
    },
    /// Identifiers are not taken from this context.
    #[error("the standard context at {position} is ignored: {why}")]
    StandardContext {
        /// Its position, from 0.
        position: usize,
        /// Why not.
        why: &'static str,
    },
    /// A member of the standard context is left out.
    #[error("`{member}` of the standard context is left out: it is {what}")]
    Member {
        /// The member.
        member: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// More is wrong than is listed.
    #[error("{n} more")]
    More {
        /// How many.
        n: usize,
    },
}

impl Fault {
    /// Names the kind of fault; these words never change.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ContentType { .. } => "content-type",
            Self::Empty => "empty",
            Self::Body(_) => "body",
            Self::Envelope(_) => "envelope",
            Self::EnvelopeSchema { .. } => "envelope-schema",
            Self::NoEvents => "no-events",
            Self::TooManyEvents { .. } => "too-many-events",
            Self::QueryTooLong { .. } => "query-too-long",
            Self::Event(_) => "event",
            Self::TooManyParameters { .. } => "too-many-parameters",
            Self::EventType { .. } => "event-type",
            Self::NothingDescribed => "nothing-described",
            Self::Base64 { .. } => "base64",
            Self::Json { .. } => "json",
            Self::Wrapper { .. } => "wrapper",
            Self::Entity { .. } => "entity",
            Self::Utf8 { .. } => "utf-8",
            Self::Surrogate { .. } => "surrogate",
            Self::PercentEscape { .. } => "percent-escape",
            Self::NotText { .. } => "not-text",
            Self::Duplicate { .. } => "duplicate",
            Self::Unknown { .. } => "unknown",
            Self::Missing { .. } => "missing",
            Self::Form { .. } => "form",
            Self::TooLong { .. } => "too-long",
            Self::Both { .. } => "both",
            Self::StandardContext { .. } => "standard-context",
            Self::Member { .. } => "member",
            Self::More { .. } => "more",
        }
    }
}

/// Repeats foreign text so that it does no harm in a log: short, and on one line.
pub(super) fn repeat(text: &str) -> String {
    text.chars().take(REPEATED).flat_map(char::escape_debug).collect()
}

/// Faults that cost nothing, up to a number.
#[derive(Debug, Default)]
pub(super) struct Notes {
    list: Vec<Fault>,
    n_more: usize,
}

/// Notes kept of one event; the next would only repeat the lesson.
const NOTES: usize = 20;

impl Notes {
    pub(super) fn push(&mut self, fault: Fault) {
        if self.list.len() < NOTES {
            self.list.push(fault);
        } else {
            self.n_more += 1;
        }
    }

    /// Adds what was noted elsewhere.
    pub(super) fn append(&mut self, later: Self) {
        later.list.into_iter().for_each(|it| self.push(it));
        self.n_more += later.n_more;
    }

    pub(super) fn into_list(mut self) -> Vec<Fault> {
        if self.n_more > 0 {
            self.list.push(Fault::More { n: self.n_more });
        }
        self.list
    }
}

#[cfg(test)]
mod tests;
