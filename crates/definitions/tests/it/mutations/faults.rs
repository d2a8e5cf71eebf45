//! The kinds of faults.

use super::text::Lines;
use super::{Case, Random};
use internal_events_definitions::{Source, Sources};

/// A way to break something; `None` if this draw found nothing to break.
pub(crate) type Fault = fn(&World, &mut Random) -> Option<Case>;

/// What a fault is, the code it must be found under, and how it is made.
pub(crate) const KINDS: &[(&str, &str, Fault)] = &[
    ("an event without a required key", "missing-field", |w, r| {
        let keys =
            ["description", "action", "product_group", "milestone", "introduced_by_url", "tiers"];
        without_key(r.pick(&w.events)?, r.pick(&keys)?)
    }),
    ("a metric without a required key", "missing-field", |w, r| {
        let keys = [
            "key_path",
            "description",
            "product_group",
            "value_type",
            "status",
            "milestone",
            "introduced_by_url",
            "time_frame",
            "data_source",
            "data_category",
            "tiers",
        ];
        without_key(r.pick(&w.metrics)?, r.pick(&keys)?)
    }),
    ("a misspelt key", "unknown-field", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let key = r.pick(&lines.keys())?.clone();
        let at = lines.key(&key)?;
        let letter = r.below(key.len() - 1);
        let misspelt = format!("{}{}", &key[..letter], &key[letter + 1..]);
        let line = lines.line(at).replacen(&key, &misspelt, 1);
        lines.replace(at, line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a misspelt key in a rule", "unknown-field", |w, r| {
        let file = r.pick(&w.unique_metrics)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.with("unique:"))?;
        let line = lines.line(at).replace("unique:", "uniqe:");
        lines.replace(at, line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a rule without a name", "missing-field", |w, r| {
        let file = r.pick(&w.unique_metrics)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.with("- name:"))?;
        let line = lines.line(at);
        let indent = " ".repeat(line.len() - line.trim_start().len());
        lines.replace(at, format!("{indent}- unique: user.id"));
        let unique = lines.with("  unique:").into_iter().find(|it| *it > at);
        let next = unique.filter(|it| *it == at + 1)?;
        lines.replace(next, "");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a value of no enumeration", "unknown-value", |w, r| {
        let keys = ["value_type", "status", "data_source", "data_category", "time_frame"];
        set(r.pick(&w.metrics)?, r.pick(&keys)?, "something_else")
    }),
    ("a value in other letters", "unknown-value", |w, r| {
        let keys = [("value_type", "Number"), ("status", "ACTIVE"), ("data_category", "Optional")];
        let (key, value) = r.pick(&keys)?;
        set(r.pick(&w.metrics)?, key, value)
    }),
    ("an unknown tier", "unknown-value", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.below("tiers"))?;
        let line = lines.line(at).to_owned();
        if line.contains('#') {
            return None;
        }
        lines.replace(at, format!("{line}x"));
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("an unknown identifier", "unknown-value", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.below("identifiers"))?;
        let line = lines.line(at).replace("- ", "- the_");
        lines.replace(at, line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("an internal event that says no", "unknown-value", |w, r| {
        set(r.pick(&w.internal_events)?, "internal_events", "false")
    }),
    ("an unknown operator", "unknown-value", |w, r| {
        let (file, mut lines, at) = rule(r.pick(&w.internal_metrics)?, r)?;
        let indent = key_indent(lines.line(at));
        lines.insert(at + 1, format!("{indent}operator: average"));
        Some(Case::new(&file.path, lines.text(), at + 2))
    }),
    ("a list where a text belongs", "wrong-type", |w, r| {
        let keys = ["description", "product_group", "introduced_by_url", "milestone"];
        set(r.pick(&w.all)?, r.pick(&keys)?, "[one, two]")
    }),
    ("a number where a text belongs", "wrong-type", |w, r| {
        set(r.pick(&w.all)?, r.pick(&["description", "product_group"])?, "42")
    }),
    ("a text where a list belongs", "wrong-type", |w, r| {
        set(r.pick(&w.all)?, r.pick(&["tiers", "product_categories"])?, "free")
    }),
    ("an empty text", "wrong-type", |w, r| {
        set(r.pick(&w.all)?, r.pick(&["description", "product_group", "tiers"])?, "")
    }),
    ("a milestone without quotes", "unquoted-milestone", |w, r| {
        let minor = r.below(12);
        set(r.pick(&w.all)?, "milestone", &format!("17.{minor}"))
    }),
    ("a milestone that is none", "invalid-format", |w, r| {
        set(r.pick(&w.all)?, "milestone", r.pick(&["'17'", "'17.x'", "'v17.3'", "seventeen"])?)
    }),
    ("an action with other characters", "invalid-format", |w, r| {
        let actions = ["Create-Thing", "create thing", "createThing", "'créer'"];
        set(r.pick(&w.events)?, "action", r.pick(&actions)?)
    }),
    ("an address that is none", "invalid-format", |w, r| {
        set(r.pick(&w.all)?, "introduced_by_url", r.pick(&["merge request 7", "'!7'", "'http:'"])?)
    }),
    ("a class that is none", "invalid-format", |w, r| {
        let file = r.pick(&w.legacy_metrics)?;
        file.text.contains("instrumentation_class:").then_some(())?;
        set(file, "instrumentation_class", "my metric")
    }),
    ("an event in two files", "duplicate-action", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let line = file.lines().key("action")? + 1;
        Some(copy(file, "config/events/zz_copy.yml", line))
    }),
    ("a metric in two files", "duplicate-key-path", |w, r| {
        let file = r.pick(&w.metrics)?;
        let line = file.lines().key("key_path")? + 1;
        Some(copy(file, "config/metrics/settings/zz_copy.yml", line))
    }),
    ("a rule on a misspelt event", "unknown-event", |w, r| {
        let (file, mut lines, at) = rule(r.pick(&w.active_metrics)?, r)?;
        let line = format!("{}q", lines.line(at));
        lines.replace(at, line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a rule on an event that is gone", "unknown-event", |w, r| {
        let (metric, event, at) = counted(w, r)?;
        Some(Case::elsewhere((&event.path, None), &metric.path, at + 1))
    }),
    ("a rule on an event that was renamed", "unknown-event", |w, r| {
        let (metric, event, at) = counted(w, r)?;
        let mut lines = event.lines();
        lines.set("action", "something_nobody_counts")?;
        Some(Case::elsewhere((&event.path, Some(lines.text())), &metric.path, at + 1))
    }),
    ("a rule on an event that is no longer internal", "unknown-event", |w, r| {
        let (metric, event, at) = counted(w, r)?;
        let mut lines = event.lines();
        lines.remove("internal_events")?;
        Some(Case::elsewhere((&event.path, Some(lines.text())), &metric.path, at + 1))
    }),
    ("a filter on a misspelt property", "undeclared-filter-property", |w, r| {
        let file = r.pick(&w.active_metrics)?;
        let mut lines = file.lines();
        let (at, key) = r.pick(&lines.filter_pairs())?.clone();
        let line = lines.line(at).replacen(&key, &format!("{key}_x"), 1);
        lines.replace(at, line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a filter on a property that is no longer declared", "undeclared-filter-property", |w, r| {
        let (metric, event, at) = counted(w, r)?;
        let pairs = metric.lines().filter_pairs();
        let (pair, _) = pairs.into_iter().find(|it| it.0 > at)?;
        (metric.lines().with("- name:").len() == 1).then_some(())?;
        let mut lines = event.lines();
        lines.remove("additional_properties")?;
        Some(Case::elsewhere((&event.path, Some(lines.text())), &metric.path, pair + 1))
    }),
    ("unique on a property nobody declares", "undeclared-unique-property", |w, r| {
        let file = r.pick(&w.active_unique_metrics)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.with(" unique:"))?;
        let line = lines.line(at).split_once("unique:")?.0.to_owned();
        lines.replace(at, format!("{line}unique: no_such_property"));
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("unique on an identifier the event does not list", "undeclared-identifier", |w, r| {
        let (metric, event, _) = counted(w, r)?;
        let metric_lines = metric.lines();
        (metric_lines.with("- name:").len() == 1).then_some(())?;
        let at = *metric_lines
            .with(".id")
            .iter()
            .find(|it| metric_lines.line(**it).contains("unique:"))?;
        let mut lines = event.lines();
        lines.remove("identifiers")?;
        Some(Case::elsewhere((&event.path, Some(lines.text())), &metric.path, at + 1))
    }),
    ("a total among unique rules", "mixed-kinds", |w, r| {
        let file = r.pick(&w.unique_metrics)?;
        let (file, mut lines, at) = rule(file, r)?;
        (lines.key("events")? > lines.key("tiers").unwrap_or(0)).then_some(())?;
        let line = lines.line(at).to_owned();
        if lines.below("events").last() != Some(&(lines.len() - 1)) {
            return None;
        }
        let at = lines.push(line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a unique count over all time", "all-time-unique", |w, r| {
        set(r.pick(&w.unique_metrics)?, "time_frame", r.pick(&["all", "none", "[7d, all]"])?)
    }),
    ("a unique filter whose value is no key", "unusable-key", |w, r| {
        let values = ["a/b", "'a b'", "1.5", "'{x}'", "a@b", "é"];
        let value = r.pick(&values)?;
        filter_value(r.pick(&w.unique_metrics)?, r, value)
    }),
    ("a filter that compares with nothing", "filter-value-type", |w, r| {
        let value = r.pick(&["", "true", "[a, b]", "{a: b}", "~"])?;
        filter_value(r.pick(&w.internal_metrics)?, r, value)
    }),
    ("text that is no YAML", "yaml-syntax", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = lines.push("broken: key: value");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a list that is not closed", "yaml-syntax", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = lines.push("- : ]");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a tab as indentation", "yaml-syntax", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        lines.push("extra:");
        let at = lines.push("\tkey: value");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a key twice", "duplicate-key", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let key = r.pick(&lines.keys())?.clone();
        let at = lines.push(format!("{key}: again"));
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a second document", "several-documents", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = lines.push("---");
        lines.push("more: yes");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a byte that is no UTF-8", "invalid-utf8", |w, r| {
        let file = r.pick(&w.all)?;
        let line = 1 + r.below(file.lines().len());
        let mut bytes = Vec::new();
        for (idx, it) in file.text.lines().enumerate() {
            bytes.extend(it.as_bytes());
            if idx + 1 == line {
                bytes.push(0xFF);
            }
            bytes.push(b'\n');
        }
        Some(Case::new(&file.path, bytes, line))
    }),
    ("a byte-order mark", "byte-order-mark", |w, r| {
        let file = r.pick(&w.all)?;
        Some(Case::new(&file.path, format!("\u{feff}{}", file.text), 1))
    }),
    ("an empty file", "not-a-mapping", |w, r| {
        let text = *r.pick(&["", "---\n", "# nothing\n", "- a\n", "text\n"])?;
        Some(Case::new(&r.pick(&w.all)?.path, text, 1))
    }),
    ("properties without a value", "null-properties", |w, r| {
        set(r.pick(&w.events)?, "additional_properties", r.pick(&["", "~", "null"])?)
    }),
    ("an internal event with a category", "category-on-internal-event", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        let at = lines.first_key();
        lines.insert(at, "category: default");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("an event that nothing tracks", "untracked-event", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        lines.remove("internal_events")?;
        let line = lines.first_key() + 1;
        Some(Case::new(&file.path, lines.text(), line))
    }),
    ("a class on an internal-events metric", "forbidden-field", |w, r| {
        let file = r.pick(&w.internal_metrics)?;
        let mut lines = file.lines();
        let at = lines.first_key();
        lines.insert(at, "instrumentation_class: CountThingsMetric");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a broken metric without an issue", "missing-repair-url", |w, r| {
        set(r.pick(&w.active_metrics)?, "status", "broken")
    }),
    ("a removed metric that does not say when", "missing-removal-fields", |w, r| {
        set(r.pick(&w.active_metrics)?, "status", "removed")
    }),
    ("a removal field that is gone", "missing-removal-fields", |w, r| {
        let file = r.pick(&w.removed)?;
        let mut lines = file.lines();
        lines.remove(r.pick(&["milestone_removed", "removed_by_url"])?)?;
        let line = lines.key("status")? + 1;
        Some(Case::new(&file.path, lines.text(), line))
    }),
    ("an active event that says when it was removed", "unexpected-removal-fields", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        if lines.key("status").is_none() {
            lines.push("status: active");
        }
        let at = lines.push("milestone_removed: '18.0'");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a removed event outside its folder", "removed-folder", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        lines.remove("status");
        lines.push("removed_by_url: https://example.com/1");
        lines.push("milestone_removed: '18.0'");
        let at = lines.push("status: removed");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a tier twice", "repeated-item", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = *r.pick(&lines.below("tiers"))?;
        let line = lines.line(at).to_owned();
        line.trim_start().starts_with("- ").then_some(())?;
        lines.insert(at + 1, line);
        Some(Case::new(&file.path, lines.text(), at + 2))
    }),
    ("a rule twice", "repeated-rule", |w, r| {
        let file = r.pick(&w.internal_metrics)?;
        let (file, mut lines, at) = rule(file, r)?;
        let is_bare = lines.below("events") == [at] && at == lines.len() - 1;
        is_bare.then_some(())?;
        let line = lines.line(at).to_owned();
        lines.push(line);
        Some(Case::new(&file.path, lines.text(), at + 2))
    }),
    ("an operator without what it needs", "operator-misuse", |w, r| {
        let (file, mut lines, at) = rule(r.pick(&w.active_unique_metrics)?, r)?;
        let unique = at + 1;
        lines.line(unique).contains(".id").then_some(())?;
        let indent = key_indent(lines.line(at));
        lines.insert(unique + 1, format!("{indent}operator: total"));
        Some(Case::new(&file.path, lines.text(), unique + 2))
    }),
    ("no rule at all", "no-selection-rules", |w, r| {
        set(r.pick(&w.internal_metrics)?, "events", "[]")
    }),
    ("options nobody reads", "ignored-options", |w, r| {
        let file = r.pick(&w.internal_metrics)?;
        let mut lines = file.lines();
        let at = lines.first_key();
        lines.insert(at, "options: {events: [a]}");
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("options that cannot work", "legacy-options", |w, r| {
        let file = r.pick(&w.legacy_metrics)?;
        file.text.contains("RedisHLLMetric").then_some(())?;
        set(file, "options", r.pick(&["{event: a}", "{events: a}", "{}", "{events: [a], x: 1}"])?)
    }),
    ("an object without a schema", "missing-value-schema", |w, r| {
        set(r.pick(&w.active_metrics)?, "value_type", "object")
    }),
    ("a file with another name", "file-name", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let line = file.lines().key("action")? + 1;
        let mut case = copy(file, "config/events/another_name.yml", line);
        case.changes.push((file.path.clone(), None));
        Some(case)
    }),
    ("a metric where GitLab does not look", "misplaced-file", |w, r| {
        let file = r.pick(&w.metrics)?;
        let line = file.lines().first_key() + 1;
        let folder = r.pick(&["analytics", "general", "groups"])?;
        let mut case = copy(file, &format!("config/metrics/{folder}/it.yml"), line);
        case.changes.push((file.path.clone(), None));
        Some(case)
    }),
    ("a definition in the wrong tree", "wrong-tree", |w, r| {
        let file = r.pick(&w.all)?;
        file.text.contains("- free").then_some(())?;
        (!file.text.contains("#- free")).then_some(())?;
        let line = file.lines().key("tiers")? + 1;
        let mut case = copy(file, &format!("ee/{}", file.path), line);
        (!file.path.contains("/removed/")).then_some(())?;
        case.changes.push((file.path.clone(), None));
        Some(case)
    }),
    ("a field of earlier years", "outdated-field", |w, r| {
        let file = r.pick(&w.all)?;
        let mut lines = file.lines();
        let at = lines.push(format!(
            "{}: x",
            r.pick(&["product_section", "product_stage", "product_category"])?
        ));
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a word Ruby reads otherwise", "ambiguous-scalar", |w, r| {
        set(
            r.pick(&w.all)?,
            "description",
            r.pick(&["no", "Yes", "off", "1_000", "012", "1:30", "2024-01-31"])?,
        )
    }),
    ("a tag", "unsupported-yaml", |w, r| {
        set(r.pick(&w.all)?, "description", "!ruby/object:Object text")
    }),
    ("a reserved property", "reserved-property", |w, r| {
        let file = r.pick(&w.internal_events)?;
        let mut lines = file.lines();
        let at = lines.key("additional_properties")?;
        lines.insert(at + 1, "    description: who");
        lines.insert(at + 1, "  user:");
        Some(Case::new(&file.path, lines.text(), at + 2))
    }),
    ("a placeholder", "placeholder", |w, r| {
        set(
            r.pick(&w.all)?,
            r.pick(&["introduced_by_url", "description", "product_group"])?,
            "TODO",
        )
    }),
    ("a short description", "short-description", |w, r| {
        set(r.pick(&w.metrics)?, "description", r.pick(&["Clicks", "Number of things"])?)
    }),
    ("an unknown milestone", "default-milestone", |w, r| {
        set(r.pick(&w.metrics)?, "milestone", "'0.0'")
    }),
    ("an override table of another shape", "unreadable-table", |w, r| {
        let file = r.pick(&w.tables)?;
        let text = *r.pick(&["text\n", "5\n", "'a b'\n", "true\n"])?;
        Some(Case::new(&file.path, text, 1))
    }),
    ("two users of one legacy name", "override-collision", |w, r| {
        let file = w.tables.iter().find(|it| it.path.contains("hll_redis_key"))?;
        let lines = file.lines();
        let from = r.below(lines.len());
        let at = (from..lines.len()).find(|it| lines.line(*it).contains("-user': "))?;
        let mut lines = lines;
        let (_, name) = lines.line(at).split_once("-user': ")?;
        let line = format!("'somewhere_else-project': {name}");
        let at = lines.push(line);
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
    ("a migrated event still listed as legacy", "migrated-legacy-event", |w, r| {
        let metric = r.pick(&w.active_unique_metrics)?;
        let (_, lines, at) = rule(metric, r)?;
        let name = lines.line(at).split_once("name: ")?.1.to_owned();
        let file = w.tables.iter().find(|it| it.path.contains("legacy_events"))?;
        let mut lines = file.lines();
        let at = lines.push(format!("- {name}"));
        Some(Case::new(&file.path, lines.text(), at + 1))
    }),
];

/// A file of the corpus.
#[derive(Clone, Debug)]
pub(crate) struct File {
    path: String,
    text: String,
}

impl File {
    fn new(source: &Source) -> Self {
        Self { path: source.path.clone(), text: String::from_utf8(source.bytes.clone()).unwrap() }
    }

    fn lines(&self) -> Lines {
        Lines::new(&self.text)
    }

    fn says(&self, line: &str) -> bool {
        self.text.lines().any(|it| it == line)
    }
}

/// The corpus, sorted by what can be broken.
#[derive(Debug)]
pub(crate) struct World {
    all: Vec<File>,
    events: Vec<File>,
    internal_events: Vec<File>,
    removed: Vec<File>,
    metrics: Vec<File>,
    internal_metrics: Vec<File>,
    active_metrics: Vec<File>,
    unique_metrics: Vec<File>,
    active_unique_metrics: Vec<File>,
    legacy_metrics: Vec<File>,
    tables: Vec<File>,
}

impl World {
    pub(crate) fn new(sources: &Sources) -> Self {
        let files = |it: &[Source]| it.iter().map(File::new).collect::<Vec<_>>();
        let only = |it: &[File], keep: &dyn Fn(&File) -> bool| {
            it.iter().filter(|it| keep(it)).cloned().collect::<Vec<_>>()
        };
        let every_event = files(&sources.events);
        let events = only(&every_event, &|it| !it.path.contains("/removed/"));
        let metrics = only(&files(&sources.metrics), &|it| !it.path.contains("/aggregates/"));
        let internal_metrics = only(&metrics, &|it| it.says("data_source: internal_events"));
        let active_metrics = only(&internal_metrics, &|it| it.says("status: active"));
        let is_unique = |it: &File| it.text.contains(" unique:");
        let removed =
            only(&[every_event, metrics.clone()].concat(), &|it| it.says("status: removed"));
        let tables = [&sources.unique_overrides, &sources.total_overrides, &sources.legacy_events];
        Self {
            all: [events.clone(), metrics.clone()].concat(),
            internal_events: only(&events, &|it| it.says("internal_events: true")),
            removed,
            unique_metrics: only(&internal_metrics, &is_unique),
            active_unique_metrics: only(&active_metrics, &is_unique),
            legacy_metrics: only(&metrics, &|it| it.text.contains("instrumentation_class:")),
            tables: tables.into_iter().flatten().map(File::new).collect(),
            events,
            metrics,
            internal_metrics,
            active_metrics,
        }
    }
}

fn without_key(file: &File, key: &str) -> Option<Case> {
    let mut lines = file.lines();
    lines.remove(key)?;
    let line = lines.first_key() + 1;
    Some(Case::new(&file.path, lines.text(), line))
}

fn set(file: &File, key: &str, value: &str) -> Option<Case> {
    let mut lines = file.lines();
    let at = lines.set(key, value)?;
    Some(Case::new(&file.path, lines.text(), at + 1))
}

fn copy(file: &File, path: &str, line: usize) -> Case {
    Case::new(path, file.text.clone(), line)
}

/// The line of one of a metric's rules that names its event.
fn rule<'f>(file: &'f File, random: &mut Random) -> Option<(&'f File, Lines, usize)> {
    let lines = file.lines();
    let at = *random.pick(&lines.with("- name:"))?;
    Some((file, lines, at))
}

/// What a key beside `name` is indented with.
fn key_indent(name_line: &str) -> String {
    " ".repeat(name_line.find("name:").unwrap_or(2))
}

/// A metric that is reported, the event one of its rules counts, and that rule's line.
fn counted<'w>(world: &'w World, random: &mut Random) -> Option<(&'w File, &'w File, usize)> {
    let (metric, lines, at) = rule(random.pick(&world.active_metrics)?, random)?;
    let name = lines.line(at).split_once("name: ")?.1;
    let event = world.internal_events.iter().find(|it| it.says(&format!("action: {name}")))?;
    Some((metric, event, at))
}

fn filter_value(file: &File, random: &mut Random, value: &str) -> Option<Case> {
    let mut lines = file.lines();
    let (at, key) = random.pick(&lines.filter_pairs())?.clone();
    let indent = lines.line(at).split_once(&key)?.0.to_owned();
    lines.replace(at, format!("{indent}{key}: {value}"));
    Some(Case::new(&file.path, lines.text(), at + 1))
}
