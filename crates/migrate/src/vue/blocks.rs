//! The blocks of a single-file component, and what is in the template.
//!
//! As Vue's own compiler cuts them: what stands at the top are blocks; a template of HTML ends
//! where its own end tag is, and all other blocks end at the first end tag of their name.

use crate::site::Unparsable;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::ops::Range;

/// A block at the top of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its name.
    pub name: String,
    /// The attributes of its start tag.
    pub attributes: Vec<Attribute>,
    /// From the start tag to the end tag.
    pub outer: Range<usize>,
    /// What is between the tags.
    pub content: Range<usize>,
}

/// An attribute, as it stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: Range<usize>,
    /// Without quotes; empty if there is none.
    pub value: Option<Range<usize>>,
}

impl Block {
    /// The value of an attribute.
    pub fn attribute<'t>(&self, text: &'t str, name: &str) -> Option<&'t str> {
        let found = self.attributes.iter().find(|it| &text[it.name.clone()] == name)?;
        Some(found.value.clone().map_or("", |it| &text[it]))
    }

    /// Whether it is a template of HTML: others are raw text.
    pub(crate) fn is_html(&self, text: &str) -> bool {
        let language = self.attribute(text, "lang").unwrap_or_default();
        self.name == "template" && matches!(language, "" | "html")
    }
}

/// What is found within a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Attribute(Attribute),
    /// What stands between `{{` and `}}`.
    Interpolation(Range<usize>),
}

/// Cuts a component into its blocks.
///
/// # Errors
///
/// Returns the block that has no end.
pub fn blocks(text: &str) -> Result<Vec<Block>, Unparsable> {
    let masked = mask(text);
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(mut block) = opened(&masked, at) {
        if block.content.end == 0 {
            let (end, after) = if block.is_html(text) {
                walk(&masked, block.content.start, |_| {})
            } else {
                raw_end(&masked, block.content.start, &block.name)
            }
            .ok_or_else(|| {
                let message = format!("The block <{}> has no end", block.name);
                Unparsable::wrong(block.outer.start, message)
            })?;
            block.content.end = end;
            block.outer.end = after;
        }
        at = block.outer.end;
        blocks.push(block);
    }
    Ok(blocks)
}

/// What is in a template of HTML.
pub(crate) fn pieces(text: &str, block: &Block) -> Vec<Piece> {
    let mut pieces = Vec::new();
    walk(&mask(text), block.content.start, |it| pieces.push(it));
    pieces
}

/// A text of the same length without what the tokenizer changes before it counts bytes.
fn mask(text: &str) -> String {
    text.replace(['\r', '\0'], " ")
}

/// A token with its bytes.
enum Token {
    Open(String, usize),
    Name(Range<usize>),
    Value(Range<usize>),
    Close { is_empty: bool, end: usize },
    End(String, Range<usize>),
    Text(Range<usize>),
}

/// The tokens from a place on, as they are asked for.
fn tokens(text: &str, from: usize) -> impl Iterator<Item = Token> {
    // As it is written: `<Script>` is no script, but a block of one's own.
    let name_at =
        move |at: usize, length: usize| text.get(at..at + length).unwrap_or_default().to_owned();
    let emitter = CallbackEmitter::new(move |event: CallbackEvent<'_>, span: Span<usize>| {
        let range = from + span.start..from + span.end;
        Some(match event {
            CallbackEvent::OpenStartTag { name } => {
                Token::Open(name_at(range.start + 1, name.len()), range.start)
            }
            CallbackEvent::AttributeName { .. } => Token::Name(range),
            CallbackEvent::AttributeValue { .. } => Token::Value(range),
            CallbackEvent::CloseStartTag { self_closing } => {
                Token::Close { is_empty: self_closing, end: range.end }
            }
            CallbackEvent::EndTag { name } => {
                Token::End(name_at(range.start + 2, name.len()), range)
            }
            CallbackEvent::String { .. } => Token::Text(range),
            _ => return None,
        })
    });
    Tokenizer::new_with_emitter(&text[from..], emitter).filter_map(Result::ok)
}

