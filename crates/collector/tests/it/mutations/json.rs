//! JSON that is broken in what it means: other values, members, depths and lengths.

use crate::snowplow::{FLAVOURS, Random, base64};
use serde_json::{Map, Value, json};

/// Breaks one place of a document, also within text that is JSON; what is none stays as it is.
pub(super) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else { return };
    descend(&mut value, random);
    *bytes = value.to_string().into_bytes();
}

/// Walks down at random, and breaks what is found at the end.
fn descend(value: &mut Value, random: &mut Random) {
    // The outermost values are only rarely what is broken.
    let goes_on = random.below(5) > 0;
    match value {
        Value::Array(items) if goes_on && !items.is_empty() => {
            let at = random.below(items.len());
            descend(&mut items[at], random);
        }
        Value::Object(members) if goes_on && !members.is_empty() => {
            let at = random.below(members.len());
            let (name, member) = members.iter_mut().nth(at).expect("it is one of them");
            let is_encoded = matches!(name.as_str(), "co" | "ue_pr");
            descend(member, random);
            if is_encoded && random.below(2) == 0 {
                encode(members, random);
            }
        }
        Value::String(text) if goes_on && text.starts_with(['{', '[']) => {
            if let Ok(mut inner) = serde_json::from_str(text) {
                descend(&mut inner, random);
                *text = inner.to_string();
            }
        }
        _ => shatter(value, random),
    }
}

/// Writes contexts and what is described in base64.
fn encode(members: &mut Map<String, Value>, random: &mut Random) {
    for (plain, encoded) in [("co", "cx"), ("ue_pr", "ue_px")] {
        if let Some(Value::String(text)) = members.shift_remove(plain) {
            let flavour = FLAVOURS[random.below(FLAVOURS.len())];
            members.insert(encoded.to_owned(), base64(text.as_bytes(), flavour).into());
        }
    }
}

fn shatter(value: &mut Value, random: &mut Random) {
    match value {
        Value::Array(items) if random.below(2) == 0 => match random.below(3) {
            0 if !items.is_empty() => drop(items.remove(random.below(items.len()))),
            1 if !items.is_empty() => {
                let copies = vec![items[0].clone(); random.below(60)];
                items.extend(copies);
            }
            _ => items.push(odd(random)),
        },
        Value::Object(members) if random.below(2) == 0 => {
            let at = random.below(members.len());
            let name = members.keys().nth(at).cloned().unwrap_or_default();
            match random.below(3) {
                0 => drop(members.shift_remove(&name)),
                1 => {
                    let member = members.shift_remove(&name).unwrap_or_default();
                    members.insert(format!("{name}{}", odd(random)), member);
                }
                _ => drop(members.insert(odd(random).to_string(), odd(random))),
            }
        }
        Value::String(text) if random.below(2) == 0 => match random.below(3) {
            0 => *text = text.to_uppercase(),
            1 => *text = text.repeat(random.below(40)),
            _ => {
                let end = text.floor_char_boundary(random.below(text.len() + 1));
                text.insert_str(end, ["\0", "\u{202e}", "\u{1b}[2J", "\n", "💥"][random.below(5)]);
            }
        },
        _ => *value = odd(random),
    }
}

/// What clients never mean.
fn odd(random: &mut Random) -> Value {
    match random.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(0),
        4 => json!(i64::MAX),
        5 => json!(i64::MIN),
        6 => json!(u64::MAX),
        7 => json!(-0.0),
        8 => json!(1.797e308),
        9 => json!(5e-324),
        10 => json!(""),
        11 => json!("5"),
        12 => json!("create_order"),
        13 => json!("x".repeat(random.below(1_000))),
        14 => json!({ "event": [], "schema": {} }),
        _ => (0..random.below(120)).fold(json!([]), |inner, _| json!([inner])),
    }
}

/// The same body with its contexts, and what is described, as plain JSON.
pub(super) fn with_plain_contexts(body: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return body.to_owned() };
    let events = value.get_mut("data").and_then(Value::as_array_mut).expect("a body has data");
    for members in events.iter_mut().filter_map(Value::as_object_mut) {
        for (plain, encoded) in [("co", "cx"), ("ue_pr", "ue_px")] {
            let text = members.get(encoded).and_then(Value::as_str).map(decode);
            if let Some(text) = text {
                members.shift_remove(encoded);
                members.insert(plain.to_owned(), text.into());
            }
        }
    }
    value.to_string()
}

/// Reads base64 in any alphabet, by what it means and nothing else.
fn decode(text: &str) -> String {
    let digit = |it: u8| match it {
        b'A'..=b'Z' => it - b'A',
        b'a'..=b'z' => it - b'a' + 26,
        b'0'..=b'9' => it - b'0' + 52,
        b'+' | b'-' => 62,
        _ => 63,
    };
    let bits = text.bytes().filter(|it| *it != b'=').flat_map(|it| {
        let digit = digit(it);
        (0..6).rev().map(move |place| digit >> place & 1)
    });
    let bits: Vec<u8> = bits.collect();
    let bytes = bits.chunks_exact(8).map(|it| it.iter().fold(0, |byte, bit| byte << 1 | bit));
    String::from_utf8(bytes.collect()).expect("contexts are text")
}
