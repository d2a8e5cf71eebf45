//! Calls of the mixin's method in a template: `@click="track('event')"`.

use super::blocks::{Attribute, Block, Piece, pieces};
use crate::edit::Edits;
use crate::javascript::{
    Arguments, Attempt, Callee, Context, Dialect, Inherited, Planned, Script, Template, WIDTH,
    applied, plan, refusal, step, with_script,
};
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, IdentifierReference};
use oxc_semantic::AstNode;
use oxc_span::GetSpan as _;
use std::ops::Range;

/// A template of a component.
pub(super) struct Markup<'t> {
    pub(super) text: &'t str,
    pub(super) block: &'t Block,
    pub(super) context: Context<'t>,
}

/// An expression of a template.
struct Place {
    range: Range<usize>,
    /// The quote around it; none in `{{ … }}`.
    quote: Option<char>,
    /// Whether it is run when something happens, so that nobody uses its value.
    is_handler: bool,
}

impl Template for Markup<'_> {
    fn attempts(&self, inherited: &Inherited) -> Vec<Attempt> {
        if !inherited.has_mixin && !inherited.has_new {
            return Vec::new();
        }
        if inherited.has_mixin && self.block.attribute(self.text, "src").is_some() {
            let what = "the template is in another file, and may call `track`";
            let advice = "Change its calls and the mixin by hand";
            let refused = refusal(Reason::NotUnderstood, what, advice);
            return vec![mixin(self.block.outer.clone(), Err(refused))];
        }
        let content = &self.text[self.block.content.clone()];
        if !has_word(content) {
            return Vec::new();
        }
        if !self.block.is_html(self.text) {
            if !inherited.has_mixin {
                return Vec::new();
            }
            let what = "the template is not written in HTML, and may call `track`";
            let advice = "Change the template's calls and the mixin by hand";
            let refused = refusal(Reason::NotUnderstood, what, advice);
            return vec![mixin(self.block.outer.clone(), Err(refused))];
        }
        let pieces = pieces(self.text, self.block).into_iter();
        pieces.flat_map(|it| self.piece(&it, inherited)).collect()
    }

    fn first_call(&self) -> Option<Range<usize>> {
        let calls = |it: &Range<usize>| {
            let code = &self.text[it.clone()];
            has_word(code) && code.contains("track(")
        };
        let ranges = pieces(self.text, self.block).into_iter().filter_map(|it| match it {
            Piece::Attribute(it) if self.text[it.name.clone()].starts_with(['@', ':', 'v']) => {
                it.value
            }
            Piece::Attribute(_) => None,
            Piece::Interpolation(it) => Some(it),
        });
        ranges.into_iter().find(calls)
    }

    fn mentions(&self, word: &str) -> bool {
        self.text[self.block.content.clone()].contains(word)
    }
}

/// Whether a text has a word that the mixins bring.
fn has_word(text: &str) -> bool {
    text.match_indices("track").any(|(at, _)| {
        let before = text[..at].strip_suffix("this.").unwrap_or(&text[..at]);
        let before = before.chars().next_back();
        let is_part = |it: char| it.is_alphanumeric() || matches!(it, '_' | '$' | '-' | '.');
        let rest = &text[at + 5..];
        let known = ["Event", "_event", "ingOptions", "ingCategory"];
        let rest = known.iter().find_map(|it| rest.strip_prefix(it)).unwrap_or(rest);
        let after = rest.chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(|it| is_part(it) && it != '.')
    })
}

fn mixin(range: Range<usize>, planned: Result<Planned, Refusal>) -> Attempt {
    let event = planned.as_ref().ok().and_then(|it| it.found.first()).map(|it| it.name.clone());
    Attempt { kind: Kind::VueMixin, range, event, planned }
}

impl Markup<'_> {
    fn piece(&self, piece: &Piece, inherited: &Inherited) -> Vec<Attempt> {
        match piece {
            Piece::Interpolation(range) if has_word(&self.text[range.clone()]) => {
                let place = Place { range: range.clone(), quote: None, is_handler: false };
                self.expression(&place, inherited)
            }
            Piece::Attribute(it) => self.attribute(it, inherited),
            Piece::Interpolation(_) => Vec::new(),
        }
    }

    fn attribute(&self, attribute: &Attribute, inherited: &Inherited) -> Vec<Attempt> {
        let name = &self.text[attribute.name.clone()];
        let Some(range) = attribute.value.clone() else { return Vec::new() };
        let value = &self.text[range.clone()];
        let is_directive = name.starts_with([':', '@', '#']) || name.starts_with("v-");
        if !(is_directive || name == "slot-scope") || !has_word(value) {
            return Vec::new();
        }
        let refused = |what: &str, advice: &str| {
            if !inherited.has_mixin {
                return Vec::new();
            }
            let what = format!("{what}: `{name}=\"{value}\"`");
            vec![mixin(range.clone(), Err(refusal(Reason::NotUnderstood, what, advice)))]
        };
        let binds = ["v-for", "v-slot", "slot-scope", "#"];
        if binds.iter().any(|it| name.starts_with(it)) {
            return refused("a variable may hide the mixin's `track`", "Give it another name");
        }
        let is_entity = |it: &str| it.split(';').next().is_some_and(is_entity_name);
        if value.split('&').skip(1).any(|it| it.contains(';') && is_entity(it)) {
            let advice = "Write it with the other kind of quotes, or move it into a method";
            return refused("characters are written as entities", advice);
        }
        let quote = self.text[..range.start].chars().next_back().filter(|it| "'\"".contains(*it));
        if quote.is_none() {
            return refused("the attribute has no quotes", "Put quotes around its value");
        }
        let is_handler = name.starts_with('@') || name.starts_with("v-on");
        self.expression(&Place { range, quote, is_handler }, inherited)
    }

    /// Reads an expression, or the statements of a handler.
    fn expression(&self, place: &Place, inherited: &Inherited) -> Vec<Attempt> {
        let source = &self.text[place.range.clone()];
        let parse = |source: &str, base: usize| {
            with_script(source, base, Dialect::TypeScript, self.context, |script| {
                let calls = script.nodes().filter_map(|it| one(script, place, it, inherited));
                calls.collect::<Vec<_>>()
            })
        };
        let wrapped = || parse(&format!("({source})"), place.range.start - 1);
        let attempts =
            parse(source, place.range.start).or_else(|_| wrapped()).unwrap_or_else(|it| {
                if !inherited.has_mixin {
                    return Vec::new();
                }
                let what = format!("an expression does not parse: `{source}`: {}", it.message);
                let advice = "Move it into a method of the component";
                vec![mixin(place.range.clone(), Err(refusal(Reason::DoesNotParse, what, advice)))]
            });
        self.fitted(place, attempts)
    }

    /// Gives an expression that its change makes too long a line of its own.
    fn fitted(&self, place: &Place, mut attempts: Vec<Attempt>) -> Vec<Attempt> {
        let Place { range, quote: Some(quote), .. } = place else { return attempts };
        let [only] = attempts.as_mut_slice() else { return attempts };
        let (text, old) = (self.text, &self.text[range.clone()]);
        let Ok(planned) = &mut only.planned else { return attempts };
        let start = text[..range.start].rfind('\n').map_or(0, |it| it + 1);
        let (before, after) = (&text[start..range.start], &text[range.end..]);
        let after = after.split('\n').next().unwrap_or_default().trim_end();
        let indentation = &before[..before.len() - before.trim_start().len()];
        let is_alone =
            after.starts_with(*quote) && after.len() == 1 && !before.trim().contains(' ');
        let Some(new) = applied(old, range.start, &planned.edits) else { return attempts };
        let length = |it: &str| it.chars().count();
        let around = length(before) + 1;
        let gets_long = around + length(&new) > WIDTH && around + length(old) <= WIDTH;
        let fits = indentation.len() + 2 + length(&new) <= WIDTH;
        if is_alone && gets_long && fits && !new.contains('\n') {
            let within = &mut planned.edits;
            *within = Edits::default();
            let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
            let step = step(indentation);
            let line = format!("{line_break}{indentation}{step}{new}{line_break}{indentation}");
            within.replace(range.clone(), line);
            only.range = range.clone();
        }
        attempts
    }
}

fn is_entity_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'#')
}

/// What a name in an expression means, if it is one that the mixins bring.
fn one(
    script: &Script<'_, '_>,
    place: &Place,
    node: &AstNode<'_>,
    inherited: &Inherited,
) -> Option<Attempt> {
    let name = match node.kind() {
        AstKind::IdentifierReference(name) => name,
        AstKind::StaticMemberExpression(it) if inherited.has_mixin => {
            let is_this = matches!(it.object, Expression::ThisExpression(_));
            let is_ours = is_this && it.property.name == "track";
            return is_ours.then(|| mixin(script.range(it.span), Err(with_this())));
        }
        _ => return None,
    };
    if script.symbol(name).is_some() {
        return None;
    }
    let new = script.context.method();
    let parent = script.parent(node.id());
    let call = match parent.kind() {
        AstKind::CallExpression(call) if call.callee.span() == name.span => Some(call),
        _ => None,
    };
    let range = script.range(call.map_or(name.span, |it| it.span));
    if name.name == new && inherited.has_new {
        let planned = Planned { is_already: true, ..Planned::default() };
        return call.map(|_| mixin(range, Ok(planned)));
    }
    if !inherited.has_mixin {
        return None;
    }
    let planned = match (name.name.as_str(), call) {
        ("track", Some(call)) => {
            let which = Arguments { category: None, action: 0, has_data: true };
            let callee = Callee::Template(place.quote.unwrap_or('"'));
            plan(script, call, which, inherited, callee).and_then(|mut it| {
                it.edits.replace(script.range(name.span), new);
                if place.is_handler && script.is_unused(parent.id(), call.span) {
                    return Ok(it);
                }
                Err(value_used(script, script.parent(parent.id())))
            })
        }
        ("track", None) => Err(passed_on(name)),
        ("trackingOptions" | "trackingCategory", _) => Err(refusal(
            Reason::NotUnderstood,
            format!("the new mixin has no `{}`", name.name),
            "Write out what it stands for",
        )),
        (it, _) if it == new => Err(refusal(
            Reason::OwnTrackEvent,
            format!("the component has a `{new}` of its own, which the template uses"),
            format!("Give it another name: the new mixin brings a method `{new}`"),
        )),
        _ => return None,
    };
    Some(mixin(range, planned))
}

fn with_this() -> Refusal {
    refusal(
        Reason::NotUnderstood,
        "`this.track` in a template",
        "Write it without `this`, as Vue 3 needs it: `@click=\"track('event')\"`",
    )
}

fn value_used(script: &Script<'_, '_>, node: &AstNode<'_>) -> Refusal {
    let excerpt = script.excerpt(node.kind().span());
    refusal(
        Reason::ValueUsed,
        format!("what the call returns is used by the template: `{excerpt}`"),
        "Call it when something happens: `@click=\"…\"`",
    )
}

fn passed_on(name: &IdentifierReference<'_>) -> Refusal {
    refusal(
        Reason::IndirectArguments,
        format!("`{}` is not called here but passed on", name.name),
        "Call it where the event's name is known: `@click=\"track('event')\"`",
    )
}
