//! Something removed that does not say when and by what.

use super::{Check, Rule};

pub(crate) const CODE: &str = "missing-removal-fields";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };
