//! Shows the whole product on the example bookshop: checked, served, tracked, counted, read.

mod server;

use crate::project::Project;
use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};
use server::Server;
use std::path::Path;

/// One metric of each kind that the events below move.
const SHOWN: &[&str] = &[
    "counts.count_total_place_order",
    "redis_hll_counters.count_distinct_user_id_from_place_order_weekly",
    "redis_hll_counters.count_distinct_isbn_from_open_book_page_weekly",
    "counts.count_total_place_order_by_courier_weekly",
    "counts.sum_value_from_place_order",
    "counts.count_total_five_star_write_review",
    "counts.count_place_order_per_label_weekly",
];

/// Where the example is.
const ROOT: [&str; 2] = ["--root", "examples/bookshop"];

/// Runs the demonstration; leaves nothing behind but the release build.
pub(crate) fn run(project: &Project) -> Result<()> {
    project.build_program()?;
    let scratch = tempfile::tempdir().context("could not make a folder for the counters")?;
    let shop = Shop { project, data: scratch.path() };

    println!("\nThe bookshop's definitions are in examples/bookshop.");
    project.run(project.internal_events().arg("check").args(ROOT))?;

    let server = Server::start(project, &shop.folders()?)?;
    println!("\nThe server is ready on http://{}.", server.address());
    let before = shop.values()?;
    println!("\nA morning in the shop, over REST:");
    for event in events() {
        let answer = server.post("/api/v4/usage_data/track_event", &event.to_string())?;
        println!("  {} {event}", answer.status);
        ensure!(answer.status == 200, "the server refused the event: {}", answer.body);
    }
    let after = shop.values()?;
    server.stop()?;
    show(&before, &after)
}

/// The example, with a data directory for this run.
struct Shop<'a> {
    project: &'a Project,
    data: &'a Path,
}

impl Shop<'_> {
    fn folders(&self) -> Result<[&str; 4]> {
        let [flag, root] = ROOT;
        let data = self.data.to_str().context("the temporary folder's name is not UTF-8")?;
        Ok([flag, root, "--data", data])
    }

    /// Reads the shown metrics as a script would.
    fn values(&self) -> Result<Vec<Value>> {
        let mut command = self.project.internal_events();
        command.arg("metrics").args(self.folders()?);
        command.args(["--include-current-week", "--format", "json"]).args(SHOWN);
        let output = command.output().context("could not start `internal-events metrics`")?;
        if !output.status.success() {
            bail!("metrics failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let report: Value =
            serde_json::from_slice(&output.stdout).context("metrics printed no JSON")?;
        let metrics = report["metrics"].as_array().context("metrics printed no list")?;
        let find = |key_path: &&str| {
            let found = metrics.iter().find(|it| it["key_path"] == **key_path);
            found.map(|it| it["value"].clone()).with_context(|| format!("no metric `{key_path}`"))
        };
        SHOWN.iter().map(find).collect()
    }
}

/// Three customers, one of whom buys twice.
fn events() -> Vec<Value> {
    let visit = |user: u32, isbn: &str| {
        json!({
            "event": "open_book_page", "user_id": user, "project_id": 7, "namespace_id": 3,
            "additional_properties": { "property": "poetry", "isbn": isbn },
        })
    };
    let order = |user: u32, delivery: &str, cents: u32| {
        json!({
            "event": "place_order", "user_id": user, "project_id": 7, "namespace_id": 3,
            "additional_properties": { "label": delivery, "property": "card", "value": cents },
        })
    };
    let review = |user: u32, stars: u32| {
        json!({
            "event": "write_review", "user_id": user, "project_id": 7,
            "additional_properties": { "value": stars },
        })
    };
    vec![
        visit(1, "9780000000019"),
        visit(2, "9780000000019"),
        visit(3, "9780000000026"),
        order(1, "courier", 1850),
        order(2, "pickup", 990),
        order(1, "courier", 2400),
        review(1, 5),
        review(2, 3),
    ]
}

fn show(before: &[Value], after: &[Value]) -> Result<()> {
    println!("\nThe metrics, with the current week, before and after:");
    let width = SHOWN.iter().map(|it| it.len()).max().unwrap_or_default();
    for ((key_path, before), after) in SHOWN.iter().zip(before).zip(after) {
        println!("  {key_path:<width$}  {before} -> {after}");
    }
    let unmoved: Vec<&str> = SHOWN
        .iter()
        .zip(before.iter().zip(after))
        .filter(|(_, (before, after))| before == after)
        .map(|(key_path, _)| *key_path)
        .collect();
    ensure!(unmoved.is_empty(), "these metrics did not move: {}", unmoved.join(", "));
    println!("\nEvery one of them moved.");
    Ok(())
}
