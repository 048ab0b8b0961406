//! Quality: the table of variants and KV types, charts, examples, and the one table that holds speed and quality.

use crate::data::{Outcome, Work, Workload};
use crate::quality::Figures;
use crate::report::charts::ChartName;
use crate::report::document::{image, paragraph, rich_table, section, table, Block, Span};
use crate::report::model::{QualityReport, ReportModel};
use crate::report::text::kv;
use crate::stats::{Interval, QualityVerdict};
use crate::units;

/// Everything that counts, one row per variant with the baseline's KV type.
pub(super) fn in_one_table(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let (Some(baseline), Some(&n_ctx)) = (model.baseline(), model.quality.windows().first()) else {
        return Vec::new();
    };
    let base_kv = kv(&baseline.config);
    let prefill = model.shown(Workload::Prefill);
    let decode = model.shown(Workload::Decode);
    let base_size = model.variant(&baseline.variant).map_or(0, |v| v.model_size);
    let rows: Vec<Vec<String>> = model
        .arms()
        .filter(|arm| kv(&arm.config) == base_kv)
        .map(|arm| {
            let quality = model.quality.row(&arm.id, n_ctx).filter(|r| r.is_ok());
            let size = model.variant(&arm.variant).map(|v| v.model_size).filter(|s| *s > 0);
            let cell = |spec: Option<_>| spec.and_then(|spec| model.cell(&arm.id, &spec));
            vec![
                arm.variant.clone(),
                t.or_na(size, |size| t.mib(size)),
                t.or_na(size, |size| t.factor(base_size as f64 / size as f64)),
                t.or_na(quality, |row| ppl(model, row)),
                if arm.is_baseline {
                    t.baseline()
                } else {
                    t.or_na(quality, |row| t.ppl_change(row))
                },
                t.tps(cell(decode).and_then(|c| c.tps.as_ref())),
                t.ms(cell(prefill).and_then(|c| c.ttft_ns.as_ref())),
                t.or_na(model.memory_of(&arm.id), |m| t.mib(m.reading.rss_bytes_max)),
            ]
        })
        .collect();
    let name = |spec: Option<Work>| t.or_na(spec, |s| s.to_string());
    let head = vec![
        t.h_variant(),
        t.h_size(),
        t.h_compression(),
        t.h_ppl_window(n_ctx),
        t.h_ppl_change(),
        t.h_decode_tps(name(decode)),
        t.h_ttft(name(prefill)),
        t.h_peak(),
    ];
    let body = [table(head, rows), image(charts, "pareto")].concat();
    section(t.one_table(), t.one_table_intro(base_kv), body)
}

/// Variants and KV types by window.
pub(super) fn quality(model: &ReportModel, charts: &[ChartName]) -> Vec<Block> {
    let t = model.lang;
    let windows = model.quality.windows();
    if windows.is_empty() && model.quality.rows.is_empty() {
        return Vec::new();
    }
    let mut body = texts(model);
    body.extend(image(charts, "kld_size"));
    body.extend(image(charts, "kld_position"));
    for &n_ctx in &windows {
        let of_window = model.quality.rows.iter().filter(|r| r.n_ctx == n_ctx && r.is_ok());
        let rows: Vec<Vec<String>> = of_window.map(|r| row(model, r)).collect();
        let head = vec![
            t.h_weights(),
            t.h_kv(),
            "PPL".to_owned(),
            t.h_ppl_change(),
            t.h_mean_kld(),
            t.h_kld_median(),
            t.h_kld_p99(),
            t.h_kld_p999(),
            t.h_same_top(),
            t.h_dp_rms(),
            t.h_verdict(),
            t.h_tokens(),
        ];
        body.push(Block::Part(t.windows_of(units::count(u64::from(n_ctx)))));
        body.extend(table(head, rows));
        if let Some((_, why)) = model.quality.ended.iter().find(|(n, _)| *n == n_ctx) {
            body.extend(paragraph(&t.ended_because(t.quality_end(*why))));
        }
    }
    body.extend(failures(model));
    body.extend(examples(model));
    section(t.quality(), t.quality_intro(), body)
}

fn texts(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let Some(tokens) = &model.quality.tokens else {
        return Vec::new();
    };
    let texts = model.header.texts.iter().zip(&tokens.n_tokens);
    let names: Vec<String> = texts
        .map(|(text, n)| {
            let sha = text.sha256.get(..16).unwrap_or(&text.sha256);
            t.scored_text(&text.name, units::count(u64::from(*n)), sha)
        })
        .collect();
    let bos = if tokens.adds_bos { t.with_bos() } else { t.without_bos() };
    // The name of a file may hold anything: it is no text of our own.
    let said = format!("{} {bos}", t.texts_scored(t.list(&names)));
    vec![Block::Text(vec![Span::Text(said)])]
}

fn ppl(model: &ReportModel, row: &QualityReport) -> String {
    let t = model.lang;
    t.or_na(row.figures.as_ref(), |f| {
        t.figure(f.ppl.value, row.ppl.as_ref(), |x| t.ppl(x))
    })
}

