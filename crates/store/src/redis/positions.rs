//! Where each group of keys stands, here and in Redis.

use std::collections::HashMap;

use super::error::RedisError;

/// The last entry that took effect in a group, if any did.
pub(super) type Position = Option<u64>;

/// How many groups are remembered: those GitLab's tables name are about 140.
const GROUPS: usize = 10_000;

/// What is known of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Standing {
    /// The position that is in Redis.
    pub(super) position: Position,
    /// How many updates that failed alone were reported.
    pub(super) reported: u64,
}

/// What is known of all groups, and where this destination began.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Positions {
    /// The entry after which this destination was to count at all.
    pub(super) start: u64,
    by_group: HashMap<String, Standing>,
}

/// First word of the text, which says how the rest is to be read.
const VERSION: &str = "1";

impl Positions {
    pub(super) fn new(start: u64) -> Self {
        Self { start, by_group: HashMap::new() }
    }

    pub(super) fn get(&self, group: &str) -> Option<Standing> {
        self.by_group.get(group).copied()
    }

    pub(super) fn set(&mut self, group: &str, standing: Standing) {
        match self.by_group.get_mut(group) {
            Some(it) => *it = standing,
            None => drop(self.by_group.insert(group.to_owned(), standing)),
        }
    }

    /// Returns whether all groups that have a position in the other have the same here.
    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        let mut others = other.by_group.iter().filter(|(_, it)| it.position.is_some());
        others.all(|(group, it)| self.get(group).is_some_and(|here| here.position == it.position))
    }

    /// Returns all groups by name.
    pub(super) fn groups(&self) -> Vec<(&str, Standing)> {
        let mut groups: Vec<_> = self.by_group.iter().map(|(name, it)| (&**name, *it)).collect();
        groups.sort_unstable();
        groups
    }

    /// Forgets the groups that moved least lately, if they are too many. They are read again.
    pub(super) fn trim(&mut self) {
        if self.by_group.len() <= GROUPS {
            return;
        }
        let mut groups: Vec<(String, Standing)> = self.by_group.drain().collect();
        groups.sort_unstable_by(|(a, a_stands), (b, b_stands)| (b_stands, b).cmp(&(a_stands, a)));
        // Some room is made at once, so that this is not done for every group that comes.
        groups.truncate(GROUPS / 4 * 3);
        self.by_group = groups.into_iter().collect();
    }

    /// Writes down what is to be kept with the cursor: a line for each group that has a position.
    pub(super) fn to_text(&self) -> String {
        let mut text = format!("{VERSION} {}\n", self.start);
        for (group, it) in self.groups() {
            let Some(position) = it.position else { continue };
            text.push_str(&format!("{position} {} {}\n", it.reported, escape(group)));
        }
        text
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    pub(super) fn from_text(text: &str) -> Result<Self, RedisError> {
        let damage = |reason| RedisError::State { reason };
        let mut lines = text.lines();
        let first = lines.next().and_then(|it| it.split_once(' '));
        let (version, start) = first.ok_or(damage("it has no first line"))?;
        if version != VERSION {
            return Err(damage("it was written by a newer version"));
        }
        let start = start.parse().map_err(|_| damage("its first line has no number"))?;
        let mut positions = Self::new(start);
        for line in lines {
            let mut words = line.splitn(3, ' ');
            let mut number = || words.next().and_then(|it| it.parse().ok());
            let (position, reported) = (number(), number());
            let (Some(position), Some(reported), Some(group)) = (position, reported, words.next())
            else {
                return Err(damage("a line is not two numbers and a group"));
            };
            let standing = Standing { position: Some(position), reported };
            positions.set(&unescape(group), standing);
        }
        Ok(positions)
    }
}

/// A line ends where its group ends, whatever the group contains.
fn escape(group: &str) -> String {
    group.replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r")
}

fn unescape(text: &str) -> String {
    let mut group = String::new();
    let mut chars = text.chars();
    while let Some(it) = chars.next() {
        group.push(match it {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => break,
            },
            other => other,
        });
    }
    group
}

#[cfg(test)]
mod tests;
