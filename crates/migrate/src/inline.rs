//! Scripts within pages: `<script>` in HTML and ERB, `:javascript` in HAML.

use crate::haml;
use crate::language::Language;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::convert::Infallible;
use std::ops::Range;

/// What a script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    JavaScript,
    /// JavaScript that Ruby writes a part of.
    WithRuby,
    /// Data, or a template.
    Other,
}

/// A script of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inline {
    pub(crate) range: Range<usize>,
    pub(crate) code: Code,
}

/// Finds the scripts of a page.
pub(crate) fn scripts(text: &str, language: Language) -> Vec<Inline> {
    let ruby = match language {
        Language::Haml => "#{",
        Language::Erb => "<%",
        _ => "",
    };
    let mut scripts = match language {
        Language::Html => of_page(text),
        // What Ruby writes into a tag must not end it.
        Language::Erb => of_page(&masked(text)),
        Language::Haml => {
            let filters = haml::filters(text, "javascript").into_iter();
            filters.map(|range| Inline { range, code: Code::JavaScript }).collect()
        }
        _ => Vec::new(),
    };
    for it in &mut scripts {
        let has_ruby = !ruby.is_empty() && text[it.range.clone()].contains(ruby);
        if has_ruby && it.code == Code::JavaScript {
            it.code = Code::WithRuby;
        }
    }
    scripts
}

/// Letters in place of ERB's tags.
fn masked(text: &str) -> String {
    let mut masked = text.as_bytes().to_vec();
    let mut at = 0;
    while let Some(found) = text[at..].find("<%") {
        let start = at + found;
        let end = text[start..].find("%>").map_or(text.len(), |it| start + it + 2);
        masked[start..end].fill(b'x');
        at = end;
    }
    String::from_utf8(masked).unwrap_or_default()
}

fn of_page(text: &str) -> Vec<Inline> {
    // What the tokenizer changes before it counts bytes.
    let text = &text.replace(['\r', '\0'], " ");
    let mut page = Page::default();
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: Span<usize>| {
        page.event(event, span);
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    // It reads from memory, so no error can come from it.
    let _ = Tokenizer::new_with_emitter(text, emitter).finish();
    page.scripts
}

/// A page, as its tokens come.
#[derive(Default)]
struct Page {
    scripts: Vec<Inline>,
    is_script: bool,
    is_type: bool,
    /// The language that the tag names.
    named: String,
    /// Where the script begins that is open.
    start: Option<usize>,
}

impl Page {
    fn event(&mut self, event: CallbackEvent<'_>, span: Span<usize>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.is_script = name == b"script";
                self.named.clear();
            }
            CallbackEvent::AttributeName { name } => self.is_type = name == b"type",
            CallbackEvent::AttributeValue { value } if self.is_type => {
                self.named = String::from_utf8_lossy(value).to_ascii_lowercase();
            }
            CallbackEvent::CloseStartTag { .. } if self.is_script => self.start = Some(span.end),
            CallbackEvent::EndTag { name: b"script" } => {
                if let Some(start) = self.start.take() {
                    self.scripts.push(Inline { range: start..span.start, code: code(&self.named) });
                }
            }
            _ => {}
        }
    }
}

fn code(named: &str) -> Code {
    match named.trim() {
        "" | "module" | "text/javascript" | "application/javascript" => Code::JavaScript,
        _ => Code::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(language: Language, text: &str, expected: &[(&str, Code)]) {
        let found = scripts(text, language);
        let found: Vec<_> = found.iter().map(|it| (&text[it.range.clone()], it.code)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn scripts_of_pages() {
        use Code::{JavaScript, Other, WithRuby};
        let html = "<!-- <script>n</script> --><script>a < b && '</p>'</script>\r\n<SCRIPT TYPE=module>é</SCRIPT>\
                    <script type='text/x-template'><p></script><script src=x></script>";
        check(
            Language::Html,
            html,
            &[("a < b && '</p>'", JavaScript), ("é", JavaScript), ("<p>", Other), ("", JavaScript)],
        );
        let erb = "<a <%= '>' %>><script>a(<%= b %>)</script><script>b</script>";
        check(Language::Erb, erb, &[("a(<%= b %>)", WithRuby), ("b", JavaScript)]);
        let haml = "%p\n  :javascript\n    a;\n\n    b;\n%p\n-# x\n  :javascript\n    c\n:javascript\n  #{d}\n:plain\n  e";
        check(Language::Haml, haml, &[("    a;\n\n    b;\n", JavaScript), ("  #{d}\n", WithRuby)]);
        check(Language::Vue, "<script>a</script>", &[]);
        check(Language::Html, "<script>a", &[]);
    }
}
