//! The keys of real definitions are those GitLab's own code reads and writes.

use crate::{corpus, files, open};
use internal_events::{MetricValue, evaluate};
use internal_events_catalog::{
    Catalog, CounterKind, DataSource, Definitions, Difference, Entry, Event, Id, Scalar, Table,
    Week, Window,
};
use internal_events_installation::Installation;
use jiff::civil::date;
use std::collections::BTreeMap;
use std::path::Path;

/// The real definitions with the tables of their version; the tables are outside that root.
fn real(corpus: &Path) -> Installation {
    let tables = corpus.join("key-overrides-19.3");
    let env = |name: &str| {
        (name == "INTERNAL_EVENTS_LEGACY_OVERRIDES")
            .then(|| std::fs::canonicalize(&tables).expect("it exists").display().to_string())
    };
    Installation::open(corpus.join("gitlab-definitions"), env).expect("it is readable")
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a table of the corpus");
    let rows: Vec<Vec<String>> =
        text.lines().skip(1).map(|it| it.split('\t').map(str::to_owned).collect()).collect();
    assert!(!rows.is_empty(), "a table without rows would prove nothing");
    rows
}

#[test]
fn metrics_read_the_keys_that_gitlab_reads() {
    let Some(corpus) = corpus() else { return };
    let catalog = real(&corpus).catalog();
    let window = Window { today: date(2026, 11, 22), include_current_week: false };
    let expected = rows(&corpus.join("key-examples.tsv"));
    for row in &expected {
        let [key_path, time_frame, kind, keys] = &row[..] else { panic!("four columns: {row:?}") };
        let metric = catalog.metric(key_path).unwrap_or_else(|| panic!("no metric {key_path}"));
        let reading = catalog.reading(metric, window).expect("it is readable");
        assert_eq!(metric.definition.time_frame.as_str(), time_frame, "{key_path}");
        assert_eq!(reading.kind.as_str(), kind, "{key_path}");
        assert_eq!(reading.keys().join(" "), *keys, "{key_path}");
    }
    let internal = catalog.metrics().iter();
    let internal = internal.filter(|it| it.definition.data_source == DataSource::InternalEvents);
    let readable = internal.filter(|it| catalog.reading(it, window).is_ok());
    assert_eq!(readable.count(), expected.len(), "no metric more and none less");
}

/// What becomes of each real metric that is older than internal events, by the beginning of its
/// key path: the weeks' keys it reads, or why it has no value.
const OLDER: &[(&str, Result<&str, &str>)] = &[
    ("counts.groups_inheriting_webex_teams_active", Err("application's database")),
    ("counts.instances_gitlab_slack_application_active", Err("application's database")),
    ("counts.instances_packagist_active", Err("application's database")),
    ("counts.instances_redmine_active", Err("application's database")),
    ("counts.package_events_i_package_container_push_package", Err("has neither `events`")),
    ("counts.package_events_i_package_tag_delete_package", Err("has neither `events`")),
    ("counts.static_site_editor_merge_requests", Err("has neither `events`")),
    ("counts.templates_mattermost_active", Err("application's database")),
    (
        "counts_monthly.aggregated_metrics.compliance_features_track_unique_visits_union",
        Ok("g_compliance_audit_events g_compliance_dashboard i_compliance_audit_events \
         a_compliance_audit_events_api i_compliance_credential_inventory"),
    ),
    (
        "counts_weekly.aggregated_metrics.xmau_plan",
        Ok("users_creating_work_items users_updating_work_item_title"),
    ),
    (
        "counts_monthly.aggregated_metrics.product_analytics_test_metrics_intersection",
        Err("has neither `events`"),
    ),
    ("database.flavor", Err("application's own state")),
    ("database.mode", Err("application's own state")),
    ("gitaly.version", Err("application's own state")),
    ("installation_creation_date", Err("application's database")),
    ("instance_feature_flags", Err("application's own state")),
    ("object_store.lfs.object_store.background_upload", Err("application's own state")),
    (
        "redis_hll_counters.ci_templates.ci_templates_total_unique_counts_monthly",
        Err("no metric that is active or broken lists"),
    ),
    (
        "redis_hll_counters.ci_templates.p_ci_templates_auto_devops_deploy_latest_weekly",
        Err("no metric that is active or broken lists"),
    ),
    (
        "redis_hll_counters.importer.github_import_project_start_weekly",
        Ok("github_import_project_start"),
    ),
    (
        "redis_hll_counters.incident_management.timeline_event_total_unique_counts_monthly",
        Ok("incident_management_timeline_event_created incident_management_timeline_event_edited \
         incident_management_timeline_event_deleted"),
    ),
    (
        "redis_hll_counters.terraform.p_terraform_state_api_unique_users_monthly",
        Ok("p_terraform_state_api_unique_users"),
    ),
    (
        "redis_hll_counters.testing.testing_total_unique_counts_monthly",
        Ok("i_testing_group_code_coverage_visit_total i_testing_full_code_quality_report_total"),
    ),
    ("topology", Err("a monitoring system")),
    ("usage_activity_by_stage.manage.events", Err("application's database")),
    ("usage_activity_by_stage_monthly.create.merge_requests_users", Err("has neither `events`")),
];

