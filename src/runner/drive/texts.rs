//! Reading and scoring the texts of a run.

use super::super::child::AskError;
use super::super::config::nanos;
use super::super::quality::{read_texts, score_all, Halt, Next};
use super::{Drive, RunError, Stop};
use crate::data::{Arm, FailureKind, QualityFailure, QualityPlan, Record};
use crate::journal::JournalError;
use crate::plan::too_short;
use std::time::Instant;

impl Drive<'_> {
    /// Finds out before anything is measured whether the texts can be scored.
    pub(super) fn read_texts(&mut self) -> Result<(), Stop> {
        let Some(plan) = self.site.run.plan.quality.as_ref() else {
            return Ok(());
        };
        if let (None, Some(known)) = (&self.quality.tokens, &self.site.run.tokens) {
            self.journal.append(&Record::Texts(known.clone()))?;
            self.quality.tokens = Some(known.clone());
        }
        if self.quality.tokens.is_none() {
            self.report_progress("reading the texts");
            let start = Instant::now();
            match read_texts(self.site, plan) {
                Ok(tokens) => {
                    self.journal.append(&Record::Texts(tokens.clone()))?;
                    self.quality.tokens = Some(tokens);
                }
                Err(AskError::Interrupted) => return Err(Stop::Interrupted),
                // The baseline's cells meet the same fate and are recorded there; without it nothing is scored.
                Err(AskError::Refused(_, why) | AskError::Dead(_, why)) => {
                    self.observer.notice(&format!("quality: {why}"));
                    self.said.insert(why);
                }
            }
            self.spent.quality_ns += nanos(start);
        }
        for window in plan.windows.iter().filter(|w| !w.is_optional) {
            let found = self
                .quality
                .tokens
                .as_ref()
                .and_then(|tokens| too_short(window, tokens));
            if let Some((text, n_tokens)) = found {
                let text = self.site.run.text_names.get(text).cloned().unwrap_or_default();
                let n_ctx = window.n_ctx;
                return Err(Stop::Error(RunError::TextTooShort { text, n_tokens, n_ctx }));
            }
        }
        Ok(())
    }

    pub(super) fn score(&mut self, past: &[Record]) -> Result<(), Stop> {
        let (Some(plan), Some(tokens)) = (self.site.run.plan.quality.as_ref(), self.quality.tokens.clone()) else {
            return Ok(());
        };
        let start = Instant::now();
        let (site, run_start) = (self.site, self.start);
        let (journal, observer, said) = (&mut *self.journal, &mut *self.observer, &mut self.said);
        let mut failures = Vec::new();
        let mut tell = |next: Next| -> Result<(), JournalError> {
            match next {
                Next::Record(record) => {
                    journal.append(&record)?;
                    if let Record::QualityFailure(failure) = *record {
                        // Scoring told it.
                        said.insert(failure.reason.clone());
                        failures.push(failure);
                    }
                }
                Next::Notice(text) => observer.notice(&text),
                Next::Progress(label) => {
                    let left = plan.stop.budget_ns.saturating_sub(nanos(start));
                    let behind = nanos(run_start);
                    observer.progress(behind, behind.saturating_add(left), &label);
                }
            }
            Ok(())
        };
        let scored = score_all(site, plan, &self.quality, past, &tokens, &mut tell);
        self.spent.quality_ns += nanos(start);
        match scored {
            Ok(()) => {}
            Err(Halt::Interrupted) => return Err(Stop::Interrupted),
            Err(Halt::Told(error)) => return Err(error.into()),
        }
        let of_past = past.iter().filter_map(Record::quality_failure).cloned();
        let all: Vec<QualityFailure> = of_past.chain(failures).collect();
        for failure in all.iter().filter(|f| f.kind == FailureKind::Broken) {
            self.leave_out_broken(plan, failure)?;
        }
        Ok(())
    }

    /// What is broken is not timed. Weights that are broken with the baseline's cache are so with every other.
    fn leave_out_broken(&mut self, plan: &QualityPlan, failure: &QualityFailure) -> Result<(), Stop> {
        let (broken, baseline) = (&plan.arms[failure.arm], &plan.arms[0]);
        let is_any_kv = broken.config.kv() == baseline.config.kv();
        let is_it = |arm: &Arm| {
            let is_kv = is_any_kv || arm.config.kv() == broken.config.kv();
            arm.variant == broken.variant && arm.config.build == broken.config.build && is_kv
        };
        let arms = &self.site.run.plan.arms;
        let cells: Vec<usize> = self
            .live()
            .into_iter()
            .filter(|&c| is_it(&arms[self.site.arm(c)]))
            .collect();
        self.fail(&cells, FailureKind::Broken, &failure.reason)
    }
}
