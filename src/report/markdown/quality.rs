//! Quality: the table of variants and KV types, charts, examples, and the one table that holds speed and quality.

use super::sections::{image, middle, section};
use super::table::{code, escape, table};
use crate::data::{Outcome, Workload};
use crate::quality::Figures;
use crate::report::model::{QualityReport, ReportModel};
use crate::report::text;
use crate::stats::QualityVerdict;
use crate::units;

/// Everything that counts, one row per variant with the baseline's KV type.
pub(super) fn in_one_table(model: &ReportModel) -> String {
    let (Some(baseline), Some(&n_ctx)) = (model.baseline(), model.quality.windows().first()) else {
        return String::new();
    };
    let kv = text::kv(&baseline.config);
    let prefill = middle(&model.specs(Workload::Prefill));
    let decode = middle(&model.specs(Workload::Decode));
    let base_size = model.variant(&baseline.variant).map_or(0, |v| v.model_size);
    let rows: Vec<Vec<String>> = model
        .arms()
        .filter(|arm| text::kv(&arm.config) == kv)
        .map(|arm| {
            let quality = model.quality.row(&arm.id, n_ctx).filter(|r| r.is_ok());
            let size = model.variant(&arm.variant).map(|v| v.model_size).filter(|s| *s > 0);
            let cell = |spec: Option<_>| spec.and_then(|spec| model.cell(&arm.id, &spec));
            vec![
                arm.variant.clone(),
                units::or_na(size, units::mib),
                units::or_na(size, |size| units::ratio(base_size as f64 / size as f64)),
                units::or_na(quality, ppl),
                if arm.is_baseline {
                    "baseline".to_owned()
                } else {
                    units::or_na(quality, text::ppl_change)
                },
                text::tps(cell(decode).and_then(|c| c.tps.as_ref())),
                text::ms(cell(prefill).and_then(|c| c.ttft_ns.as_ref())),
                units::or_na(model.memory_of(&arm.id), |m| units::mib(m.reading.rss_bytes_max)),
            ]
        })
        .collect();
    let name = |spec: Option<crate::data::WorkSpec>| units::or_na(spec, |s| s.to_string());
    let (decode_head, ttft_head) = (
        format!("decode, t/s ({})", name(decode)),
        format!("TTFT, ms ({})", name(prefill)),
    );
    let ppl_head = format!("PPL (window {n_ctx})");
    let head = [
        "variant",
        "size, MiB",
        "compression",
        ppl_head.as_str(),
        "change in PPL",
        decode_head.as_str(),
        ttft_head.as_str(),
        "peak memory, MiB",
    ];
    let intro = format!("KV type {kv} throughout, with [95 % intervals].\n\n");
    section("In one table", &intro, &table(&head, &rows))
}

/// Variants and KV types by window.
pub(super) fn quality(model: &ReportModel, charts: &[&str]) -> String {
    let windows = model.quality.windows();
    let mut body = format!("{}{}", image(charts, "kld_size"), image(charts, "kld_position"));
    for &n_ctx in &windows {
        let rows: Vec<Vec<String>> = model
            .quality
            .rows
            .iter()
            .filter(|r| r.n_ctx == n_ctx && r.is_ok())
            .map(row)
            .collect();
        let head = [
            "weights",
            "KV",
            "PPL",
            "change in PPL",
            "mean KLD, nats",
            "KLD median",
            "KLD p99",
            "KLD p99.9",
            "same top token",
            "RMS delta-p",
            "verdict",
            "tokens",
        ];
        body.push_str(&format!("### Windows of {} tokens\n\n", units::count(u64::from(n_ctx))));
        body.push_str(&table(&head, &rows));
        if let Some((_, why)) = model.quality.ended.iter().find(|(n, _)| *n == n_ctx) {
            body.push_str(&format!("Ended because {why}.\n\n"));
        }
    }
    if windows.is_empty() && model.quality.rows.is_empty() {
        return String::new();
    }
    body.push_str(&failures(model));
    let intro = "The second half of each window of text is predicted, token by token, as llama-perplexity does; intervals are over \
                 windows, since neighbouring tokens are not independent. KLD: how far the probabilities are from the baseline's, 0 is \
                 equal. Indistinguishable: KLD below 0.01 and the same top token in 98 % of places; inside that zone nothing is ranked.\n\n";
    section("Quality", intro, &format!("{}{body}{}", texts(model), examples(model)))
}

fn texts(model: &ReportModel) -> String {
    let Some(tokens) = &model.quality.tokens else {
        return String::new();
    };
    let names: Vec<String> = model
        .header
        .texts
        .iter()
        .zip(&tokens.n_tokens)
        .map(|(text, n)| {
            format!(
                "{} ({} tokens, SHA-256 {})",
                escape(&text.name),
                units::count(u64::from(*n)),
                text.sha256.get(..16).unwrap_or(&text.sha256)
            )
        })
        .collect();
    let bos = if tokens.adds_bos { "begins" } else { "does not begin" };
    format!(
        "Text: {}. Each window {bos} with the vocabulary's BOS token.\n\n",
        text::list(&names)
    )
}

