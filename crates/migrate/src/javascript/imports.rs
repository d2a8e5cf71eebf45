//! Imports of `~/tracking`, `~/api` and the helpers of specs; read, and changed for what is left.

use super::attempt::{Freed, refusal};
use super::script::Script;
use crate::edit::Edits;
use crate::site::{Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{ImportDeclaration, ImportDeclarationSpecifier};
use oxc_semantic::SymbolId;
use oxc_span::{GetSpan as _, Span};
use std::collections::BTreeSet;

/// What has to be imported for the new calls.
pub(crate) const NEW_NAME: &str = "InternalEvents";

/// What has to be imported for the new specs.
pub(crate) const NEW_HELPER: &str = "useMockInternalEventsTracking";

/// The module of the legacy helpers of specs, and of the new one.
const OLD_HELPER_MODULE: &str = "helpers/tracking_helper";
const NEW_HELPER_MODULE: &str = "helpers/tracking_internal_events_helper";

/// Which of the modules it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Module {
    Tracking,
    Api,
    OldHelper,
    NewHelper,
}

impl Module {
    pub(crate) fn of(source: &str) -> Option<Self> {
        let source = source.trim_end_matches(".js").trim_end_matches("/index");
        Some(match source {
            "~/tracking" => Self::Tracking,
            "~/api" | "ee/api" | "~/rest_api" => Self::Api,
            _ if source.ends_with(OLD_HELPER_MODULE) => Self::OldHelper,
            _ if source.ends_with(NEW_HELPER_MODULE) => Self::NewHelper,
            _ => return None,
        })
    }
}

/// A name that is bound by an import.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    span: Span,
    /// `default`, `*`, or its name in the module.
    pub(crate) imported: String,
    pub(crate) symbol: SymbolId,
    is_default: bool,
}

/// A declaration `import … from …`.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    pub(crate) span: Span,
    pub(crate) module: Module,
    source: Span,
    pub(crate) bound: Vec<Bound>,
}

/// The imports of a script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imports {
    pub(crate) declarations: Vec<Declaration>,
    /// Where the last import of any module ends.
    last: Option<Span>,
}

impl Imports {
    /// Reads them.
    pub(crate) fn read(script: &Script<'_, '_>) -> Self {
        let mut imports = Self::default();
        for node in script.nodes() {
            let AstKind::ImportDeclaration(it) = node.kind() else { continue };
            imports.last = Some(it.span);
            if let Some(module) = Module::of(it.source.value.as_str())
                && !it.import_kind.is_type()
            {
                imports.declarations.push(declaration(it, module));
            }
        }
        imports
    }

    /// Symbols that a module's name is bound to.
    pub(crate) fn symbols(&self, module: Module, imported: &str) -> Vec<SymbolId> {
        let bound = self.bound(module).filter(|it| it.imported == imported);
        // A name that is bound twice has one symbol.
        let symbols: BTreeSet<SymbolId> = bound.map(|it| it.symbol).collect();
        symbols.into_iter().collect()
    }

    fn bound(&self, module: Module) -> impl Iterator<Item = &Bound> {
        let of_module = self.declarations.iter().filter(move |it| it.module == module);
        of_module.flat_map(|it| &it.bound)
    }

    /// What `InternalEvents` is called here.
    pub(crate) fn new_name<'s>(&self, script: &Script<'s, '_>) -> &'s str {
        let symbol = self.symbols(Module::Tracking, NEW_NAME).first().copied();
        symbol.map_or(NEW_NAME, |it| script.semantic.scoping().symbol_name(it))
    }

    /// Refuses if the name means something else, here or in an inner scope.
    pub(crate) fn name_is_taken(&self, script: &Script<'_, '_>) -> Option<Refusal> {
        let scoping = script.semantic.scoping();
        let name = self.new_name(script);
        let own = self.symbols(Module::Tracking, NEW_NAME);
        let is_other = |it: &SymbolId| scoping.symbol_name(*it) == name && !own.contains(it);
        let span = match scoping.symbol_ids().find(is_other) {
            Some(other) => scoping.symbol_span(other),
            None => unbound(script, name)?,
        };
        Some(refusal(
            Reason::NotUnderstood,
            format!("`{name}` means something else in this file: `{}`", script.excerpt(span)),
            format!("Give it another name, so that `{name}` can be imported from '~/tracking'"),
        ))
    }

