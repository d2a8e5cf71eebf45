//! A file with all that is known of it, and the names of events in it.

use super::model::{Arg, Call, Shape, Source, Value};
use crate::edit::Edits;
use crate::options::{Options, Style};
use crate::project::Project;
use crate::site::{Found, Reason, Refusal};
use std::collections::BTreeSet;
use std::ops::Range;

/// A file with all that is known of it.
pub(super) struct File<'a> {
    /// Its text.
    pub text: &'a str,
    /// What is in it.
    pub source: &'a Source,
    /// What is known of the application.
    pub project: &'a Project,
    /// What whoever migrates decides.
    pub options: &'a Options,
}

/// A call of internal events, before it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct New {
    /// The event's name as it is written, with quotes.
    pub name: String,
    /// Arguments that are kept, as they are written.
    pub kept: Vec<String>,
    /// Additional properties, as they are written.
    pub properties: Vec<String>,
    /// The category, if it is kept.
    pub category: Option<String>,
    /// What it was, for the note on what it is now.
    pub was_category: Option<String>,
    /// Whether an argument is `key:` alone: what follows must not become its value.
    pub has_short: bool,
    /// What an analyst must know.
    pub notes: Vec<String>,
    /// What the event's definition needs.
    pub found: Found,
    /// The event's other name, where the call chooses between two.
    pub also: Vec<Name>,
    /// Changes that are no call: those of a spec, which tracks nothing by itself.
    pub edits: Option<Edits>,
}

/// What becomes of a call.
pub(super) type Plan = Result<New, Refusal>;

/// Why a call stays as it is.
pub(super) fn refusal(
    reason: Reason,
    what: impl Into<String>,
    advice: impl Into<String>,
) -> Refusal {
    Refusal { reason, what: what.into(), advice: advice.into() }
}

/// An event's name.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// Its new name.
    pub event: String,
    /// Its old name, if it gets a new one.
    pub old: Option<String>,
    /// As it is written from now on.
    pub written: String,
    /// The other name, where the call chooses between two.
    pub also: Vec<Self>,
}

impl Name {
    /// The name under which it was tracked.
    pub(super) fn legacy(&self) -> &str {
        self.old.as_deref().unwrap_or(&self.event)
    }

    /// It, and the others among which the call chooses.
    pub(super) fn all(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.also)
    }
}

