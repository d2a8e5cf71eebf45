//! What is handed to a tracker, and what becomes of it.

use crate::health::Cause;
use internal_events_catalog::{GivenId, Omission};
use std::borrow::Cow;

/// What became of a submitted event.
#[derive(Clone, Debug, PartialEq)]
pub enum Submission {
    /// It is accepted once its batch is durable.
    Accepted {
        /// What was left out.
        omissions: Vec<Omission>,
    },
    /// No definition knows it; it is kept aside once its batch is durable.
    Quarantined {
        /// Why, in words.
        reason: String,
    },
    /// Strict mode refuses it.
    Refused {
        /// Why, in words.
        reason: String,
    },
}

impl Submission {
    /// 1 if the event is taken or kept aside, 0 if it is refused.
    pub(crate) fn is_taken(&self) -> u64 {
        u64::from(!matches!(self, Self::Refused { .. }))
    }
}

/// What somebody sent that is no event: kept aside as it is, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Why it is no event: a word for machines, the same for all of one kind.
    pub reason: Cow<'static, str>,
    /// What was sent, in whatever form; the caller bounds its size.
    pub payload: Vec<u8>,
}

/// What a Snowplow tracker sent and is no internal event: handed on to analytics as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Its parameters, as an object of JSON whose members are texts.
    pub parameters: Box<str>,
    /// The id it was sent with.
    pub given_id: Option<GivenId>,
}

/// What a batch has beside internal events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Others {
    /// What is kept aside.
    pub foreign: Vec<Foreign>,
    /// What is handed on.
    pub forwarded: Vec<Forwarded>,
}

/// Why a whole batch was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Too much waits for the journal.
    #[error("too many events wait for the journal")]
    QueueFull,
    /// The tracker is shut down.
    #[error("the tracker is shut down")]
    ShutDown,
    /// Tracking is switched off.
    #[error("tracking is switched off")]
    Disabled,
}

impl Refusal {
    pub(crate) fn cause(self) -> Cause {
        match self {
            Self::QueueFull => Cause::QueueFull,
            Self::ShutDown => Cause::ShutDown,
            Self::Disabled => Cause::Disabled,
        }
    }
}
