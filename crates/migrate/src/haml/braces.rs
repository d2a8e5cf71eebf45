//! Brackets that belong together, in Ruby.

/// On how many lines brackets may stand: who looks for an end that is not there looks at each line
/// this often.
const MAX_LINES: usize = 100;

/// Where what a bracket opens ends, the closing one included; texts may have brackets too.
pub(crate) fn end(text: &str, open: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut closing = Vec::new();
    let mut at = open;
    let mut lines = 0;
    while at < bytes.len() {
        let it = bytes[at];
        lines += usize::from(it == b'\n');
        if lines > MAX_LINES {
            return None;
        }
        match closing.last() {
            // Within a text only its quote and Ruby are of interest.
            Some(b'"' | b'\'') if it == b'\\' => at += 1,
            Some(b'"') if it == b'#' && bytes.get(at + 1) == Some(&b'{') => {
                closing.push(b'}');
                at += 1;
            }
            Some(&quote @ (b'"' | b'\'')) => {
                if it == quote {
                    closing.pop();
                }
            }
            _ => match it {
                b'"' | b'\'' => closing.push(it),
                b'{' => closing.push(b'}'),
                b'(' => closing.push(b')'),
                b'[' => closing.push(b']'),
                b'}' | b')' | b']' if closing.pop() != Some(it) => return None,
                _ => {}
            },
        }
        at += 1;
        if closing.is_empty() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::end;

    #[test]
    fn brackets_in_texts_do_not_count() {
        let rest = |text: &'static str| end(text, 0).map(|it| &text[it..]);
        assert_eq!(rest("{ a: '}' }x"), Some("x"));
        assert_eq!(rest("{ a: \"#{b[\"}\"]}\" }x"), Some("x"));
        assert_eq!(rest("{ a: '\\'}' }x"), Some("x"));
        assert_eq!(rest("(a='1' b=\")\")\n"), Some("\n"));
        assert_eq!(rest("{ a: [1, 2 }"), None);
        assert_eq!(rest("{ a: \"é"), None);
    }

    #[test]
    fn an_end_is_looked_for_within_bounds() {
        let text = |n: usize| format!("{{ a: [{}] }}", "1,\n".repeat(n));
        assert!(end(&text(super::MAX_LINES), 0).is_some());
        assert_eq!(end(&text(super::MAX_LINES + 1), 0), None);
    }
}
