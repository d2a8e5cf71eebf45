//! A broken metric that does not say where it is repaired.

use super::{Check, Rule};

pub(crate) const CODE: &str = "missing-repair-url";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };
