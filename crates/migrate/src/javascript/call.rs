//! The new arguments of a call.

use super::attempt::{Planned, refusal};
use super::fields::{self, Category, Field, Object};
use super::inherited::{Inherited, Reach};
use super::name::{self, quote_of};
use super::object;
use super::script::Script;
use crate::options::Style;
use crate::site::{Found, Identifier, PropertyType, Reason, Refusal};
use oxc_ast::ast::{CallExpression, Expression};
use oxc_semantic::NodeId;
use oxc_span::{GetSpan as _, Span};

/// Which argument is which.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    pub(crate) category: Option<usize>,
    pub(crate) action: usize,
    /// Whether properties may follow.
    pub(crate) has_data: bool,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// In a script, at this node.
    Script(NodeId),
    /// In an attribute of a template that is written in this quote.
    Template(char),
}

/// Plans the arguments of a call.
///
/// # Errors
///
/// Refuses what cannot be proven.
pub(crate) fn plan(
    script: &Script<'_, '_>,
    call: &CallExpression<'_>,
    which: Arguments,
    inherited: &Inherited,
    place: Callee,
) -> Result<Planned, Refusal> {
    let arguments = arguments(script, call, which)?;
    let action = arguments[which.action];
    let (names, name_edits) = name::names(script, action)?;
    let data = arguments.get(which.action + 1).copied();
    let given = which.category.map(|at| fields::category(script, arguments[at]));
    let object = read(script, data)?;
    let category = object.category.clone().or(given.clone());
    let mut plan = Call { script, action: action.span(), data, object, place, added: Vec::new() };
    let mut planned = Planned { edits: name_edits, ..Planned::default() };
    let category = plan.inherit(inherited, category)?;
    if let (Some(at), Some(_)) = (which.category, given) {
        let (old, next) = (arguments[at].span(), action.span().start);
        let comments = script.comments(old.end, next);
        planned.edits.replace(script.between(old.start, next), comments);
    }
    let kept = plan.category(category.as_ref(), &mut planned.notes);
    for context in plan.object.contexts.iter().chain(&inherited.contexts) {
        planned.notes.push(format!("this is not sent any more: `{context}`"));
    }
    plan.edit(kept, &mut planned);
    let fields = plan.fields();
    for it in names {
        let properties = fields.iter().map(|it| (it.name.clone(), it.property.clone())).collect();
        planned.found.push(Found {
            name: it.new,
            old_name: it.old,
            identifiers: [Identifier::User, Identifier::Project, Identifier::Namespace].into(),
            properties,
            ..Found::default()
        });
    }
    Ok(planned)
}

/// The arguments of a call, if they are all there, and none too many.
fn arguments<'c, 'a>(
    script: &Script<'_, '_>,
    call: &'c CallExpression<'a>,
    which: Arguments,
) -> Result<Vec<&'c Expression<'a>>, Refusal> {
    if let Some(spread) = call.arguments.iter().find(|it| it.is_spread()) {
        return Err(refusal(
            Reason::IndirectArguments,
            format!("arguments come from somewhere else: `{}`", script.excerpt(spread.span())),
            "Write the event's name and its properties into the call",
        ));
    }
    let arguments: Vec<_> = call.arguments.iter().filter_map(|it| it.as_expression()).collect();
    if arguments.len() <= which.action {
        return Err(refusal(
            Reason::NotUnderstood,
            format!("the call names no event: `{}`", script.excerpt(call.span)),
            "Write the event's name into the call, or remove it",
        ));
    }
    let most = which.action + 1 + usize::from(which.has_data);
    match arguments.get(most) {
        None => Ok(arguments),
        Some(surplus) => Err(refusal(
            Reason::UnknownArgument,
            format!("an argument too many: `{}`", script.excerpt(surplus.span())),
            "Remove what the legacy call never looked at",
        )),
    }
}

/// Reads the properties of a call.
fn read(script: &Script<'_, '_>, data: Option<&Expression<'_>>) -> Result<Object, Refusal> {
    let drops = script.context.options.drops_properties;
    match data.map(Expression::get_inner_expression) {
        None => Ok(Object::default()),
        Some(it) if it.is_null_or_undefined() => Ok(Object::default()),
        Some(Expression::ObjectExpression(it)) => match fields::object(script, it) {
            Err(_) if drops => Ok(Object::default()),
            read => read,
        },
        Some(_) if drops => Ok(Object::default()),
        Some(it) => {
            fields::elsewhere(script, it).ok_or_else(|| fields::indirect(script, it.span()))
        }
    }
}

/// A call, and what becomes of it.
struct Call<'c, 's, 'a> {
    script: &'c Script<'s, 'a>,
    action: Span,
    data: Option<&'c Expression<'a>>,
    object: Object,
    place: Callee,
    /// Fields that are inherited.
    added: Vec<(Field, String)>,
}

