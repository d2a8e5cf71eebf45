use super::{Store, Tally};
use crate::micro::entry::{Entry, Facts};
use crate::micro::filter::{Filter, Given};
use crate::micro::run::Run;
use proptest::prelude::*;

/// What may happen to a store.
#[derive(Clone, Debug)]
enum Step {
    /// An event of a run comes, with a name, good or bad.
    Push {
        run: u8,
        name: u8,
        is_good: bool,
    },
    Reset {
        run: Option<u8>,
    },
    /// Somebody who waits looks.
    Look,
}

fn step() -> impl Strategy<Value = Step> {
    let push = (0..3_u8, 0..3_u8, any::<bool>());
    prop_oneof![
        6 => push.prop_map(|(run, name, is_good)| Step::Push { run, name, is_good }),
        1 => proptest::option::of(0..3_u8).prop_map(|run| Step::Reset { run }),
        3 => Just(Step::Look),
    ]
}

fn run(n: u8) -> Run {
    Run::parse(format!("run-{n}").as_bytes()).expect("a name")
}

fn entry(of: u8, name: u8, is_good: bool) -> Entry {
    let facts = Facts { event: Some(format!("e{name}")), ..Facts::default() };
    let errors = if is_good { vec![] } else { vec!["bad".to_owned()] };
    Entry { number: 0, run: Some(run(of)), facts, errors, text: "x".repeat(100).into() }
}

/// The good events of the second run with the second name.
fn filter() -> Filter {
    let given = Given::read("event=e1&run=run-1", b"").expect("parameters");
    given.into_filter(&["event", "run"], &hyper::HeaderMap::new()).expect("a filter")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_looks_again_counts_what_there_is(steps in prop::collection::vec(step(), 0..80)) {
        let most_bytes = 8 * entry(0, 0, true).bytes();
        let mut store = Store::new(12, most_bytes);
        let (filter, mut tally) = (filter(), Tally::default());
        // What came of each run since it was reset.
        let mut n_pushed = [0; 3];
        for step in steps {
            match step {
                Step::Push { run, name, is_good } => {
                    store.push(entry(run, name, is_good));
                    n_pushed[usize::from(run)] += 1;
                }
                Step::Reset { run: Some(n) } => {
                    store.reset(Some(&run(n)));
                    n_pushed[usize::from(n)] = 0;
                }
                Step::Reset { run: None } => {
                    store.reset(None);
                    n_pushed = [0; 3];
                }
                Step::Look => {
                    prop_assert_eq!(tally.count(&store, &filter), store.find(true, &filter).len());
                }
            }
            let bytes: usize = store.entries.iter().map(|it| it.bytes()).sum();
            prop_assert_eq!(store.bytes, bytes);
            prop_assert!(bytes <= most_bytes && store.entries.len() <= 12);
            let totals = store.totals(None);
            prop_assert_eq!(totals.good + totals.bad, store.entries.len());
            prop_assert_eq!(totals.good as u64 + totals.bad as u64 + totals.left, n_pushed.iter().sum::<u64>());
            for (of, n_pushed) in (0..).zip(n_pushed) {
                let totals = store.totals(Some(&run(of)));
                prop_assert_eq!(totals.good as u64 + totals.bad as u64 + totals.left, n_pushed);
            }
        }
    }
}
