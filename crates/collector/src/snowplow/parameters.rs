//! The flat map of parameters that every event of the protocol is.

use super::fault::{Fault, Notes, repeat};
use super::form::{Known, N_KNOWN};
use std::borrow::Cow;

/// Parameters an event may have: the protocol's 80, and as many again that it does not know.
pub(super) const MAX_PARAMETERS: usize = 160;

/// Parameters by name, each once, in the order in which they came.
#[derive(Clone, Debug)]
pub struct Parameters<'a> {
    entries: Vec<Parameter<'a>>,
    /// For each parameter of the protocol, one more than the position of its entry.
    places: [u16; N_KNOWN],
    /// A bit for each of them that has one.
    has: u128,
}

const _: () = assert!(N_KNOWN <= u128::BITS as usize);

#[derive(Clone, Debug)]
struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Cow<'a, str>,
    known: Option<Known>,
}

impl Parameter<'_> {
    fn pair(&self) -> (&str, &str) {
        (self.name.as_ref(), self.value.as_ref())
    }

    /// An empty value is as good as none.
    fn given(&self) -> Option<&str> {
        Some(self.value.as_ref()).filter(|it| !it.is_empty())
    }
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: [0; N_KNOWN], has: 0 }
    }
}

impl<'a> Parameters<'a> {
    /// Makes room for as many as GitLab's trackers write.
    pub(super) fn reserve(&mut self) {
        self.entries.reserve(24);
    }

    /// The value of a parameter; one that is empty is as good as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        let position = self.position(name, Known::find(name))?;
        self.entries[position].given()
    }

    /// The value of a parameter of the protocol; one that is empty is as good as absent.
    pub(super) fn at(&self, known: Known) -> Option<&str> {
        self.entries[self.position_of(known)?].given()
    }

    /// Walks the parameters, empty ones too, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(Parameter::pair)
    }

    /// Walks those of the protocol that say something, in the order in which they came.
    pub(super) fn known(&self) -> impl Iterator<Item = (Known, &str)> {
        self.entries.iter().filter_map(|it| Some((it.known?, it.given()?)))
    }

    /// Walks the parameters by name, if the protocol knows all of them: then that takes no
    /// sorting.
    pub(super) fn in_order(&self) -> Option<impl Iterator<Item = (Known, &str)>> {
        let knows_all = self.has.count_ones() as usize == self.entries.len();
        let mut left = self.has;
        let next = move || {
            let known = Known::at(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some((known, self.entries[self.position_of(known)?].value.as_ref()))
        };
        knows_all.then(|| std::iter::from_fn(next))
    }

    /// Lists the parameters by name.
    pub(super) fn sorted(&self) -> Vec<(&str, &str)> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_unstable();
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
        let known = Known::find(&name);
        if let Some(position) = self.position(&name, known) {
            notes.push(Fault::Duplicate { parameter: repeat(&name) });
            self.entries[position].value = value;
            return Ok(());
        }
        if known.is_none() {
            notes.push(Fault::Unknown { parameter: repeat(&name) });
        }
        if self.entries.len() == MAX_PARAMETERS {
            return Err(Fault::TooManyParameters { at_most: MAX_PARAMETERS });
        }
        self.append(Parameter { name, value, known });
        Ok(())
    }

    /// Takes over the parameters of a query, which win.
    pub(super) fn merge(&mut self, query: &Self) {
        for parameter in &query.entries {
            match self.position(&parameter.name, parameter.known) {
                Some(position) => self.entries[position].value.clone_from(&parameter.value),
                None => self.append(parameter.clone()),
            }
        }
    }

    fn append(&mut self, parameter: Parameter<'a>) {
        let known = parameter.known;
        self.entries.push(parameter);
        if let Some(known) = known {
            self.has |= 1 << known.place();
            self.places[known.place()] = u16::try_from(self.entries.len())
                .expect("invariant: a body and a query have few parameters");
        }
    }

    /// Where a parameter stands, which is known or not.
    fn position(&self, name: &str, known: Option<Known>) -> Option<usize> {
        match known {
            Some(known) => self.position_of(known),
            None => self.entries.iter().position(|it| it.name == name),
        }
    }

    fn position_of(&self, known: Known) -> Option<usize> {
        usize::from(self.places[known.place()]).checked_sub(1)
    }

    pub(super) fn into_owned(self) -> Parameters<'static> {
        let owned = |it: Cow<'_, str>| Cow::Owned(it.into_owned());
        let entries = self.entries.into_iter().map(|it| Parameter {
            name: owned(it.name),
            value: owned(it.value),
            known: it.known,
        });
        Parameters { entries: entries.collect(), places: self.places, has: self.has }
    }
}
