//! Places where legacy tracking was found, and what became of each.

use crate::edit::Edits;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// What kind of legacy tracking it is. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `Gitlab::Tracking.event(…)`.
    RubySnowplow,
    /// `HLLRedisCounter.track_event(…)` and its older forms.
    RubyRedisHll,
    /// Counter classes: `….count(:name)`, `increment`.
    RubyRedis,
    /// Macros of controllers: `track_event :show, name: …`, `track_redis_hll_event`.
    RubyController,
    /// `Tracking.mixin(…)` with `this.track(…)`.
    VueMixin,
    /// `Tracking.event(…)` in JavaScript.
    JsTracking,
    /// `trackRedisHllUserEvent`, `trackRedisCounterEvent`.
    JsApi,
    /// `data-track-action` and the other attributes, in whatever language.
    DataAttributes,
    /// `RSpec`: `expect_snowplow_event` and the legacy shared examples.
    Rspec,
    /// Jest: `mockTracking`, `jest.spyOn(Tracking, 'event')`.
    Jest,
    /// A metric definition of data source `redis_hll` or `redis`.
    MetricDefinition,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::RubySnowplow,
        Self::RubyRedisHll,
        Self::RubyRedis,
        Self::RubyController,
        Self::VueMixin,
        Self::JsTracking,
        Self::JsApi,
        Self::DataAttributes,
        Self::Rspec,
        Self::Jest,
        Self::MetricDefinition,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::RubySnowplow => "ruby-snowplow",
            Self::RubyRedisHll => "ruby-redis-hll",
            Self::RubyRedis => "ruby-redis",
            Self::RubyController => "ruby-controller",
            Self::VueMixin => "vue-mixin",
            Self::JsTracking => "js-tracking",
            Self::JsApi => "js-api",
            Self::DataAttributes => "data-attributes",
            Self::Rspec => "rspec",
            Self::Jest => "jest",
            Self::MetricDefinition => "metric-definition",
        }
    }

    /// Whether such calls count by themselves, and do not only send events.
    pub fn counts(self) -> bool {
        matches!(self, Self::RubyRedisHll | Self::RubyRedis | Self::RubyController | Self::JsApi)
    }

    /// Finds the kind of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a site is not rewritten. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The event's name is computed or interpolated.
    ComputedName,
    /// The name is no legal name of an event.
    IllegalName,
    /// The name is that of an internal event that means something else.
    NameTaken,
    /// A custom context has no equivalent.
    CustomContext,
    /// Only an id is at hand, and not the object it is the id of.
    RawId,
    /// The identifier of the call, and what the metrics count, disagree.
    UniqueMismatch,
    /// Arguments are spread, or come from somewhere else.
    IndirectArguments,
    /// The component has a `trackEvent` of its own.
    OwnTrackEvent,
    /// Several legacy calls at one place, which people usually merge into one event.
    SeveralCalls,
    /// An option or argument that this call does not have.
    UnknownArgument,
    /// The value that the call returns is used.
    ValueUsed,
    /// Another call of the same component or mixin cannot be rewritten.
    PartOfMore,
    /// Something about the form that is not understood.
    NotUnderstood,
    /// The file, or a part of it, does not parse.
    DoesNotParse,
    /// The file is not UTF-8.
    NotUtf8,
    /// The file cannot be read at all.
    NotRead,
    /// It is nested too deeply, or too long, to be read within bounds.
    TooDeep,
    /// The program has a fault.
    ProgramFault,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::ComputedName,
        Self::IllegalName,
        Self::NameTaken,
        Self::CustomContext,
        Self::RawId,
        Self::UniqueMismatch,
        Self::IndirectArguments,
        Self::OwnTrackEvent,
        Self::SeveralCalls,
        Self::UnknownArgument,
        Self::ValueUsed,
        Self::PartOfMore,
        Self::NotUnderstood,
        Self::DoesNotParse,
        Self::NotUtf8,
        Self::NotRead,
        Self::TooDeep,
        Self::ProgramFault,
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ComputedName => "computed-name",
            Self::IllegalName => "illegal-name",
            Self::NameTaken => "name-taken",
            Self::CustomContext => "custom-context",
            Self::RawId => "raw-id",
            Self::UniqueMismatch => "unique-mismatch",
            Self::IndirectArguments => "indirect-arguments",
            Self::OwnTrackEvent => "own-track-event",
            Self::SeveralCalls => "several-calls",
            Self::UnknownArgument => "unknown-argument",
            Self::ValueUsed => "value-used",
            Self::PartOfMore => "part-of-more",
            Self::NotUnderstood => "not-understood",
            Self::DoesNotParse => "does-not-parse",
            Self::NotUtf8 => "not-utf8",
            Self::NotRead => "not-read",
            Self::TooDeep => "too-deep",
            Self::ProgramFault => "program-fault",
        }
    }
}

