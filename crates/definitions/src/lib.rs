//! Turns definition files into definitions, diagnostics and edits; writes new definition files
//! and schemas.
//!
//! Text in, values out: no file system, no terminal. Parsing never stops at the first problem:
//! [`analyze()`] gives everything that could be read together with everything that is wrong.
#![warn(clippy::disallowed_methods)]

mod aggregates;
mod analyze;
mod diagnostic;
mod fields;
mod file;
mod fixes;
pub mod generate;
mod index;
mod model;
mod rules;
mod schema;
mod sources;
mod suggest;
mod tables;
pub mod yaml;

pub use analyze::analyze;
pub use diagnostic::{Diagnostic, Edit, Fix, Related, Severity};
pub use fixes::apply_fixes;
pub use rules::codes;
pub use schema::{Kind, schema};
pub use sources::{Analysis, Facts, Source, Sources};
