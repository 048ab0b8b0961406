//! Prefix reuse: the first token of a follow-up prompt, warm against cold.

use super::cells::{Rounds, LEVEL};
use super::{group_by_arm, CellReport, PrefixRow, ReportModel};
use crate::data::{Outcome, Workload};
use crate::units;

/// One row per arm, prompt and shared part. The cold prompt of the same round is the reference.
pub(super) fn prefix_rows(rounds: &Rounds, cells: &[CellReport]) -> Vec<PrefixRow> {
    let all = || cells.iter().filter(|c| c.spec.workload() == Workload::PrefixReuse);
    let row = |warm: &CellReport| {
        let cold = all().find(|c| {
            c.arm.id == warm.arm.id && c.spec.n_prompt() == warm.spec.n_prompt() && c.spec.n_depth() == 0 && c.is_ok()
        });
        let factor = cold
            .filter(|_| warm.is_ok())
            .and_then(|cold| rounds.ratio_of_works(cold, warm, LEVEL));
        PrefixRow {
            arm: warm.arm.clone(),
            n_prompt: warm.spec.n_prompt(),
            n_shared: warm.spec.n_depth(),
            cold_ns: cold.and_then(|c| c.ttft_ns),
            warm_ns: warm.ttft_ns,
            factor,
            n_cold: cold.map_or(0, |c| c.samples_ns.len() as u32),
            n_warm: warm.samples_ns.len() as u32,
            reason: match &warm.outcome {
                Outcome::Ok => None,
                Outcome::Failed(_, reason) => Some(reason.clone()),
            },
        }
    };
    let mut rows: Vec<PrefixRow> = all().filter(|c| c.spec.n_depth() > 0).map(row).collect();
    group_by_arm(&mut rows, |row| &row.arm);
    rows
}

/// The baseline's longest prompt with the largest shared part, in one sentence.
pub(super) fn conclusion(model: &ReportModel) -> Option<String> {
    let of_baseline = model.prefix.iter().filter(|row| row.arm.is_baseline);
    let row = of_baseline.max_by_key(|row| (row.n_prompt, row.n_shared))?;
    let (factor, warm, cold) = (row.factor.as_ref()?, row.warm_ns.as_ref()?, row.cold_ns.as_ref()?);
    let t = model.lang;
    Some(t.prefix_sooner(
        units::count(u64::from(row.n_prompt)),
        units::count(u64::from(row.n_shared)),
        row.arm.label(),
        t.ratio(factor),
        t.ms(Some(warm)),
        t.ms(Some(cold)),
    ))
}
