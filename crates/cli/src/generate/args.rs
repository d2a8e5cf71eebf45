//! The flags of GitLab's generator, and ours.

use crate::output::Format;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, Command, FromArgMatches};
use internal_events_definitions::generate::{Existing, Request};
use std::collections::BTreeMap;

/// Flags that take a list, after which further words belong to the list.
const LISTS: [&str; 4] = ["time_frames", "tiers", "categories", "identifiers"];

/// What stands below the flags.
const AFTER_HELP: &str = "\
Writes one event and one metric per time frame under config/, or under ee/config/ when the free
tier is not among the tiers. Asks for what is missing when started on a terminal. Writes all files
or none, and never replaces one without --force.

Flags may be written with underscores, and lists with spaces or commas:
`--time_frames=7d 28d` and `--time-frames 7d,28d` are the same.";

/// The flags as the argument parser knows them.
#[derive(Args, Clone, Debug)]
#[command(after_long_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "one per switch of the command line")]
struct Flags {
    /// Name of the event, for example `click_save_button`
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Product group that owns event and metrics
    #[arg(long)]
    group: Option<String>,
    /// URL of the merge request that introduces them
    #[arg(long, value_name = "URL")]
    mr: Option<String>,
    /// What to count distinctly: user.id, project.id, namespace.id or a property
    ///
    /// Without it every occurrence is counted.
    #[arg(long, visible_alias = "unique-on", alias = "unique_on", value_name = "WHAT")]
    unique: Option<String>,
    /// 7d, 28d, all [default: all that go with --unique]
    #[arg(long, alias = "time_frames", value_name = "LIST")]
    time_frames: Option<Vec<String>>,
    /// free, premium, ultimate [default: all]
    #[arg(long, value_name = "LIST")]
    tiers: Option<Vec<String>>,
    /// What the event means
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// What the metrics count, continuing "Weekly count of …"
    #[arg(long, alias = "metric_description", value_name = "TEXT")]
    metric_description: Option<String>,
    /// Milestone [default: from the file VERSION, or the newest definition]
    #[arg(long)]
    milestone: Option<String>,
    /// Feature categories [default: the one the group uses]
    #[arg(long, value_name = "LIST")]
    categories: Option<Vec<String>>,
    /// project, user, namespace [default: all]
    #[arg(long, value_name = "LIST")]
    identifiers: Option<Vec<String>>,
    /// Additional property of the event; may be repeated
    #[arg(long = "property", value_name = "NAME=DESCRIPTION", value_parser = property)]
    properties: Vec<(String, String)>,
    /// Accepted, not written: definitions have no such key any more
    #[arg(long)]
    stage: Option<String>,
    /// Accepted, not written: definitions have no such key any more
    #[arg(long)]
    section: Option<String>,
    /// Show what would be written, write nothing
    #[arg(long, short = 'p', visible_alias = "pretend", alias = "dry_run")]
    dry_run: bool,
    /// Replace definitions that are already there
    #[arg(long, short, conflicts_with = "skip")]
    force: bool,
    /// Keep definitions that are already there, write the others
    #[arg(long, short)]
    skip: bool,
    /// Ask nothing, print nothing but errors
    #[arg(long, short)]
    quiet: bool,
    /// Ask nothing, take every default
    #[arg(long, short)]
    yes: bool,
    /// How to print
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
    /// Further words of the list before
    #[arg(hide = true, value_name = "WORD")]
    more: Vec<String>,
}

/// What `internal-events generate` was called with.
#[derive(Clone, Debug)]
pub(crate) struct GenerateArgs(Box<Flags>);

impl GenerateArgs {
    /// The request the flags make; what no flag says is left open.
    pub(super) fn request(&self) -> Request {
        let flags = Flags::clone(&self.0);
        Request {
            event: flags.event,
            group: flags.group,
            mr: flags.mr,
            unique: flags.unique,
            time_frames: flags.time_frames,
            tiers: flags.tiers,
            description: flags.description,
            metric_description: flags.metric_description,
            milestone: flags.milestone,
            categories: flags.categories,
            identifiers: flags.identifiers,
            properties: flags.properties,
            version: None,
            existing: match (flags.force, flags.skip) {
                (true, _) => Existing::Replace,
                (false, true) => Existing::Keep,
                (false, false) => Existing::Refuse,
            },
        }
    }

    /// Whether questions are welcome, given that somebody could answer them.
    pub(super) fn may_ask(&self, is_terminal: bool) -> bool {
        is_terminal && !self.0.yes && !self.0.quiet && self.0.format == Format::Human
    }

    pub(super) fn format(&self) -> Format {
        self.0.format
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.0.quiet
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.0.dry_run
    }
}

impl Args for GenerateArgs {
    fn augment_args(command: Command) -> Command {
        Flags::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Flags::augment_args_for_update(command)
    }
}

impl FromArgMatches for GenerateArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Flags::from_arg_matches(matches)?;
        flags.place_further_words(matches)?;
        for list in flags.lists() {
            split(list);
        }
        Ok(Self(Box::new(flags)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Flags {
    /// The values of [`LISTS`], in that order.
    fn lists(&mut self) -> [&mut Option<Vec<String>>; LISTS.len()] {
        [&mut self.time_frames, &mut self.tiers, &mut self.categories, &mut self.identifiers]
    }

    /// Gives each word that follows a list to that list.
    ///
    /// An argument parser ends a list after `=`, so the `28d` of `--time_frames=7d 28d` arrives
    /// as a positional argument. Its position on the command line says where it belongs; a word
    /// that follows no list is refused.
    fn place_further_words(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
        for (list, id) in LISTS.into_iter().enumerate() {
            owners.extend(matches.indices_of(id).into_iter().flatten().map(|idx| (idx, list)));
        }
        let indices: Vec<usize> = matches.indices_of("more").into_iter().flatten().collect();
        for (word, idx) in std::mem::take(&mut self.more).into_iter().zip(indices) {
            let Some(list) = idx.checked_sub(1).and_then(|it| owners.get(&it).copied()) else {
                let message = format!("unexpected argument '{word}' found\n");
                return Err(clap::Error::raw(ErrorKind::UnknownArgument, message));
            };
            owners.insert(idx, list);
            self.lists()[list].get_or_insert_default().push(word);
        }
        Ok(())
    }
}

/// Splits each word of a list at commas and blanks.
fn split(list: &mut Option<Vec<String>>) {
    if let Some(words) = list {
        let split = |it: char| it == ',' || it.is_whitespace();
        *words = words
            .iter()
            .flat_map(|it| it.split(split))
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect();
    }
}

/// Reads `name=description`; a missing description is reported with all other problems.
#[expect(clippy::unnecessary_wraps, reason = "the parser's signature")]
fn property(text: &str) -> Result<(String, String), std::convert::Infallible> {
    let (name, description) = text.split_once('=').unwrap_or((text, ""));
    Ok((name.trim().to_owned(), description.to_owned()))
}
