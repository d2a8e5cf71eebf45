//! JSON and parameters, written piece by piece.

use super::payload::Parameters;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt::Write as _;

/// Appends a text with its quotes.
pub(super) fn write_text(text: &str, out: &mut String) {
    let is_escaped = |byte: &u8| *byte < b' ' || matches!(*byte, b'"' | b'\\');
    // Almost no text has anything to escape, and looking at all of it at once is fast.
    if text.as_bytes().iter().filter(|it| is_escaped(it)).count() > 0 {
        out.push_str(&Value::from(text).to_string());
        return;
    }
    out.push('"');
    out.push_str(text);
    out.push('"');
}

pub(super) fn write_int(value: i64, out: &mut String) {
    // Writing into a text does not fail.
    let _ = write!(out, "{value}");
}

/// Appends a float; what JSON has no number for is a null.
pub(super) fn write_float(value: f64, out: &mut String) {
    out.push_str(&Value::from(value).to_string());
}

/// What parameters are put into, in the order in which they are sent. Their names are those of the
/// protocol, which JSON needs not escape.
pub(super) trait Form {
    /// Adds a parameter; one that says nothing is left out.
    fn add(&mut self, name: &str, value: &str);

    /// Adds one whose value goes in base64.
    fn add_base64(&mut self, name: &str, value: &str);
}

impl Form for Parameters {
    fn add(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.0.push((name.to_owned(), value.to_owned()));
        }
    }

    fn add_base64(&mut self, name: &str, value: &str) {
        self.add(name, &STANDARD.encode(value));
    }
}

/// Parameters as an object of JSON, all but the brace at its end.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) text: String,
    /// Whether the time of sending is among them.
    pub(super) has_sent_time: bool,
}

impl Object {
    /// Starts one that will have about so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self { text, has_sent_time: false }
    }

    fn name(&mut self, name: &str) {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push('"');
        self.text.push_str(name);
        self.text.push_str("\":");
    }
}

impl Form for Object {
    fn add(&mut self, name: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        self.has_sent_time |= name == "stm";
        self.name(name);
        write_text(value, &mut self.text);
    }

    fn add_base64(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push('"');
        STANDARD.encode_string(value, &mut self.text);
        self.text.push('"');
    }
}
