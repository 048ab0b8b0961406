//! The executables that arms were measured with, and what each does to speed.

use crate::data::BuildInfo;
use crate::report::document::{section, Block, Value};
use crate::report::table::Rows;
use crate::report::{QualityReport, Report};

/// What each said of itself, and its speed against the first.
pub(in crate::report) fn builds(model: &Report) -> Vec<Block> {
    let (t, builds) = (model.lang, &model.header.builds);
    let flags = |b: &&BuildInfo| match b.engine.flags.is_empty() {
        true => Value::absent(t),
        false => b.engine.flags.as_str().into(),
    };
    let table = Rows::of(t, builds)
        .column(t.h_build(), |b| b.name.as_str())
        .column("llama.cpp", |b| b.engine.llama_cpp())
        .column("kvant", |b| b.engine.kvant.as_str())
        .column(t.h_flags(), flags)
        .column(t.h_instructions(), |b| b.engine.system_info.trim())
        .column(t.h_file(), |b| b.path.as_str());
    let cells = model.cells.iter().filter(|cell| cell.vs_first_build.is_some());
    let against = Rows::of(t, cells.filter(|_| model.gate.is_none()))
        .arm(|cell| &cell.arm)
        .column(t.h_work(), |cell| cell.spec.to_string())
        .column(t.h_against(builds.first().map_or("", |b| &b.name)), |cell| {
            Value::ratio_of(t, cell.vs_first_build.as_ref())
        })
        .column(t.h_verdict(), |cell| Value::verdict_of(t, cell.vs_first_build.as_ref()));
    let intro = [vec![t.builds_intro()], kernels(model)].concat().join(" ");
    section(t.builds(), intro, [table.blocks(), against.blocks()].concat())
}

/// What the kernels of each differ by from those of the first: the divergence of the baseline's file and cache.
fn kernels(model: &Report) -> Vec<String> {
    let (t, baseline) = (model.lang, model.baseline());
    let of = |row: &QualityReport| {
        let (base, build) = (baseline?, row.arm.config.build.as_deref()?);
        let is_alike = row.arm.variant == base.variant && row.arm.config.kv() == base.config.kv();
        let is_other = base.config.build.as_deref().filter(|first| *first != build);
        let (first, kld, same) = (is_other.filter(|_| is_alike)?, row.kld_mean?, row.same_top?);
        Some(t.kernels(build, first, t.nats(kld.value), t.percent(same.value)))
    };
    let rows = &model.quality.rows;
    let is_first = |row: &&QualityReport| Some(row.n_ctx) == rows.first().map(|row| row.n_ctx);
    rows.iter().filter(is_first).filter_map(of).collect()
}
