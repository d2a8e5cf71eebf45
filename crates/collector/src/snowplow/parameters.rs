//! The flat map of parameters that every event of the protocol is.

use super::fault::{Fault, Notes, repeat};
use super::form;
use std::borrow::Cow;

/// Parameters an event may have: the protocol's 80, and as many again that it does not know.
pub(super) const MAX_PARAMETERS: usize = 160;

/// Parameters by name, each once, in the order in which they came.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    entries: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// For each parameter of the protocol, one more than the position of its entry.
    places: [u16; form::N_KNOWN],
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: [0; form::N_KNOWN] }
    }
}

impl<'a> Parameters<'a> {
    /// The value of a parameter; one that is empty is as good as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let position = self.position(name, form::index(name))?;
        Some(self.entries[position].1.as_ref()).filter(|it| !it.is_empty())
    }

    /// Walks the parameters, empty ones too, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Lists the parameters by name.
    pub(super) fn sorted(&self) -> Vec<(&str, &str)> {
        let at = |place: u16| {
            let (name, value) = &self.entries[usize::from(place)];
            (name.as_ref(), value.as_ref())
        };
        let known = self.places.iter().filter_map(|it| it.checked_sub(1));
        let mut sorted: Vec<_> = known.map(at).collect();
        if sorted.len() < self.entries.len() {
            // Those of the protocol are in order already; others are rare.
            sorted = self.iter().collect();
            sorted.sort_unstable();
        }
        sorted
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds one of the parameters that a tracker wrote.
    pub(super) fn add(
        &mut self,
        name: Cow<'a, str>,
        value: Cow<'a, str>,
        notes: &mut Notes,
    ) -> Result<(), Fault> {
        let known = form::index(&name);
        if let Some(position) = self.position(&name, known) {
            notes.push(Fault::Duplicate { parameter: repeat(&name) });
            self.entries[position].1 = value;
            return Ok(());
        }
        if known.is_none() {
            notes.push(Fault::Unknown { parameter: repeat(&name) });
        }
        if self.entries.len() == MAX_PARAMETERS {
            return Err(Fault::TooManyParameters { at_most: MAX_PARAMETERS });
        }
        self.append(name, value, known);
        Ok(())
    }

    /// Takes over the parameters of a query, which win.
    pub(super) fn merge(&mut self, query: &Self) {
        for (name, value) in &query.entries {
            let known = form::index(name);
            match self.position(name, known) {
                Some(position) => self.entries[position].1.clone_from(value),
                None => self.append(name.clone(), value.clone(), known),
            }
        }
    }

    fn append(&mut self, name: Cow<'a, str>, value: Cow<'a, str>, known: Option<usize>) {
        self.entries.push((name, value));
        if let Some(known) = known {
            self.places[known] = u16::try_from(self.entries.len())
                .expect("invariant: a body and a query have few parameters");
        }
    }

    /// Where a parameter stands; `known` is its place in the table of forms.
    fn position(&self, name: &str, known: Option<usize>) -> Option<usize> {
        match known {
            Some(known) => usize::from(self.places[known]).checked_sub(1),
            None => self.entries.iter().position(|(it, _)| it == name),
        }
    }

    pub(super) fn into_owned(self) -> Parameters<'static> {
        let owned = |it: Cow<'_, str>| Cow::Owned(it.into_owned());
        let entries = self.entries.into_iter().map(|(k, v)| (owned(k), owned(v))).collect();
        Parameters { entries, places: self.places }
    }
}
