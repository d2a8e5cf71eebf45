//! From calls to edits.

use super::file::{File, New, Plan, refusal};
use super::includes::NEW_MIXIN;
use super::model::Call;
use super::render::{Target, has_mixin};
use super::{controller, indirect, redis, redis_hll, rspec, several, snowplow, usage_data};
use crate::language::Language;
use crate::rewrite::held;
use crate::scan::has_legacy_words;
use crate::site::{Found, Kind, Outcome, Reason, Rewrite, Site};
use std::collections::BTreeMap;
use std::ops::Range;

/// A call of legacy tracking, and what becomes of it.
pub(super) struct Planned<'s> {
    /// The call.
    pub call: &'s Call,
    /// Its kind.
    pub kind: Kind,
    /// What becomes of it.
    pub plan: Plan,
}

/// Rewrites a file.
pub(super) fn rewrite(file: &File<'_>) -> Rewrite {
    let mut planned: Vec<Planned<'_>> =
        file.source.calls.iter().filter_map(|it| plan(file, it)).collect();
    planned.sort_by_key(|it| (it.call.range.start, it.call.range.end));
    refuse_nested(&mut planned);
    let gone: BTreeMap<usize, Range<usize>> =
        several::merge(file, &mut planned).into_iter().collect();
    hold(file, &mut planned);
    let mut output = Output { file, rewrite: Rewrite::default(), includes: BTreeMap::new() };
    output.change_includes(&planned);
    let leftover = usage_data::look(file, &planned);
    let written = planned.iter_mut().enumerate().filter(|it| !gone.contains_key(&it.0));
    if let Some(last) = written.filter_map(|it| it.1.plan.as_mut().ok()).last() {
        last.notes.extend(leftover.notes);
    }
    for (number, it) in planned.into_iter().enumerate() {
        output.take(it, gone.get(&number));
    }
    output.end(&leftover.gone)
}

fn plan<'s>(file: &File<'s>, call: &'s Call) -> Option<Planned<'s>> {
    if file.options.includes(Kind::Rspec)
        && let Some(plan) = rspec::plan(file, call)
    {
        return Some(Planned { call, kind: Kind::Rspec, plan });
    }
    let (kind, plan): (Kind, fn(&File<'_>, &Call) -> Plan) = match call {
        it if snowplow::is_meant(file, it) => (Kind::RubySnowplow, snowplow::plan),
        it if redis_hll::is_meant(it) => (Kind::RubyRedisHll, redis_hll::plan),
        it if redis::is_meant(it) => (Kind::RubyRedis, redis::plan),
        it if controller::is_meant(it) => (Kind::RubyController, controller::plan),
        it => (indirect::kind(file, it)?, indirect::plan),
    };
    file.options.includes(kind).then(|| Planned { call, kind, plan: plan(file, call) })
}

/// Refuses the calls that must stay for what stands elsewhere, before it is decided which modules
/// their classes need.
fn hold(file: &File<'_>, planned: &mut [Planned<'_>]) {
    for it in planned {
        let Ok(new) = &it.plan else { continue };
        if let Some(refusal) = held(file.project, it.kind, &new.found.name) {
            it.plan = Err(refusal.clone());
        }
    }
}

/// A call among whose arguments another one stands would overwrite it. None of them is changed:
/// were it only the outer one that stays, the next run would find it alone, and change it.
fn refuse_nested(planned: &mut [Planned<'_>]) {
    for outer in 0..planned.len() {
        let end = planned[outer].call.range.end;
        let later = planned[outer + 1..].iter();
        let count = later.take_while(|it| it.call.range.start < end).count();
        if count == 0 || planned[outer].plan.is_err() {
            continue;
        }
        for it in &mut planned[outer..=outer + count] {
            if it.plan.is_ok() {
                it.plan = Err(refusal(
                    Reason::PartOfMore,
                    "one call of tracking stands within another one",
                    "Move the inner call out of the outer one, and migrate again.",
                ));
            }
        }
    }
}

/// What comes out, while plans are taken over.
struct Output<'f> {
    file: &'f File<'f>,
    rewrite: Rewrite,
    /// Classes that need the mixin, and whether its name begins with colons.
    includes: BTreeMap<usize, &'static str>,
}

