//! What expressions are known to give: literals, constants of this file and of others, options of
//! the component.

use super::members;
use crate::javascript::script::{Component, Context, Dialect, Script, literal_text, with_script};
use crate::project::Project;
use crate::stack::with_stack;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, ExportDefaultDeclarationKind, Expression, IdentifierReference,
    ImportDeclarationSpecifier, ModuleExportName, ObjectExpression, ObjectPattern, Statement,
};
use oxc_semantic::SymbolId;
use oxc_span::GetSpan as _;

/// A constant that stands for another one more often than this is not followed.
const MAX_STEPS: usize = 8;

/// A name with members: `EVENTS.click`, `this.$options.event`.
pub(super) struct Path<'e, 'a> {
    root: Root<'e, 'a>,
    members: Vec<&'e str>,
}

#[derive(Clone, Copy)]
enum Root<'e, 'a> {
    This,
    Name(&'e IdentifierReference<'a>),
}

impl<'e, 'a> Path<'e, 'a> {
    /// Reads one.
    pub(super) fn of(expression: &'e Expression<'a>) -> Option<Self> {
        match expression.get_inner_expression() {
            Expression::Identifier(it) => Some(Self { root: Root::Name(it), members: Vec::new() }),
            Expression::ThisExpression(_) => Some(Self { root: Root::This, members: Vec::new() }),
            Expression::StaticMemberExpression(it) if !it.optional => {
                let mut path = Self::of(&it.object)?;
                path.members.push(it.property.name.as_str());
                Some(path)
            }
            _ => None,
        }
    }

    /// What the name is bound to, if it is a name.
    pub(super) fn symbol(&self, script: &Script<'_, '_>) -> Option<SymbolId> {
        match self.root {
            Root::Name(name) => script.symbol(name),
            Root::This => None,
        }
    }

    /// Whether it is a plain name, perhaps with members.
    pub(super) fn is_name(&self) -> bool {
        matches!(self.root, Root::Name(_))
    }
}

/// The text that an expression gives, whatever happens.
pub(crate) fn text(script: &Script<'_, '_>, expression: &Expression<'_>) -> Option<String> {
    within(script, expression, MAX_STEPS)
}

fn within(script: &Script<'_, '_>, expression: &Expression<'_>, steps: usize) -> Option<String> {
    if let Some(text) = literal_text(expression) {
        return Some(text.to_owned());
    }
    let path = Path::of(expression)?;
    let at = expression.span();
    match path.root {
        Root::Name(name) => match script.symbol(name) {
            Some(symbol) => of_symbol(script, symbol, &path.members, steps),
            None if name.name == "$options" => of_component(script.context, &path.members),
            None => None,
        },
        Root::This => {
            let options = component(script).filter(|it| it.span.contains_inclusive(at))?;
            let (first, rest) = path.members.split_first()?;
            if *first != "$options" {
                return None;
            }
            of_object(script, options, rest, steps)
        }
    }
}

/// The text of a name that is bound, or of a member of what it is bound to.
fn of_symbol(
    script: &Script<'_, '_>,
    symbol: SymbolId,
    members: &[&str],
    steps: usize,
) -> Option<String> {
    let steps = steps.checked_sub(1)?;
    if let Some(module) = script.imported_from(symbol) {
        return of_module(script.context, module, &imported_name(script, symbol)?, members);
    }
    let AstKind::VariableDeclarator(declarator) = script.semantic.symbol_declaration(symbol).kind()
    else {
        return None;
    };
    if let BindingPattern::ObjectPattern(pattern) = &declarator.id {
        let path = Path::of(declarator.init.as_ref()?)?;
        let key = taken_as(pattern, symbol)?;
        let is_fixed = !script.semantic.scoping().symbol_is_mutated(symbol);
        let all: Vec<&str> =
            path.members.iter().copied().chain([key]).chain(members.iter().copied()).collect();
        return of_symbol(script, path.symbol(script).filter(|_| is_fixed)?, &all, steps);
    }
    let init = script.constant(symbol)?.init.as_ref()?;
    if members.is_empty() {
        return within(script, init, steps);
    }
    within(script, members::member(script, symbol, init, members)?, steps)
}

/// Under which name `const { name } = object` takes a symbol.
fn taken_as<'p>(pattern: &'p ObjectPattern<'_>, symbol: SymbolId) -> Option<&'p str> {
    pattern.properties.iter().find_map(|it| {
        let BindingPattern::BindingIdentifier(name) = &it.value else { return None };
        let is_it = name.symbol_id.get() == Some(symbol) && !it.computed;
        let oxc_ast::ast::PropertyKey::StaticIdentifier(key) = &it.key else { return None };
        is_it.then_some(key.name.as_str())
    })
}

