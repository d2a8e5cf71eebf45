//! Where rules begin and end: what the pages of `docs/rules` do not show.

use crate::fixture::check;

#[test]
fn legacy_events_may_share_an_action_and_have_any_file_name() {
    check(
        "\
# config/events/1647273493_default_click_button.yml
action: click_button
category: default
description: A person clicked the button inside of the dialog for tokens
product_group: editor
milestone:
introduced_by_url:
tiers:
- free
identifiers:
extra_properties:
# config/events/20211215022206_other_click_button.yml
action: click_button
category: other
description: A person clicked the button inside of the dialog for tokens
product_group: editor
milestone: \"<13.9\"
introduced_by_url: https://example.com/1
tiers: [free]
",
    );
}

#[test]
fn an_internal_event_does_not_share_its_action_with_a_legacy_one() {
    check(
        "\
# config/events/a_click_button.yml
action: click_button
category: default
description: A person clicked the button inside of the dialog for tokens
product_group: editor
milestone: '13.9'
introduced_by_url: https://example.com/1
tiers: [free]
# config/events/click_button.yml
action: click_button
#       ^^^^^^^^^^^^ error[duplicate-action]
# …
",
    );
}

#[test]
fn removed_metrics_may_be_careless() {
    check(
        "\
# config/metrics/counts_7d/old.yml
status: removed
milestone_removed: \"<16.4\"
removed_by_url:
time_frame: 7d
data_source: redis_hll
# …
# config/metrics/counts_7d/older.yml
status: removed
milestone_removed: '14.3'
removed_by_url:
repair_issue_url: https://example.com/2
events:
- name: an_event_that_is_gone
  unique: nothing_declared
  filter:
    label: x
# …
# config/metrics/counts_all/oldest.yml
status: removed
milestone_removed: '14.3'
removed_by_url:
time_frame: all
data_source: redis
# …
",
    );
}

#[test]
fn a_metric_of_an_older_source_may_count_events_without_definition() {
    check(
        "\
# config/metrics/counts_28d/timeline.yml
data_source: redis_hll
instrumentation_class: RedisHLLMetric
events:
- name: timeline_event_created
  unique: user.id
- name: timeline_event_edited
  unique: user.id
# …
",
    );
}

#[test]
fn every_item_of_a_rule_is_checked() {
    check(
        "\
# config/events/edit_document.yml
# …
# config/metrics/counts_28d/edits.yml
events:
- edit_document
# ^^^^^^^^^^^^^ error[wrong-type]
- name: 5
#       ^ error[wrong-type]
- name: edit_document
  unique: [user.id]
#         ^^^^^^^^^ error[wrong-type]
- name: edit_document
  filter: label
#         ^^^^^ error[wrong-type]
- name: edit_document
  filters: {}
# ^^^^^^^ error[unknown-field]
# …
",
    );
}

#[test]
fn filters_of_totals_may_hold_any_text() {
    check(
        "\
# config/events/edit_document.yml
additional_properties:
  label:
    description: The format of the document
  depth:
    description: How deep the document lies in the tree
# …
# config/metrics/counts_all/edits.yml
time_frame: [7d, all]
events:
- name: edit_document
  filter:
    label: text/markdown; charset=utf-8
    depth: 1.5
# …
",
    );
}

#[test]
fn fields_of_earlier_years_take_the_place_of_todays() {
    check(
        "\
# config/events/edit_document.yml
# …
# config/metrics/counts_28d/edits.yml
key_path: counts.edits
description: Monthly count of people who finished editing a document
product_section: dev
#^^^^^^^^^^^^^^ warning[outdated-field]
product_stage: create
#^^^^^^^^^^^^ warning[outdated-field]
product_group: group::editor
product_category: wiki
#^^^^^^^^^^^^^^^ warning[outdated-field]
value_type: number
status: active
milestone: '13.9'
introduced_by_url: https://example.com/1
time_frame: 28d
data_source: internal_events
data_category: optional
distribution: [ce, ee]
#^^^^^^^^^^^ warning[outdated-field]
tier: [free]
#^^^ warning[outdated-field]
events:
- name: edit_document
",
    );
}

#[test]
fn extra_trackers_and_classification_are_known() {
    check(
        "\
# ee/config/events/ask_duo.yml
tiers: [ultimate]
classification: duo
additional_properties:
  label:
    description: The kind of the question
extra_trackers:
- tracking_class: Gitlab::Tracking::AiTracking
  protected_properties:
    question:
      description: The text of the question
- tracking_class: Other
  protected_properties:
- class: Other
# ^^^^^ error[missing-field]
# ^^^^^ error[unknown-field]
# …
",
    );
}

#[test]
fn protected_properties_cannot_be_counted() {
    check(
        "\
# config/events/ask_duo.yml
extra_trackers:
- tracking_class: Tracking
  protected_properties:
    question:
      description: The text of the question
# …
# config/metrics/counts_28d/questions.yml
events:
- name: ask_duo
  unique: question
#         ^^^^^^^^ error[undeclared-unique-property]
# …
",
    );
}

#[test]
fn a_mixture_of_operators_is_one_of_kinds() {
    check(
        "\
# config/events/edit_document.yml
additional_properties:
  value:
    description: How many lines were changed
  format:
    description: The format of the document
# …
# config/metrics/counts_28d/edits.yml
events:
- name: edit_document
  operator: sum(value)
- name: edit_document
# ^^^^ error[mixed-kinds]
  unique: format
  operator: total
# …
",
    );
}

#[test]
fn several_paths_may_share_a_legacy_name_of_one_identifier() {
    check(
        "\
# config/events/push_package.yml
identifiers: [user]
additional_properties:
  label:
    description: The format of the package
# …
# config/metrics/counts_28d/pushes.yml
events:
- name: push_package
  unique: user.id
  filter: {label: npm}
- name: push_package
  unique: user.id
  filter: {label: maven}
# …
# lib/gitlab/usage_data_counters/hll_redis_key_overrides.yml
'push_package-filter:[label:npm]-user': i_package_push
'push_package-filter:[label:maven]-user': i_package_push
# lib/gitlab/usage_data_counters/total_counter_redis_key_overrides.yml
'{event_counters}_push_package': USAGE_PUSH
",
    );
}

#[test]
fn weekly_totals_are_never_overridden() {
    check(
        "\
# config/events/push_package.yml
# …
# lib/gitlab/usage_data_counters/total_counter_redis_key_overrides.yml
'{event_counters}_push_package-2026-47': USAGE_PUSH
#^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning[dead-override]
",
    );
}

#[test]
fn a_time_frame_of_none_is_no_item_of_a_list() {
    check(
        "\
# config/events/edit_document.yml
# …
# config/metrics/counts_28d/edits.yml
time_frame: [7d, none]
#                ^^^^ error[unknown-value]
events:
- name: edit_document
# …
",
    );
}

#[test]
fn lists_of_names_have_several_shapes() {
    for list in [
        "[\"editor\"]",
        "{\"enum\": [\"editor\"]}",
        "{\"properties\": {\"product_group\": {\"enum\": [\"editor\"]}}}",
        "- editor",
        "---\neditor:\n  section: dev",
    ] {
        check(&format!(
            "# config/metrics/schema/product_groups.json\n{list}\n\
             # config/events/edit_document.yml\nproduct_group: editors\n\
             #              ^^^^^^^ error[unknown-group]\n# …\n"
        ));
    }
}