#[test]
fn every_older_metric_reads_gitlabs_keys_or_says_why_not() {
    let Some(corpus) = corpus() else { return };
    let catalog = real(&corpus).catalog();
    let window = Window { today: date(2026, 11, 22), include_current_week: false };
    let report = evaluate(&catalog, None, &[], window).expect("there is nothing to read");
    let older = report.metrics.iter();
    let older: Vec<_> =
        older.filter(|it| it.data_source != Some(DataSource::InternalEvents)).collect();
    for (key_path, expected) in OLDER {
        let metric = older.iter().find(|it| it.key_path == *key_path);
        let metric = metric.unwrap_or_else(|| panic!("no metric {key_path}"));
        match (expected, &metric.value) {
            (Ok(names), Ok(value)) => {
                assert_eq!(*value, 0, "{key_path}");
                let key = |name: &str| {
                    let weeks = metric.weeks.iter();
                    weeks.map(|it| format!("{{hll_counters}}_{name}-{it}")).collect::<Vec<_>>()
                };
                let keys: Vec<String> = names.split_whitespace().flat_map(key).collect();
                assert_eq!(metric.keys, keys, "{key_path}");
            }
            (Err(part), Err(reason)) => assert!(reason.contains(part), "{key_path}: {reason}"),
            _ => panic!("{key_path}: {:?} instead of {expected:?}", metric.value),
        }
    }
    let listed = |it: &&&MetricValue| OLDER.iter().any(|(path, _)| *path == it.key_path);
    // All others are aggregates of sets, which have a value.
    let unlisted: Vec<_> = older.iter().filter(|it| !listed(it)).collect();
    assert_eq!((older.len(), unlisted.len()), (OLDER.len() + 12, 12));
    for it in unlisted {
        assert!(it.key_path.contains(".aggregated_metrics."), "{}", it.key_path);
        assert_eq!(it.value, Ok(0.into()), "{}", it.key_path);
    }
}

#[test]
fn events_write_the_keys_that_gitlab_writes() {
    let Some(corpus) = corpus() else { return };
    let catalog = real(&corpus).catalog();
    let mut calls: BTreeMap<[String; 3], Vec<(String, String)>> = BTreeMap::new();
    for row in rows(&corpus.join("key-writes.tsv")) {
        let [event, properties, identifiers, kind, key] = &row[..] else { panic!("{row:?}") };
        let call = [event.clone(), properties.clone(), identifiers.clone()];
        calls.entry(call).or_default().push((kind.clone(), key.clone()));
    }
    assert!(calls.len() > 100, "the table has more than a hundred calls");
    for ([name, properties, identifiers], mut expected) in calls {
        let event = event(&name, &properties, &identifiers);
        let mut written = written(&catalog, &event);
        written.sort();
        expected.sort();
        assert_eq!(written, expected, "{name} {properties} {identifiers}");
    }
}

