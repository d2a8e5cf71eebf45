//! Components with `Tracking.mixin(…)`: which they are, and what their calls inherit.

use super::Template;
use super::attempt::{Attempt, Planned, refusal};
use super::elsewhere;
use super::fields;
use super::imports::{Imports, Module};
use super::inherited::{Inherited, Reach};
use super::members;
use super::needless;
use super::raw::{Use, attempt, used};
use super::script::{Script, contains, literal_text};
use crate::edit::Edits;
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrayExpression, CallExpression, Expression, ObjectExpression, ObjectPropertyKind,
};
use oxc_semantic::{AstNode, NodeId, SymbolId};
use oxc_span::{GetSpan, Span};
use std::collections::BTreeSet;

/// A component whose `mixins` have the legacy mixin, the new one, or both.
pub(super) struct Component<'s, 'a> {
    /// The options, and the class that they decorate.
    pub(super) span: Span,
    pub(super) options: &'s ObjectExpression<'a>,
    pub(super) inherited: Inherited,
    is_default_export: bool,
}

/// All of the components of a script and of its template, which are rewritten together, and what
/// stays for the mixins of other files.
pub(super) fn attempts(
    script: &Script<'_, '_>,
    imports: &Imports,
    template: Option<&dyn Template>,
) -> (Vec<Attempt>, Vec<Attempt>) {
    let mut reader = Reader { script, imports, template, components: Vec::new() };
    for symbol in imports.symbols(Module::Tracking, super::NEW_NAME) {
        reader.new_mixins(symbol);
    }
    let mut attempts = Vec::new();
    for symbol in imports.symbols(Module::Tracking, "default") {
        attempts.extend(reader.legacy_mixins(symbol));
    }
    let components = reader.components;
    let is_alone = attempts.is_empty();
    let mut calls = members::attempts(script, &components);
    let main = components.iter().find(|it| it.is_default_export).or(components.first());
    if let Some((template, main)) = template.zip(main) {
        calls.extend(template.attempts(&main.inherited));
    }
    if !is_alone && calls.is_empty() && template.is_none() {
        for mixin in attempts.iter_mut().filter(|it| it.planned.is_ok()) {
            mixin.planned = Err(without_calls());
        }
    }
    attempts.extend(calls);
    (attempts, elsewhere::attempts(script, &components, template))
}

fn without_calls() -> Refusal {
    refusal(
        Reason::PartOfMore,
        "a mixin with no call of `this.track` in its file",
        "If another file calls it, change both by hand: `InternalEvents.mixin()` and \
         `this.trackEvent('event')`; if none does, remove the mixin",
    )
}

struct Reader<'r, 's, 'a> {
    script: &'r Script<'s, 'a>,
    imports: &'r Imports,
    template: Option<&'r dyn Template>,
    components: Vec<Component<'s, 'a>>,
}

/// An element of `mixins: […]`.
#[derive(Clone, Copy)]
struct Element<'s, 'a> {
    span: Span,
    list: &'s ArrayExpression<'a>,
    options: &'s ObjectExpression<'a>,
    id: NodeId,
}

