//! The words a definition chooses from.

use std::fmt;

/// A tier a feature is available in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Free, and with it the community edition.
    Free,
    /// Premium.
    Premium,
    /// Ultimate.
    Ultimate,
}

impl Tier {
    /// All tiers, in the order in which definitions list them.
    pub const ALL: [Self; 3] = [Self::Free, Self::Premium, Self::Ultimate];

    /// The text of a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Premium => "premium",
            Self::Ultimate => "ultimate",
        }
    }
}

/// An identifier whose distinct values can be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// The project it happened in.
    Project,
    /// The user who did it.
    User,
    /// The namespace it happened in.
    Namespace,
}

impl Identifier {
    /// All of them, in the order in which a new event lists them.
    pub const ALL: [Self; 3] = [Self::Project, Self::User, Self::Namespace];

    /// The text of an event's `identifiers`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
            Self::Namespace => "namespace",
        }
    }
}

/// What a metric counts distinctly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unique {
    /// The id of an object.
    Identifier(Identifier),
    /// The value of an additional property.
    Property(String),
}

impl Unique {
    /// Reads `user.id`, or `user` for short; anything else names a property.
    pub fn parse(text: &str) -> Self {
        let name = text.strip_suffix(".id").unwrap_or(text);
        match Identifier::ALL.into_iter().find(|it| it.as_str() == name) {
            Some(it) => Self::Identifier(it),
            None => Self::Property(text.to_owned()),
        }
    }
}

impl fmt::Display for Unique {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identifier(it) => write!(f, "{}.id", it.as_str()),
            Self::Property(name) => f.write_str(name),
        }
    }
}
