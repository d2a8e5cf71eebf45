//! Patterns of texts: a regular expression for editors and the same as a function for us.

use std::fmt;

/// A pattern in both forms; a test holds that they agree.
pub(crate) struct Pattern {
    /// The form for JSON Schemas.
    pub(crate) regex: &'static str,
    /// The form for the checks.
    pub(crate) matches: fn(&str) -> bool,
    /// What a text must be, after "must be".
    pub(crate) rule: &'static str,
    /// What to do.
    pub(crate) help: &'static str,
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.regex).finish()
    }
}

/// What tools write where a person still has to.
pub(crate) const PLACEHOLDER: &str = "TODO";

/// The name of an event.
pub(crate) static ACTION: Pattern = Pattern {
    regex: "^[a-z0-9_]+$",
    matches: |it| {
        !it.is_empty()
            && it.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
    },
    rule: "made of lower-case letters, digits and underscores",
    help: "a name says operation, target and place, for example `click_save_button_on_profile`",
};

/// A version such as `17.3`; `<13.9` means before.
pub(crate) static MILESTONE: Pattern = Pattern {
    regex: "^<?[0-9]+\\.[0-9]+$",
    matches: |it| {
        let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        let it = it.strip_prefix('<').unwrap_or(it);
        it.split_once('.').is_some_and(|(major, minor)| digits(major) && digits(minor))
    },
    rule: "a version with two numbers",
    help: "for example `\"17.3\"`, or `\"<13.9\"` for anything before",
};

/// An absolute address, or a placeholder for one.
pub(crate) static URL: Pattern = Pattern {
    regex: "^([A-Za-z][A-Za-z0-9+.-]*:[^ \\t\\r\\n]+|TODO)$",
    matches: |it| {
        let Some((scheme, rest)) = it.split_once(':') else { return it == PLACEHOLDER };
        let scheme_ok = scheme.starts_with(|it: char| it.is_ascii_alphabetic())
            && scheme.bytes().all(|it| it.is_ascii_alphanumeric() || b"+.-".contains(&it));
        scheme_ok && !rest.is_empty() && !rest.contains([' ', '\t', '\r', '\n'])
    },
    rule: "a complete address",
    help: "for example `https://example.com/group/project/-/merge_requests/1`",
};

/// The path of a metric in the payload.
pub(crate) static KEY_PATH: Pattern = Pattern {
    regex: "^[A-Za-z0-9_]+(\\.[A-Za-z0-9_-]+)*$",
    matches: |it| {
        let word = |it: &str, extra: &[u8]| {
            !it.is_empty()
                && it
                    .bytes()
                    .all(|it| it.is_ascii_alphanumeric() || it == b'_' || extra.contains(&it))
        };
        let mut words = it.split('.');
        words.next().is_some_and(|it| word(it, b"")) && words.all(|it| word(it, b"-"))
    },
    rule: "names separated by dots",
    help: "for example `redis_hll_counters.count_distinct_user_id_from_create_epic`",
};

/// The name of a class, possibly in modules: `Foo::BarMetric`.
pub(crate) static CLASS: Pattern = Pattern {
    regex: "^(([A-Z][a-z]+)+::)*(([A-Z]+[a-z]+)+)$",
    matches: |it| {
        let Some((modules, class)) = it.rsplit_once("::") else { return is_class(it) };
        modules.split("::").all(is_module) && is_class(class)
    },
    rule: "the name of a class",
    help: "for example `CountUsersMetric`",
};

/// `([A-Z][a-z]+)+`: each capital is followed by a small letter.
fn is_module(it: &str) -> bool {
    is_class(it) && !it.as_bytes().windows(2).any(|it| it.iter().all(u8::is_ascii_uppercase))
}

/// `([A-Z]+[a-z]+)+`: starts with a capital, ends with a small letter.
fn is_class(it: &str) -> bool {
    it.starts_with(|it: char| it.is_ascii_uppercase())
        && it.ends_with(|it: char| it.is_ascii_lowercase())
        && it.bytes().all(|it| it.is_ascii_alphabetic())
}
