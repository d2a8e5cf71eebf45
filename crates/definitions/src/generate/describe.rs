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

/// Describes a metric as GitLab does: the period, what is counted, and of what.
pub(super) fn metric_description(
    event: &str,
    unique: Option<&Unique>,
    time_frame: TimeFrame,
    of_what: Option<&str>,
) -> String {
    let period = match time_frame {
        TimeFrame::SevenDays => "Weekly",
        TimeFrame::TwentyEightDays => "Monthly",
        TimeFrame::All | TimeFrame::None => "Total",
    };
    if let Some(of_what) = of_what {
        return match unique.map(counted) {
            Some(counted) => format!("{period} count of unique {counted} {of_what}"),
            None => format!("{period} count of {of_what}"),
        };
    }
    match unique {
        Some(Unique::Identifier(Identifier::User)) => {
            format!("{period} count of unique users who triggered {event}")
        }
        Some(Unique::Identifier(_)) => {
            let counted = unique.map(counted).unwrap_or_default();
            format!("{period} count of unique {counted} where {event} happened")
        }
        Some(Unique::Property(_)) => {
            let counted = unique.map(counted).unwrap_or_default();
            format!("{period} count of unique {counted} from {event}")
        }
        None => format!("{period} count of {event} events"),
    }
}

fn counted(unique: &Unique) -> String {
    match unique {
        Unique::Identifier(Identifier::User) => "users".to_owned(),
        Unique::Identifier(Identifier::Project) => "projects".to_owned(),
        Unique::Identifier(Identifier::Namespace) => "namespaces".to_owned(),
        Unique::Property(name) => format!("values of {name}"),
    }
}