fn event(name: &str, properties: &str, identifiers: &str) -> Event {
    let given = |it: &str| identifiers.split(',').any(|given| given == it).then_some(Id::Number(7));
    let properties: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(properties).expect("an object");
    let scalar = |it: serde_json::Value| match it.as_i64() {
        Some(number) => Scalar::Int(number),
        None => Scalar::from(it.as_str().expect("a string or an integer")),
    };
    Event {
        user: given("user"),
        project: given("project"),
        namespace: given("namespace"),
        properties: properties.into_iter().map(|(name, it)| (name, scalar(it))).collect(),
        ..Event::new(name)
    }
}

/// The kind and key of every counter an event moves on 2026-11-22.
fn written(catalog: &Catalog, event: &Event) -> Vec<(String, String)> {
    let idx = catalog.find_event(&event.name).expect("the event is defined");
    let routed = catalog.route(idx, event);
    let week = Week::of(date(2026, 11, 22));
    let written = routed.updates.iter().map(|it| {
        let kind = match catalog.counter(it.counter).kind {
            CounterKind::Total => "total",
            CounterKind::Unique => "unique",
            CounterKind::Sum => "sum",
            CounterKind::PerValue => "unique_total",
        };
        (kind.to_owned(), catalog.key(it.counter, week))
    });
    written.collect()
}

/// For each path or key an override table names, a definition that leads to it reads and writes
/// the legacy name.
#[test]
fn every_entry_of_the_real_tables_takes_effect() {
    let Some(corpus) = corpus() else { return };
    let table = |name: &str| {
        let path = corpus.join("key-overrides-19.3").join(name);
        std::fs::read_to_string(path).expect("a table of the corpus")
    };
    let installation = real(&corpus);
    let catalog = installation.catalog();
    let overrides = catalog.overrides();
    assert_eq!((overrides.unique.len(), overrides.total.len()), (397, 138));
    assert_eq!(overrides.legacy_events.len(), 368);
    let mut metrics: Vec<(String, String)> = Vec::new();
    for (path, legacy) in &overrides.unique {
        metrics.push((path.clone(), format!("{{hll_counters}}_{legacy}-2026-46")));
    }
    for (key, legacy) in &overrides.total {
        let path = key.strip_prefix("{event_counters}_").expect("only totals are overridden");
        metrics.push((path.to_owned(), legacy.clone()));
    }
    let mut root: Vec<(String, String)> = metrics
        .iter()
        .enumerate()
        .map(|(n, (path, _))| (format!("config/metrics/counts_7d/m{n}.yml"), leading_to(n, path)))
        .collect();
    for name in ["hll_redis_key_overrides.yml", "total_counter_redis_key_overrides.yml"] {
        root.push((format!("lib/gitlab/usage_data_counters/{name}"), table(name)));
    }
    let root: Vec<(&str, &str)> =
        root.iter().map(|(it, text)| (it.as_str(), text.as_str())).collect();
    let root = files(&root);
    let catalog = open(root.path()).catalog();
    let window = Window { today: date(2026, 11, 22), include_current_week: false };
    for (n, (path, expected)) in metrics.iter().enumerate() {
        let metric = catalog.metric(&format!("m{n}")).expect("the metric is read");
        let reading = catalog.reading(metric, window).expect("it is readable");
        assert_eq!(reading.keys(), [expected], "{path}");
    }
}

