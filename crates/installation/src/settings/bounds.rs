//! What the data directory may hold, and for how long: `[journal]`, `[quarantine]`, `[duplicates]`.

use super::SettingsError;
use super::amount::{Count, Size, Time};
use internal_events::store::{Limits, Options};
use serde::Deserialize;
use std::str::FromStr;
use std::time::Duration;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    keep: Option<Time>,
    keep_bytes: Option<Size>,
    max_pending: Option<Time>,
    max_pending_bytes: Option<Size>,
    reserve: Option<Size>,
    checkpoint: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quarantine {
    events: Option<Count>,
    bytes: Option<Size>,
    keep: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Duplicates {
    window: Option<Time>,
    ids: Option<Count>,
}

/// The three sections as written.
pub(super) struct Sections {
    pub(super) journal: Journal,
    pub(super) quarantine: Quarantine,
    pub(super) duplicates: Duplicates,
}

impl Sections {
    /// The bounds, and how often counters are written down; variables of the environment win.
    pub(super) fn resolve(
        self,
        env: &impl Fn(&str) -> Option<String>,
    ) -> Result<(Limits, Duration), SettingsError> {
        let Self { journal, quarantine, duplicates } = self;
        let mut limits = Limits::default();
        let mut checkpoint = Options::default().checkpoint_after;
        let time = |to: &mut Duration, name, file: Option<Time>| {
            from_env(name, env).map(|it| *to = it.or(file).map_or(*to, |it| it.0))
        };
        let size = |to: &mut u64, name, file: Option<Size>| {
            from_env(name, env).map(|it| *to = it.or(file).map_or(*to, |it| it.0))
        };
        let count = |to: &mut u64, name, file: Option<Count>| {
            from_env(name, env).map(|it| *to = it.or(file).map_or(*to, |it| it.0))
        };
        time(&mut limits.journal_keep, "INTERNAL_EVENTS_JOURNAL_KEEP", journal.keep)?;
        let name = "INTERNAL_EVENTS_JOURNAL_KEEP_BYTES";
        size(&mut limits.journal_keep_bytes, name, journal.keep_bytes)?;
        let name = "INTERNAL_EVENTS_JOURNAL_MAX_PENDING";
        time(&mut limits.max_pending, name, journal.max_pending)?;
        let name = "INTERNAL_EVENTS_JOURNAL_MAX_PENDING_BYTES";
        size(&mut limits.max_pending_bytes, name, journal.max_pending_bytes)?;
        size(&mut limits.reserve_bytes, "INTERNAL_EVENTS_JOURNAL_RESERVE", journal.reserve)?;
        time(&mut checkpoint, "INTERNAL_EVENTS_JOURNAL_CHECKPOINT", journal.checkpoint)?;
        let name = "INTERNAL_EVENTS_QUARANTINE_EVENTS";
        count(&mut limits.quarantine_events, name, quarantine.events)?;
        let name = "INTERNAL_EVENTS_QUARANTINE_BYTES";
        size(&mut limits.quarantine_bytes, name, quarantine.bytes)?;
        let name = "INTERNAL_EVENTS_QUARANTINE_KEEP";
        time(&mut limits.quarantine_keep, name, quarantine.keep)?;
        time(&mut limits.window, "INTERNAL_EVENTS_DUPLICATES_WINDOW", duplicates.window)?;
        let mut ids = limits.window_ids as u64;
        count(&mut ids, "INTERNAL_EVENTS_DUPLICATES_IDS", duplicates.ids)?;
        limits.window_ids = usize::try_from(ids).unwrap_or(usize::MAX);
        Ok((limits, checkpoint))
    }
}

/// Reads an amount from a variable; an empty one says nothing.
pub(super) fn from_env<T: FromStr<Err = &'static str>>(
    name: &'static str,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Option<T>, SettingsError> {
    match env(name).filter(|it| !it.is_empty()) {
        None => Ok(None),
        Some(value) => match value.parse() {
            Ok(amount) => Ok(Some(amount)),
            Err(expected) => Err(SettingsError::NotAmount { name, value, expected }),
        },
    }
}