impl Call<'_, '_, '_> {
    fn drops(&self) -> bool {
        self.script.context.options.drops_properties
    }

    /// Takes over what the component says, unless the call says otherwise.
    fn inherit(
        &mut self,
        inherited: &Inherited,
        own: Option<Category>,
    ) -> Result<Option<Category>, Refusal> {
        let is_new = |it: &&(Field, Reach)| self.object.fields.iter().all(|f| f.name != it.0.name);
        let fields: Vec<_> = inherited.fields.iter().filter(is_new).cloned().collect();
        if !self.drops() {
            for (field, reach) in fields {
                let source = self.value(&field, &reach)?;
                self.added.push((field, source));
            }
        }
        match (own, &inherited.category) {
            (Some(own), _) => Ok(Some(own)),
            (None, None) => Ok(None),
            (None, Some((category, reach))) => {
                let is_kept = self.keeps_category() && !category.is_default;
                let is_quoted =
                    matches!(self.place, Callee::Template(it) if category.source.contains(it));
                if is_kept && (is_quoted || !self.can_read(reach)) {
                    return Err(out_of_reach("category", &category.source));
                }
                Ok(Some(category.clone()))
            }
        }
    }

    fn keeps_category(&self) -> bool {
        let options = self.script.context.options;
        options.keeps_category && options.style == Style::Current
    }

    fn can_read(&self, reach: &Reach) -> bool {
        match self.place {
            Callee::Script(at) => reach.reaches(self.script, at),
            Callee::Template(_) => *reach == Reach::Everywhere,
        }
    }

    /// The source of an inherited value, as it is written here.
    fn value(&self, field: &Field, reach: &Reach) -> Result<String, Refusal> {
        if !self.can_read(reach) {
            return Err(out_of_reach(&field.name, &field.source));
        }
        let Callee::Template(around) = self.place else { return Ok(field.source.clone()) };
        let quote = if around == '\'' { '"' } else { '\'' };
        match &field.text {
            Some(text) if !text.contains(['\'', '"', '\\', '\n', '&']) => {
                Ok(format!("{quote}{text}{quote}"))
            }
            None if field.property.of_type == PropertyType::Number => Ok(field.source.clone()),
            _ => Err(out_of_reach(&field.name, &field.source)),
        }
    }

    /// What the new call says of the category.
    fn category(&self, category: Option<&Category>, notes: &mut Vec<String>) -> Option<String> {
        let category = category.filter(|it| !it.is_default)?;
        if self.keeps_category() {
            notes.push(format!("the category is kept: {}", category.source));
            return Some(category.source.clone());
        }
        notes.push(format!("the category was {}; it is the page's now", category.source));
        None
    }

    /// All fields of the new call.
    fn fields(&self) -> Vec<&Field> {
        if self.drops() {
            return Vec::new();
        }
        self.added.iter().map(|it| &it.0).chain(&self.object.fields).collect()
    }

    /// Edits what follows the event's name.
    fn edit(&self, category: Option<String>, planned: &mut Planned) {
        let script = self.script;
        let action = self.action;
        let added: Vec<String> =
            self.added.iter().map(|(field, source)| written(&field.name, source)).collect();
        let Some(data) = self.data else {
            let mut text = String::new();
            if !added.is_empty() {
                text = format!(", {{ {} }}", added.join(", "));
            } else if category.is_some() {
                text.push_str(", {}");
            }
            text.extend(category.map(|it| format!(", {it}")));
            if !text.is_empty() {
                planned.edits.replace(script.between(action.end, action.end), text);
            }
            return;
        };
        let end = data.span().end;
        if self.object.is_elsewhere && !self.drops() {
            let source = script.source(data.span());
            if !added.is_empty() {
                let text = format!("{{ {}, ...{source} }}", added.join(", "));
                planned.edits.replace(script.range(data.span()), text);
            }
            if let Some(category) = category {
                planned.edits.replace(script.between(end, end), format!(", {category}"));
            }
            return;
        }
        let is_object = matches!(data.get_inner_expression(), Expression::ObjectExpression(_));
        let was_empty = is_object && self.object.parts.is_empty() && !self.drops();
        let is_gone = self.drops() || !is_object || object::is_emptied(&self.object);
        if is_gone && !(was_empty && added.is_empty()) {
            let text = match (added.is_empty(), category) {
                (true, None) => String::new(),
                (true, Some(category)) => format!(", {{}}, {category}"),
                (false, category) => {
                    let category = category.map(|it| format!(", {it}")).unwrap_or_default();
                    format!(", {{ {} }}{category}", added.join(", "))
                }
            };
            let comments = script.comments(action.end, data.span().start);
            let gap = if comments.is_empty() { "" } else { " " };
            let text = format!("{gap}{comments}{text}");
            planned.edits.replace(script.between(action.end, end), text);
            self.note_dropped(data, planned);
            return;
        }
        planned.edits.extend(object::edit(script, &self.object, &added));
        if let Some(category) = category {
            planned.edits.replace(script.between(end, end), format!(", {category}"));
        }
        let is_unknown =
            |it: &&Field| it.name == "value" && it.property.of_type == PropertyType::Unknown;
        if let Some(value) = self.object.fields.iter().find(is_unknown) {
            let note = format!("`value` must be a number now, and is {}", value.source);
            planned.notes.push(note);
        }
    }

    fn note_dropped(&self, data: &Expression<'_>, planned: &mut Planned) {
        let is_empty = data.get_inner_expression().is_null_or_undefined();
        if self.drops() && !is_empty {
            let excerpt = self.script.excerpt(data.span());
            planned.notes.push(format!("dropped: {excerpt}"));
        }
    }
}

/// A property as it is written in an object.
fn written(name: &str, source: &str) -> String {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || it == b'_' || it == b'$';
    let starts = name.bytes().next().is_some_and(|it| !it.is_ascii_digit());
    if name == source {
        name.to_owned()
    } else if starts && name.bytes().all(is_plain) {
        format!("{name}: {source}")
    } else {
        let quote = if quote_of(source) == '"' { '"' } else { '\'' };
        format!("{quote}{name}{quote}: {source}")
    }
}

fn out_of_reach(name: &str, source: &str) -> Refusal {
    refusal(
        Reason::IndirectArguments,
        format!(
            "`{name}: {}` of the component cannot be read here",
            super::script::excerpt(source)
        ),
        format!("Write `{name}` into the call itself"),
    )
}