impl<'s, 'a> Reader<'_, 's, 'a> {
    /// Notes the components that have the new mixin.
    fn new_mixins(&mut self, symbol: SymbolId) {
        for node in self.script.uses(symbol) {
            let Use::Call { call, member, id } = used(self.script, node) else { continue };
            if member.property.name != "mixin" {
                continue;
            }
            for element in self.elements(call, id).unwrap_or_default() {
                self.component(element).inherited.has_new = true;
            }
        }
    }

    /// Plans the legacy mixins.
    fn legacy_mixins(&mut self, symbol: SymbolId) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for node in self.script.uses(symbol) {
            let Use::Call { call, member, id } = used(self.script, node) else { continue };
            if member.property.name != "mixin" {
                continue;
            }
            let planned = self.legacy_mixin(call, id).map(|mut it| {
                it.frees.push(self.script.range(node.kind().span()).start);
                it
            });
            attempts.push(attempt(self.script, Kind::VueMixin, call.span, planned));
        }
        attempts
    }

    fn legacy_mixin(
        &mut self,
        call: &'s CallExpression<'a>,
        id: NodeId,
    ) -> Result<Planned, Refusal> {
        let script = self.script;
        let elements = self.elements(call, id)?;
        let mut planned = Planned { needs_import: true, ..Planned::default() };
        let mut is_replaced = true;
        for element in &elements {
            let component = self.component(*element);
            component.inherited.has_mixin = true;
            let has_new = component.inherited.has_new;
            defaults(script, call, &mut component.inherited)?;
            if tracking(script, element.options, &mut component.inherited)? {
                match needless::edits(script, element.options, self.template) {
                    Some(edits) => planned.edits.extend(edits),
                    None => planned
                        .notes
                        .push("the mixin reads `tracking` of the component no more".to_owned()),
                }
            }
            let is_direct = element.span == call.span;
            if has_new && is_direct {
                planned.edits.extend(without(script, element));
                (is_replaced, planned.needs_import) = (false, false);
            }
            others(script, element, &mut planned.notes);
        }
        if is_replaced {
            let text = format!("{}.mixin()", self.imports.new_name(script));
            planned.edits.replace(script.range(call.span), text);
        }
        Ok(planned)
    }

    /// The component of an element.
    fn component(&mut self, element: Element<'s, 'a>) -> &mut Component<'s, 'a> {
        let known = self.components.iter().position(|it| it.options.span == element.options.span);
        let at = known.unwrap_or_else(|| {
            self.components.push(Component {
                span: whole(self.script, element.options.span, element.id),
                options: element.options,
                inherited: Inherited::default(),
                is_default_export: self
                    .script
                    .ancestors(element.id)
                    .any(|it| matches!(it.kind(), AstKind::ExportDefaultDeclaration(_))),
            });
            self.components.len() - 1
        });
        &mut self.components[at]
    }

    /// The elements of `mixins` that a mixin becomes: itself, or uses of a constant.
    fn elements(
        &self,
        call: &CallExpression<'a>,
        id: NodeId,
    ) -> Result<Vec<Element<'s, 'a>>, Refusal> {
        if let Some(element) = self.element(id, call.span) {
            return Ok(vec![element]);
        }
        let parent = self.script.parent(id);
        let odd = |what: String| {
            refusal(
                Reason::NotUnderstood,
                what,
                "Write `mixins: [Tracking.mixin()]` into each component that calls `this.track`, \
                 then migrate again",
            )
        };
        let excerpt = self.script.excerpt(parent.kind().span());
        let AstKind::VariableDeclarator(declarator) = parent.kind() else {
            return Err(odd(format!("the mixin is no element of `mixins`: `{excerpt}`")));
        };
        let symbol = declarator.id.get_binding_identifier().and_then(|it| it.symbol_id.get());
        let Some(symbol) = symbol.filter(|it| self.script.constant(*it).is_some()) else {
            return Err(odd(format!("the mixin is no constant: `{excerpt}`")));
        };
        let is_exported = self.script.is_exported(parent.id());
        let uses = self.script.uses(symbol);
        let elements = uses.iter().map(|it| self.element(it.id(), it.kind().span()));
        match elements.collect::<Option<Vec<_>>>() {
            Some(elements) if !is_exported && !elements.is_empty() => Ok(elements),
            _ => Err(odd(format!("the mixin may be used elsewhere: `{excerpt}`"))),
        }
    }

    /// The element of `mixins` that an expression is.
    fn element(&self, id: NodeId, span: Span) -> Option<Element<'s, 'a>> {
        let list_node = self.script.parent(id);
        let AstKind::ArrayExpression(list) = list_node.kind() else { return None };
        let property = self.script.parent(list_node.id());
        let AstKind::ObjectProperty(it) = property.kind() else { return None };
        let is_mixins = it.key.static_name().is_some_and(|it| it == "mixins");
        if !is_mixins || it.computed || it.value.span() != list.span {
            return None;
        }
        let object = self.script.parent(property.id());
        let AstKind::ObjectExpression(options) = object.kind() else { return None };
        Some(Element { span, list, options, id: object.id() })
    }
}

