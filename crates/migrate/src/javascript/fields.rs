//! What a legacy call says besides the event's name: `{ label, property, value, extra, … }`.

use super::attempt::refusal;
use super::script::{Script, literal_text};
use crate::modules::Fact;
use crate::site::{Property, PropertyType, Reason, Refusal};
use oxc_ast::ast::{
    Expression, ObjectExpression, ObjectProperty, ObjectPropertyKind, PropertyKind,
};
use oxc_span::{GetSpan as _, Span};

/// A property of an event, as it is written.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The source of its value.
    pub(crate) source: String,
    /// The text, if it is a literal one.
    pub(crate) text: Option<String>,
    pub(crate) property: Property,
    /// Where its value stands.
    pub(crate) value: Span,
}

/// What becomes of a property of the old object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Keep,
    Remove,
    /// Those within it come instead of it.
    Unwrap {
        first: Span,
        last: Span,
    },
}

/// The category of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Category {
    pub(crate) source: String,
    /// Whether it is what is sent anyway: the page.
    pub(crate) is_default: bool,
}

/// An object of properties that is understood.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    pub(crate) parts: Vec<(Span, Part)>,
    pub(crate) fields: Vec<Field>,
    pub(crate) category: Option<Category>,
    /// Contexts that go, as they are written.
    pub(crate) contexts: Vec<String>,
    /// Whether it stands elsewhere, and is handed on as it is.
    pub(crate) is_elsewhere: bool,
}

/// Reads a category.
pub(crate) fn category(script: &Script<'_, '_>, expression: &Expression<'_>) -> Category {
    let source = script.source(expression.span()).to_owned();
    let is_page = matches!(source.as_str(), "document.body.dataset.page" | "undefined" | "null");
    Category { source, is_default: is_page }
}

/// Reads an object of properties.
///
/// # Errors
///
/// Refuses what is not written out, and what has no equivalent.
pub(crate) fn object(
    script: &Script<'_, '_>,
    object: &ObjectExpression<'_>,
) -> Result<Object, Refusal> {
    let mut read = Object::default();
    for property in &object.properties {
        let property = match property {
            ObjectPropertyKind::ObjectProperty(it) => it,
            ObjectPropertyKind::SpreadProperty(it) => return Err(indirect(script, it.span)),
        };
        let part = one(script, property, &mut read)?;
        read.parts.push((property.span, part));
    }
    let mut names: Vec<_> = read.fields.iter().map(|it| &it.name).collect();
    names.sort_unstable();
    let twice = names.array_windows().find(|[one, next]| one == next);
    if let Some([twice, _]) = twice {
        return Err(refusal(
            Reason::NotUnderstood,
            format!("`{twice}` is given twice: {}", script.excerpt(object.span)),
            "Properties and those of `extra` have one level now; give each a name of its own",
        ));
    }
    Ok(read)
}

/// Reads an object that stands elsewhere, if it is certain what is in it, and that it can be handed
/// on as it is.
pub(crate) fn elsewhere(script: &Script<'_, '_>, expression: &Expression<'_>) -> Option<Object> {
    let fields = super::name::known_fields(script, expression)?.into_iter().map(|(name, value)| {
        let (of_type, text) = match value {
            Fact::Text(it) => (PropertyType::Text, Some(it)),
            Fact::Number(_) => (PropertyType::Number, None),
            Fact::Fields(_) => return None,
        };
        let wanted = match name.as_str() {
            "label" | "property" => PropertyType::Text,
            "value" => PropertyType::Number,
            _ => return None,
        };
        let property = Property { of_type, example: text.clone() };
        let (source, span) = (script.source(expression.span()).to_owned(), expression.span());
        (of_type == wanted).then_some(Field { name, source, text, property, value: span })
    });
    Some(Object { fields: fields.collect::<Option<_>>()?, is_elsewhere: true, ..Object::default() })
}

/// Says that properties come from somewhere else.
pub(crate) fn indirect(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::IndirectArguments,
        format!("what is tracked comes from somewhere else: `{}`", script.excerpt(span)),
        "Write the properties into the call: `{ label: …, property: …, value: … }`; or migrate \
         with --drop-properties, if an identifier is all that is passed",
    )
}