/// The text of a member of an object that is written out.
fn of_object(
    script: &Script<'_, '_>,
    object: &ObjectExpression<'_>,
    members: &[&str],
    steps: usize,
) -> Option<String> {
    let (first, rest) = members.split_first()?;
    let value = members::own(object, first)?;
    match value.get_inner_expression() {
        _ if rest.is_empty() => within(script, value, steps.checked_sub(1)?),
        Expression::ObjectExpression(inner) => of_object(script, inner, rest, steps),
        Expression::Identifier(name) => of_symbol(script, script.symbol(name)?, rest, steps),
        _ => None,
    }
}

/// The options of the component that a script exports.
fn component<'s, 'a>(script: &Script<'s, 'a>) -> Option<&'s ObjectExpression<'a>> {
    let program = script.semantic.nodes().program();
    let exported = program.body.iter().find_map(|it| match it {
        Statement::ExportDefaultDeclaration(it) => Some(&it.declaration),
        _ => None,
    })?;
    match exported {
        ExportDefaultDeclarationKind::ObjectExpression(it) => Some(it),
        ExportDefaultDeclarationKind::CallExpression(call) => {
            match call.arguments.first()?.as_expression()?.get_inner_expression() {
                Expression::ObjectExpression(it) => Some(it),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The text of `$options.…` in a template.
fn of_component(context: Context<'_>, members: &[&str]) -> Option<String> {
    let Component { script, dialect } = context.component?;
    let ask = |script: &Script<'_, '_>| of_object(script, component(script)?, members, MAX_STEPS);
    let asked = with_stack(script, || with_script(script, 0, dialect, context, ask));
    asked.ok().flatten()
}

/// The text that another file exports.
fn of_module(context: Context<'_>, module: &str, name: &str, members: &[&str]) -> Option<String> {
    let whole = [&[name], members].concat().join(".");
    context.project.modules.imported(module, &whole, |text, view| {
        let project = Project { modules: view.clone(), ..context.project.clone() };
        let context = Context { project: &project, options: context.options, component: None };
        let ask = |script: &Script<'_, '_>| exported(script, name, members);
        let asked = with_stack(text, || with_script(text, 0, Dialect::TypeScript, context, ask));
        asked.ok().flatten()
    })
}

/// What a script exports under a name.
fn exported(script: &Script<'_, '_>, name: &str, members: &[&str]) -> Option<String> {
    let program = script.semantic.nodes().program();
    for statement in &program.body {
        let found = match statement {
            Statement::ExportDeclaration(it) => {
                let scoping = script.semantic.scoping();
                let symbol = scoping.get_root_binding(name.into());
                symbol.filter(|symbol| it.span.contains_inclusive(scoping.symbol_span(*symbol)))
            }
            Statement::ExportNamedDeclaration(it) => {
                let local = it.specifiers.iter().find(|it| it.exported.name() == name);
                let local = local.map(|it| it.local.name());
                local.and_then(|it| script.semantic.scoping().get_root_binding(it.into()))
            }
            Statement::ExportFromDeclaration(it) => {
                let local = it.specifiers.iter().find(|it| it.exported.name() == name);
                match local {
                    Some(local) => {
                        let (module, name) = (it.source.value.as_str(), local.local.name());
                        return of_module(script.context, module, &name, members);
                    }
                    None => None,
                }
            }
            _ => None,
        };
        if let Some(symbol) = found {
            return of_symbol(script, symbol, members, MAX_STEPS);
        }
    }
    // What is exported by its name comes before what `export *` hands on.
    let handed_on = program.body.iter().filter_map(|it| match it {
        Statement::ExportAllDeclaration(it) if it.exported.is_none() => {
            Some(it.source.value.as_str())
        }
        _ => None,
    });
    let mut found = handed_on.filter_map(|it| of_module(script.context, it, name, members));
    let first = found.next()?;
    found.all(|it| it == first).then_some(first)
}

/// The name that a symbol has in the module it is imported from.
fn imported_name(script: &Script<'_, '_>, symbol: SymbolId) -> Option<String> {
    let program = script.semantic.nodes().program();
    let specifiers = program.body.iter().filter_map(|it| match it {
        Statement::ImportDeclaration(it) => it.specifiers.as_ref(),
        _ => None,
    });
    specifiers.flatten().find_map(|it| match it {
        ImportDeclarationSpecifier::ImportSpecifier(it)
            if it.local.symbol_id.get() == Some(symbol) =>
        {
            match &it.imported {
                ModuleExportName::IdentifierName(name) => Some(name.name.to_string()),
                other => Some(other.name().to_string()),
            }
        }
        _ => None,
    })
}
