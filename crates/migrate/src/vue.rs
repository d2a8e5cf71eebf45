//! Vue's single-file components: the script, and calls in the template's expressions.
//!
//! Data attributes of the template are the business of another module, which gets the blocks
//! from here.

mod blocks;
mod markup;
#[cfg(test)]
mod tests;

use crate::javascript::{Component, Context, Dialect, run, with_program, with_script};
use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::scan::has_legacy_words;
use crate::site::{Kind, Reason, Rewrite, Unparsable};
use crate::stack::with_stack;
use markup::Markup;

pub use blocks::{Attribute, Block, blocks};

/// Rewrites the scripts of a component, and the calls of the mixin in its template.
///
/// # Errors
///
/// Returns where the component, or one of its scripts, does not parse.
pub fn rewrite(text: &str, project: &Project, options: &Options) -> Result<Rewrite, Unparsable> {
    with_stack(text, || rewritten(text, Context { project, options, component: None }))
}

fn rewritten(text: &str, context: Context<'_>) -> Result<Rewrite, Unparsable> {
    let blocks = blocks(text)?;
    let mut rewrite = Rewrite::default();
    let template = blocks.iter().find(|it| it.name == "template");
    let beside = Context { component: component(text, &blocks), ..context };
    let markup = template.map(|block| Markup { text, block, context: beside });
    for script in blocks.iter().filter(|it| it.name == "script") {
        let source = &text[script.content.clone()];
        let dialect = match dialect(text, script) {
            Ok(it) => it,
            Err(other) => {
                refuse_language(script, source, other, &mut rewrite);
                continue;
            }
        };
        let template = markup.as_ref().map(|it| it as _);
        let base = script.content.start;
        let part = with_script(source, base, dialect, context, |it| run(it, template))?;
        rewrite.take_part(part, 0);
    }
    rewrite.sites.sort_by_key(|it| (it.range.start, it.range.end));
    Ok(rewrite)
}

/// In what a script is written, or the name of what is not read.
fn dialect<'t>(text: &'t str, script: &Block) -> Result<Dialect, &'t str> {
    let lang = script.attribute(text, "lang").unwrap_or("js");
    Dialect::of_block(lang).ok_or(lang)
}

/// The script with the options of the component; one with `setup` has none.
pub(crate) fn component<'t>(text: &'t str, blocks: &[Block]) -> Option<Component<'t>> {
    let is_plain = |it: &&Block| it.name == "script" && it.attribute(text, "setup").is_none();
    let script = blocks.iter().find(is_plain)?;
    let dialect = dialect(text, script).ok()?;
    Some(Component { script: &text[script.content.clone()], dialect })
}

/// Parses the blocks of a component, and its scripts.
///
/// # Errors
///
/// Returns where the component, or one of its scripts, does not parse.
pub(crate) fn parse(text: &str) -> Result<(), Unparsable> {
    with_stack(text, || {
        for script in blocks(text)?.iter().filter(|it| it.name == "script") {
            if let Some(dialect) = Dialect::of_block(script.attribute(text, "lang").unwrap_or("js"))
            {
                with_program(&text[script.content.clone()], script.content.start, dialect, |_| ())?;
            }
        }
        Ok(())
    })
}

fn refuse_language(block: &Block, source: &str, language: &str, rewrite: &mut Rewrite) {
    if has_legacy_words(Language::Vue, source.as_bytes()) {
        rewrite.refuse(
            Kind::VueMixin,
            block.outer.clone(),
            Reason::DoesNotParse,
            format!("the script is written in {language}"),
            "Only JavaScript and TypeScript are read: change its calls by hand",
        );
    }
}
