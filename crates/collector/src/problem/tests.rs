use hyper::StatusCode;
use std::collections::BTreeSet;

/// Status and code of every problem, from the function that the compiler knows to be complete.
pub(crate) fn rows() -> Vec<(u16, String)> {
    let source = include_str!("../problem.rs");
    let (_, function) = source.split_once("fn row(").expect("the function is there");
    let (function, _) = function.split_once("\n    }\n").expect("the function ends");
    let rows = function.split("StatusCode::").skip(1).map(|row| {
        let (name, rest) = row.split_once(',').expect("a code follows");
        (status(name), rest.split('"').nth(1).expect("a code").to_owned())
    });
    rows.collect()
}

/// The number of a status by the name of its constant.
fn status(name: &str) -> u16 {
    let all = (100..600).filter_map(|it| StatusCode::from_u16(it).ok());
    let named = |it: &StatusCode| {
        let reason = it.canonical_reason().unwrap_or_default();
        reason.to_ascii_uppercase().replace([' ', '-'], "_") == name
    };
    all.into_iter().find(named).expect("a status").as_u16()
}

#[test]
fn the_page_has_a_row_for_every_problem_and_no_other() {
    let page = include_str!("../../../../docs/http.md");
    let (_, table) = page.split_once("| status | `code` | when |").expect("the table");
    let lines = table.lines().skip(2).take_while(|it| it.starts_with('|'));
    let row = |line: &str| {
        let mut cells = line.split('|').skip(1).map(str::trim);
        let status = cells.next()?.parse().ok()?;
        Some((status, cells.next()?.split('`').nth(1)?.to_owned()))
    };
    let described: BTreeSet<(u16, String)> = lines.filter_map(row).collect();
    assert!(described.len() > 15, "{described:?}");
    assert_eq!(described, rows().into_iter().collect());
}
