//! Printing: colours only where a person looks, errors with their causes.

use crate::secrets::masked;
use crate::visible::{visible, visible_json, visible_lines};
use anyhow::Context as _;
use std::io::{self, IsTerminal as _, Write as _};

/// How to print what a person and a machine may both read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// For machines; the shape is stable.
    Json,
}

/// Whether standard output may have colours: a terminal, and the user does not mind.
pub(crate) fn stdout_has_colour() -> bool {
    io::stdout().is_terminal() && wants_colour()
}

/// Whether standard error may have colours.
pub(crate) fn stderr_has_colour() -> bool {
    io::stderr().is_terminal() && wants_colour()
}

/// Makes the library that `generate` prints with decide as everything else here does.
pub(crate) fn decide_colours() {
    if !wants_colour() {
        anstream::ColorChoice::Never.write_global();
    }
}

fn wants_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|it| !it.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|it| it != "dumb")
}

/// Writes to standard output; of control characters only line breaks and our colours get there.
///
/// Lines are whole only if whatever is foreign in them went through
/// [`visible`], as it does in a [`Style`].
///
/// # Errors
///
/// When it cannot be written; a closed pipe is recognised by [`is_broken_pipe`].
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(visible_lines(text, stdout_has_colour()).as_bytes());
    written.and_then(|()| out.flush()).context("cannot write to standard output")
}

/// Writes JSON to standard output, indented, with a final newline.
pub(crate) fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    print(&visible_json(&format!("{value:#}\n")))
}

/// A bar on standard error for what may take more than a second; none where nobody looks.
pub(crate) fn progress(total: u64) -> indicatif::ProgressBar {
    // The library draws to a terminal only.
    let bar = indicatif::ProgressBar::new(total);
    bar.set_draw_target(indicatif::ProgressDrawTarget::stderr_with_hz(10));
    bar
}

/// Whether an error only says that the reader of our output has gone.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|it| it.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes an error and its causes to standard error, and what to do if it is about the data.
pub(crate) fn report(error: &anyhow::Error) {
    let indented = |it: &str| it.trim_end().replace('\n', "\n    ");
    let mut last = error.to_string();
    let mut text = format!("error: {}\n", indented(&last));
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // A transparent wrapper repeats its cause word for word.
        if cause != last {
            text.push_str(&format!("  because: {}\n", indented(&cause)));
        }
        last = cause;
    }
    if let Some(advice) = crate::advice::for_error(error) {
        text.push_str(&format!("  help: {}\n", indented(&advice)));
    }
    // If even this cannot be written, there is nobody left to tell.
    let _ = io::stderr().lock().write_all(visible_lines(&masked(&text), false).as_bytes());
}

/// A number with what it counts.
pub(crate) fn counted(n: impl Into<u64>, one: &str, more: &str) -> String {
    match n.into() {
        1 => format!("1 {one}"),
        n => format!("{n} {more}"),
    }
}

/// An error with its causes, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}

/// Styles for people; nothing where colours are off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    on: bool,
}

impl Style {
    pub(crate) fn stdout() -> Self {
        Self { on: stdout_has_colour() }
    }

    #[cfg(test)]
    pub(crate) fn always() -> Self {
        Self { on: true }
    }

    /// Whether there are colours: somebody reads it, and no program.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    pub(crate) fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// A line of code in green: tabs stay what they are.
    pub(crate) fn good_line(self, text: &str) -> String {
        self.paint_line("32", text)
    }

    /// A line of code in red.
    pub(crate) fn bad_line(self, text: &str) -> String {
        self.paint_line("31", text)
    }

    fn paint_line(self, code: &str, text: &str) -> String {
        let text = visible_lines(text, false);
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into_owned() }
    }

    fn paint(self, code: &str, text: &str) -> String {
        let text = visible(text);
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_not_several() {
        let cases = [(0_u64, "0 entries"), (1, "1 entry"), (2, "2 entries")];
        for (n, expected) in cases {
            assert_eq!(counted(n, "entry", "entries"), expected);
        }
    }
}
