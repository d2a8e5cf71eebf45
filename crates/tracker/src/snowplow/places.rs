//! Which entries after the cursor were delivered already, as text: `7-9,12`.

/// Ranges that are written at most: what lies beyond is sent once more after a restart, under the
/// same ids.
const RANGES: usize = 256;

/// Writes places, which come in order.
pub(super) fn write(places: impl Iterator<Item = u64>) -> String {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for place in places {
        let is_full = ranges.len() == RANGES;
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ if is_full => break,
            _ => ranges.push((place, place)),
        }
    }
    let range = |(first, last): &(u64, u64)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

/// Reads them; what is no place is left out.
pub(super) fn read(text: &str) -> impl Iterator<Item = u64> {
    /// More were never written: a page has fewer entries.
    const LONGEST: u64 = 100_000;
    text.split(',').take(RANGES).flat_map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let range = first.parse::<u64>().ok().zip(last.parse::<u64>().ok());
        range.into_iter().flat_map(|(first, last)| first..=last.min(first.saturating_add(LONGEST)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_were_written() {
        for (places, text) in [
            (vec![], ""),
            (vec![7], "7"),
            (vec![7, 8, 9, 12], "7-9,12"),
            (vec![1, 3, 5], "1,3,5"),
            (vec![u64::MAX - 1], "18446744073709551614"),
        ] {
            assert_eq!(write(places.iter().copied()), text);
            assert_eq!(read(text).collect::<Vec<_>>(), places);
        }
    }

    #[test]
    fn what_is_no_place_is_left_out() {
        assert_eq!(read("a,4,-,9-x,5-4,6").collect::<Vec<_>>(), [4, 6]);
        assert_eq!(write((0..2_000).map(|it| it * 2)).split(',').count(), RANGES);
    }
}
