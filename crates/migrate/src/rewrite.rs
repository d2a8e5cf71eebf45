//! One text, whatever it is written in: the rewriters that look at it, and what they found together.

use crate::edit::Edits;
use crate::language::Language;
use crate::options::Options;
use crate::project::{Project, Tell};
use crate::site::{Kind, Outcome, Reason, Refusal, Rewrite, Site, Unparsable};
use crate::stack::with_stack;
use crate::{attributes, javascript, ruby, vue};

/// What some editors begin a file with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Rewrites a text.
///
/// # Errors
///
/// When it does not parse.
pub fn rewrite(
    language: Language,
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    if let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
        // Not every parser knows that it belongs to no line.
        let by = text.len() - rest.len();
        let part = rewrite(language, rest, project, options);
        let mut whole = Rewrite::default();
        whole.take_part(part.map_err(|it| Unparsable { at: it.at + by, ..it })?, by);
        return Ok(whole);
    }
    let parts = parts(language, text, project, options)?;
    let mut whole = merged(language, parts);
    hold(language, &mut whole, project);
    for site in &mut whole.sites {
        // A part that was completed to be parsed may be seen to reach further than the text does.
        let end = text.len();
        site.range = site.range.start.min(end)..site.range.end.min(end);
    }
    whole.sites.sort_by_key(|it| (it.range.start, it.range.end));
    Ok(whole)
}

/// Rewrites a text, and parses the result once more: what would not parse stays as it is.
///
/// # Errors
///
/// When the text as it is does not parse.
pub fn rewrite_checked(
    language: Language,
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    with_stack(text, || checked(language, text, project, options))
}

fn checked(
    language: Language,
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    let mut whole = rewrite(language, text, project, options)?;
    if whole.edits.is_empty() {
        return Ok(whole);
    }
    let problem = if whole.edits.fit(text) {
        let changed = whole.edits.apply(text);
        parse(language, &changed, project, options).err().map(|it| it.message)
    } else {
        Some("its parts overlap".to_owned())
    };
    if let Some(problem) = problem {
        let refusal = |_: &Site| Refusal {
            reason: Reason::DoesNotParse,
            what: format!("the rewritten file would not parse: {problem}"),
            advice: "rewrite it by hand, and report this: it is a fault of the program".to_owned(),
        };
        take_back(language, &mut whole, |_| true, refusal);
    }
    Ok(whole)
}

/// Parses a text as its rewriters do.
fn parse(
    language: Language,
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<(), Unparsable> {
    match language {
        Language::Ruby => ruby::parse(text),
        Language::JavaScript | Language::TypeScript => javascript::parse(text, language),
        Language::Vue => vue::parse(text),
        // Only whoever looks for code in a template knows what of it is parsed.
        Language::Html | Language::Erb | Language::Haml => {
            rewrite(language, text, project, options).map(drop)
        }
    }
}

/// What each rewriter of a language makes of a text.
fn parts(
    language: Language,
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Vec<Rewrite>, Unparsable> {
    let code = match language {
        Language::Ruby => Some(ruby::rewrite(text, project, options)?),
        Language::JavaScript | Language::TypeScript => {
            Some(javascript::rewrite(text, language, project, options)?)
        }
        Language::Vue => Some(vue::rewrite(text, project, options)?),
        Language::Erb => Some(ruby::rewrite_erb(text, project, options)?),
        Language::Haml => Some(ruby::rewrite_haml(text, project, options)?),
        Language::Html => None,
    };
    let is_page = matches!(language, Language::Html | Language::Erb | Language::Haml);
    let scripts = is_page.then(|| javascript::rewrite_inline(text, language, project, options));
    let attributes = attributes::rewrite(text, language, project, options)?;
    Ok(code.into_iter().chain(scripts.transpose()?).chain([attributes]).collect())
}

/// Puts together what several rewriters found in one text.
///
/// Each saw the text as it was; where two would change the same bytes, neither may.
fn merged(language: Language, parts: Vec<Rewrite>) -> Rewrite {
    let mut whole = Rewrite::default();
    for part in parts {
        let contested = contested(&whole.edits, &part.edits);
        whole.take_part(part, 0);
        if contested.is_empty() {
            continue;
        }
        let is_hit = |it: &Site| {
            contested.iter().any(|bytes| bytes.start <= it.range.end && it.range.start <= bytes.end)
        };
        let refusal = |_: &Site| Refusal {
            reason: Reason::SeveralCalls,
            what: "two kinds of legacy tracking share this code".to_owned(),
            advice: "take them apart, or rewrite both by hand".to_owned(),
        };
        take_back(language, &mut whole, is_hit, refusal);
        if overlap(&whole.edits) {
            // What both change lies in no site, so it cannot be told whose it is.
            take_back(language, &mut whole, |_| true, refusal);
        }
    }
    whole
}

/// The bytes that both would change.
fn contested(ours: &Edits, theirs: &Edits) -> Vec<std::ops::Range<usize>> {
    let ours: Vec<_> = ours.iter().map(|it| &it.range).collect();
    let hits = |it: &std::ops::Range<usize>| {
        // Those of one part do not overlap, so that they end in the order in which they begin.
        let first = ours.partition_point(|our| our.end < it.start);
        let near = ours[first..].iter().take_while(|our| our.start <= it.end);
        near.into_iter().any(|our| *our == it || (our.start < it.end && it.start < our.end))
    };
    theirs.iter().map(|it| it.range.clone()).filter(hits).collect()
}

fn overlap(edits: &Edits) -> bool {
    let mut end = 0;
    edits.iter().any(|it| {
        let before = end;
        end = before.max(it.range.end);
        before > it.range.start
    })
}

/// Refuses the calls that must stay for what stands elsewhere.
fn hold(language: Language, whole: &mut Rewrite, project: &Project) {
    let held = |it: &Site| held(project, it.kind, it.event.as_deref()?);
    take_back(
        language,
        whole,
        |it| held(it).is_some(),
        |it| held(it).cloned().unwrap_or_else(not_alone),
    );
}

/// Why calls of an event must stay, as far as other files and definitions tell.
pub(crate) fn held<'p>(project: &'p Project, kind: Kind, event: &str) -> Option<&'p Refusal> {
    let told = project.modules.path().and_then(|it| project.told.get(it)?.get(event));
    if let Some(Tell::Stays(refusal)) = told {
        return Some(refusal);
    }
    let held = project.held.get(event)?;
    (!held.only_counts || is_about_counts(kind)).then_some(&held.refusal)
}

