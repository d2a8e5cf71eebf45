//! One call of `track_event` as Ruby passes it, and the event that it is.
//!
//! The objects of an application are asked for ids here, which runs code of the application: it may
//! raise, track, or take its time. So nothing of a tracker is borrowed meanwhile.

use crate::convert::{scalars, text};
use crate::identifier::{self, Unfit};
use internal_events::{Analytics, Event, Id, Scalar};
use magnus::encoding::Coderange;
use magnus::r_hash::ForEach;
use magnus::value::{InnerValue as _, LazyId, Opaque, ReprValue as _, Value};
use magnus::{Error, Module as _, RHash, RModule, RString, Ruby, Symbol};
use std::sync::OnceLock;

/// Keywords that are no properties, in the order of [`NAMES`].
#[derive(Clone, Copy)]
enum Keyword {
    User,
    Project,
    Namespace,
    FeatureEnabledByNamespaceIds,
    SendSnowplowEvent,
}

const NAMES: [&str; 5] =
    ["user", "project", "namespace", "feature_enabled_by_namespace_ids", "send_snowplow_event"];

/// The same as Ruby's symbols, which are never collected nor moved.
static KEYWORDS: OnceLock<[Opaque<Symbol>; 5]> = OnceLock::new();

static NAMESPACE: LazyId = LazyId::new("namespace");

/// Gives Ruby the names of the keywords, so that both sides know the same ones.
pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    let symbols = NAMES.map(|it| ruby.to_symbol(it));
    for it in symbols {
        ruby.gc_register_mark_object(it);
    }
    let names = ruby.ary_from_iter(symbols);
    names.freeze();
    KEYWORDS.get_or_init(|| symbols.map(Opaque::from));
    native.const_set("KEYWORDS", names)
}

/// The arguments of a call. It stays on the stack, where Ruby's collector of garbage sees it.
pub(crate) struct Call {
    /// Ruby's tracker, which is told what is wrong, and raises it in strict mode.
    tracker: Value,
    name: RString,
    category: Value,
    properties: Value,
    kwargs: RHash,
    /// The values of the keywords, by their position.
    keywords: [Value; 5],
    has_others: bool,
}

impl Call {
    /// Takes `tracker, name, category, properties, kwargs`; nothing if the name is no text.
    pub(crate) fn of(ruby: &Ruby, arguments: &[Value]) -> Result<Option<Self>, Error> {
        let &[tracker, name, category, properties, kwargs] = arguments else {
            return Err(Error::new(ruby.exception_arg_error(), "a call has five parts"));
        };
        let (Some(name), Some(kwargs)) = (RString::from_value(name), RHash::from_value(kwargs))
        else {
            return Ok(None);
        };
        let nil = ruby.qnil().as_value();
        let mut keywords = [nil, nil, nil, nil, ruby.qtrue().as_value()];
        let mut has_others = false;
        kwargs.foreach(|key: Value, value: Value| {
            match position(ruby, key) {
                Some(position) => keywords[position] = value,
                None => has_others = true,
            }
            Ok(ForEach::Continue)
        })?;
        Ok(Some(Self { tracker, name, category, properties, kwargs, keywords, has_others }))
    }

    /// Whether it can be taken as it is: texts are UTF-8, properties are a Hash, and there are no
    /// keywords that are properties. Ruby puts any other call in order first.
    pub(crate) fn is_ordinary(&self, ruby: &Ruby) -> bool {
        is_utf8(self.name)
            && (self.properties.is_nil() || RHash::from_value(self.properties).is_some())
            && (self.category.is_nil() || is_plain(ruby, self.category))
            && !self.has_others
    }

    /// The name of the event.
    pub(crate) fn name(&self) -> Result<String, Error> {
        self.name.to_string()
    }

