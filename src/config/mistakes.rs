//! The mistakes of an enrichment file, which are reported together: of each section, the first one.

use crate::error::{self, Error, Result};

/// The mistakes that were found.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    all: error::Mistakes,
    /// The sections with a mistake. Others in them may follow from it: if `path` is misspelt, it is missing, too.
    sections: Vec<&'static str>,
}

impl Mistakes {
    /// Adds a mistake in a section, unless the section has one. The name of the top of the file is empty; its keys
    /// say nothing about each other, so all mistakes in it are added.
    pub(crate) fn add(&mut self, section: &'static str, mistake: Error) {
        if section.is_empty() || !self.sections.contains(&section) {
            self.sections.push(section);
            self.all.push(mistake);
        }
    }

    /// The value of a section, or `None` if there is a mistake instead, which is added.
    pub(crate) fn of<T>(&mut self, section: &'static str, found: Result<T>) -> Option<T> {
        found.map_err(|mistake| self.add(section, mistake)).ok()
    }

    /// # Errors
    /// All mistakes as one error.
    pub(crate) fn none(self) -> Result<()> {
        self.all.none()
    }
}
