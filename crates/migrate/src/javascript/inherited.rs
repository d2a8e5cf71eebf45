//! What each call of a component tracks besides its own arguments.

use super::fields::{Category, Field};
use super::script::Script;
use oxc_semantic::{NodeId, SymbolId};

/// Where a value can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Everywhere: it is a literal.
    Everywhere,
    /// Where `this` is the component.
    This,
    /// Where names mean what they mean at the top of the script.
    Names(Vec<(String, SymbolId)>),
}

/// What the calls of a component inherit: `Tracking.mixin({ … })` and `tracking: { … }`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inherited {
    pub(crate) fields: Vec<(Field, Reach)>,
    pub(crate) category: Option<(Category, Reach)>,
    /// Contexts that go, as they are written.
    pub(crate) contexts: Vec<String>,
    /// Whether the component has the mixin at all.
    pub(crate) has_mixin: bool,
    /// Whether it has the new mixin as well.
    pub(crate) has_new: bool,
}

impl Reach {
    /// Whether a value can be read at a node of its script.
    pub(crate) fn reaches(&self, script: &Script<'_, '_>, at: NodeId) -> bool {
        let Self::Names(names) = self else { return true };
        let scope = script.semantic.nodes().get_node(at).scope_id();
        let scoping = script.semantic.scoping();
        names.iter().all(|(name, symbol)| {
            scoping.find_binding(scope, name.as_str().into()) == Some(*symbol)
        })
    }
}