    /// Whether nobody needs a name any more.
    fn is_free(script: &Script<'_, '_>, bound: &Bound, freed: &Freed) -> bool {
        let uses = script.uses(bound.symbol);
        let is_freed = |at: u32| freed.at.contains(&script.between(at, at).start);
        !uses.is_empty() && uses.iter().all(|it| is_freed(it.kind().span().start))
    }

    /// Changes them for the rewritten sites.
    pub(crate) fn edits(&self, script: &Script<'_, '_>, freed: &Freed) -> Edits {
        let mut changes = Changes { script, freed, wanted: Vec::new(), edits: Edits::default() };
        if freed.needs_import && self.symbols(Module::Tracking, NEW_NAME).is_empty() {
            changes.wanted.push((Module::Tracking, NEW_NAME, "~/tracking".to_owned()));
        }
        if freed.needs_helper && self.symbols(Module::NewHelper, NEW_HELPER).is_empty() {
            changes.wanted.push((Module::NewHelper, NEW_HELPER, self.helper_module(script)));
        }
        for declaration in &self.declarations {
            let is_home = !declaration.has_namespace();
            let added = if is_home { changes.take(declaration.module) } else { None };
            let added = added.map(|it| it.1);
            self.change(declaration, added, &mut changes);
        }
        for (_, name, module) in std::mem::take(&mut changes.wanted) {
            self.insert(script, name, &module, &mut changes.edits);
        }
        changes.edits
    }

    /// The module of the new helper, spelled as that of the old one.
    fn helper_module(&self, script: &Script<'_, '_>) -> String {
        let old = self.declarations.iter().find(|it| it.module == Module::OldHelper);
        let source = old.map_or(OLD_HELPER_MODULE, |it| script.source(it.source));
        source.trim_matches(['\'', '"']).replace(OLD_HELPER_MODULE, NEW_HELPER_MODULE)
    }

    fn change(
        &self,
        declaration: &Declaration,
        added: Option<&str>,
        changes: &mut Changes<'_, '_, '_>,
    ) {
        let script = changes.script;
        let is_kept = |it: &&Bound| !Self::is_free(script, it, changes.freed);
        let kept: Vec<&Bound> = declaration.bound.iter().filter(is_kept).collect();
        if kept.len() == declaration.bound.len() && added.is_none() {
            return;
        }
        if !kept.is_empty() || added.is_some() {
            let (clause, text) = declaration.clause(script, &kept, added);
            changes.edits.replace(script.range(clause), text);
            return;
        }
        // What is imported instead takes the place of what goes.
        let has_home = |it: &Module| self.declarations.iter().any(|other| other.module == *it);
        let successors: &[Module] = match declaration.module {
            Module::OldHelper => &[Module::NewHelper],
            _ if has_home(&Module::OldHelper) => &[Module::Tracking],
            _ => &[Module::Tracking, Module::NewHelper],
        };
        let mut successors = successors.iter().filter(|it| !has_home(it));
        match successors.find_map(|it| changes.take(*it)) {
            Some((_, name, module)) => {
                let text = declaration.like(script, name, &module);
                changes.edits.replace(script.range(declaration.span), text);
            }
            None => changes.edits.replace(line(script, declaration.span), ""),
        }
    }

    fn insert(&self, script: &Script<'_, '_>, name: &str, module: &str, edits: &mut Edits) {
        let like = self.declarations.last();
        let text = match like {
            Some(it) => it.like(script, name, module),
            None => format!("import {{ {name} }} from '{module}';"),
        };
        match like.map(|it| it.span).or(self.last) {
            Some(after) => {
                let indentation = script.indentation(after.start);
                let at = script.between(after.end, after.end);
                edits.replace(at, format!("\n{indentation}{text}"));
            }
            None => edits.replace(script.between(0, 0), format!("{text}\n")),
        }
    }
}

/// A name that has to be imported, and from where.
type Wanted = (Module, &'static str, String);

/// Changes of imports, as they are made.
struct Changes<'c, 's, 'a> {
    script: &'c Script<'s, 'a>,
    freed: &'c Freed,
    wanted: Vec<Wanted>,
    edits: Edits,
}

impl Changes<'_, '_, '_> {
    /// Takes what is wanted of a module.
    fn take(&mut self, module: Module) -> Option<Wanted> {
        let at = self.wanted.iter().position(|it| it.0 == module)?;
        Some(self.wanted.remove(at))
    }
}