fn ppl(row: &QualityReport) -> String {
    units::or_na(row.figures.as_ref(), |f| {
        text::figure(f.ppl.value, row.ppl.as_ref(), units::ppl)
    })
}

fn row(row: &QualityReport) -> Vec<String> {
    let figure = |of: &dyn Fn(&Figures) -> String| units::or_na(row.figures.as_ref(), of);
    let quantile = |i: &Option<crate::stats::Interval>| units::or_na(i.as_ref(), |i| units::nats(i.estimate));
    let is_baseline = row.arm.is_baseline;
    let or_baseline = |text: String| if is_baseline { "baseline".to_owned() } else { text };
    let tokens = figure(&|f| units::count(f.n_scored));
    let tokens = match row.n_scored_precise {
        Some(n) => format!("{tokens} (precise after {})", units::count(n)),
        None => tokens,
    };
    vec![
        if row.arm.is_control {
            format!("{} (first chunk)", row.arm.id)
        } else {
            row.arm.variant.clone()
        },
        text::kv(&row.arm.config),
        ppl(row),
        or_baseline(text::ppl_change(row)),
        or_baseline(figure(&|f| text::figure(f.kld.value, row.kld.as_ref(), units::nats))),
        or_baseline(quantile(&row.kld_p50)),
        or_baseline(quantile(&row.kld_p99)),
        or_baseline(quantile(&row.kld_p999)),
        or_baseline(figure(&|f| {
            text::figure(f.same_top.value, row.same_top.as_ref(), units::percent)
        })),
        or_baseline(figure(&|f| {
            text::figure(f.dp_rms.value, row.dp_rms.as_ref(), units::percent)
        })),
        text::quality_verdict(row),
        tokens,
    ]
}

fn failures(model: &ReportModel) -> String {
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
        return String::new();
    }
    format!(
        "Not scored:\n\n{}",
        table(&["arm", "window", "outcome", "reason"], &rows)
    )
}

/// Where the arm that diverges most (with the baseline's KV type, if there is another variant) says something else.
fn examples(model: &ReportModel) -> String {
    let Some(&n_ctx) = model.quality.windows().first() else {
        return String::new();
    };
    let base_kv = model.baseline().map(|arm| text::kv(&arm.config));
    let candidates = || {
        let rows = model.quality.rows.iter();
        rows.filter(|r| r.n_ctx == n_ctx && r.is_ok() && r.verdict.is_some() && !r.examples.is_empty())
    };
    let kld = |r: &&QualityReport| r.figures.as_ref().map_or(0.0, |f| f.kld.value);
    let of_variants = candidates().filter(|r| Some(text::kv(&r.arm.config)) == base_kv);
    let worst = of_variants
        .max_by(|a, b| kld(a).total_cmp(&kld(b)))
        .or_else(|| candidates().max_by(|a, b| kld(a).total_cmp(&kld(b))));
    let Some(worst) = worst else {
        return String::new();
    };
    let p = |p: f64| units::percent(p);
    let rows: Vec<Vec<String>> = worst
        .examples
        .iter()
        .map(|(_, e)| {
            vec![
                spaced(&e.before),
                spaced(&e.next),
                format!(
                    "{} {} ({})",
                    spaced(&e.baseline_top),
                    p(e.baseline_top_p.0),
                    p(e.baseline_top_p.1)
                ),
                format!("{} {} ({})", spaced(&e.top), p(e.top_p.1), p(e.top_p.0)),
            ]
        })
        .collect();
    let name = match worst.verdict {
        Some(QualityVerdict::Indistinguishable) => format!("{}, indistinguishable on the whole", worst.arm.id),
        _ => worst.arm.id.clone(),
    };
    let baseline = model.baseline().map_or("baseline", |a| a.id.as_str());
    let head = [
        "text before",
        "the text goes on",
        &format!("{baseline} expects (in {})", worst.arm.id),
        &format!("{} expects (in {baseline})", worst.arm.id),
    ];
    format!(
        "### Where {} parts from {}\n\nPlaces with the largest divergence, with the probability of each token in its own model and in the other.\n\n{}",
        escape(&name),
        escape(baseline),
        raw_table(&head, &rows)
    )
}

/// A token or a stretch of text as code, so that its spaces are seen.
fn spaced(text: &str) -> String {
    let shown: String = text.chars().map(|c| if c == '\n' { '\u{23ce}' } else { c }).collect();
    code(&shown).replace('|', "\\|")
}

/// A table whose cells are Markdown already.
fn raw_table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = head.iter().map(|h| escape(h)).collect();
    let rule = vec![":---".to_owned(); head.len()];
    let rows: String = rows.iter().map(|r| line(r)).collect();
    format!("{}{}{rows}\n", line(&head), line(&rule))
}
