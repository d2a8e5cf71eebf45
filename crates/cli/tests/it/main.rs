//! Tests of the program itself: what is typed, what is printed, how it ends.

mod check;
mod counters;
mod damage;
mod doctor;
mod generate;
mod hostile_names;
mod migrate;
mod migrate_guides;
mod migrate_page;
mod migrating_counters;
mod monitor;
mod off;
mod operations;
mod outbox;
mod parity;
mod pseudonyms;
mod questions;
mod redis;
mod ruby;
mod ruby_rails;
mod serve;
mod shell;

use std::path::Path;
use std::process::{Command, Stdio};

/// What a run of the program gave.
struct Run {
    out: String,
    err: String,
    code: Option<i32>,
}

/// Runs the program with a clean environment.
fn run(args: &[&str]) -> Run {
    run_with(args, &[])
}

fn run_with(args: &[&str], env: &[(&str, &str)]) -> Run {
    let output = program()
        .args(args)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    Run {
        out: String::from_utf8(output.stdout).expect("it prints UTF-8"),
        err: String::from_utf8(output.stderr).expect("it prints UTF-8"),
        code: output.status.code(),
    }
}

/// The program as the tests were built with it, or the one that was named.
fn program() -> Command {
    let named = std::env::var_os("INTERNAL_EVENTS_BIN");
    let path = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_internal-events").into());
    let mut command = Command::new(path);
    for name in [
        "ROOT",
        "DATA",
        "ENABLED",
        "STRICT",
        "LEGACY_OVERRIDES",
        "LOG",
        "LOG_FORMAT",
        "COLLECTOR_PATHS",
        "COLLECTOR_ORIGINS",
        "COLLECTOR_APP_IDS",
        "COLLECTOR_TRUSTED_PROXIES",
        "SNOWPLOW_COLLECTOR",
        "SNOWPLOW_APP_ID",
        "SNOWPLOW_FORWARD",
        "SNOWPLOW_TIMEOUT",
        "PRODUCT_USAGE_ENABLED",
        "IDENTITY_SALT",
        "BIN",
        "TOKEN",
    ] {
        command.env_remove(format!("INTERNAL_EVENTS_{name}"));
    }
    for name in ["PRODUCT_USAGE_DATA_ENABLED", "DISABLE_PRODUCT_USAGE_EVENT_LOGGING"] {
        command.env_remove(format!("GITLAB_{name}"));
    }
    command
}

/// An installation of one event, `create_order`, and two metrics, in a new directory.
fn shop() -> tempfile::TempDir {
    files(&[
        ("config/events/create_order.yml", EVENT),
        ("config/metrics/counts_all/count_total_create_order.yml", TOTAL),
        ("config/metrics/counts_7d/count_distinct_user_id_from_create_order.yml", USERS),
    ])
}

/// Writes files below a new directory.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a temporary directory");
    for (path, text) in files {
        write(root.path(), path, text);
    }
    root
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("a directory");
    std::fs::write(path, text).expect("a file");
}

const EVENT: &str = "---
description: A customer sends an order, whatever the way of payment is
internal_events: true
status: active
action: create_order
identifiers:
- project
- user
- namespace
additional_properties:
  label:
    description: The way of payment
product_group: checkout
milestone: '1.0'
introduced_by_url: https://example.com/orders/1
tiers:
- free
- premium
- ultimate
";

const TOTAL: &str = "---
key_path: counts.count_total_create_order
description: Total count of orders since the shop was opened for business
product_group: checkout
performance_indicator_type: []
value_type: number
status: active
milestone: '1.0'
introduced_by_url: https://example.com/orders/1
time_frame: all
data_source: internal_events
data_category: optional
tiers:
- free
- premium
- ultimate
events:
- name: create_order
";

const USERS: &str = "---
key_path: redis_hll_counters.count_distinct_user_id_from_create_order
description: Weekly count of unique users who sent at least one order to the shop
product_group: checkout
performance_indicator_type: []
value_type: number
status: active
milestone: '1.0'
introduced_by_url: https://example.com/orders/1
time_frame: 7d
data_source: internal_events
data_category: optional
tiers:
- free
- premium
- ultimate
events:
- name: create_order
  unique: user.id
";
