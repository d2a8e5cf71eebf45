//! Signals that tell the program to end, for what must not end half-way.

use anyhow::Context as _;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// From now on the system notes a wish to end here instead of ending the program.
pub(crate) fn noted() -> anyhow::Result<Arc<AtomicBool>> {
    let is_told_to_end = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&is_told_to_end))
            .context("cannot prepare for interruptions")?;
    }
    Ok(is_told_to_end)
}
