//! Descriptions for what nobody described.

use super::{Identifier, Unique};
use internal_events_catalog::TimeFrame;

/// Tells whether a description of an event says no more than the event's name.
///
/// The generator writes such a sentence where it is given none, so that the file is valid;
/// `check` reminds of it.
pub fn is_composed_description(description: &str, event: &str) -> bool {
    description.trim() == event_description(event)
}

pub(super) fn event_description(event: &str) -> String {
    format!("Event {event} happened")
}

/// How a metric's description begins, as GitLab's do: the period, and what is counted.
pub fn metric_description_start(unique: Option<&Unique>, time_frame: TimeFrame) -> String {
    let period = match time_frame {
        TimeFrame::SevenDays => "Weekly",
        TimeFrame::TwentyEightDays => "Monthly",
        TimeFrame::All | TimeFrame::None => "Total",
    };
    match unique {
        Some(Unique::Identifier(it)) => format!("{period} count of unique {}s", it.as_str()),
        Some(Unique::Property(name)) => format!("{period} count of unique values of {name}"),
        None => format!("{period} count of"),
    }
}

/// How a metric's description goes on when nobody says so: with the event's name.
pub fn metric_description_end(event: &str, unique: Option<&Unique>) -> String {
    match unique {
        Some(Unique::Identifier(Identifier::User)) => format!("who triggered {event}"),
        Some(Unique::Identifier(_)) => format!("where {event} happened"),
        Some(Unique::Property(_)) => format!("from {event}"),
        None => format!("{event} events"),
    }
}
