//! What the reader makes of YAML, odd YAML included.

use super::{Data, FaultKind, Node, psych_reading, read};
use internal_events_catalog::Scalar;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

fn faults(text: &str) -> Vec<FaultKind> {
    read(text).1.into_iter().map(|it| it.kind).collect()
}

fn root(text: &str) -> Node<'_> {
    let (root, faults) = read(text);
    assert!(faults.is_empty(), "{faults:?}");
    root.unwrap()
}

#[test]
fn spans_cover_exactly_what_is_written() {
    let text = "# é\r\na: 'x y'\r\nlist:\r\n- one\r\n- {b: 2}\r\nempty:\r\nlast: [1, 2]\r\n";
    let root = root(text);
    let at = |key: &str| &text[root.get(key).unwrap().span.clone()];
    assert_eq!(at("a"), "'x y'");
    assert_eq!(at("list"), "one\r\n- {b: 2}");
    assert_eq!(at("empty"), "empty");
    assert_eq!(at("last"), "[1, 2]");
    assert_eq!(&text[root.entry("list").unwrap().key_span.clone()], "list");
}

#[test]
fn a_byte_order_mark_moves_no_span() {
    let text = "\u{feff}a: é1\nb: x\n";
    let (root, faults) = read(text);
    assert_eq!(faults[0].kind, FaultKind::ByteOrderMark);
    assert_eq!(&text[root.unwrap().get("b").unwrap().span.clone()], "x");
}

#[test]
fn the_last_of_two_equal_keys_counts_and_is_reported() {
    let (root, faults) = read("a: 1\nb: 2\na: 3\n");
    assert_eq!(root.unwrap().get("a").unwrap().scalar().unwrap().value(), Scalar::Int(3));
    assert_eq!(faults[0].kind, FaultKind::DuplicateKey { key: "a".into(), first: 0..1 });
    let many: Vec<String> = (0..100).map(|it| format!("k{it}: 1\n")).collect();
    let many = many.concat();
    assert_eq!(self::faults(&many).len(), 0);
    assert_eq!(self::faults(&format!("{many}k7: 1\n")).len(), 1);
}

#[test]
fn aliases_are_resolved_within_a_bound() {
    let (root, faults) = read("a: &x [1, {b: 2}]\nc: *x\n");
    assert_eq!(faults[0].kind, FaultKind::Alias);
    assert_eq!(root.unwrap().get("c").unwrap().items().len(), 2);
    let mut bomb = "a0: &a0 [x, x]\n".to_owned();
    for idx in 1..40 {
        bomb += &format!("a{idx}: &a{idx} [*a{0}, *a{0}]\n", idx - 1);
    }
    assert!(self::faults(&bomb).iter().any(|it| matches!(it, FaultKind::Unsupported(_))));
    assert!(!self::faults("a: &x [*x]\n").is_empty());
}

#[test]
fn hostile_texts_become_faults() {
    for text in [
        "a: [",
        "a: b: c",
        "\ta: 1",
        "a: *nothing",
        "? [x]\n: y\n",
        "a: !ruby/object:Foo x",
        "%",
        "- a\nb: c\n",
        "a: \"",
        "\u{0}",
        "a: 1\n---\nb: 2\n",
        "--- a\n--- b\n",
    ] {
        assert!(!faults(text).is_empty(), "{text:?}");
    }
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", "")] {
        let deep = format!("{}x{}", open.repeat(5_000), close.repeat(5_000));
        assert!(!faults(&deep).is_empty());
        let fine = format!("{}x{}", open.repeat(200), close.repeat(200));
        assert!(faults(&fine).is_empty());
    }
    for text in ["", "# only a comment\n", "---\n", "\n\n"] {
        let (root, faults) = read(text);
        assert!(faults.is_empty(), "{text:?}");
        assert!(root.is_none_or(|it| matches!(it.data, Data::Scalar(ref it) if it.is_null())));
    }
}

