//! What expressions are known to give: literals, constants of this file and of others, options of
//! the component.

use super::members;
use crate::javascript::script::{Component, Context, Dialect, Script, literal_text, with_script};
use crate::modules::Fact;
use crate::project::Project;
use crate::stack::with_stack;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, ExportDefaultDeclarationKind, Expression, IdentifierReference,
    ImportDeclarationSpecifier, ModuleExportName, ObjectExpression, ObjectPattern,
    ObjectPropertyKind, Statement,
};
use oxc_semantic::SymbolId;
use oxc_span::{GetSpan as _, Span};

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

/// What is asked of an expression.
#[derive(Clone, Copy)]
enum Want<'w> {
    /// Its text.
    Text,
    /// Its properties, if they are texts and numbers, but for those that are left out.
    Fields(&'w [&'w str]),
}

/// The text that an expression gives, whatever happens.
pub(crate) fn text(script: &Script<'_, '_>, expression: &Expression<'_>) -> Option<String> {
    within(script, expression, Want::Text, MAX_STEPS).and_then(Fact::text)
}

/// The properties of the object that an expression gives, whatever happens: texts and numbers.
pub(crate) fn fields(
    script: &Script<'_, '_>,
    expression: &Expression<'_>,
) -> Option<Vec<(String, Fact)>> {
    match within(script, expression, Want::Fields(&[]), MAX_STEPS)? {
        Fact::Fields(it) => Some(it),
        _ => None,
    }
}

fn within(
    script: &Script<'_, '_>,
    expression: &Expression<'_>,
    want: Want<'_>,
    steps: usize,
) -> Option<Fact> {
    let inner = expression.get_inner_expression();
    match (want, inner) {
        (Want::Text, _) if literal_text(inner).is_some() => {
            return literal_text(inner).map(|it| Fact::Text(it.to_owned()));
        }
        (Want::Fields(without), Expression::ObjectExpression(object)) => {
            return fields_of(script, object, without, steps);
        }
        _ => {}
    }
    of_path(script, &Path::of(inner)?, expression.span(), (&[], want), steps)
}

/// The properties of an object that is written out.
fn fields_of(
    script: &Script<'_, '_>,
    object: &ObjectExpression<'_>,
    without: &[&str],
    steps: usize,
) -> Option<Fact> {
    let steps = steps.checked_sub(1)?;
    let mut known: Vec<(String, Fact)> = Vec::new();
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(it) = property else { return None };
        let name = it.key.static_name().filter(|_| !it.computed)?;
        let value = match it.value.get_inner_expression() {
            Expression::NumericLiteral(number) => Fact::Number(number.value),
            _ => within(script, &it.value, Want::Text, steps)?,
        };
        if known.iter().any(|it| it.0 == name) {
            return None;
        }
        known.push((name.into_owned(), value));
    }
    known.retain(|it| !without.contains(&it.0.as_str()));
    Some(Fact::Fields(known))
}

