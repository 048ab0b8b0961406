//! The words and tables of several runs. Runs have numbers, from 1: names of folders are long.

use super::OneRun;
use crate::data::{Arm, Workload};
use crate::report::charts::ChartName;
use crate::report::diff::SideCell;
use crate::report::document::{image, section, table, Block};
use crate::report::lang::Lang;
use crate::report::text::kv;
use crate::report::ReportModel;
use crate::stats::Interval;

/// What must be known of single runs.
pub(super) fn banners(t: Lang, runs: &[OneRun]) -> Vec<String> {
    let mut banners = Vec::new();
    for side in runs.iter().map(|run| &run.side) {
        if !side.is_complete {
            banners.push(t.d_incomplete(&side.name));
        }
    }
    banners
}

/// The answer of every run.
pub(super) fn conclusion(t: Lang, runs: &[OneRun]) -> Vec<String> {
    let said = (1u32..).zip(runs).filter_map(|(number, run)| {
        let model = run.model.as_ref()?;
        let (name, cpu) = (&model.header.model.name, &model.header.host.cpu);
        Some(t.s_said(number, name, cpu, model.opening.first()?))
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
    let row = |(index, run): (usize, &OneRun)| {
        let mut row = vec![(index + 1).to_string(), run.side.name.clone()];
        row.extend(
            settings
                .iter()
                .map(|name| t.or_na(run.side.setting(name), str::to_owned)),
        );
        let control = run.model.as_ref().and_then(|m| m.control.pooled.as_ref());
        row.push(t.ratio_of(control));
        row
    };
    let mut head = vec![t.s_h_number(), t.s_h_run()];
    head.extend(settings.iter().cloned());
    head.push(t.s_h_control());
    section(
        t.s_runs(),
        String::new(),
        table(head, runs.iter().enumerate().map(row).collect()),
    )
}

/// Everything that counts, one row per run and variant, with the KV type of the run's baseline.
pub(super) fn variants(t: Lang, runs: &[OneRun], is_wide: bool) -> Vec<Block> {
    let rows = runs.iter().enumerate().flat_map(|(index, run)| {
        let model = run.model.as_ref();
        let arms = model
            .into_iter()
            .flat_map(|model| plain_arms(model).map(move |arm| (model, arm)));
        arms.map(move |(model, arm)| variant_row(t, index + 1, model, arm, is_wide))
    });
    let mut head = vec![t.s_h_number(), t.h_variant(), t.h_size(), t.h_work(), t.h_tps()];
    head.extend([t.h_decode_ratio(), t.h_verdict()]);
    if is_wide {
        head.extend([
            t.h_ppl_change(),
            t.h_mean_kld(),
            t.h_ttft_ms(),
            t.h_peak(),
            t.d_s_model(),
        ]);
    }
    section(t.s_variants(), t.s_variants_intro(), table(head, rows.collect()))
}

/// Arms without the control that have the baseline's KV type.
pub(super) fn plain_arms(model: &ReportModel) -> impl Iterator<Item = &Arm> {
    let base_kv = model.baseline().map(|arm| kv(&arm.config));
    model.arms().filter(move |arm| Some(kv(&arm.config)) == base_kv)
}

fn variant_row(t: Lang, number: usize, model: &ReportModel, arm: &Arm, is_wide: bool) -> Vec<String> {
    let decode = model.shown(Workload::Decode);
    let decoded = decode.and_then(|spec| model.cell(&arm.id, &spec));
    let versus = decoded.and_then(|cell| cell.vs_baseline.as_ref());
    let or_baseline = |text: String| if arm.is_baseline { t.baseline() } else { text };
    let tps = decoded.and_then(|cell| cell.tps.as_ref());
    let mut row = vec![
        number.to_string(),
        arm.label().to_owned(),
        t.or_na(model.variant(&arm.variant), |v| t.mib(v.model_size)),
        t.or_na(decode, |spec| spec.to_string()),
        rate(t, tps, is_wide),
        or_baseline(t.ratio_of(versus)),
        or_baseline(t.or_na(versus, |v| t.verdict(v.verdict))),
    ];
    if is_wide {
        let window = model.quality.windows().first().copied();
        let quality = window.and_then(|n_ctx| model.quality.row(&arm.id, n_ctx).filter(|r| r.is_ok()));
        let kld = quality.and_then(|row| Some((row.figures?.kld.value, row.kld)));
        let prefill = model.shown(Workload::Prefill);
        let prefilled = prefill.and_then(|spec| model.cell(&arm.id, &spec));
        row.extend([
            or_baseline(t.or_na(quality, |row| t.ppl_change(row))),
            or_baseline(t.or_na(kld, |(kld, i)| t.figure(kld, i.as_ref(), |x| t.nats(x)))),
            t.ms(prefilled.and_then(|cell| cell.ttft_ns.as_ref())),
            t.or_na(model.memory_of(&arm.id), |m| t.mib(m.reading.rss_bytes_max)),
            model.header.model.name.clone(),
        ]);
    }
    row
}

fn rate(t: Lang, tps: Option<&Interval>, is_wide: bool) -> String {
    if is_wide {
        t.tps(tps)
    } else {
        t.or_na(tps, |i| t.rate(i.estimate))
    }
}

/// Cells that more than one run has, a column per run.
pub(super) fn speed(t: Lang, runs: &[OneRun], charts: &[ChartName], is_wide: bool) -> Vec<Block> {
    let mut shared: Vec<&SideCell> = Vec::new();
    for cell in runs.iter().flat_map(|run| &run.side.cells) {
        let n_with = runs.iter().filter(|run| run.cell(cell).is_some()).count();
        let is_known =
            |known: &&SideCell| (&known.variant, &known.kv, &known.work) == (&cell.variant, &cell.kv, &cell.work);
        if n_with > 1 && !shared.iter().any(is_known) {
            shared.push(cell);
        }
    }
    let row = |cell: &&SideCell| {
        let tps = |run: &OneRun| {
            t.or_na(run.cell(cell), |c| match &c.interval {
                Some(_) => rate(t, c.interval.as_ref(), is_wide),
                None => t.rate(c.tps),
            })
        };
        let mut row = vec![cell.variant.clone(), cell.kv.clone(), cell.work.clone()];
        row.extend(runs.iter().map(tps));
        row
    };
    let mut head = vec![t.h_variant(), t.h_kv(), t.h_work()];
    head.extend((1..=runs.len()).map(|number| t.s_h_tps(number)));
    let body = [image(charts, "decode"), table(head, shared.iter().map(row).collect())].concat();
    section(t.d_speed(), t.s_speed_intro(), body)
}