    /// Makes an event of it; `tells` is whether its circumstances are of use to anybody.
    ///
    /// # Errors
    ///
    /// What strict mode raises, and what no `rescue` of Ruby's takes.
    pub(crate) fn event(&self, ruby: &Ruby, name: String, tells: bool) -> Result<Event, Error> {
        let user = self.identify(ruby, Keyword::User, self.keyword(Keyword::User))?;
        let project = self.identify(ruby, Keyword::Project, self.keyword(Keyword::Project))?;
        let mut namespace =
            self.identify(ruby, Keyword::Namespace, self.keyword(Keyword::Namespace))?;
        if namespace.is_none() && project.is_some() {
            let of_project = self.namespace_of_project(ruby)?;
            namespace = self.identify(ruby, Keyword::Namespace, of_project)?;
        }
        let is_sent = self.keyword(Keyword::SendSnowplowEvent).to_bool();
        Ok(Event {
            category: text(self.category),
            user,
            project,
            namespace,
            properties: scalars(self.properties)?,
            context: self.circumstances(tells && is_sent)?,
            analytics: if is_sent { Analytics::Built } else { Analytics::Nothing },
            ..Event::new(name)
        })
    }

    fn keyword(&self, keyword: Keyword) -> Value {
        self.keywords[keyword as usize]
    }

    fn identify(&self, ruby: &Ruby, keyword: Keyword, value: Value) -> Result<Option<Id>, Error> {
        match identifier::of(ruby, value) {
            Ok(id) => Ok(id),
            Err(Unfit::NoId(why)) => {
                let wrong = (NAMES[keyword as usize], why, self.name);
                self.tracker.funcall::<_, _, Value>("misidentified", wrong)?;
                Ok(None)
            }
            Err(Unfit::Raised(error)) => self.rescue(ruby, error).map(|()| None),
        }
    }

    fn namespace_of_project(&self, ruby: &Ruby) -> Result<Value, Error> {
        let project = self.keyword(Keyword::Project);
        let nil = ruby.qnil().as_value();
        let found = match project.respond_to(*NAMESPACE, false) {
            Ok(true) => project.funcall_public(*NAMESPACE, ()),
            Ok(false) => Ok(nil),
            Err(error) => Err(error),
        };
        found.or_else(|error| self.rescue(ruby, error).map(|()| nil))
    }

    /// What analytics are told besides, which Ruby knows.
    fn circumstances(&self, tells: bool) -> Result<Vec<(String, Scalar)>, Error> {
        if !tells && self.keyword(Keyword::FeatureEnabledByNamespaceIds).is_nil() {
            return Ok(Vec::new());
        }
        scalars(self.tracker.funcall("circumstances", (self.name, self.kwargs, tells))?)
    }

    /// Has the tracker say what the application raised, unless that is to end more than a call.
    fn rescue(&self, ruby: &Ruby, error: Error) -> Result<(), Error> {
        let is_rescued = error.is_kind_of(ruby.exception_standard_error())
            || error.is_kind_of(ruby.exception_sys_stack_error());
        match error.value().filter(|_| is_rescued) {
            Some(raised) => {
                self.tracker.funcall::<_, _, Value>("wrong_in_call", (raised, self.name))?;
                Ok(())
            }
            None => Err(error),
        }
    }
}

fn position(ruby: &Ruby, key: Value) -> Option<usize> {
    let key = Symbol::from_value(key)?;
    KEYWORDS.get()?.iter().position(|it| it.get_inner_with(ruby) == key)
}

/// Whether a text is UTF-8, or the part of it that is ASCII.
fn is_utf8(text: RString) -> bool {
    text.is_utf8_compatible_encoding()
        && matches!(text.enc_coderange_scan(), Coderange::SevenBit | Coderange::Valid)
}

/// Whether something is a String and no more than that, and UTF-8.
fn is_plain(ruby: &Ruby, value: Value) -> bool {
    let is_string = |it: &RString| ruby.class_string().equal(it.class()).unwrap_or(false);
    RString::from_value(value).filter(is_string).is_some_and(is_utf8)
}

/// Takes what Ruby puts before a call, and the call.
pub(crate) fn after_first<'a>(
    ruby: &Ruby,
    arguments: &'a [Value],
) -> Result<(Value, &'a [Value]), Error> {
    let (first, call) = arguments
        .split_first()
        .ok_or_else(|| Error::new(ruby.exception_arg_error(), "there is no call"))?;
    Ok((*first, call))
}

/// A call that Ruby has put in order.
pub(crate) fn sorted(ruby: &Ruby, arguments: &[Value]) -> Result<Call, Error> {
    let call = Call::of(ruby, arguments)?;
    call.ok_or_else(|| Error::new(ruby.exception_arg_error(), "a sorted call has a name"))
}