/// Why a site is not rewritten, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, for machines.
    pub reason: Reason,
    /// What is in the way, with the code in question.
    pub what: String,
    /// What a person can do.
    pub advice: String,
}

/// What became of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is rewritten.
    Rewritten {
        /// What an analyst must know of the new payload: a dropped field, another category, …
        notes: Vec<String>,
    },
    /// It stays as it is.
    Refused(Refusal),
    /// It is internal tracking already.
    Already,
}

/// A place where tracking was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its kind.
    pub kind: Kind,
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// What became of it.
    pub outcome: Outcome,
    /// The event's new name, if it is known.
    pub event: Option<String>,
}

/// Who or what an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// `user`
    User,
    /// `project`
    Project,
    /// `namespace`
    Namespace,
}

impl Identifier {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Project => "project",
            Self::Namespace => "namespace",
        }
    }
}

/// The type of an additional property, as far as the source tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PropertyType {
    /// Text.
    Text,
    /// A number.
    Number,
    /// The source does not tell.
    Unknown,
}

/// An additional property of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its type, as far as the source tells.
    pub of_type: PropertyType,
    /// Its value as it is written, if it is a literal: an example for the description.
    pub example: Option<String>,
}

/// An event that a rewritten call tracks: what its definition has to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Its new name.
    pub name: String,
    /// Its old name, if it was renamed.
    pub old_name: Option<String>,
    /// What it is about.
    pub identifiers: BTreeSet<Identifier>,
    /// Its additional properties by name, those of `label`, `property` and `value` among them.
    pub properties: BTreeMap<String, Property>,
    /// What the legacy call counted distinctly: `user.id`, …; for the key override.
    pub unique: Option<String>,
    /// Whether it was counted in a set (`RedisHLL`) before.
    pub was_unique: bool,
    /// Whether it was counted as a total before, and under which name.
    pub was_total: Option<String>,
}

/// What became of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    /// All sites, in the order in which they stand there.
    pub sites: Vec<Site>,
    /// The changes of those that are rewritten.
    pub edits: Edits,
    /// The events that these track.
    pub found: Vec<Found>,
}

impl Rewrite {
    /// Notes a site that stays as it is.
    #[expect(clippy::too_many_arguments, reason = "a refusal has as many parts")]
    pub fn refuse(
        &mut self,
        kind: Kind,
        range: Range<usize>,
        reason: Reason,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) {
        let refusal = Refusal { reason, what: what.into(), advice: advice.into() };
        self.sites.push(Site { kind, range, outcome: Outcome::Refused(refusal), event: None });
    }

    /// Takes over what became of a part of a text that begins at `offset`.
    pub fn take_part(&mut self, part: Self, offset: usize) {
        let moved = part.sites.into_iter().map(|mut it| {
            it.range = it.range.start + offset..it.range.end + offset;
            it
        });
        self.sites.extend(moved);
        self.edits.extend(part.edits.moved_by(offset));
        self.found.extend(part.found);
    }
}

/// A text that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unparsable {
    /// Where, in bytes.
    pub at: usize,
    /// What the parser says.
    pub message: String,
    /// Whether it may well be right, and only goes too deep.
    pub is_too_deep: bool,
}

impl Unparsable {
    /// A text that is wrong in the eyes of its parser.
    pub(crate) fn wrong(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), is_too_deep: false }
    }

    /// A text that would take more memory or time than there should be.
    pub(crate) fn too_deep(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), is_too_deep: true }
    }

    /// Why nothing of the text is rewritten.
    pub fn refusal(&self) -> Refusal {
        if self.is_too_deep {
            return Refusal {
                reason: Reason::TooDeep,
                what: format!("the file is not looked into: {}", self.message),
                advice: "take it apart, or rewrite its calls by hand".to_owned(),
            };
        }
        Refusal {
            reason: Reason::DoesNotParse,
            what: format!("the file does not parse: {}", self.message),
            advice: "correct it, or rewrite its calls by hand".to_owned(),
        }
    }
}
