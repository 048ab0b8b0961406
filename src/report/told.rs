//! A run told in a language: what everything that renders for a reader is given.

use super::lang::Lang;
use super::model::ReportModel;

/// A run told in a language.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Of its texts and numbers.
    pub lang: Lang,
    model: &'a ReportModel,
}

impl ReportModel {
    /// To be told in a language.
    pub const fn told(&self, lang: Lang) -> Report<'_> {
        Report { lang, model: self }
    }
}

impl std::ops::Deref for Report<'_> {
    type Target = ReportModel;

    fn deref(&self) -> &ReportModel {
        self.model
    }
}
