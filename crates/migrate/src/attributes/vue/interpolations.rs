//! The text between the tags of a template.

/// The text with blanks in place of `{{ … }}`, which may have `<` in it; offsets stay.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(end) = rest.strip_prefix("{{").and_then(|it| it.find("}}")) {
            masked.extend(std::iter::repeat_n(' ', end + 4));
            at += end + 4;
            continue;
        }
        let end = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.find("-->").map_or(text.len(), |it| at + 4 + it + 3)
        } else if rest.starts_with('<') && !tag_name(&rest[1..]).is_empty() {
            tag_end(text, at).unwrap_or(text.len())
        } else {
            at + rest.chars().next().map_or(1, char::len_utf8)
        };
        masked.push_str(&text[at..end]);
        at = end;
    }
    masked
}

/// The name that a tag begins with.
fn tag_name(rest: &str) -> &str {
    if !rest.starts_with(|it: char| it.is_ascii_alphabetic()) {
        return "";
    }
    let end = rest.find(|it: char| it.is_ascii_whitespace() || matches!(it, '>' | '/'));
    &rest[..end.unwrap_or(rest.len())]
}

/// Where a tag ends, `>` included; quoted values may have that too.
fn tag_end(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (at, it) in text[start..].bytes().enumerate() {
        match (quote, it) {
            (None, b'"' | b'\'') => quote = Some(it),
            (Some(open), _) if open == it => quote = None,
            (None, b'>') => return Some(start + at + 1),
            _ => {}
        }
    }
    None
}