impl Output<'_> {
    fn take(&mut self, planned: Planned<'_>, gone: Option<&Range<usize>>) {
        let Planned { call, kind, plan } = planned;
        match (plan, gone) {
            (Ok(new), Some(lines)) => self.remove(kind, new, lines),
            (Ok(new), None) => self.write(call, kind, new),
            (Err(refused), _) => self.rewrite.sites.push(Site {
                kind,
                range: call.range.clone(),
                outcome: Outcome::Refused(refused),
                event: None,
            }),
        }
    }

    fn end(mut self, gone: &[usize]) -> Rewrite {
        for mixin in gone.iter().map(|it| &self.file.source.mixins[*it]) {
            let scope = mixin.scope.filter(|_| mixin.is_included);
            let new = scope.and_then(|it| self.includes.remove(&it));
            let new = new.map(|colons| format!("include {colons}{NEW_MIXIN}"));
            usage_data::take_away(self.file, mixin, new.as_deref(), &mut self.rewrite.edits);
        }
        for (scope, colons) in self.includes {
            let scope = &self.file.source.scopes[scope];
            self.file.add_include(scope, colons, &mut self.rewrite.edits);
        }
        refuse_too_deep(self.file, &mut self.rewrite);
        self.rewrite.sites.sort_by_key(|it| (it.range.start, it.range.end));
        self.rewrite
    }

    /// The module of the new macro comes where one of its calls is, and the old one goes where none
    /// of its own is left.
    fn change_includes(&mut self, planned: &[Planned<'_>]) {
        let mut scopes: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
        for it in planned.iter().filter(|it| it.call.name.ends_with("redis_hll_event")) {
            let Some(scope) = it.call.scope else { continue };
            let (new, old) = scopes.entry(scope).or_default();
            *if it.plan.is_ok() { new } else { old } += 1;
        }
        for (scope, (new, old)) in scopes {
            if new > 0 {
                controller::change_include(self.file, scope, old > 0, &mut self.rewrite.edits);
            }
        }
    }

    /// Removes a call whose event another one tracks.
    fn remove(&mut self, kind: Kind, new: New, lines: &Range<usize>) {
        self.rewrite.edits.replace(lines.clone(), "");
        let event = new.found.name;
        let note = format!("It is a part of the call beside it, which tracks `{event}`.");
        self.rewrite.sites.push(site(lines.clone(), kind, vec![note], event));
    }

    fn write(&mut self, call: &Call, kind: Kind, mut new: New) {
        if let Some(edits) = new.edits.take() {
            let start = edits.iter().next().map_or(call.range.start, |it| it.range.start);
            let range = start.min(call.range.start)..call.range.end;
            self.rewrite.edits.extend(edits);
            self.rewrite.sites.push(site(range, kind, new.notes, new.found.name));
            return;
        }
        let target = match kind {
            Kind::RubyController => Target::Macro,
            _ => self.file.target(call, &new),
        };
        note_category(&target, &mut new);
        let text = self.file.render(call, &new, &target);
        self.rewrite.edits.replace(call.range.clone(), text);
        if let (Target::Included, Some(scope)) = (target, call.scope)
            && !has_mixin(&self.file.source.scopes[scope].includes)
        {
            self.includes.entry(scope).or_insert(self.file.leading_colons(call));
        }
        let range = call.range.clone();
        self.rewrite.sites.push(site(range, kind, new.notes, new.found.name.clone()));
        let also = new.also.into_iter().map(|it| Found {
            name: it.event,
            old_name: it.old,
            ..new.found.clone()
        });
        self.rewrite.found.extend(also);
        self.rewrite.found.push(new.found);
    }
}

/// A site that is rewritten; its bytes are those of all its edits, so that it can be taken back.
fn site(range: Range<usize>, kind: Kind, notes: Vec<String>, event: String) -> Site {
    Site { kind, range, outcome: Outcome::Rewritten { notes }, event: Some(event) }
}

/// Says what the category is from now on.
fn note_category(target: &Target, new: &mut New) {
    let Some(was) = new.was_category.take() else { return };
    let is_class = matches!(was.as_str(), "self.class.name" | "self.class.to_s" | "self.class");
    let note = match target {
        Target::Included if is_class => {
            format!("The category stays the class's name: `{was}`.")
        }
        Target::Included => format!("The category was `{was}` and is the class's name now."),
        Target::Direct | Target::Macro => {
            format!("The category was `{was}` and is `InternalEventTracking` now.")
        }
    };
    new.notes.insert(0, note);
}

/// Says of what is nested too deeply that it was not looked at, if it may matter.
fn refuse_too_deep(file: &File<'_>, rewrite: &mut Rewrite) {
    for range in &file.source.too_deep {
        if has_legacy_words(Language::Ruby, file.code(range).as_bytes()) {
            rewrite.refuse(
                Kind::RubySnowplow,
                range.clone(),
                Reason::TooDeep,
                "this code is nested too deeply to look into",
                "Move the inner parts into methods of their own, and migrate again.",
            );
        }
    }
}
