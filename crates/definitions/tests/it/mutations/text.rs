//! Changes to the lines of a definition.

/// A text as lines that can be changed.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    lines: Vec<String>,
}

impl Lines {
    pub(crate) fn new(text: &str) -> Self {
        Self { lines: text.lines().map(str::to_owned).collect() }
    }

    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|it| format!("{it}\n")).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn line(&self, idx: usize) -> &str {
        &self.lines[idx]
    }

    /// The line, from 0, of a top-level key.
    pub(crate) fn key(&self, key: &str) -> Option<usize> {
        let is_key = |it: &String| it.strip_prefix(key).is_some_and(|it| it.starts_with(':'));
        self.lines.iter().position(is_key)
    }

    /// The line of the first top-level key.
    pub(crate) fn first_key(&self) -> usize {
        let is_key = |it: &String| it.starts_with(|it: char| it.is_ascii_lowercase());
        self.lines.iter().position(is_key).unwrap()
    }

    /// The top-level keys.
    pub(crate) fn keys(&self) -> Vec<String> {
        let key = |it: &String| {
            let (key, _) = it.split_once(':')?;
            let ok = !key.is_empty() && key.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
            ok.then(|| key.to_owned())
        };
        self.lines.iter().filter_map(key).collect()
    }

    /// The lines of a key's value: what follows until the next key.
    fn end_of(&self, start: usize) -> usize {
        let is_next = |it: &String| it.starts_with(|it: char| it.is_ascii_lowercase());
        let after = &self.lines[start + 1..];
        after.iter().position(is_next).map_or(self.lines.len(), |it| start + 1 + it)
    }

    /// Removes a key with its value.
    pub(crate) fn remove(&mut self, key: &str) -> Option<()> {
        let start = self.key(key)?;
        let end = self.end_of(start);
        self.lines.drain(start..end);
        Some(())
    }

    /// Gives a key another value on one line; returns the line, from 0.
    pub(crate) fn set(&mut self, key: &str, value: &str) -> Option<usize> {
        let start = self.key(key)?;
        let end = self.end_of(start);
        self.lines.splice(start..end, [format!("{key}: {value}")]);
        Some(start)
    }

    pub(crate) fn replace(&mut self, idx: usize, line: impl Into<String>) {
        self.lines[idx] = line.into();
    }

    pub(crate) fn insert(&mut self, idx: usize, line: impl Into<String>) {
        self.lines.insert(idx, line.into());
    }

    /// Appends a line and returns its index.
    pub(crate) fn push(&mut self, line: impl Into<String>) -> usize {
        self.lines.push(line.into());
        self.lines.len() - 1
    }

    /// The lines, from 0, that contain a text.
    pub(crate) fn with(&self, part: &str) -> Vec<usize> {
        let idx = self.lines.iter().enumerate().filter(|(_, it)| it.contains(part));
        idx.map(|(idx, _)| idx).collect()
    }

    /// The lines of a key's value.
    pub(crate) fn below(&self, key: &str) -> Vec<usize> {
        let Some(start) = self.key(key) else { return Vec::new() };
        (start + 1..self.end_of(start)).collect()
    }

    /// The pairs inside filters, as line and property.
    pub(crate) fn filter_pairs(&self) -> Vec<(usize, String)> {
        let mut pairs = Vec::new();
        let indent = |it: &str| it.len() - it.trim_start().len();
        for start in self.with("filter:") {
            let depth = indent(&self.lines[start]);
            let depth = depth + 2 * usize::from(self.lines[start].trim_start().starts_with("- "));
            for (idx, line) in self.lines.iter().enumerate().skip(start + 1) {
                if indent(line) <= depth || line.trim_start().starts_with("- ") {
                    break;
                }
                let Some((key, _)) = line.trim().split_once(':') else { break };
                pairs.push((idx, key.to_owned()));
            }
        }
        pairs
    }
}
