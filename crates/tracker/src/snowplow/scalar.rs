//! Numbers, as Ruby's tracker writes them.

/// Writes a float as Ruby's `Float#to_s`: the shortest digits that stand for it, always with a
/// fraction, and with an exponent below 0.0001 and, unless there are digits after the point, from
/// 10^15 on.
pub(super) fn float(value: f64) -> String {
    let magnitude = value.abs();
    let has_fraction = magnitude >= 1.0 && value.fract() != 0.0;
    if value == 0.0 || has_fraction || (1e-4..1e15).contains(&magnitude) {
        return format!("{value:?}");
    }
    let text = format!("{value:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let digits = if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") };
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_ruby_writes_them() {
        // ruby -e 'p [1.5, …].map(&:to_s)'
        for (value, expected) in [
            (1.5, "1.5"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (100.0, "100.0"),
            (-2.25, "-2.25"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1.0e-05"),
            (0.000012345, "1.2345e-05"),
            (999999999999999.9, "999999999999999.9"),
            (1e15, "1.0e+15"),
            (1234567890123456.0, "1.234567890123456e+15"),
            (1234567890123456.5, "1234567890123456.5"),
            (123456789012345.6, "123456789012345.6"),
            (1e16, "1.0e+16"),
            (-1.25e20, "-1.25e+20"),
            (1e100, "1.0e+100"),
            (5e-324, "5.0e-324"),
        ] {
            assert_eq!(float(value), expected);
        }
    }
}