/// A component's options, together with the class that they decorate.
fn whole(script: &Script<'_, '_>, options: Span, id: NodeId) -> Span {
    let mut ancestors = script.ancestors(id);
    if !ancestors.any(|it| matches!(it.kind(), AstKind::Decorator(_))) {
        return options;
    }
    match ancestors.next().map(AstNode::kind) {
        Some(AstKind::Class(class)) => {
            Span::new(options.start.min(class.span.start), class.span.end.max(options.end))
        }
        _ => options,
    }
}

/// Takes the legacy mixin out of a list that has the new one.
fn without(script: &Script<'_, '_>, element: &Element<'_, '_>) -> Edits {
    let mut edits = Edits::default();
    let spans: Vec<Span> = element.list.elements.iter().map(GetSpan::span).collect();
    let at = spans.iter().position(|it| *it == element.span).unwrap_or(0);
    let span = element.span;
    let (start, end) = match (spans.get(at + 1), at.checked_sub(1)) {
        (Some(next), _) => (span.start, next.start),
        (None, Some(before)) => (spans[before].end, span.end),
        (None, None) => (span.start, span.end),
    };
    let comments = script.comments(start, span.start) + &script.comments(span.end, end);
    edits.replace(script.between(start, end), comments);
    edits
}

/// Says which other mixins may call `this.track`.
fn others(script: &Script<'_, '_>, element: &Element<'_, '_>, notes: &mut Vec<String>) {
    let is_known = |it: &str| it.ends_with(".mixin()") || it.starts_with("glFeatureFlag");
    for other in &element.list.elements {
        let source = script.source(other.span());
        if other.span() != element.span && !is_known(source) {
            notes.push(format!(
                "`{}` is not looked into: if it calls `this.track`, change it as well",
                super::script::excerpt(source)
            ));
        }
    }
}

/// Reads `Tracking.mixin({ … })`.
fn defaults(
    script: &Script<'_, '_>,
    call: &CallExpression<'_>,
    inherited: &mut Inherited,
) -> Result<(), Refusal> {
    let Some(first) = call.arguments.first() else { return Ok(()) };
    let drops = script.context.options.drops_properties;
    let Some(Expression::ObjectExpression(object)) =
        first.as_expression().map(Expression::get_inner_expression)
    else {
        return if drops { Ok(()) } else { Err(fields::indirect(script, call.span)) };
    };
    let read = match fields::object(script, object) {
        Err(_) if drops => return Ok(()),
        read => read?,
    };
    take(script, read, Source::Mixin, inherited)
}

/// Reads `tracking`, of `data` or `computed`, and tells whether there is one.
fn tracking(
    script: &Script<'_, '_>,
    options: &ObjectExpression<'_>,
    inherited: &mut Inherited,
) -> Result<bool, Refusal> {
    let drops = script.context.options.drops_properties;
    let found = match members::tracking(script, options) {
        Err(_) if drops => return Ok(true),
        found => found?,
    };
    let Some((object, is_computed)) = found else { return Ok(false) };
    let read = match fields::object(script, object) {
        Err(_) if drops => return Ok(true),
        read => read?,
    };
    let source = if is_computed { Source::Computed } else { Source::Data(injected(options)) };
    take(script, read, source, inherited).map(|()| true)
}

/// Where an object of properties stands.
enum Source {
    /// Among the arguments of the mixin.
    Mixin,
    /// In `computed`: it is read anew each time.
    Computed,
    /// In `data`: it is read once, and these names are what they were then.
    Data(BTreeSet<String>),
}