/// Whether calls of a kind count, or test calls that do.
fn is_about_counts(kind: Kind) -> bool {
    kind.counts() || matches!(kind, Kind::Rspec | Kind::Jest)
}

fn not_alone() -> Refusal {
    Refusal {
        reason: Reason::PartOfMore,
        what: "another call of this file stays, and both use the same import or mixin".to_owned(),
        advice: "see what is said of that call; then run this again".to_owned(),
    }
}

/// Takes back the rewrite of some sites, and of those that cannot be rewritten without them.
pub(crate) fn take_back(
    language: Language,
    whole: &mut Rewrite,
    is_hit: impl Fn(&Site) -> bool,
    refusal: impl Fn(&Site) -> Refusal,
) {
    let is_rewritten = |it: &Site| matches!(it.outcome, Outcome::Rewritten { .. });
    let hit: Vec<usize> = (0..whole.sites.len())
        .filter(|n| is_rewritten(&whole.sites[*n]) && is_hit(&whole.sites[*n]))
        .collect();
    if hit.is_empty() {
        return;
    }
    let n_rewritten = whole.sites.iter().filter(|it| is_rewritten(it)).count();
    // Calls of scripts share imports and mixins, which are not worth a second look here.
    let share = matches!(language, Language::JavaScript | Language::TypeScript | Language::Vue);
    if share || n_rewritten == hit.len() {
        for (n, site) in whole.sites.iter_mut().enumerate().filter(|(_, it)| is_rewritten(it)) {
            let refusal = if hit.contains(&n) { refusal(site) } else { not_alone() };
            site.outcome = Outcome::Refused(refusal);
        }
        whole.edits = Edits::default();
        whole.found.clear();
        return;
    }
    for &n in &hit {
        let site = &mut whole.sites[n];
        site.outcome = Outcome::Refused(refusal(site));
    }
    let within = |edit: &crate::Edit| {
        hit.iter().any(|n| {
            let range = &whole.sites[*n].range;
            range.start <= edit.range.start && edit.range.end <= range.end
        })
    };
    let mut kept = Edits::default();
    for edit in whole.edits.iter().filter(|it| !within(it)) {
        kept.replace(edit.range.clone(), edit.text.clone());
    }
    let sites = &whole.sites;
    whole.found.retain(|found| {
        let is_of = |it: &&Site| it.event.as_deref() == Some(found.name.as_str());
        let gone = hit.iter().map(|n| &sites[*n]).any(|it| is_of(&it));
        !gone || sites.iter().filter(|it| is_rewritten(it)).any(|it| is_of(&it))
    });
    whole.edits = kept;
}

#[cfg(test)]
mod tests;
