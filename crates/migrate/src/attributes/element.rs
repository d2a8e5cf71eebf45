//! Elements as all languages have them.

use std::ops::Range;

/// What an attribute says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Action,
    Label,
    Property,
    Value,
    Extra,
    Context,
    Experiment,
    Load,
    /// What GitLab's tracking never read, and that of others does.
    Foreign,
}

/// To which tracking an attribute belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Era {
    Legacy,
    Internal,
}

/// What a name stands for.
pub(super) type Meaning = (Era, Part);

/// How the words of a name are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// `track-action`
    Dashed,
    /// `track_action`
    Snake,
    /// `trackAction`
    Camel,
}

/// Legacy and internal names, dashed and without `data-`.
const NAMES: &[(&str, Era, Part)] = &[
    ("track-action", Era::Legacy, Part::Action),
    // Its name before GitLab 13.11.
    ("track-event", Era::Legacy, Part::Action),
    ("track-label", Era::Legacy, Part::Label),
    ("track-property", Era::Legacy, Part::Property),
    ("track-value", Era::Legacy, Part::Value),
    ("track-extra", Era::Legacy, Part::Extra),
    ("track-context", Era::Legacy, Part::Context),
    ("track-experiment", Era::Legacy, Part::Experiment),
    ("track-app", Era::Legacy, Part::Foreign),
    ("track-category", Era::Legacy, Part::Foreign),
    ("track-component", Era::Legacy, Part::Foreign),
    ("track-options", Era::Legacy, Part::Foreign),
    ("track-page", Era::Legacy, Part::Foreign),
    ("event-tracking", Era::Internal, Part::Action),
    ("event-label", Era::Internal, Part::Label),
    ("event-property", Era::Internal, Part::Property),
    ("event-value", Era::Internal, Part::Value),
    ("event-additional", Era::Internal, Part::Extra),
    ("event-tracking-load", Era::Internal, Part::Load),
];

/// Tells what a name stands for, `data-` left out.
pub(super) fn meaning(name: &str, case: Case) -> Option<Meaning> {
    let found = NAMES.iter().find(|it| cased(it.0, case) == name)?;
    Some((found.1, found.2))
}

/// Tells what `data-track-action` stands for.
pub(super) fn data_meaning(name: &str) -> Option<Meaning> {
    meaning(name.strip_prefix("data-")?, Case::Dashed)
}

/// The internal name of a part, `data-` left out; none for what has no equivalent.
pub(super) fn internal_name(part: Part, case: Case) -> Option<String> {
    let found = NAMES.iter().find(|it| it.1 == Era::Internal && it.2 == part)?;
    Some(cased(found.0, case))
}

/// Joins the words of a dashed name in another way.
fn cased(dashed: &str, case: Case) -> String {
    match case {
        Case::Dashed => dashed.to_owned(),
        Case::Snake => dashed.replace('-', "_"),
        Case::Camel => {
            let mut words = dashed.split('-');
            let mut name = words.next().unwrap_or_default().to_owned();
            for word in words {
                let (first, rest) = word.split_at(1);
                name.push_str(&first.to_ascii_uppercase());
                name.push_str(rest);
            }
            name
        }
    }
}

/// What an attribute is set to, as far as the source tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Text, as it is once quotes and escapes are gone.
    Text(String),
    /// A number.
    Number(String),
    /// An object with its members.
    Object(Vec<(String, Self)>),
    /// One of these texts, or nothing.
    OneOf(Vec<String>),
    /// An object of whose members nothing is known, or anything else that is computed, as written.
    Computed(String),
    /// Nothing: `null`, or an attribute without a value.
    Nothing,
}

/// Bytes, and what becomes of them.
pub(super) type Change = (Range<usize>, String);

/// An attribute of an element.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    /// To which tracking it belongs.
    pub era: Era,
    /// What it says.
    pub part: Part,
    /// Its bytes.
    pub range: Range<usize>,
    /// What makes its name the internal one.
    pub rename: Vec<Change>,
    /// What it is set to.
    pub value: Value,
    /// The bytes of its value within the quotes, where that is a literal.
    pub literal: Option<Range<usize>>,
    /// What is inserted after it to have the event sent at once; none where that cannot be.
    pub load: Option<String>,
}

/// How an attribute is taken out of an element.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// Each with the blanks before it.
    Spaced,
    /// With a comma: these are the bytes of all members, others among them.
    Listed(Vec<Range<usize>>),
    /// Each is a statement: with its line, if it has one for itself.
    Statements,
}

/// The attributes of one tag, hash or object.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub attributes: Vec<Attribute>,
    pub layout: Layout,
    /// Whether it opens a dropdown: these sent three events.
    pub is_dropdown: bool,
    /// Whether it has a value of its own, which legacy tracking sent.
    pub has_own_value: bool,
    /// What else has to change if the attributes do.
    pub also: Vec<Change>,
}

impl Element {
    pub(super) fn new(layout: Layout) -> Self {
        Self {
            attributes: Vec::new(),
            layout,
            is_dropdown: false,
            has_own_value: false,
            also: Vec::new(),
        }
    }
}
