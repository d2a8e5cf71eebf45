use std::collections::BTreeSet;

/// Every word in the function that names the kinds, which the compiler knows to be complete.
fn codes() -> BTreeSet<&'static str> {
    let source = include_str!("../fault.rs");
    let (_, function) = source.split_once("pub fn code(").expect("the function is there");
    let (function, _) = function.split_once("\n    }\n").expect("the function ends");
    function.split('"').skip(1).step_by(2).collect()
}

/// Every word in the first column of the page's tables of codes.
fn words_of_the_page() -> BTreeSet<&'static str> {
    let page = include_str!("../../../../../docs/snowplow.md");
    let tables = page.split("\n| code | ").skip(1);
    let lines = tables.flat_map(|it| it.lines().take_while(|it| !it.is_empty()).skip(2));
    let cells = lines.filter_map(|it| it.split('|').nth(1));
    cells.flat_map(|it| it.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn the_page_explains_every_code_and_no_other() {
    let codes = codes();
    assert!(codes.contains("base64") && codes.len() > 20, "{codes:?}");
    assert_eq!(words_of_the_page(), codes);
}