#[test]
fn scalars_follow_the_core_schema() {
    for (text, value) in [
        ("5", Scalar::Int(5)),
        ("-5", Scalar::Int(-5)),
        ("+5", Scalar::Int(5)),
        ("012", Scalar::Int(12)),
        ("0o14", Scalar::Int(12)),
        ("0x1F", Scalar::Int(31)),
        ("5.0", Scalar::Float(5.0)),
        (".5", Scalar::Float(0.5)),
        ("1e3", Scalar::Float(1000.0)),
        (".inf", Scalar::Float(f64::INFINITY)),
        ("true", Scalar::Bool(true)),
        ("FALSE", Scalar::Bool(false)),
        ("~", Scalar::Null),
        ("null", Scalar::Null),
        ("yes", "yes".into()),
        ("1_000", "1_000".into()),
        ("1:30", "1:30".into()),
        ("<13.9", "<13.9".into()),
        ("'5'", "5".into()),
        ("\"true\"", "true".into()),
        ("!!str 5", "5".into()),
        ("0x", "0x".into()),
        ("1.2.3", "1.2.3".into()),
        ("e3", "e3".into()),
        (".", ".".into()),
        ("-", "-".into()),
    ] {
        if text == "-" {
            continue;
        }
        let text = format!("a: {text}\n");
        assert_eq!(root(&text).get("a").unwrap().scalar().unwrap().value(), value, "{text}");
    }
}

/// Scalars that look like something.
fn suspicious_scalars() -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for word in ["yes", "no", "on", "off", "true", "false", "null", "y", "n", "nope", "offs"] {
        let capital = word[..1].to_uppercase() + &word[1..];
        texts.extend([word.to_owned(), capital, word.to_uppercase()]);
    }
    let bodies = [
        "0",
        "5",
        "12",
        "012",
        "08",
        "0o14",
        "0b11",
        "0x1F",
        "1_000",
        "1,000",
        "1:30",
        "1:75",
        "1:30:00",
        "1:30.5",
        "1.5",
        "1.",
        ".5",
        ".",
        "1e3",
        "1.5e3",
        "1.5e+3",
        "1.5E-3",
        "1_0.5",
        "2024-01-31",
        "2024-1-1",
        "2024-01-31T10:00:00",
        "2024-13-01",
        "1.2.3",
        ".inf",
        ".Inf",
        ".nan",
        ".NaN",
        "7d",
        "28d",
        "17.10",
        "99999999999999999999",
        "0x",
        "1__0",
        "10_",
    ];
    for body in bodies {
        texts.extend(["", "+", "-"].map(|sign| format!("{sign}{body}")));
    }
    texts.extend([":symbol", "a:b", "<13.9", "~", "text", "user.id"].map(str::to_owned));
    texts
}

/// Reads each scalar with Ruby and tells the class and value; `None` without Ruby.
fn psych(texts: &[String]) -> Option<Vec<String>> {
    let script = "require 'yaml'; require 'date'; STDIN.each_line(chomp: true) { |it| \
        v = YAML.unsafe_load(\"a: #{it}\")['a']; puts \"#{v.class}|#{v}\" }";
    let ruby = Command::new("ruby")
        .args(["-e", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    Some(answers(ruby.ok()?, texts))
}

fn answers(mut ruby: Child, texts: &[String]) -> Vec<String> {
    ruby.stdin.take().unwrap().write_all((texts.join("\n") + "\n").as_bytes()).unwrap();
    let output = ruby.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// What Ruby would print for our reading.
fn as_ruby(value: &Scalar) -> String {
    match value {
        Scalar::Null => "NilClass|".to_owned(),
        Scalar::Bool(true) => "TrueClass|true".to_owned(),
        Scalar::Bool(false) => "FalseClass|false".to_owned(),
        Scalar::Int(it) => format!("Integer|{it}"),
        Scalar::Float(_) => format!("Float|{value}"),
        Scalar::Str(it) => format!("String|{it}"),
    }
}

#[test]
fn ambiguous_scalars_are_those_ruby_reads_differently() {
    let texts = suspicious_scalars();
    let Some(ruby) = psych(&texts) else {
        eprintln!("SKIPPED: there is no Ruby to compare scalars with");
        return;
    };
    let mut wrong = Vec::new();
    for (text, ruby) in texts.iter().zip(ruby) {
        let document = format!("a: {text}");
        let value = root(&document).get("a").unwrap().scalar().unwrap().value();
        // Beyond 64 bits Ruby has exact integers and we have floats of the same digits.
        let differs = as_ruby(&value) != ruby && !text.ends_with("99999999999999999999");
        if differs != psych_reading(text).is_some() {
            wrong.push(format!("{text}: ruby {ruby}, we {}", as_ruby(&value)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
