//! Specs: `mockTracking` and what is expected of its spy.

use super::attempt::Attempt;
use super::imports::Imports;
use super::script::Script;

/// The helpers' calls of a spec; they are rewritten together.
pub(super) fn attempts(_: &Script<'_, '_>, _: &Imports) -> Vec<Attempt> {
    Vec::new()
}