impl File<'_> {
    /// Code, as it is written.
    pub(super) fn code(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// Whether the output is that of the first guide, or properties go for another reason.
    pub(super) fn drops_properties(&self) -> bool {
        self.options.drops_properties
    }

    /// Whether custom contexts go, as in the guides.
    pub(super) fn drops_context(&self) -> bool {
        let is_as_first = self.options.drops_properties || self.options.style == Style::First;
        is_as_first || self.options.drops_context
    }

    /// What a constant in this file is set to, if that is certain.
    pub(super) fn constant(&self, name: &str, scope: Option<usize>) -> Option<&Value> {
        let mut scope = scope;
        while let Some(it) = scope.and_then(|it| self.source.scopes.get(it)) {
            if let Some(value) = it.constants.get(name) {
                return value.as_ref();
            }
            scope = it.parent;
        }
        self.source.constants.get(name)?.as_ref()
    }

    /// The name of the event that a call tracks.
    pub(super) fn event_name(&self, value: &Value, call: &Call) -> Result<Name, Refusal> {
        let written = self.code(&value.range);
        let (legacy, is_kept) = match &value.shape {
            Shape::Text(it) => (it.clone(), written.starts_with(['\'', '"'])),
            Shape::Symbol(it) => (it.clone(), false),
            Shape::Constant(name) => match self.constant(name, call.scope) {
                Some(it) if it.literal().is_some() => {
                    let is_text = matches!(it.shape, Shape::Text(_));
                    (it.literal().unwrap_or_default().to_owned(), is_text)
                }
                _ => return Err(self.computed(value)),
            },
            Shape::Either(two) => return self.either_name(value, two, call),
            _ => return Err(self.computed(value)),
        };
        let quote = if written.starts_with('"') || written.starts_with(":\"") { '"' } else { '\'' };
        let mut name = self.name(&legacy, quote)?;
        if is_kept && name.old.is_none() {
            written.clone_into(&mut name.written);
        }
        Ok(name)
    }

    /// `a ? 'b' : 'c'`: both names are known, and the choice stays.
    fn either_name(
        &self,
        value: &Value,
        [yes, no]: &[Value; 2],
        call: &Call,
    ) -> Result<Name, Refusal> {
        let mut first = self.event_name(yes, call)?;
        let second = self.event_name(no, call)?;
        let mut edits = Edits::default();
        for (it, name) in [(yes, &first), (no, &second)] {
            let start = value.range.start;
            edits.replace(it.range.start - start..it.range.end - start, name.written.clone());
        }
        first.written = edits.apply(self.code(&value.range));
        first.also.push(second.clone());
        first.also.extend(second.also);
        Ok(first)
    }

    /// The name of an event that was called like this.
    pub(super) fn name(&self, legacy: &str, quote: char) -> Result<Name, Refusal> {
        let event = self.options.renamed(legacy).to_owned();
        self.legal(&event, legacy)?;
        let old = (event != legacy).then(|| legacy.to_owned());
        let written = format!("{quote}{event}{quote}");
        Ok(Name { event, old, written, also: Vec::new() })
    }

    /// Refuses a name that is not written at the call.
    pub(super) fn computed(&self, value: &Value) -> Refusal {
        refusal(
            Reason::ComputedName,
            format!("the event's name is computed: `{}`", self.code(&value.range)),
            "Write one call for each name with the name in quotes, or one event whose additional \
             property has what differs.",
        )
    }

    /// Whether a name may be that of the event.
    fn legal(&self, event: &str, legacy: &str) -> Result<(), Refusal> {
        let is_legal = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
        if event.is_empty() || !event.bytes().all(is_legal) {
            return Err(refusal(
                Reason::IllegalName,
                format!("`{event}` is no name of an internal event"),
                format!(
                    "Choose a name of small letters, digits and underscores: \
                     `--rename '{legacy}=new_name'`."
                ),
            ));
        }
        let is_taken = self.project.internal_events.contains(event)
            && !self.project.legacy_events.contains_key(legacy)
            // Whoever writes `--rename x=x` says that the two are the same.
            && !self.options.renames.contains_key(legacy);
        if is_taken {
            return Err(refusal(
                Reason::NameTaken,
                format!("`{event}` is an internal event already"),
                format!(
                    "Its metrics will count this call too. If that is meant: \
                     `--rename {legacy}={event}`; if not: `--rename {legacy}=new_name`."
                ),
            ));
        }
        Ok(())
    }

    /// Refuses a call whose value is used, or that has a block.
    pub(super) fn plain(&self, call: &Call) -> Result<(), Refusal> {
        if call.is_used {
            return Err(refusal(
                Reason::ValueUsed,
                format!("something is done with what `{}` returns", self.head(call)),
                "Internal events return nothing of use. Make the call a statement of its own.",
            ));
        }
        if let Some(block) = &call.block {
            return Err(refusal(
                Reason::UnknownArgument,
                format!("the call has a block: `{}`", self.short(&block.range)),
                "Internal events take no block. Move what it does before the call.",
            ));
        }
        if let Some(it) = call.args.iter().find(|it| it.is_indirect()) {
            return Err(refusal(
                Reason::IndirectArguments,
                format!("arguments come from somewhere else: `{}`", self.code(&it.range)),
                "Write out the arguments at this call.",
            ));
        }
        let mut keys = BTreeSet::new();
        let mut named = call.args.iter().filter_map(|it| Some((it, it.keyword()?.0)));
        if let Some((it, _)) = named.find(|(_, key)| !keys.insert(*key)) {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("an argument is given a second time: `{}`", self.code(&it.range)),
                "Ruby takes the last one. Leave the others out.",
            ));
        }
        Ok(())
    }

    /// Refuses a call whose arguments cannot be moved without loss.
    pub(super) fn movable(&self, call: &Call, new: &New) -> Result<(), Refusal> {
        let is_lost = |_: &&Range<usize>| self.in_place(call, new, "").is_none();
        if let Some(comment) = self.comment(call).filter(is_lost) {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("a comment stands among the arguments: `{}`", self.short(comment)),
                "Move the comment above the call.",
            ));
        }
        match self.source.heredocs.iter().find(|it| self.is_stuck(call, it)) {
            Some((opening, _)) => Err(refusal(
                Reason::NotUnderstood,
                format!("a heredoc stands among the arguments: `{}`", self.short(opening)),
                "Put its text into a variable before the call.",
            )),
            None => Ok(()),
        }
    }

    /// Whether a heredoc of a call cannot be moved: its text stands below, in the order of the
    /// heredocs, and would stay there.
    fn is_stuck(&self, call: &Call, heredoc: &(Range<usize>, Range<usize>)) -> bool {
        let is_within = |it: &Range<usize>| call.range.contains(&it.start);
        let (opening, body) = heredoc;
        let goes = |it: &Arg| {
            let is_kept = it.keyword().is_some_and(|it| it.0 != "context");
            it.range.contains(&opening.start) && (!is_kept || self.drops_properties())
        };
        let heredocs = self.source.heredocs.iter().filter(|it| is_within(&it.0)).count();
        is_within(opening) && (is_within(body) || heredocs > 1 || call.args.iter().any(goes))
    }

    /// The beginning of a call, for messages.
    pub(super) fn head(&self, call: &Call) -> String {
        let end = call.args.first().map_or(call.range.end, |it| it.range.start);
        let head = self.code(&(call.range.start..end)).trim_end_matches(['(', ' ', '\n', '\t']);
        first_line(head)
    }

    /// The first line of some code, for messages.
    pub(super) fn short(&self, range: &Range<usize>) -> String {
        first_line(self.code(range))
    }

    /// Where the line of an offset begins.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |it| it + 1)
    }

    /// Where the line of an offset ends, before its break.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let end = self.text[at..].find('\n').map_or(self.text.len(), |it| at + it);
        if self.text[at..end].ends_with('\r') { end - 1 } else { end }
    }

    /// With what the line of an offset is indented.
    pub(super) fn indentation(&self, at: usize) -> &str {
        let line = &self.text[self.line_start(at)..at];
        let length = line.len() - line.trim_start_matches([' ', '\t']).len();
        &line[..length]
    }

    /// How lines break here.
    pub(super) fn line_break(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }
}

pub(super) fn first_line(code: &str) -> String {
    let line = code.lines().next().unwrap_or_default();
    if line.len() == code.len() { line.to_owned() } else { format!("{line} …") }
}
