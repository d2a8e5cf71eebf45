//! What nobody can do without who looks for calls, on one core and without a thought for the rest.

use anyhow::{Context as _, Result, bail, ensure};
use internal_events_migrate::{Language, has_legacy_words, vue};
use oxc_allocator::Allocator;
use oxc_parser::Parser;
use oxc_span::SourceType;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

/// Does a part of the work below a root.
pub(crate) fn floor(part: &str, root: &Path) -> Result<()> {
    match part {
        "read" => {
            let mut n_bytes = 0;
            each(root, |_, bytes| {
                n_bytes += bytes.len();
                Ok(())
            })?;
            ensure!(n_bytes > 0, "there was nothing to read");
        }
        "scan-and-parse" => {
            let mut n_hits = 0;
            each(root, |language, bytes| {
                if has_legacy_words(language, bytes) {
                    n_hits += 1;
                    parse(language, std::str::from_utf8(bytes)?)?;
                }
                Ok(())
            })?;
            ensure!(n_hits > 0, "there was nothing to find");
        }
        other => bail!("there is no floor `{other}`"),
    }
    Ok(())
}

/// Walks, and reads all files of our languages.
fn each(root: &Path, mut look: impl FnMut(Language, &[u8]) -> Result<()>) -> Result<()> {
    let mut folders = vec![root.to_owned()];
    let mut buffer = vec![0; 1 << 20];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if let Some(language) = Language::of(&path) {
                look(language, read(&path, &mut buffer)?)?;
            }
        }
    }
    Ok(())
}

/// Reads a file of this tree into memory that is there already: the cheapest way there is.
fn read<'b>(path: &Path, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    let mut file = File::open(path)?;
    let mut length = 0;
    loop {
        match file.read(&mut buffer[length..])? {
            0 => break,
            n => length += n,
        }
    }
    ensure!(length < buffer.len(), "{} is larger than any file of this tree", path.display());
    Ok(&buffer[..length])
}

/// Parses a text once by the parser that the program has for it, and throws the tree away.
///
/// HAML has no parser but the program's own, and templates of Vue are only cut into blocks: both
/// make the floor lower than it could be.
fn parse(language: Language, text: &str) -> Result<()> {
    match language {
        Language::Ruby => {
            let parsed = ruby_prism::parse(text.as_bytes());
            ensure!(parsed.errors().next().is_none(), "this Ruby does not parse");
        }
        Language::JavaScript => script(text)?,
        Language::Vue => {
            let blocks = vue::blocks(text).ok().context("this component has no blocks")?;
            for block in blocks.iter().filter(|it| it.name == "script") {
                script(&text[block.content.clone()])?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn script(text: &str) -> Result<()> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::jsx()).parse();
    ensure!(parsed.diagnostics.errors().next().is_none(), "this JavaScript does not parse");
    Ok(())
}