/// The next block, with no end yet unless its start tag is all of it.
fn opened(text: &str, from: usize) -> Option<Block> {
    let mut block: Option<Block> = None;
    for token in tokens(text, from) {
        match token {
            Token::Open(name, start) => {
                let (outer, content) = (start..0, 0..0);
                block = Some(Block { name, attributes: Vec::new(), outer, content });
            }
            Token::Close { is_empty, end } => {
                let mut block = block?;
                block.content.start = end;
                if is_empty {
                    block.content.end = end;
                    block.outer.end = end;
                }
                return Some(block);
            }
            other => {
                if let Some(it) = &mut block {
                    note(&mut it.attributes, &other);
                }
            }
        }
    }
    None
}

/// Adds a token to attributes.
fn note(attributes: &mut Vec<Attribute>, token: &Token) {
    match token {
        Token::Name(range) => attributes.push(Attribute { name: range.clone(), value: None }),
        Token::Value(range) => {
            if let Some(last) = attributes.last_mut() {
                last.value = Some(range.clone());
            }
        }
        _ => {}
    }
}

/// Where raw text ends, and where its end tag does.
fn raw_end(text: &str, from: usize, name: &str) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let start = at + text[at..].find("</")?;
        let rest = &text[start + 2..];
        let tag = rest.get(..name.len()).filter(|it| it.eq_ignore_ascii_case(name));
        let next = rest.as_bytes().get(name.len());
        let is_end = next.is_some_and(|it| it.is_ascii_whitespace() || b"/>".contains(it));
        if tag.is_some() && is_end {
            let close = rest.find('>')?;
            return Some((start, start + 2 + close + 1));
        }
        at = start + 2;
    }
}

/// Walks through a template; tells where it ends, and where its end tag does.
fn walk(text: &str, from: usize, on: impl FnMut(Piece)) -> Option<(usize, usize)> {
    let mut walk = Walk { text, on, depth: 1, has_ends: true };
    let mut at = from;
    loop {
        match walk.stretch(at)? {
            Step::On => return None,
            Step::Again(next) => at = next,
            Step::Ended(range) => return Some((range.start, range.end)),
        }
    }
}

/// A walk through a template.
struct Walk<'t, F> {
    text: &'t str,
    on: F,
    /// How many templates are open.
    depth: usize,
    /// Once there is no `}}`, there is none later: it is not searched for again.
    has_ends: bool,
}

/// How a walk goes on after a token.
enum Step {
    On,
    /// The tokenizer has to begin anew here: what came is no HTML.
    Again(usize),
    /// The end tag of the template.
    Ended(Range<usize>),
}

impl<F: FnMut(Piece)> Walk<'_, F> {
    /// Walks until the tokenizer has to begin anew; `None` if something has no end.
    fn stretch(&mut self, from: usize) -> Option<Step> {
        let mut tag = String::new();
        let mut attributes = Vec::new();
        for token in tokens(self.text, from) {
            let step = match token {
                Token::Open(name, _) => {
                    tag = name;
                    Step::On
                }
                Token::Close { is_empty, end } => {
                    attributes.drain(..).map(Piece::Attribute).for_each(&mut self.on);
                    if is_empty { Step::On } else { self.opened(&tag, end)? }
                }
                Token::End(name, range) => {
                    attributes.clear();
                    self.depth -= usize::from(name == "template");
                    if self.depth == 0 { Step::Ended(range) } else { Step::On }
                }
                Token::Text(range) => self.interpolation(range).unwrap_or(Step::On),
                other => {
                    note(&mut attributes, &other);
                    Step::On
                }
            };
            if !matches!(step, Step::On) {
                return Some(step);
            }
        }
        None
    }

    /// What follows a start tag; `None` if that has no end.
    fn opened(&mut self, tag: &str, end: usize) -> Option<Step> {
        match tag {
            "template" => self.depth += 1,
            "script" | "style" | "textarea" | "title" => {
                return raw_end(self.text, end, tag).map(|it| Step::Again(it.1));
            }
            _ => {}
        }
        Some(Step::On)
    }

    /// The first `{{ … }}` that begins in a text: a `<` within begins no tag.
    fn interpolation(&mut self, text: Range<usize>) -> Option<Step> {
        let start = self.text[text.clone()].find("{{").filter(|_| self.has_ends)?;
        let start = text.start + start + 2;
        let Some(length) = self.text[start..].find("}}") else {
            self.has_ends = false;
            return None;
        };
        (self.on)(Piece::Interpolation(start..start + length));
        Some(Step::Again(start + length + 2))
    }
}
