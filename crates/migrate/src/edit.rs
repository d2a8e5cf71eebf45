//! Changes of a text, by bytes.

use std::ops::Range;

/// One change: these bytes become that text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes, on boundaries of characters; empty to insert.
    pub range: Range<usize>,
    /// What they become; empty to delete.
    pub text: String,
}

/// Changes of one text that do not overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// Adds a change.
    pub fn replace(&mut self, range: Range<usize>, text: impl Into<String>) {
        self.0.push(Edit { range, text: text.into() });
    }

    /// Adds all changes of others.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Moves all changes by so many bytes: those of a part of a text become those of the whole.
    #[must_use]
    pub fn moved_by(mut self, bytes: usize) -> Self {
        for edit in &mut self.0 {
            edit.range.start += bytes;
            edit.range.end += bytes;
        }
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Walks them in the order in which they stand in the text.
    pub fn iter(&self) -> impl Iterator<Item = &Edit> {
        let mut sorted: Vec<&Edit> = self.0.iter().collect();
        sorted.sort_by_key(|it| (it.range.start, it.range.end));
        sorted.into_iter()
    }

    /// Whether they can be applied to a text: they lie in it, between characters, and do not
    /// overlap.
    pub fn fit(&self, text: &str) -> bool {
        let mut done = 0;
        self.iter().all(|it| {
            let fits = it.range.start >= done && text.get(it.range.clone()).is_some();
            done = it.range.end;
            fits
        })
    }

    /// Makes the changed text, if they [`fit`](Self::fit).
    pub fn applied(&self, text: &str) -> Option<String> {
        self.fit(text).then(|| self.apply(text))
    }

    /// Makes the changed text.
    ///
    /// # Panics
    ///
    /// Panics if two changes overlap, or one begins or ends within a character.
    pub fn apply(&self, text: &str) -> String {
        let mut changed = String::with_capacity(text.len());
        let mut done = 0;
        for edit in self.iter() {
            assert!(edit.range.start >= done, "invariant: edits do not overlap");
            changed.push_str(&text[done..edit.range.start]);
            changed.push_str(&edit.text);
            done = edit.range.end;
        }
        changed.push_str(&text[done..]);
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_change_nothing_but_their_bytes() {
        let mut edits = Edits::default();
        edits.replace(4..5, "!");
        edits.replace(0..1, "");
        edits.replace(3..3, "é");
        assert_eq!(edits.apply("abcde"), "bcéd!");
        assert_eq!(edits.moved_by(2).apply("xyabcde"), "xybcéd!");
        assert_eq!(Edits::default().apply("abc"), "abc");
    }

    #[test]
    fn edits_that_cannot_be_applied_are_known_before() {
        for (ranges, fits) in [
            (&[(0, 1), (1, 2)][..], true),
            (&[(4, 4), (0, 4)], true),
            (&[(0, 2), (1, 4)], false),
            (&[(2, 4)], true),
            (&[(2, 3)], false), // within é
            (&[(4, 9)], false),
        ] {
            let mut edits = Edits::default();
            for (start, end) in ranges {
                edits.replace(*start..*end, "");
            }
            assert_eq!(edits.fit("abéd"), fits, "{ranges:?}");
        }
    }
}
