//! A parsed script, and questions about it.

use crate::language::Language;
use crate::options::Options;
use crate::project::Project;
use crate::site::Unparsable;
use crate::stack::bounded;
use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, IdentifierReference, Program, VariableDeclarator};
use oxc_parser::Parser;
use oxc_semantic::{AstNode, NodeId, Semantic, SemanticBuilder, SymbolId};
use oxc_span::{GetSpan as _, SourceType, Span};
use std::ops::Range;

/// What is known besides the script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'s> {
    pub(crate) project: &'s Project,
    pub(crate) options: &'s Options,
    /// The component that a template belongs to.
    pub(crate) component: Option<Component<'s>>,
}

/// The script of a component, for what its template calls `$options`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component<'s> {
    pub(crate) script: &'s str,
    pub(crate) dialect: Dialect,
}

impl Context<'_> {
    /// The name of the new method.
    pub(crate) fn method(&self) -> &'static str {
        match self.options.style {
            crate::Style::First => "track_event",
            crate::Style::Current => "trackEvent",
        }
    }
}

/// In what a script is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    JavaScript,
    TypeScript,
}

impl Dialect {
    /// That of a file.
    pub(crate) fn of(language: Language) -> Self {
        match language {
            Language::TypeScript => Self::TypeScript,
            _ => Self::JavaScript,
        }
    }

    /// That of a block `<script lang="…">`, if it is read.
    pub(crate) fn of_block(lang: &str) -> Option<Self> {
        match lang {
            "js" | "jsx" | "javascript" | "babel" => Some(Self::JavaScript),
            "ts" | "tsx" | "typescript" => Some(Self::TypeScript),
            _ => None,
        }
    }

    /// What is tried, one after the other.
    fn types(self) -> [SourceType; 2] {
        match self {
            Self::JavaScript => [SourceType::jsx(), SourceType::script().with_jsx(true)],
            Self::TypeScript => [SourceType::ts(), SourceType::tsx()],
        }
    }
}

/// A parsed script.
#[derive(Clone, Copy)]
pub(crate) struct Script<'s, 'a> {
    text: &'s str,
    /// Where the script begins in the file.
    base: usize,
    pub(crate) semantic: &'s Semantic<'a>,
    pub(crate) context: Context<'s>,
}

/// Parses a text that begins at `base` of its file, and asks for what is in it.
///
/// # Errors
///
/// Returns where it does not parse.
pub(crate) fn with_script<T>(
    text: &str,
    base: usize,
    dialect: Dialect,
    context: Context<'_>,
    ask: impl FnOnce(&Script<'_, '_>) -> T,
) -> Result<T, Unparsable> {
    with_program(text, base, dialect, |program| {
        let built = SemanticBuilder::new().with_build_nodes(true).build(program);
        ask(&Script { text, base, semantic: &built.semantic, context })
    })
}

/// Parses a text that begins at `base` of its file.
///
/// # Errors
///
/// Returns where it does not parse.
pub(crate) fn with_program<T>(
    text: &str,
    base: usize,
    dialect: Dialect,
    ask: impl for<'a> FnOnce(&'a Program<'a>) -> T,
) -> Result<T, Unparsable> {
    bounded(text).map_err(|it| Unparsable { at: it.at + base, ..it })?;
    let mut failure = None;
    for source_type in dialect.types() {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, source_type).parse();
        if let Some(error) = parsed.diagnostics.errors().next() {
            let label = error.labels.first().map_or(0, |it| it.offset() as usize);
            let at = label.min(text.len()) + base;
            failure.get_or_insert(Unparsable::wrong(at, error.message.to_string()));
            continue;
        }
        return Ok(ask(&parsed.program));
    }
    Err(failure.unwrap_or_else(|| Unparsable::wrong(base, "It does not parse")))
}

impl<'s, 'a> Script<'s, 'a> {
    /// A script that was parsed elsewhere.
    pub(crate) fn of(text: &'s str, semantic: &'s Semantic<'a>, context: Context<'s>) -> Self {
        Self { text, base: 0, semantic, context }
    }

    /// Bytes of the file.
    pub(crate) fn range(&self, span: Span) -> Range<usize> {
        self.base + span.start as usize..self.base + span.end as usize
    }

    /// Bytes of the file between two places of the script.
    pub(crate) fn between(&self, start: u32, end: u32) -> Range<usize> {
        self.range(Span::new(start, end))
    }

    /// The source of a part.
    pub(crate) fn source(&self, span: Span) -> &'s str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The source of a part, short enough for a message.
    pub(crate) fn excerpt(&self, span: Span) -> String {
        excerpt(self.source(span))
    }

