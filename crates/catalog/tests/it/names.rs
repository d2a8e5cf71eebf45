//! Which name was meant by one that is not known.

use crate::{catalog, metric, rule};
use internal_events_catalog::{MetricDefinition, Overrides, TimeFrame};
use std::time::{Duration, Instant};

#[test]
fn a_slip_is_understood_and_a_name_as_long_as_a_book_is_not_even_compared() {
    let numbered = |n: u32| MetricDefinition {
        key_path: format!("counts.count_total_of_something_{n}"),
        ..metric(TimeFrame::All, vec![rule("", "", &[])])
    };
    let catalog = catalog(&[], (0..2_000).map(numbered).collect(), Overrides::default());
    let slip = catalog.similar_metric("counts.count_totl_of_something_1234");
    assert_eq!(slip, Some("counts.count_total_of_something_1234"));
    let start = Instant::now();
    let book = "counts.count_total_of_something_1234".repeat(50_000);
    assert_eq!(catalog.similar_metric(&book), None);
    assert_eq!(catalog.similar_event(&book), None);
    // Comparing takes the product of the lengths: hours.
    assert!(start.elapsed() < Duration::from_mins(1));
}
