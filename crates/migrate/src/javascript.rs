//! JavaScript and TypeScript: `Tracking.mixin`, `Tracking.event`, calls of the API, and Jest.
//!
//! ```text
//!  text ─► parser ─► names and what they are bound to
//!                      │
//!                      ├─► imports of `~/tracking` and `~/api`
//!                      ├─► components with the mixin ─► one group: all of it, or nothing
//!                      ├─► calls of `Tracking.event` and of the API: each alone
//!                      ├─► calls that would count twice ─► merged, or nothing
//!                      └─► helpers of specs ─► one group
//!                      │
//!                      ▼
//!                   attempts ─► settled ─► edits of calls, and of imports for what is left
//! ```

mod attempt;
mod call;
mod component;
mod elsewhere;
mod fields;
mod imports;
mod inherited;
mod jest;
mod layout;
mod members;
mod name;
mod needless;
mod object;
mod raw;
mod script;
mod several;
mod unused;

#[cfg(test)]
mod properties;
#[cfg(test)]
pub(crate) mod tests;

use crate::inline::{self, Code, Inline};
use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::site::{Kind, Reason, Rewrite, Unparsable};
use crate::stack::with_stack;
use std::ops::Range;

pub(crate) use attempt::{Attempt, Planned, refusal};
pub(crate) use call::{Arguments, Callee, plan};
pub(crate) use elsewhere::FROM_ANOTHER_FILE;
pub(crate) use imports::NEW_NAME;
pub(crate) use inherited::Inherited;
pub(crate) use layout::{WIDTH, applied, step};
pub(crate) use name::{choice, text};
pub(crate) use script::{Component, Context, Dialect, Script, with_program, with_script};

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
    let context = Context { project, options, component: None };
    let dialect = Dialect::of(language);
    with_stack(text, || with_script(text, 0, dialect, context, |script| run(script, None)))
}

/// Parses a text of JavaScript or TypeScript.
///
/// # Errors
///
/// Returns where the text does not parse.
pub(crate) fn parse(text: &str, language: Language) -> Result<(), Unparsable> {
    with_stack(text, || with_program(text, 0, Dialect::of(language), |_| ()))
}

/// Rewrites the calls in the scripts of a page.
///
/// # Errors
///
/// Fails if the text is longer than there is stack for.
pub fn rewrite_inline(
    text: &str,
    language: Language,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    let has_calls = |it: &str| CALLS.iter().any(|word| it.contains(word));
    if !options.includes(Kind::JsTracking) || !has_calls(text) {
        return Ok(Rewrite::default());
    }
    with_stack(text, || {
        let mut whole = Rewrite::default();
        for Inline { range, code } in inline::scripts(text, language) {
            let source = &text[range.clone()];
            if has_calls(source) && code != Code::Other {
                let context = Context { project, options, component: None };
                let part = inline_script(source, range.start, code, context);
                whole.take_part(part, 0);
            }
        }
        Ok(whole)
    })
}

/// Words without one of which a script of a page has no call.
const CALLS: [&str; 4] =
    ["Tracking.event", "Tracking.mixin", "trackRedisHllUserEvent", "trackRedisCounterEvent"];

fn inline_script(source: &str, base: usize, code: Code, context: Context<'_>) -> Rewrite {
    let problem = if code == Code::WithRuby {
        (Reason::NotUnderstood, "Ruby writes a part of this script".to_owned())
    } else {
        let run = |script: &Script<'_, '_>| run(script, None);
        match with_script(source, base, Dialect::JavaScript, context, run) {
            Ok(part) => return part,
            Err(it) => (it.refusal().reason, format!("this script does not parse: {}", it.message)),
        }
    };
    let mut rewrite = Rewrite::default();
    let advice = "Change its calls by hand, or move it into a file of its own";
    let (reason, what) = problem;
    rewrite.refuse(Kind::JsTracking, base..base + source.len(), reason, what, advice);
    rewrite
}

/// What a template adds to the script of its component.
pub(crate) trait Template {
    /// Plans its calls of the mixin's method.
    fn attempts(&self, inherited: &Inherited) -> Vec<Attempt>;

    /// Where it first calls `track`, whoever brings that.
    fn first_call(&self) -> Option<Range<usize>>;

    /// Whether it has a word, as the names of a script with `setup` are.
    fn mentions(&self, word: &str) -> bool;
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
    let (components, elsewhere) = component::attempts(script, &imports, template);
    let mut components = group(components);
    let mut events = group(raw::events(script, &imports));
    let mut api = group(raw::api(script, &imports));
    let mut calls: Vec<&mut Attempt> =
        components.iter_mut().chain(&mut events).chain(&mut api).collect();
    let merged = several::look(script, &mut calls);
    let mut attempts = attempt::together(components);
    attempts.extend(elsewhere);
    attempts.extend(events);
    attempts.extend(api);
    several::take_out(&merged, &mut attempts);
    attempts.extend(attempt::together(jest::attempts(script, &imports)));
    attempts.retain(|it| script.context.options.includes(it.kind));
    for it in &mut attempts {
        layout::fit(script, it);
    }
    let done = attempt::freed(&attempts);
    let mut rewrite = attempt::settle(attempts);
    let needless = unused::edits(script, &rewrite.edits, template);
    rewrite.edits.extend(needless);
    rewrite.edits.extend(imports.edits(script, &done));
    rewrite
}
