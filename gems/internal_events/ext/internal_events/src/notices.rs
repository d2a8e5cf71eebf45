//! What the core has to say, kept until Ruby asks: its threads must not call Ruby.

use std::collections::VecDeque;
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Lines that are kept; the core says each thing at most every ten seconds or so.
const KEPT: usize = 256;

static NOTICES: Mutex<VecDeque<(&'static str, String)>> = Mutex::new(VecDeque::new());
static HAS_SOME: AtomicBool = AtomicBool::new(false);

/// Listens to what the core says, unless somebody does already.
pub(crate) fn listen() {
    // If somebody does, they have it.
    let _ = tracing::subscriber::set_global_default(Listener);
}

/// Whether there is something to take.
pub(crate) fn are_there() -> bool {
    HAS_SOME.load(Ordering::Relaxed)
}

/// Takes what was said: its level in Ruby's words, and the text.
pub(crate) fn take() -> Vec<(&'static str, String)> {
    let Ok(mut notices) = NOTICES.try_lock() else { return Vec::new() };
    HAS_SOME.store(false, Ordering::Relaxed);
    notices.drain(..).collect()
}

struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.target().starts_with("internal_events")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let level = if *event.metadata().level() == Level::ERROR { "error" } else { "warn" };
        keep(level, line.message + &line.fields);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Keeps a line, or prints it where there is no place: nothing may wait here, for a fork may have
/// come between a thread and the end of its turn.
fn keep(level: &'static str, line: String) {
    if let Ok(mut notices) = NOTICES.try_lock()
        && notices.len() < KEPT
    {
        notices.push_back((level, line));
        HAS_SOME.store(true, Ordering::Relaxed);
        return;
    }
    // Nobody can be told if this fails too.
    let _ = writeln!(io::stderr(), "internal_events: {level}: {line}");
}

#[derive(Default)]
struct Line {
    message: String,
    fields: String,
}

impl Line {
    fn add(&mut self, field: &Field, value: &dyn fmt::Display) {
        let written = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, ", {name}: {value}"),
        };
        written.expect("invariant: writing to memory cannot fail");
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, &format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            text.push_str(&format!(": {error}"));
            source = error.source();
        }
        self.add(field, &text);
    }
}
