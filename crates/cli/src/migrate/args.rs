//! What whoever migrates may say.

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use internal_events_definitions::generate::check_event_name;
use internal_events_definitions::yaml;
use internal_events_migrate::{Kind, Options, Style, TwoNames};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct MigrateArgs {
    /// Files, directories or patterns such as `app/**/*.vue` [default: all below the root].
    ///
    /// Files and directories from here or else from the root, patterns from the root.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Write the files; without it, only show what would change.
    #[arg(long, conflicts_with = "check")]
    pub(super) write: bool,

    /// Write even where git has changes that are not committed, or where there is no git.
    #[arg(long)]
    pub(super) allow_dirty: bool,

    /// Print what legacy tracking there still is, and end with 1 if there is any.
    #[arg(long)]
    pub(super) check: bool,

    /// How to print what was found.
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: MigrateFormat,

    /// Write a report in Markdown, for the merge request.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,

    /// How new calls are written: as in the guide of 2023, or as today.
    #[arg(long, value_enum, default_value = "current")]
    style: MigrateStyle,

    /// Drop label, property, value and custom properties, as the guide of 2023 does.
    #[arg(long)]
    drop_properties: bool,

    /// Drop custom contexts and experiments, as the guides of all times do.
    #[arg(long)]
    drop_context: bool,

    /// Where a macro has two names, one that is counted and one for Snowplow, take the first.
    #[arg(long)]
    counted_name: bool,

    /// Keep the category of each call where the new call can have one.
    #[arg(long)]
    keep_category: bool,

    /// Give an event another name.
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,

    /// New names of events: a mapping in YAML, or `old=new` on each line.
    #[arg(long, value_name = "FILE")]
    renames: Option<PathBuf>,

    /// Who owns the events for which neither a metric nor the dictionary says it.
    #[arg(long, value_name = "GROUP")]
    pub(super) group: Option<String>,

    /// Look at one kind only; may be repeated.
    #[arg(long, value_name = "KIND", value_parser = kind)]
    only: Vec<Kind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MigrateFormat {
    /// A diff and a table, for people.
    Human,
    /// For machines; the shape is stable.
    Json,
    /// For code scanning services.
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MigrateStyle {
    /// `Gitlab::InternalEvents.track_event`, `this.track_event`.
    #[value(name = "2023")]
    First,
    /// `track_internal_event`, `this.trackEvent`.
    Current,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Kind::ALL.into_iter().map(Kind::name).collect();
        format!("the kinds are {}", names.join(", "))
    })
}

impl MigrateArgs {
    /// What the rewriters have to know.
    pub(super) fn options(&self) -> anyhow::Result<Options> {
        let mut renames = match &self.renames {
            Some(path) => read_renames(path)?,
            None => BTreeMap::new(),
        };
        for pair in &self.rename {
            let Some((old, new)) = pair.split_once('=') else {
                bail!("`--rename {pair}` has no `=`: write the old name, `=`, the new name");
            };
            renames.insert(old.trim().to_owned(), new.trim().to_owned());
        }
        for new in renames.values() {
            if let Err(problem) = check_event_name(new) {
                bail!("`{new}` cannot be the new name of an event: {}", problem.message);
            }
        }
        Ok(Options {
            style: match self.style {
                MigrateStyle::First => Style::First,
                MigrateStyle::Current => Style::Current,
            },
            drops_properties: self.drop_properties,
            drops_context: self.drop_context,
            two_names: if self.counted_name { TwoNames::Counted } else { TwoNames::Refused },
            keeps_category: self.keep_category,
            renames,
            only: self.only.iter().copied().collect(),
        })
    }
}

fn read_renames(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let is_lines = |it: &&str| !it.trim().is_empty() && !it.trim_start().starts_with('#');
    let lines: Vec<&str> = text.lines().filter(is_lines).collect();
    let pair = |it: &&str| {
        let (old, new) = it.split_once('=')?;
        Some((old.trim().to_owned(), new.trim().to_owned()))
    };
    if let Some(pairs) = lines.iter().map(pair).collect::<Option<BTreeMap<_, _>>>() {
        return Ok(pairs);
    }
    let root = yaml::read(&text).0;
    let entries = root.as_ref().map_or(&[][..], |it| it.entries());
    let pair =
        |it: &yaml::Entry<'_>| Some((it.key.clone().into_owned(), it.value.as_str()?.to_owned()));
    match entries.iter().map(pair).collect::<Option<BTreeMap<_, _>>>() {
        Some(pairs) if !pairs.is_empty() => Ok(pairs),
        _ => bail!("{shown} has no new names: write `old: new` or `old=new` on each line"),
    }
}
