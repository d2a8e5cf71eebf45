//! The page on which a person looks at events as they come.

use crate::answer::Answer;
use crate::page::page;
use crate::problem::Problem;

/// The page, whose style and program have a nonce to be filled in.
const PAGE: &str = include_str!("ui.html");

/// What stands for the nonce.
const NONCE: &str = "{nonce}";

/// Makes the page; nothing but what is in it runs, and it asks nobody but this server.
pub(super) fn ui() -> Result<Answer, Problem> {
    let mut bytes = [0; 16];
    // Without a nonce the page must not be shown.
    getrandom::fill(&mut bytes).map_err(|_| Problem::Interrupted)?;
    let nonce = format!("{:032x}", u128::from_le_bytes(bytes));
    let sources = format!("script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'");
    Ok(page("text/html; charset=utf-8", &sources, PAGE.replace(NONCE, &nonce)))
}