/// For each entry of the real tables, a metric that was written for the legacy name goes on under
/// the new one because of that entry, and without it that very entry is asked for.
#[test]
fn every_migration_of_the_real_tables_goes_on_and_would_not_without_its_entry() {
    let Some(corpus) = corpus() else { return };
    let installation = real(&corpus);
    let overrides = installation.catalog().overrides().clone();
    let mut migrations: Vec<(String, String, Entry)> = Vec::new();
    for (path, legacy) in &overrides.unique {
        let before = format!(
            "---\ntime_frame: 7d\ndata_source: redis_hll\nstatus: active\n\
             instrumentation_class: RedisHLLMetric\noptions:\n  events: ['{legacy}']\n"
        );
        let (name, legacy) = (path.clone(), legacy.clone());
        migrations.push((before, path.clone(), Entry { table: Table::Unique, name, legacy }));
    }
    for (key, legacy) in &overrides.total {
        let before = format!(
            "---\ntime_frame: all\ndata_source: redis\nstatus: active\n\
             instrumentation_class: RedisMetric\noptions:\n  prefix: null\n  event: '{}'\n  \
             include_usage_prefix: false\n",
            legacy.to_lowercase()
        );
        let path = key.strip_prefix("{event_counters}_").expect("only totals are overridden");
        let (name, legacy) = (key.clone(), legacy.clone());
        migrations.push((before, path.to_owned(), Entry { table: Table::Total, name, legacy }));
    }
    assert_eq!(migrations.len(), 397 + 138);
    let numbered = |text: &dyn Fn(usize) -> String| {
        let file = |n| (format!("config/metrics/counts_7d/m{n}.yml"), text(n));
        let all: Vec<(String, String)> = (0..migrations.len()).map(file).collect();
        let all: Vec<(&str, &str)> = all.iter().map(|(it, text)| (&**it, &**text)).collect();
        let root = files(&all);
        open(root.path()).definitions()
    };
    let before = Catalog::new(numbered(&|n| format!("{}key_path: m{n}\n", migrations[n].0)));
    let definitions = numbered(&|n| leading_to(n, &migrations[n].1));
    let after = Catalog::new(Definitions { overrides: overrides.clone(), ..definitions.clone() });
    for (n, (_, path, entry)) in migrations.iter().enumerate() {
        let key_path = format!("m{n}");
        assert_eq!(after.differences_from(&before, &key_path), [], "{path}");
        let mut without = overrides.clone();
        // A name that several entries share would be continued by another of them.
        without.unique.retain(|_, legacy| *legacy != entry.legacy);
        without.total.retain(|_, legacy| *legacy != entry.legacy);
        let metrics = definitions.metrics.iter().filter(|it| it.key_path == key_path);
        let cut = Catalog::new(Definitions {
            metrics: metrics.cloned().collect(),
            overrides: without,
            ..Definitions::default()
        });
        let differences = cut.differences_from(&before, &key_path);
        let remedies: Vec<_> = differences.iter().map(Difference::remedy).collect();
        assert_eq!(remedies, [Some(entry)], "{path}: {differences:?}");
    }
}

/// A metric whose only counter has this path.
fn leading_to(n: usize, path: &str) -> String {
    let unique = ["user", "project", "namespace", "label", "property", "value"]
        .into_iter()
        .find(|it| path.ends_with(&format!("-{it}")));
    let rest = unique.map_or(path, |it| &path[..path.len() - it.len() - 1]);
    let (name, filter) = match rest.split_once("-filter:[") {
        Some((name, filter)) => (name, filter.trim_end_matches(']')),
        None => (rest, ""),
    };
    let mut rule = format!("- name: {name}\n");
    if let Some(unique) = unique {
        rule.push_str(&format!("  unique: {unique}\n"));
    }
    if !filter.is_empty() {
        rule.push_str("  filter:\n");
        for pair in filter.split(',') {
            let (name, value) = pair.split_once(':').expect("a pair");
            rule.push_str(&format!("    {name}: '{value}'\n"));
        }
    }
    let time_frame = if unique.is_some() { "7d" } else { "all" };
    format!(
        "---\nkey_path: m{n}\ntime_frame: {time_frame}\ndata_source: internal_events\n\
         status: active\nevents:\n{rule}"
    )
}
