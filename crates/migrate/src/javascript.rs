//! JavaScript and TypeScript: `Tracking.mixin`, `Tracking.event`, calls of the API, and Jest.
//!
//! ```text
//!  text ─► parser ─► names and what they are bound to
//!                      │
//!                      ├─► imports of `~/tracking` and `~/api`
//!                      ├─► components with the mixin ─► one group: all of it, or nothing
//!                      ├─► calls of `Tracking.event` and of the API: each alone
//!                      └─► helpers of specs ─► one group
//!                      │
//!                      ▼
//!                   attempts ─► settled ─► edits of calls, and of imports for what is left
//! ```

mod attempt;
mod call;
mod component;
mod fields;
mod imports;
mod inherited;
mod jest;
mod members;
mod name;
mod object;
mod raw;
mod script;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;

use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::site::{Rewrite, Unparsable};
use crate::stack::with_stack;

pub(crate) use attempt::{Attempt, Planned, refusal};
pub(crate) use call::{Arguments, Callee, plan};
pub(crate) use imports::NEW_NAME;
pub(crate) use inherited::Inherited;
pub(crate) use script::{Context, Dialect, Script, with_script};

/// Rewrites a text of JavaScript or TypeScript.
///
/// # Errors
///
/// Returns where the text does not parse.
pub fn rewrite(
    text: &str,
    language: Language,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    let context = Context { project, options };
    let dialect = match language {
        Language::TypeScript => Dialect::TypeScript,
        _ => Dialect::JavaScript,
    };
    with_stack(text, || with_script(text, 0, dialect, context, |script| run(script, None)))
}

/// What a template adds to the script of its component.
pub(crate) trait Template {
    /// Plans its calls of the mixin's method.
    fn attempts(&self, inherited: &Inherited) -> Vec<Attempt>;
}

/// Rewrites a parsed script, together with the template of its component, if it has one.
pub(crate) fn run(script: &Script<'_, '_>, template: Option<&dyn Template>) -> Rewrite {
    let imports = imports::Imports::read(script);
    let taken = imports.name_is_taken(script);
    let group = |mut attempts: Vec<Attempt>| {
        if let Some(taken) = &taken {
            attempt::refuse_all(&mut attempts, taken);
        }
        attempts
    };
    let mut attempts = attempt::together(group(component::attempts(script, &imports, template)));
    attempts.extend(group(raw::events(script, &imports)));
    attempts.extend(group(raw::api(script, &imports)));
    attempts.extend(attempt::together(jest::attempts(script, &imports)));
    attempts.retain(|it| script.context.options.includes(it.kind));
    let done = attempt::freed(&attempts);
    let mut rewrite = attempt::settle(attempts);
    rewrite.edits.extend(imports.edits(script, &done));
    rewrite
}