    /// What stands before a place.
    pub(crate) fn before(&self, at: u32) -> &'s str {
        self.text.get(..at as usize).unwrap_or_default()
    }

    /// What stands after a place.
    pub(crate) fn after(&self, at: u32) -> &'s str {
        self.text.get(at as usize..).unwrap_or_default()
    }

    /// The comments between two places, written so that code may follow: what is taken away
    /// around them leaves them there.
    pub(crate) fn comments(&self, start: u32, end: u32) -> String {
        let mut text = String::new();
        if start < end {
            for comment in self.semantic.comments_range(start..end) {
                text.push_str(self.source(comment.span));
                if comment.is_line() {
                    text.push('\n');
                    text.push_str(self.indentation(start));
                } else {
                    text.push(' ');
                }
            }
        }
        text
    }

    /// The white space that the line of a place begins with.
    pub(crate) fn indentation(&self, at: u32) -> &'s str {
        let line = self.before(at).rsplit('\n').next().unwrap_or_default();
        &line[..line.len() - line.trim_start().len()]
    }

    /// A text of several lines with the line breaks of the script.
    pub(crate) fn with_breaks(&self, text: String) -> String {
        if self.text.contains("\r\n") { text.replace('\n', "\r\n") } else { text }
    }

    /// All nodes.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &'s AstNode<'a>> + use<'s, 'a> {
        self.semantic.nodes().iter()
    }

    /// The node around one.
    pub(crate) fn parent(&self, id: NodeId) -> &'s AstNode<'a> {
        self.semantic.nodes().parent_node(id)
    }

    /// The nodes around one, from the inside.
    pub(crate) fn ancestors(&self, id: NodeId) -> impl Iterator<Item = &'s AstNode<'a>> {
        self.semantic.nodes().ancestors(id)
    }

    /// What a name is bound to.
    pub(crate) fn symbol(&self, name: &IdentifierReference<'_>) -> Option<SymbolId> {
        let reference = name.reference_id.get()?;
        self.semantic.scoping().get_reference(reference).symbol_id()
    }

    /// Where a symbol is used.
    pub(crate) fn uses(&self, symbol: SymbolId) -> Vec<&'s AstNode<'a>> {
        let references = self.semantic.symbol_references(symbol);
        references.map(|it| self.semantic.nodes().get_node(it.node_id())).collect()
    }

    /// The declaration `x = …` of a symbol that no one changes.
    pub(crate) fn constant(&self, symbol: SymbolId) -> Option<&'s VariableDeclarator<'a>> {
        let scoping = self.semantic.scoping();
        if scoping.symbol_is_mutated(symbol) || !scoping.symbol_redeclarations(symbol).is_empty() {
            return None;
        }
        let declaration = self.semantic.symbol_declaration(symbol);
        let AstKind::VariableDeclarator(declarator) = declaration.kind() else { return None };
        declarator.id.get_binding_identifier().map(|_| declarator)
    }

    /// Whether a declaration, or what stands in one, is given to other files.
    pub(crate) fn is_exported(&self, id: NodeId) -> bool {
        self.ancestors(id).any(|it| {
            matches!(it.kind(), AstKind::ExportDeclaration(_) | AstKind::ExportNamedDeclaration(_))
        })
    }

    /// Where a symbol was imported from.
    pub(crate) fn imported_from(&self, symbol: SymbolId) -> Option<&'s str> {
        let declaration = self.semantic.symbol_declaration(symbol);
        self.ancestors(declaration.id()).find_map(|it| match it.kind() {
            AstKind::ImportDeclaration(import) => Some(import.source.value.as_str()),
            _ => None,
        })
    }

    /// Whether nobody looks at what an expression gives.
    pub(crate) fn is_unused(&self, id: NodeId, span: Span) -> bool {
        let parent = self.parent(id);
        match parent.kind() {
            AstKind::ExpressionStatement(_) | AstKind::ArrowFunctionExpression(_) => true,
            AstKind::ParenthesizedExpression(_) | AstKind::ChainExpression(_) => {
                self.is_unused(parent.id(), parent.kind().span())
            }
            AstKind::UnaryExpression(it) => it.operator.is_void(),
            AstKind::LogicalExpression(it) => {
                contains(it.right.span(), span) && self.is_unused(parent.id(), it.span)
            }
            AstKind::ConditionalExpression(it) => {
                !contains(it.test.span(), span) && self.is_unused(parent.id(), it.span)
            }
            AstKind::SequenceExpression(it) => {
                it.expressions.last().is_some_and(|last| last.span() != span)
                    || self.is_unused(parent.id(), it.span)
            }
            _ => false,
        }
    }
}

/// Whether one span is within another.
pub(crate) fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// The text of a string or of a template without expressions.
pub(crate) fn literal_text<'e>(expression: &'e Expression<'_>) -> Option<&'e str> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(it) if !it.lone_surrogates => Some(it.value.as_str()),
        Expression::TemplateLiteral(it) if it.expressions.is_empty() => {
            it.quasis.first().and_then(|it| it.value.cooked.as_ref()).map(oxc_ast::ast::Str::as_str)
        }
        _ => None,
    }
}

/// One line of a source, short enough for a message.
pub(crate) fn excerpt(source: &str) -> String {
    const MAX_CHARACTERS: usize = 100;
    let line = source.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_CHARACTERS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
