//! The words and tables of several runs. Runs have numbers, from 1: names of folders are long.

use super::run::OneRun;
use crate::data::{Arm, Workload};
use crate::report::charts::ChartName;
use crate::report::diff::SideCell;
use crate::report::document::{image, section, Block, Value};
use crate::report::lang::Lang;
use crate::report::say;
use crate::report::table::Rows;
use crate::report::{CellReport, Comparison, QualityReport, ReportModel};
use crate::stats::Interval;

pub(super) fn banners(t: Lang, runs: &[OneRun]) -> Vec<String> {
    let incomplete = runs.iter().filter(|run| !run.side.is_complete);
    incomplete.map(|run| t.d_incomplete(&run.side.name)).collect()
}

/// The answer of every run.
pub(super) fn conclusion(t: Lang, runs: &[OneRun]) -> Vec<String> {
    let said = (1u32..).zip(runs).filter_map(|(number, run)| {
        let model = run.model.as_ref()?;
        let (name, cpu) = (&model.header.model.name, &model.header.host.cpu);
        Some(t.s_said(number, name, cpu, say::opening(&model.told(t)).first()?))
    });
    said.chain([t.s_untested()]).collect()
}

/// What each run measured, with what, and where.
pub(super) fn runs(t: Lang, runs: &[OneRun], is_wide: bool) -> Vec<Block> {
    let mut settings = vec![t.d_s_model(), "n_threads".to_owned(), t.d_s_rounds()];
    if is_wide {
        let more = [t.d_s_cores(), t.d_s_memory(), t.d_s_started()];
        settings.extend(more);
        settings.extend(["cpu_info", "llama.cpp"].map(str::to_owned));
    }
    let mut table = Rows::of(t, runs.iter().enumerate())
        .column(t.s_h_number(), |(index, _)| Value::count(*index as u64 + 1))
        .column(t.s_h_run(), |(_, run)| run.side.name.as_str());
    for name in &settings {
        table = table.column(name.as_str(), |(_, run)| t.or_na(run.side.setting(name), str::to_owned));
    }
    let table = table.column(t.s_h_control(), |(_, run)| {
        Value::ratio_of(t, run.model.as_ref().and_then(|m| m.control.pooled.as_ref()))
    });
    section(t.s_runs(), String::new(), table.blocks())
}

struct Row<'a> {
    number: u64,
    model: &'a ReportModel,
    arm: &'a Arm,
}

impl<'a> Row<'a> {
    fn cell(&self, workload: Workload) -> Option<&'a CellReport> {
        self.model.cell(&self.arm.id, &self.model.shown(workload)?)
    }

    fn versus(&self) -> Option<&'a Comparison> {
        self.cell(Workload::Decode)?.vs_baseline.as_ref()
    }

    fn quality(&self) -> Option<&'a QualityReport> {
        let n_ctx = self.model.quality.windows().first().copied()?;
        self.model.quality.row(&self.arm.id, n_ctx).filter(|r| r.is_ok())
    }
}

/// Everything that counts, one row per run and variant, with the KV type of the run's baseline.
pub(super) fn variants(t: Lang, runs: &[OneRun], is_wide: bool) -> Vec<Block> {
    let models = (1..)
        .zip(runs)
        .filter_map(|(number, run)| Some((number, run.model.as_ref()?)));
    let rows = models.flat_map(|(number, model)| plain_arms(model).map(move |arm| Row { number, model, arm }));
    let is_baseline = |row: &Row| row.arm.is_baseline;
    let size = |row: &Row| row.model.variant(&row.arm.variant).map(|v| v.model_size);
    let table = Rows::of(t, rows)
        .column(t.s_h_number(), |row| Value::count(row.number))
        .column(t.h_variant(), |row| row.arm.label())
        .column(t.h_size(), |row| Value::mib(t, size(row)))
        .column(t.h_work(), |row| {
            t.or_na(row.model.shown(Workload::Decode), |spec| spec.to_string())
        })
        .column(t.h_tps(), |row| {
            rate(t, row.cell(Workload::Decode).and_then(|c| c.tps), is_wide)
        })
        .against(t.h_decode_ratio(), is_baseline, |row| Value::ratio_of(t, row.versus()))
        .against(t.h_verdict(), is_baseline, |row| {
            Value::verdict(t, row.versus().map(|v| v.verdict))
        });
    let table = match is_wide {
        false => table,
        true => table
            .against(t.h_ppl_change(), is_baseline, |row| Value::ppl_change(t, row.quality()))
            .against(t.h_mean_kld(), is_baseline, |row| {
                Value::nats(t, row.quality().and_then(|q| q.kld_mean))
            })
            .column(t.h_ttft_ms(), |row| {
                Value::ms(t, row.cell(Workload::Prefill).and_then(|c| c.ttft_ns))
            })
            .column(t.h_peak(), |row| Value::mib(t, row.model.peak_of(&row.arm.id)))
            .column(t.d_s_model(), |row| row.model.header.model.name.as_str()),
    };
    section(t.s_variants(), t.s_variants_intro(), table.blocks())
}

/// Arms without the control that have the baseline's KV type.
pub(super) fn plain_arms(model: &ReportModel) -> impl Iterator<Item = &Arm> {
    model.arms().filter(move |arm| model.has_base_kv(arm))
}

fn rate(t: Lang, tps: Option<Interval>, is_wide: bool) -> Value {
    match is_wide {
        true => Value::rate(t, tps),
        false => Value::some(t, tps, |i| (i.estimate, t.rate(i.estimate))),
    }
}

/// Cells that more than one run has, a column per run.
pub(super) fn speed(t: Lang, runs: &[OneRun], charts: &[ChartName], is_wide: bool) -> Vec<Block> {
    let mut shared: Vec<&SideCell> = Vec::new();
    for cell in runs.iter().flat_map(|run| &run.side.cells) {
        let n_with = runs.iter().filter(|run| run.side.cell(cell).is_some()).count();
        let is_known =
            |known: &&SideCell| (&known.variant, &known.kv, &known.work) == (&cell.variant, &cell.kv, &cell.work);
        if n_with > 1 && !shared.iter().any(is_known) {
            shared.push(cell);
        }
    }
    let mut table = Rows::of(t, shared)
        .column(t.h_variant(), |cell| cell.variant.as_str())
        .column(t.h_kv(), |cell| cell.kv.as_str())
        .column(t.h_work(), |cell| cell.work.as_str());
    for (number, run) in (1u32..).zip(runs) {
        table = table.column(t.s_h_tps(number), |cell| match run.side.cell(cell) {
            Some(c) if c.rate.interval.is_none() => Value::number(c.rate.tps, t.rate(c.rate.tps)),
            found => rate(t, found.and_then(|c| c.rate.interval), is_wide),
        });
    }
    let body = [image(charts, "decode"), table.blocks()].concat();
    section(t.d_speed(), t.s_speed_intro(), body)
}