/// The whole line of a statement that has it for itself.
pub(crate) fn line(script: &Script<'_, '_>, span: Span) -> std::ops::Range<usize> {
    let before = script.before(span.start);
    let blank = before.len() - before.trim_end_matches([' ', '\t']).len();
    let starts_line = blank == before.len() || before[..before.len() - blank].ends_with('\n');
    let after = script.after(span.end);
    let newline = ["\r\n", "\n"].into_iter().find(|it| after.starts_with(it));
    match newline.filter(|_| starts_line) {
        Some(newline) => {
            let mut range = script.range(span);
            range.start -= blank;
            range.end += newline.len();
            range
        }
        None => script.range(span),
    }
}

impl Declaration {
    fn has_namespace(&self) -> bool {
        self.bound.iter().any(|it| it.imported == "*")
    }

    /// Another declaration, in the manner of this one.
    fn like(&self, script: &Script<'_, '_>, name: &str, module: &str) -> String {
        let quote = script.source(self.source).chars().next().unwrap_or('\'');
        let end = if script.source(self.span).ends_with(';') { ";" } else { "" };
        format!("import {{ {name} }} from {quote}{module}{quote}{end}")
    }

    /// What stands between `import` and `from`, and what is to stand there.
    fn clause(
        &self,
        script: &Script<'_, '_>,
        kept: &[&Bound],
        added: Option<&str>,
    ) -> (Span, String) {
        let start = self.span.start + 6;
        let head = script.source(Span::new(start, self.source.start));
        let inner = head.rfind("from").map_or(head, |it| &head[..it]);
        let lead = u32::try_from(inner.len() - inner.trim_start().len()).unwrap_or(0);
        let length = u32::try_from(inner.trim().len()).unwrap_or(0);
        let clause = Span::new(start + lead, start + lead + length);

        let mut parts = Vec::new();
        for it in kept.iter().filter(|it| it.is_default || it.imported == "*") {
            parts.push(script.source(it.span).to_owned());
        }
        parts.extend(self.braces(script, kept, added));
        (clause, script.comments(clause.start, clause.end) + &parts.join(", "))
    }

    /// The part in braces.
    fn braces(
        &self,
        script: &Script<'_, '_>,
        kept: &[&Bound],
        added: Option<&str>,
    ) -> Option<String> {
        let is_named = |it: &&&Bound| !it.is_default && it.imported != "*";
        let named: Vec<_> = kept.iter().filter(is_named).collect();
        let mut texts: Vec<&str> = added.into_iter().collect();
        texts.extend(named.iter().map(|it| script.source(it.span)));
        if texts.is_empty() {
            return None;
        }
        // One line stays one line; several lines stay several.
        let first = self.bound.iter().find(|it| !it.is_default && it.imported != "*");
        let before = first.map_or("", |it| script.before(it.span.start));
        let gap = &before[before.trim_end().len()..];
        if gap.contains('\n') {
            let lines: Vec<String> = texts.iter().map(|it| format!("{gap}{it},")).collect();
            return Some(format!(
                "{{{}\n{}}}",
                lines.concat(),
                script.indentation(self.span.start)
            ));
        }
        let pad = if first.is_some() && gap.is_empty() { "" } else { " " };
        Some(format!("{{{pad}{}{pad}}}", texts.join(", ")))
    }
}

/// Where a name is used that nothing in the file binds.
fn unbound(script: &Script<'_, '_>, name: &str) -> Option<Span> {
    script.nodes().find_map(|it| match it.kind() {
        AstKind::IdentifierReference(it) if it.name == name && script.symbol(it).is_none() => {
            Some(it.span)
        }
        _ => None,
    })
}

fn declaration(it: &ImportDeclaration<'_>, module: Module) -> Declaration {
    let mut bound = Vec::new();
    for specifier in it.specifiers.iter().flatten() {
        let (imported, is_default) = match specifier {
            ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => ("default".to_owned(), true),
            ImportDeclarationSpecifier::ImportNamespaceSpecifier(_) => ("*".to_owned(), false),
            ImportDeclarationSpecifier::ImportSpecifier(it) => {
                (it.imported.name().to_string(), false)
            }
        };
        let Some(symbol) = specifier.local().symbol_id.get() else { continue };
        bound.push(Bound { span: specifier.span(), imported, symbol, is_default });
    }
    Declaration { span: it.span, module, source: it.source.span, bound }
}
