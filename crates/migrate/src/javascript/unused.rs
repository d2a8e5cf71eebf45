//! Names that nobody needs once calls are rewritten: the constant of a category, and its import.

use super::Template;
use super::imports::{Module, line};
use super::layout::WIDTH;
use super::script::{Script, literal_text};
use crate::edit::{Edit, Edits};
use oxc_ast::ast::{ImportDeclaration, ImportDeclarationSpecifier, Statement, VariableDeclaration};
use oxc_semantic::SymbolId;
use oxc_span::GetSpan as _;
use std::ops::Range;

/// Takes out imported names, and constants of this file, all of whose uses the edits take out.
pub(super) fn edits(
    script: &Script<'_, '_>,
    done: &Edits,
    template: Option<&dyn Template>,
) -> Edits {
    let mut edits = Edits::default();
    if done.is_empty() {
        return edits;
    }
    let done: Vec<&Edit> = done.iter().collect();
    let unused = Unused { script, done, template };
    for statement in &script.semantic.nodes().program().body {
        match statement {
            Statement::ImportDeclaration(it) if Module::of(&it.source.value).is_none() => {
                unused.import(it, &mut edits);
            }
            Statement::VariableDeclaration(it) => unused.constant(it, &mut edits),
            _ => {}
        }
    }
    edits
}

struct Unused<'u, 's, 'a> {
    script: &'u Script<'s, 'a>,
    done: Vec<&'u Edit>,
    template: Option<&'u dyn Template>,
}

impl Unused<'_, '_, '_> {
    /// Whether all uses of a name go, of which there were some.
    fn is_unused(&self, symbol: SymbolId) -> bool {
        let script = self.script;
        let name = script.semantic.scoping().symbol_name(symbol);
        let is_gone = |at: Range<usize>| {
            self.done.iter().any(|it| it.range.start <= at.start && at.end <= it.range.end)
        };
        let is_moved = || self.done.iter().any(|it| has_word(&it.text, name));
        let uses = script.uses(symbol);
        !uses.is_empty()
            && uses.iter().all(|it| is_gone(script.range(it.kind().span())))
            && !is_moved()
            && !self.template.is_some_and(|it| it.mentions(name))
    }

    fn import(&self, import: &ImportDeclaration<'_>, edits: &mut Edits) {
        let script = self.script;
        let Some(specifiers) = import.specifiers.as_ref() else { return };
        let all = specifiers.iter().map(|it| match it {
            ImportDeclarationSpecifier::ImportSpecifier(it) => {
                Some((it, it.local.symbol_id.get()?))
            }
            _ => None,
        });
        let Some(all) = all.collect::<Option<Vec<_>>>() else { return };
        let kept: Vec<_> = all.iter().filter(|it| !self.is_unused(it.1)).collect();
        let has_comment = !script.comments(import.span.start, import.span.end).is_empty();
        if kept.len() == all.len() || has_comment {
            return;
        }
        if kept.is_empty() {
            edits.replace(line(script, import.span), "");
            return;
        }
        let names: Vec<&str> = kept.iter().map(|it| script.source(it.0.span)).collect();
        let source = script.source(import.span);
        let (Some(open), Some(close)) = (source.find('{'), source.rfind('}')) else { return };
        let list = format!("{{ {} }}", names.join(", "));
        let length = open + list.chars().count() + source.len() - close - 1;
        let list = if length <= WIDTH {
            list
        } else {
            let lines: Vec<String> = names.iter().map(|it| format!("  {it},\n")).collect();
            format!("{{\n{}}}", lines.concat())
        };
        let place = |it: usize| import.span.start + u32::try_from(it).unwrap_or(0);
        edits.replace(script.between(place(open), place(close + 1)), script.with_breaks(list));
    }

    /// `const CATEGORY = 'x';`, which is a statement of its own.
    fn constant(&self, statement: &VariableDeclaration<'_>, edits: &mut Edits) {
        let [only] = statement.declarations.as_slice() else { return };
        let name = only.id.get_binding_identifier().and_then(|it| it.symbol_id.get());
        let is_text = only.init.as_ref().is_some_and(|it| literal_text(it).is_some());
        if statement.kind.is_const() && is_text && name.is_some_and(|it| self.is_unused(it)) {
            edits.replace(line(self.script, statement.span), "");
        }
    }
}

/// Whether a name stands in a text by itself.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |it: char| it.is_alphanumeric() || matches!(it, '_' | '$');
    text.split(|it| !is_part(it)).any(|it| it == name)
}