/// What is at the end of a path, and of further members from there.
fn of_path(
    script: &Script<'_, '_>,
    path: &Path<'_, '_>,
    at: Span,
    (more, want): (&[&str], Want<'_>),
    steps: usize,
) -> Option<Fact> {
    let members: Vec<&str> = path.members.iter().chain(more).copied().collect();
    match path.root {
        Root::Name(name) => match script.symbol(name) {
            Some(symbol) => of_symbol(script, symbol, &members, want, steps),
            None if name.name == "$options" => of_component(script.context, &members, want),
            None => None,
        },
        Root::This => {
            let options = component(script).filter(|it| it.span.contains_inclusive(at))?;
            let (first, rest) = members.split_first()?;
            if *first != "$options" {
                return None;
            }
            of_object(script, options, rest, want, steps)
        }
    }
}

/// What a name is bound to, or a member of that.
fn of_symbol(
    script: &Script<'_, '_>,
    symbol: SymbolId,
    members: &[&str],
    want: Want<'_>,
    steps: usize,
) -> Option<Fact> {
    let steps = steps.checked_sub(1)?;
    if let Some(module) = script.imported_from(symbol) {
        if members::is_written(script, symbol) {
            return None;
        }
        return of_module(script.context, module, &imported_name(script, symbol)?, (members, want));
    }
    let AstKind::VariableDeclarator(declarator) = script.semantic.symbol_declaration(symbol).kind()
    else {
        return None;
    };
    if let BindingPattern::ObjectPattern(pattern) = &declarator.id {
        let init = declarator.init.as_ref()?;
        let path = Path::of(init)?;
        if script.semantic.scoping().symbol_is_mutated(symbol) {
            return None;
        }
        let keys: Vec<_> = pattern.properties.iter().map(|it| it.key.static_name()).collect();
        if is_rest(pattern, symbol) {
            // `const { action, ...options } = EVENT`: a copy of what is left.
            let keys: Vec<&str> = keys.iter().map(|it| it.as_deref()).collect::<Option<_>>()?;
            let is_ours = matches!(want, Want::Fields([])) && members.is_empty();
            let is_kept = is_ours && members::is_only_read(script, symbol, &[members::ANY]);
            let want = Want::Fields(&keys);
            return if is_kept {
                of_path(script, &path, init.span(), (&[], want), steps)
            } else {
                None
            };
        }
        if !members.is_empty() && !members::is_only_read(script, symbol, members) {
            return None;
        }
        let key = taken_as(pattern, symbol)?;
        let more: Vec<&str> = std::iter::once(key).chain(members.iter().copied()).collect();
        return of_path(script, &path, init.span(), (&more, want), steps);
    }
    let init = script.constant(symbol)?.init.as_ref()?;
    if members.is_empty() && matches!(want, Want::Text) {
        return within(script, init, want, steps);
    }
    let is_object = matches!(want, Want::Fields(_));
    within(script, members::member(script, symbol, init, (members, is_object))?, want, steps)
}

/// Whether `const { …, ...name } = object` leaves a symbol what is left.
fn is_rest(pattern: &ObjectPattern<'_>, symbol: SymbolId) -> bool {
    let rest = pattern.rest.as_ref().and_then(|it| it.argument.get_binding_identifier());
    rest.is_some_and(|it| it.symbol_id.get() == Some(symbol))
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

/// What a member of an object is that is written out.
fn of_object(
    script: &Script<'_, '_>,
    object: &ObjectExpression<'_>,
    members: &[&str],
    want: Want<'_>,
    steps: usize,
) -> Option<Fact> {
    let (first, rest) = members.split_first()?;
    let value = members::own(object, first)?;
    match value.get_inner_expression() {
        _ if rest.is_empty() => within(script, value, want, steps.checked_sub(1)?),
        Expression::ObjectExpression(inner) => of_object(script, inner, rest, want, steps),
        Expression::Identifier(name) => of_symbol(script, script.symbol(name)?, rest, want, steps),
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

/// What `$options.…` is in a template.
fn of_component(context: Context<'_>, members: &[&str], want: Want<'_>) -> Option<Fact> {
    let Component { script, dialect } = context.component?;
    let ask =
        |script: &Script<'_, '_>| of_object(script, component(script)?, members, want, MAX_STEPS);
    let asked = with_stack(script, || with_script(script, 0, dialect, context, ask));
    asked.ok().flatten()
}

/// What another file exports.
fn of_module(
    context: Context<'_>,
    module: &str,
    name: &str,
    (members, want): (&[&str], Want<'_>),
) -> Option<Fact> {
    let mut whole = [&[name], members].concat().join(".");
    if let Want::Fields(without) = want {
        // An object is known by another name than its text would be.
        whole.push_str(&format!("{{{}}}", without.join(",")));
    }
    context.project.modules.imported(module, &whole, |text, view| {
        let project = Project { modules: view.clone(), ..context.project.clone() };
        let context = Context { project: &project, options: context.options, component: None };
        let ask = |script: &Script<'_, '_>| exported(script, name, (members, want));
        let asked = with_stack(text, || with_script(text, 0, Dialect::TypeScript, context, ask));
        asked.ok().flatten()
    })
}

/// What a script exports under a name.
fn exported(
    script: &Script<'_, '_>,
    name: &str,
    (members, want): (&[&str], Want<'_>),
) -> Option<Fact> {
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
                        return of_module(script.context, module, &name, (members, want));
                    }
                    None => None,
                }
            }
            _ => None,
        };
        if let Some(symbol) = found {
            return of_symbol(script, symbol, members, want, MAX_STEPS);
        }
    }
    // What is exported by its name comes before what `export *` hands on.
    let handed_on = program.body.iter().filter_map(|it| match it {
        Statement::ExportAllDeclaration(it) if it.exported.is_none() => {
            Some(it.source.value.as_str())
        }
        _ => None,
    });
    let mut found = handed_on.filter_map(|it| of_module(script.context, it, name, (members, want)));
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
