//! What the rewriter has to know of a Ruby file: calls and where they stand, by bytes.

use std::collections::BTreeMap;
use std::ops::Range;

/// An expression, as far as the rewriter looks into it.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// Its bytes.
    pub range: Range<usize>,
    /// What it is.
    pub shape: Shape,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// `'x'`, with its text.
    Text(String),
    /// `:x`, with its name.
    Symbol(String),
    /// Text or a symbol with `#{…}` in it.
    Interpolated,
    /// A number, negative ones too.
    Number,
    /// `nil`
    Nil,
    /// `true`, `false`
    Boolean,
    /// `[…]`
    Array(Vec<Value>),
    /// `{…}`
    Hash,
    /// `self`
    Own,
    /// `A::B`, without leading colons.
    Constant(String),
    /// A local variable.
    Local(String),
    /// `@x`
    Instance(String),
    /// A call: `receiver.name(…)`.
    Call(Box<Inner>),
    /// `a ? b : c`, with `b` and `c`.
    Either(Box<[Value; 2]>),
    /// `->`, `proc { }`: nothing that could be text.
    Lambda,
    /// Anything else.
    Other,
}

/// A call within an argument.
#[derive(Clone, Debug)]
pub(super) struct Inner {
    /// Upon what it is called.
    pub receiver: Option<Value>,
    /// Its name.
    pub name: String,
    /// What it is given.
    pub args: Vec<Arg>,
}

/// An argument.
#[derive(Clone, Debug)]
pub(super) struct Arg {
    /// Its bytes, the key among them.
    pub range: Range<usize>,
    /// What it is.
    pub kind: ArgKind,
}

/// What an argument is.
#[derive(Clone, Debug)]
pub(super) enum ArgKind {
    /// By position.
    Positional(Value),
    /// By name.
    Keyword {
        /// Its name.
        key: String,
        /// Its value; that of `key:` alone is the local variable or method of that name.
        value: Value,
        /// Whether it is `key:` alone.
        is_short: bool,
    },
    /// `*x`, `**x`, `&x`, `...`, `'a' => 1`: what is handed over is not written here.
    Indirect,
}

/// A call that is worth a look.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// Its bytes, a block among them.
    pub range: Range<usize>,
    /// Upon what it is called.
    pub receiver: Option<Value>,
    /// Its name.
    pub name: String,
    /// What it is given.
    pub args: Vec<Arg>,
    /// The bytes between its parentheses, if it has any.
    pub parentheses: Option<Range<usize>>,
    /// Its block.
    pub block: Option<Block>,
    /// Whether something is done with what it returns.
    pub is_used: bool,
    /// The class or module in which it stands.
    pub scope: Option<usize>,
    /// The method in which it stands.
    pub method: Option<usize>,
    /// Whether `self` is an instance of that class for certain.
    pub is_on_instance: bool,
    /// The statement of which it is a part.
    pub place: Option<Place>,
}

/// A block: `do … end`, `{ … }`.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// Its bytes.
    pub range: Range<usize>,
    /// Its list of statements, if it has any.
    pub list: Option<usize>,
}

/// A statement in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The list.
    pub list: usize,
    /// The statement's number in it.
    pub number: usize,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    /// Its bytes.
    pub range: Range<usize>,
    /// Whether it is a call or a variable, and nothing around it.
    pub is_call: bool,
    /// If it is `name(…) { value }`: the call's name, its first argument and what the block has.
    pub definition: Option<(String, Option<Value>, Option<Value>)>,
}

/// A class or a module.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    /// Its name as it is written, without leading colons; empty for `class << self`.
    pub name: String,
    /// The end of its head: of the name, or of the superclass.
    pub head_end: usize,
    /// Where its first statement begins, if it has any.
    pub body_start: Option<usize>,
    /// The class or module around it.
    pub parent: Option<usize>,
    /// Constants that are text or a symbol; `None` for those that are set twice or computed.
    pub constants: BTreeMap<String, Option<Value>>,
    /// `include X` in its body: bytes of the statement, of the name, and the name.
    pub includes: Vec<(Range<usize>, Range<usize>, String)>,
    /// Names of its methods.
    pub methods: Vec<String>,
    /// Whether its methods are called upon itself: `extend self`, `module_function`, `class << self`.
    pub is_singleton: bool,
    /// Whether it is a module, which others may include.
    pub is_module: bool,
}

/// `include X` or `extend X` with the module that brings `track_usage_event`.
#[derive(Clone, Debug)]
pub(super) struct Mixin {
    /// Its bytes.
    pub range: Range<usize>,
    /// The class or module in whose body it stands.
    pub scope: Option<usize>,
    /// Whether it is `include`.
    pub is_included: bool,
    /// Whether it is a statement of the body, with this module only.
    pub is_alone: bool,
}

/// A method.
#[derive(Clone, Debug, Default)]
pub(super) struct Method {
    /// Names that mean something in it: parameters, methods and instance variables it uses.
    pub names: Vec<String>,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    /// Calls, in the order in which they are visited.
    pub calls: Vec<Call>,
    /// Classes and modules.
    pub scopes: Vec<Scope>,
    /// Methods.
    pub methods: Vec<Method>,
    /// Lists of statements.
    pub lists: Vec<Vec<Statement>>,
    /// Constants outside of classes.
    pub constants: BTreeMap<String, Option<Value>>,
    /// Comments.
    pub comments: Vec<Range<usize>>,
    /// Where the module of `track_usage_event` is included.
    pub mixins: Vec<Mixin>,
    /// Heredocs: the bytes of the expression, and those of the text, which stands below.
    pub heredocs: Vec<(Range<usize>, Range<usize>)>,
    /// Classes by the names of variables and methods that stand for them.
    pub aliases: BTreeMap<String, String>,
    /// Parts that are nested too deeply to look into.
    pub too_deep: Vec<Range<usize>>,
}

impl Value {
    /// The text of a literal: `'x'` or `:x`.
    pub(super) fn literal(&self) -> Option<&str> {
        match &self.shape {
            Shape::Text(it) | Shape::Symbol(it) => Some(it),
            _ => None,
        }
    }
}

impl Arg {
    /// Its value, if it is given by position.
    pub(super) fn positional(&self) -> Option<&Value> {
        match &self.kind {
            ArgKind::Positional(it) => Some(it),
            _ => None,
        }
    }

    /// Its name and value, if it is given by name.
    pub(super) fn keyword(&self) -> Option<(&str, &Value)> {
        match &self.kind {
            ArgKind::Keyword { key, value, .. } => Some((key, value)),
            _ => None,
        }
    }

    /// Whether what is handed over is not written here.
    pub(super) fn is_indirect(&self) -> bool {
        matches!(self.kind, ArgKind::Indirect)
    }

    /// Whether it is `key:` alone.
    pub(super) fn is_short(&self) -> bool {
        matches!(self.kind, ArgKind::Keyword { is_short: true, .. })
    }
}

impl Call {
    /// The name of the constant upon which it is called, without leading colons.
    pub(super) fn constant(&self) -> Option<&str> {
        match &self.receiver.as_ref()?.shape {
            Shape::Constant(it) => Some(it),
            _ => None,
        }
    }

    /// The value of an argument by name.
    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        self.args.iter().filter_map(Arg::keyword).find(|it| it.0 == name).map(|it| it.1)
    }
}
