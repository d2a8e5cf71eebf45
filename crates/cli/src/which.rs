//! Which of the things that are kept for a person are meant, and whether they may go.

use anyhow::bail;
use std::io::IsTerminal as _;

/// Which of the events that are kept are meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// Their numbers, as `list --all` shows them.
    #[arg(value_name = "NUMBER", required_unless_present_any = ["event", "everything"])]
    pub(crate) numbers: Vec<u64>,
    /// All with this name.
    #[arg(long, value_name = "NAME", conflicts_with = "numbers")]
    event: Option<String>,
    /// All there are.
    #[arg(long = "all", conflicts_with_all = ["numbers", "event"])]
    everything: bool,
}

impl Which {
    /// Those that are meant, by their numbers and names; the first number that is given and not
    /// there, if there is one.
    pub(crate) fn of<T>(
        &self,
        kept: Vec<T>,
        number: impl Fn(&T) -> u64,
        name: impl Fn(&T) -> Option<String>,
    ) -> Result<Vec<T>, u64> {
        let is_there = |wanted: &&u64| kept.iter().any(|it| number(it) == **wanted);
        if let Some(missing) = self.numbers.iter().find(|it| !is_there(it)) {
            return Err(*missing);
        }
        let is_named = |it: &T| self.event.is_some() && name(it) == self.event;
        let is_meant =
            |it: &T| self.everything || self.numbers.contains(&number(it)) || is_named(it);
        Ok(kept.into_iter().filter(is_meant).collect())
    }
}

/// Asks whether so many may be thrown away; where nobody can be asked, that has to be said before.
pub(crate) fn may_throw_away(n: usize) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("{n} would be thrown away for good; say --yes to do so");
    }
    let question = format!("Throw {n} away for good?");
    Ok(inquire::Confirm::new(&question).with_default(false).prompt()?)
}