fn row(model: &ReportModel, row: &QualityReport) -> Vec<String> {
    let t = model.lang;
    let figure = |of: &dyn Fn(&Figures) -> String| t.or_na(row.figures.as_ref(), of);
    let quantile = |i: &Option<Interval>| t.or_na(i.as_ref(), |i| t.nats(i.estimate));
    let or_baseline = |text: String| if row.arm.is_baseline { t.baseline() } else { text };
    let percent = |x: f64| t.percent(x);
    let tokens = figure(&|f| units::count(f.n_scored));
    let tokens = match row.n_scored_precise {
        Some(n) => t.precise_after(tokens, units::count(n)),
        None => tokens,
    };
    vec![
        if row.arm.is_control {
            t.first_chunk(&row.arm.id)
        } else {
            row.arm.variant.clone()
        },
        kv(&row.arm.config),
        ppl(model, row),
        or_baseline(t.ppl_change(row)),
        or_baseline(figure(&|f| t.figure(f.kld.value, row.kld.as_ref(), |x| t.nats(x)))),
        or_baseline(quantile(&row.kld_p50)),
        or_baseline(quantile(&row.kld_p99)),
        or_baseline(quantile(&row.kld_p999)),
        or_baseline(figure(&|f| t.figure(f.same_top.value, row.same_top.as_ref(), percent))),
        or_baseline(figure(&|f| t.figure(f.dp_rms.value, row.dp_rms.as_ref(), percent))),
        t.quality_verdict(row),
        tokens,
    ]
}

fn failures(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let rows: Vec<Vec<String>> = model
        .quality
        .rows
        .iter()
        .filter_map(|row| match &row.outcome {
            // The control scores one window only; that it has none in another is no failure.
            Outcome::Failed(kind, reason) if !row.arm.is_control => Some(vec![
                row.arm.id.clone(),
                units::count(u64::from(row.n_ctx)),
                kind.to_string(),
                reason.clone(),
            ]),
            _ => None,
        })
        .collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let head = vec![t.h_arm(), t.h_window(), t.h_outcome(), t.h_reason()];
    let mut blocks: Vec<Block> = paragraph(&t.not_scored()).into_iter().collect();
    blocks.extend(table(head, rows));
    blocks
}

/// The arm that diverges most, with the baseline's KV type if there is another variant.
fn most_divergent(model: &ReportModel, n_ctx: u32) -> Option<&QualityReport> {
    let base_kv = model.baseline().map(|arm| kv(&arm.config));
    let candidates = || {
        let rows = model.quality.rows.iter();
        rows.filter(|r| r.n_ctx == n_ctx && r.is_ok() && r.verdict.is_some() && !r.examples.is_empty())
    };
    let kld = |r: &&QualityReport| r.figures.as_ref().map_or(0.0, |f| f.kld.value);
    let of_variants = candidates().filter(|r| Some(kv(&r.arm.config)) == base_kv);
    of_variants
        .max_by(|a, b| kld(a).total_cmp(&kld(b)))
        .or_else(|| candidates().max_by(|a, b| kld(a).total_cmp(&kld(b))))
}

/// Where the arm that diverges most says something else.
fn examples(model: &ReportModel) -> Vec<Block> {
    let t = model.lang;
    let worst = model
        .quality
        .windows()
        .first()
        .and_then(|&n_ctx| most_divergent(model, n_ctx));
    let Some(worst) = worst else {
        return Vec::new();
    };
    let with_p = |token: &str, own: f64, other: f64| {
        let shares = format!(" {} ({})", t.percent(own), t.percent(other));
        vec![spaced(token), Span::Text(shares)]
    };
    let rows = worst
        .examples
        .iter()
        .map(|(_, e)| {
            vec![
                vec![spaced(&e.before)],
                vec![spaced(&e.next)],
                with_p(&e.baseline_top, e.baseline_top_p.0, e.baseline_top_p.1),
                with_p(&e.top, e.top_p.1, e.top_p.0),
            ]
        })
        .collect();
    let name = match worst.verdict {
        Some(QualityVerdict::Indistinguishable) => t.but_indistinguishable(&worst.arm.id),
        _ => worst.arm.id.clone(),
    };
    let baseline = model.baseline().map_or_else(|| t.baseline(), |a| a.id.clone());
    let head = vec![
        t.h_before(),
        t.h_next(),
        t.h_expects(&baseline, &worst.arm.id),
        t.h_expects(&worst.arm.id, &baseline),
    ];
    let mut blocks = vec![Block::Part(t.parts_from(name, baseline))];
    blocks.extend(paragraph(&t.parts_intro()));
    blocks.extend(rich_table(head, rows));
    blocks
}

/// A token or a stretch of text as code, so that its spaces are seen.
fn spaced(text: &str) -> Span {
    Span::Code(text.chars().map(|c| if c == '\n' { '\u{23ce}' } else { c }).collect())
}
