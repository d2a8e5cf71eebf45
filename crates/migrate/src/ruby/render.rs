//! Writes the new call in place of the old one.

use super::file::{File, New};
use super::model::Call;
use crate::options::Style;

/// How long a line may be before arguments get lines of their own; that of most Ruby guides.
pub(super) const WIDTH: usize = 120;

/// What the new call is called upon.
pub(super) enum Target {
    /// `track_internal_event`, which the class includes.
    Included,
    /// `Gitlab::InternalEvents.track_event`.
    Direct,
    /// `track_internal_event`, the macro of controllers.
    Macro,
}

impl File<'_> {
    /// Upon what the new call is called.
    pub(super) fn target(&self, call: &Call, new: &New) -> Target {
        let scope = call.scope.and_then(|it| self.source.scopes.get(it));
        let can_include = self.options.style == Style::Current
            && new.category.is_none()
            && call.is_on_instance
            && scope.is_some_and(|it| {
                !it.is_singleton
                    && !it.methods.iter().any(|it| it == "track_internal_event")
                    && (has_mixin(&it.includes) || self.can_take_include(it))
            });
        if can_include { Target::Included } else { Target::Direct }
    }

    /// The new call.
    pub(super) fn render(&self, call: &Call, new: &New, target: &Target) -> String {
        let colons = self.leading_colons(call);
        let name = match target {
            Target::Included | Target::Macro => "track_internal_event".to_owned(),
            Target::Direct => format!("{colons}Gitlab::InternalEvents.track_event"),
        };
        if self.comment(call).is_some()
            && let Some(text) = self.in_place(call, new, &name)
        {
            return text;
        }
        // The macro has its name among the other arguments.
        let mut args: Vec<String> =
            std::iter::once(&new.name).filter(|it| !it.is_empty()).cloned().collect();
        args.extend(new.kept.iter().cloned());
        args.extend(new.category.iter().map(|it| format!("category: {it}")));
        if !new.properties.is_empty() {
            args.push(format!("additional_properties: {{ {} }}", new.properties.join(", ")));
        }
        let old = call.parentheses.as_ref().map(|it| self.code(it));
        let is_block =
            old.is_some_and(|it| it.trim_start_matches([' ', '\t', '\r']).starts_with('\n'));
        if is_block {
            return format!("{name}({})", self.in_lines(call, &args));
        }
        let line = args.join(", ");
        let before = &self.text[self.line_start(call.range.start)..call.range.start];
        let length = before.chars().count() + name.len() + line.chars().count() + 2;
        let is_long = length > WIDTH && !line.contains('\n');
        if is_long && call.parentheses.is_some() && self.code(&call.range).contains('\n') {
            return self.hung(call, &name, &args);
        }
        if is_long && self.may_break(call, before) {
            return match call.parentheses {
                None if !new.has_short => format!("{name} {}", self.in_hanging_lines(call, &args)),
                _ => format!("{name}({})", self.in_new_lines(call, &args)),
            };
        }
        if call.parentheses.is_none() && !call.args.is_empty() && !new.has_short {
            return format!("{name} {line}");
        }
        format!("{name}({line})")
    }

    /// Whether a call that gets too long may have several lines: it had them, or it begins its
    /// line, which was not too long before.
    fn may_break(&self, call: &Call, before: &str) -> bool {
        let was_long = self.code(&call.range).contains('\n');
        let line = self.line_start(call.range.start)..self.line_end(call.range.end);
        let did_fit = self.code(&line).chars().count() <= WIDTH;
        was_long && call.parentheses.is_some() || before.trim().is_empty() && (was_long || did_fit)
    }

    /// `::`, if the old call has it.
    pub(super) fn leading_colons(&self, call: &Call) -> &'static str {
        if self.code(&call.range).starts_with("::") { "::" } else { "" }
    }

    /// One argument a line, as the old ones were.
    fn in_lines(&self, call: &Call, args: &[String]) -> String {
        let (Some(inside), Some(first)) = (&call.parentheses, call.args.first()) else {
            return args.join(", ");
        };
        let before = self.code(&(inside.start..first.range.start));
        let last = call.args.iter().map(|it| it.range.end).max().unwrap_or(inside.end);
        let after = self.code(&(last..inside.end));
        let line_break = self.line_break();
        let indentation = self.indentation(first.range.start);
        format!("{before}{}{after}", args.join(&format!(",{line_break}{indentation}")))
    }

    /// One argument a line behind the first, for a call without parentheses.
    fn in_hanging_lines(&self, call: &Call, args: &[String]) -> String {
        let outer = self.indentation(call.range.start);
        args.join(&format!(",{}{outer}  ", self.line_break()))
    }

    /// One argument a line, where the old ones hung behind the parenthesis.
    fn in_new_lines(&self, call: &Call, args: &[String]) -> String {
        let outer = self.indentation(call.range.start);
        let line_break = self.line_break();
        let between = format!(",{line_break}{outer}  ");
        format!("{line_break}{outer}  {}{line_break}{outer}", args.join(&between))
    }

    /// As many arguments a line as there is room for, hung behind the parenthesis as the old ones
    /// were.
    fn hung(&self, call: &Call, name: &str, args: &[String]) -> String {
        let before = &self.text[self.line_start(call.range.start)..call.range.start];
        let indentation = self.indentation(call.range.start);
        let column = before.chars().count() + name.len() + 1;
        let hang = " ".repeat(column.saturating_sub(indentation.chars().count()));
        let mut text = format!("{name}(");
        let mut width = column;
        for (n, arg) in args.iter().enumerate() {
            let length = arg.chars().count();
            if n > 0 && width + ", ".len() + length + ")".len() > WIDTH {
                text.push_str(&format!(",{}{indentation}{hang}", self.line_break()));
                width = column;
            } else if n > 0 {
                text.push_str(", ");
                width += ", ".len();
            }
            text.push_str(arg);
            width += length;
        }
        text.push(')');
        text
    }
}

/// Whether the mixin of internal events is among what is included.
pub(super) fn has_mixin(
    includes: &[(std::ops::Range<usize>, std::ops::Range<usize>, String)],
) -> bool {
    includes.iter().any(|it| it.2 == "Gitlab::InternalEventsTracking")
}