/// What a component is given by those around it, which does not change while it lives.
fn injected(options: &ObjectExpression<'_>) -> BTreeSet<String> {
    let inject = options.properties.iter().find_map(|it| match it {
        ObjectPropertyKind::ObjectProperty(it) if it.key.static_name()? == "inject" => {
            Some(it.value.get_inner_expression())
        }
        _ => None,
    });
    match inject {
        Some(Expression::ArrayExpression(list)) => {
            let names = list.elements.iter().filter_map(|it| it.as_expression());
            names.filter_map(literal_text).map(str::to_owned).collect()
        }
        Some(Expression::ObjectExpression(object)) => {
            let names = object.properties.iter().filter_map(|it| match it {
                ObjectPropertyKind::ObjectProperty(it) => it.key.static_name(),
                ObjectPropertyKind::SpreadProperty(_) => None,
            });
            names.map(std::borrow::Cow::into_owned).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// Adds what an object says to what is inherited; the later wins.
fn take(
    script: &Script<'_, '_>,
    read: fields::Object,
    from: Source,
    inherited: &mut Inherited,
) -> Result<(), Refusal> {
    let has_this = matches!(from, Source::Computed);
    let reach = |span: Span, source: &str| {
        if let (Source::Data(injected), Some(name)) = (&from, source.strip_prefix("this."))
            && injected.contains(name)
        {
            return Ok(Reach::This);
        }
        reach(script, span, source, has_this).ok_or_else(|| {
            refusal(
                Reason::IndirectArguments,
                format!("`{}` may be another value at each call", script.excerpt(span)),
                "Write the property into each call of `this.track`",
            )
        })
    };
    if let Some(category) = read.category {
        let kept = script.context.options.keeps_category;
        inherited.category = Some((
            category.clone(),
            if kept { reach_of_source(&category.source) } else { Reach::Everywhere },
        ));
    }
    inherited.contexts.extend(read.contexts);
    if script.context.options.drops_properties {
        return Ok(());
    }
    for field in read.fields {
        let reach = reach(field.value, &field.source)?;
        inherited.fields.retain(|it| it.0.name != field.name);
        inherited.fields.push((field, reach));
    }
    Ok(())
}

/// A category can be repeated if it is a literal.
fn reach_of_source(source: &str) -> Reach {
    if source.starts_with(['\'', '"']) { Reach::Everywhere } else { Reach::This }
}

/// Where the value of a field can be read and is the same; `has_this` where it is computed each
/// time.
fn reach(script: &Script<'_, '_>, span: Span, source: &str, has_this: bool) -> Option<Reach> {
    let is_literal = source.starts_with(['\'', '"'])
        || source.parse::<f64>().is_ok()
        || matches!(source, "undefined" | "null");
    if is_literal {
        return Some(Reach::Everywhere);
    }
    let mut names = Vec::new();
    let mut nodes = script.nodes().filter(|it| contains(span, it.kind().span()));
    let is_plain = nodes.all(|it| match it.kind() {
        AstKind::IdentifierReference(name) => {
            let symbol = script.symbol(name).filter(|it| is_fixed(script, *it));
            names.extend(symbol.map(|it| (name.name.to_string(), it)));
            symbol.is_some() && (it.kind().span() == span || has_this)
        }
        AstKind::ThisExpression(_) => has_this,
        AstKind::StaticMemberExpression(_) => {
            has_this && script.source(it.kind().span()).starts_with("this.")
        }
        AstKind::TemplateLiteral(_)
        | AstKind::TemplateElement(_)
        | AstKind::StringLiteral(_)
        | AstKind::NumericLiteral(_)
        | AstKind::BooleanLiteral(_)
        | AstKind::ConditionalExpression(_)
        | AstKind::LogicalExpression(_)
        | AstKind::BinaryExpression(_)
        | AstKind::IdentifierName(_) => has_this,
        _ => false,
    });
    match is_plain {
        false => None,
        true if names.is_empty() => Some(Reach::This),
        true => Some(Reach::Names(names)),
    }
}

/// Whether a name means the same in all of the script.
fn is_fixed(script: &Script<'_, '_>, symbol: SymbolId) -> bool {
    let scoping = script.semantic.scoping();
    scoping.symbol_scope_id(symbol) == scoping.root_scope_id() && !scoping.symbol_is_mutated(symbol)
}

impl Component<'_, '_> {
    /// Whether something stands within it.
    pub(super) fn has(&self, span: Span) -> bool {
        contains(self.span, span)
    }
}
