//! What single values of a request must look like.

use super::Problem;
use internal_events_catalog::RESERVED_PROPERTIES;

/// Checks the name of an event: lower-case letters, digits and underscores.
///
/// # Errors
///
/// What is wrong with the name.
pub fn check_event_name(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::new("event", format!("`{name}` is not a name for an event"))
        .help("use lower-case letters, digits and underscores, for example `click_save_button`"))
}

/// Checks the name of an additional property.
///
/// # Errors
///
/// What is wrong with the name.
pub fn check_property_name(name: &str) -> Result<(), Problem> {
    if RESERVED_PROPERTIES.contains(&name) {
        return Err(Problem::new("property", format!("`{name}` always means the object itself"))
            .help("list it in --identifiers, or give the property another name"));
    }
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::new("property", format!("`{name}` is not a name for a property"))
        .help("use lower-case letters, digits and underscores, for example `label`"))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
}

/// Checks a milestone: two numbers with a dot, with `<` before it where only a bound is known.
///
/// # Errors
///
/// What is wrong with the milestone.
pub fn check_milestone(milestone: &str) -> Result<(), Problem> {
    let numbers = milestone.strip_prefix('<').unwrap_or(milestone);
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    if numbers.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor)) {
        return Ok(());
    }
    Err(Problem::new("milestone", format!("`{milestone}` is not a milestone"))
        .help("write two numbers with a dot, for example `17.3`"))
}

/// Checks the URL of a merge request: absolute, `http` or `https`, nothing that needs escaping.
///
/// # Errors
///
/// What is wrong with the URL.
pub fn check_url(url: &str) -> Result<(), Problem> {
    if is_url(url) {
        return Ok(());
    }
    Err(Problem::new("mr", format!("`{url}` is not the URL of a merge request"))
        .help("copy it from the browser, with `https://` at its start"))
}

fn is_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else {
        return false;
    };
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = &rest[..host_end];
    !host.is_empty()
        && host.starts_with(|it: char| it.is_ascii_alphanumeric() || it == '[')
        && rest[host_end..].bytes().all(is_url_byte)
        && host.bytes().all(|it| is_url_byte(it) || matches!(it, b'[' | b']'))
        && rest.matches('#').count() <= 1
        && has_complete_escapes(rest)
}

/// The characters RFC 3986 allows after the scheme, square brackets apart.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte)
}

fn has_complete_escapes(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|it| it.len() >= 2 && it.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit))
}