fn one(
    script: &Script<'_, '_>,
    property: &ObjectProperty<'_>,
    read: &mut Object,
) -> Result<Part, Refusal> {
    let name = name(script, property)?;
    match name.as_str() {
        "label" | "property" | "value" => {
            read.fields.push(field(script, name, &property.value)?);
            Ok(Part::Keep)
        }
        "category" => {
            read.category = Some(category(script, &property.value));
            Ok(Part::Remove)
        }
        "extra" => extra(script, property, read),
        "context" | "experiment" if script.context.options.drops_context => {
            read.contexts.push(script.excerpt(property.span));
            Ok(Part::Remove)
        }
        "context" | "experiment" => Err(refusal(
            Reason::CustomContext,
            format!("internal events have no `{name}`: `{}`", script.excerpt(property.span)),
            "Put what is needed of it into properties of its own; or migrate with --drop-context",
        )),
        _ => Err(refusal(
            Reason::UnknownArgument,
            format!("`{name}` was never sent: `{}`", script.excerpt(property.span)),
            "Remove it; or put it into `extra`, if it is to be a property of the event",
        )),
    }
}

/// Reads `extra: { … }`.
fn extra(
    script: &Script<'_, '_>,
    property: &ObjectProperty<'_>,
    read: &mut Object,
) -> Result<Part, Refusal> {
    let Expression::ObjectExpression(object) = property.value.get_inner_expression() else {
        return Err(indirect(script, property.span));
    };
    for inner in &object.properties {
        let inner = match inner {
            ObjectPropertyKind::ObjectProperty(it) => it,
            ObjectPropertyKind::SpreadProperty(it) => return Err(indirect(script, it.span)),
        };
        let name = name(script, inner)?;
        read.fields.push(field(script, name, &inner.value)?);
    }
    let (first, last) = (object.properties.first(), object.properties.last());
    Ok(match first.zip(last) {
        Some((first, last)) => Part::Unwrap { first: first.span(), last: last.span() },
        None => Part::Remove,
    })
}

/// The name of a property that is written out.
fn name(script: &Script<'_, '_>, property: &ObjectProperty<'_>) -> Result<String, Refusal> {
    let is_plain = !property.computed && !property.method && property.kind == PropertyKind::Init;
    match property.key.static_name() {
        Some(name) if is_plain => Ok(name.into_owned()),
        _ => Err(refusal(
            Reason::NotUnderstood,
            format!("the name of a property is computed: `{}`", script.excerpt(property.span)),
            "Write the properties' names out",
        )),
    }
}

/// Reads a property's value.
pub(crate) fn field(
    script: &Script<'_, '_>,
    name: String,
    value: &Expression<'_>,
) -> Result<Field, Refusal> {
    let span = value.span();
    let source = script.source(span);
    let inner = value.get_inner_expression();
    let of_type = type_of(inner).map_err(|what| {
        refusal(
            Reason::NotUnderstood,
            format!("`{name}` is {what}: `{}`", script.excerpt(span)),
            "Properties are texts or numbers: write `String(…)`, or one property per value",
        )
    })?;
    let wanted = if name == "value" { PropertyType::Number } else { PropertyType::Text };
    let is_base = matches!(name.as_str(), "label" | "property" | "value");
    if is_base && of_type != PropertyType::Unknown && of_type != wanted {
        let (is, write) = if name == "value" { ("a text", "5") } else { ("a number", "'5'") };
        return Err(refusal(
            Reason::NotUnderstood,
            format!("`{name}` is {is}, and that is refused now: `{}`", script.excerpt(span)),
            format!("Write `{name}: {write}`"),
        ));
    }
    let text = literal_text(inner).map(str::to_owned);
    let is_number = source.parse::<f64>().is_ok();
    let example = text.clone().or_else(|| is_number.then(|| source.to_owned()));
    let property = Property { of_type, example };
    Ok(Field { name, source: source.to_owned(), text, property, value: span })
}

/// The type of a value, or what it is that cannot be a property.
fn type_of(value: &Expression<'_>) -> Result<PropertyType, &'static str> {
    Ok(match value {
        Expression::StringLiteral(_) | Expression::TemplateLiteral(_) => PropertyType::Text,
        Expression::NumericLiteral(_) => PropertyType::Number,
        Expression::UnaryExpression(it) if it.argument.is_number_literal() => PropertyType::Number,
        Expression::BooleanLiteral(_) => return Err("a boolean"),
        Expression::ObjectExpression(_) => return Err("an object"),
        Expression::ArrayExpression(_) => return Err("a list"),
        Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_) => {
            return Err("a function");
        }
        Expression::StaticMemberExpression(it) if it.property.name == "length" => {
            PropertyType::Number
        }
        Expression::CallExpression(it) => match it.callee_name() {
            Some("Number" | "parseInt" | "parseFloat") => PropertyType::Number,
            Some("String" | "toString") => PropertyType::Text,
            _ => PropertyType::Unknown,
        },
        Expression::BigIntLiteral(_) | Expression::RegExpLiteral(_) => return Err("no text"),
        _ => PropertyType::Unknown,
    })
}
