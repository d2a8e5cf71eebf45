//! Secrets in a log and in errors: whatever looks like one is left out.
//!
//! Nothing here logs a header, a query or a body. But callers put a token into a path, and people a
//! password into an address, and both are repeated where something is wrong with them. So the last
//! step before a line is written takes out what can be told by its form: our own tokens, what
//! stands behind `Bearer` or `Basic`, and who an address says one is.

use std::borrow::Cow;

/// Stands in a secret's place.
const MASK: &str = "…";

/// Characters that no token of ours has fewer of; shorter ones protect nothing.
const TOKEN: usize = 16;

/// Characters that no credentials worth hiding have fewer of.
const CREDENTIALS: usize = 8;

/// Leaves secrets out of a text.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let mut shown = String::new();
    let (mut done, mut before) = (0, None);
    for (at, it) in text.char_indices() {
        if at >= done
            && let Some((label, secret)) = secret(before, &text[at..])
        {
            shown.push_str(&text[done..at + label]);
            shown.push_str(MASK);
            done = at + label + secret;
        }
        before = Some(it);
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    shown.push_str(&text[done..]);
    Cow::Owned(shown)
}

/// The lengths of what tells that there is a secret, and of the secret, at the start of a text.
fn secret(before: Option<char>, text: &str) -> Option<(usize, usize)> {
    if before.is_some_and(char::is_alphanumeric) && !text.starts_with([':', '%']) {
        return None;
    }
    match text.as_bytes().first()? {
        b'i' => token(text),
        b'b' | b'B' => credentials(text),
        b':' | b'%' => userinfo(text),
        _ => None,
    }
}

/// `iet_0123…`, in any case of its digits.
fn token(text: &str) -> Option<(usize, usize)> {
    let rest = text.strip_prefix("iet_")?;
    let n = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
    (n >= TOKEN).then_some(("iet_".len(), n))
}

/// `Bearer abc…` and `Basic abc…`, also as an address has them.
fn credentials(text: &str) -> Option<(usize, usize)> {
    let scheme = ["bearer", "basic"].into_iter().find(|it| begins_with(text, it))?;
    let mut label = scheme.len();
    loop {
        let rest = &text[label..];
        label += match rest.as_bytes().first()? {
            b' ' | b'+' | b':' | b'=' => 1,
            _ if begins_with(rest, "%20") => 3,
            _ => break,
        };
    }
    let is_part = |it: &u8| it.is_ascii_alphanumeric() || b"-._~+/=".contains(it);
    let n = text[label..].bytes().take_while(is_part).count();
    // A word of a sentence is no secret.
    let is_word = text[label..label + n].bytes().all(|it| it.is_ascii_lowercase());
    (label > scheme.len() && n >= CREDENTIALS && !is_word).then_some((label, n))
}

/// `://user:password@`, also as a part of another address has it.
fn userinfo(text: &str) -> Option<(usize, usize)> {
    let label = ["://", "%3a%2f%2f"].into_iter().find(|it| begins_with(text, it))?.len();
    let rest = &text[label..];
    let ends = |it: char| it.is_whitespace() || "/\"'`<>?#@".contains(it);
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    let is_plain = rest[authority.len()..].starts_with('@');
    let escaped = || authority.to_ascii_lowercase().find("%40");
    let n = if is_plain { authority.len() } else { escaped()? };
    (n > 0).then_some((label, n))
}

/// Tells whether a text begins with this, in lower case or upper.
fn begins_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests;
