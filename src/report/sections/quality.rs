//! Quality: the table of variants and KV types, charts and examples.

use crate::data::Outcome;
use crate::report::charts::ChartName;
use crate::report::document::{found, image, introduced, paragraph, Block, Span, Value};
use crate::report::table::Rows;
use crate::report::{QualityReport, Report};
use crate::stats::{Interval, QualityVerdict};
use crate::units;

/// Variants and KV types by window.
pub(super) fn quality(model: &Report, charts: &[ChartName]) -> Vec<Block> {
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
        body.push(Block::Part(t.windows_of(units::count(n_ctx))));
        body.extend(scores(model, of_window));
        if let Some((_, why)) = model.quality.ended.iter().find(|(n, _)| *n == n_ctx) {
            body.extend(paragraph(&t.ended_because(t.quality_end(*why))));
        }
    }
    body.extend(failures(model));
    body.extend(examples(model));
    found(t.quality(), model.losses(), t.quality_intro(), body)
}

fn texts(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let Some(tokens) = &model.quality.tokens else {
        return Vec::new();
    };
    let texts = model.header.texts.iter().zip(&tokens.n_tokens);
    let names: Vec<String> = texts
        .map(|(text, n)| {
            let sha = text.sha256.get(..16).unwrap_or(&text.sha256);
            t.scored_text(&text.name, units::count(*n), sha)
        })
        .collect();
    let bos = if tokens.adds_bos { t.with_bos() } else { t.without_bos() };
    // The name of a file may hold anything: it is no text of our own.
    let said = format!("{} {bos}", t.texts_scored(t.list(&names)));
    vec![Block::Text(vec![Span::Text(said)])]
}

fn scores<'a>(model: &Report, rows: impl Iterator<Item = &'a QualityReport>) -> Vec<Block> {
    let t = model.lang;
    let quantile = |i: Option<Interval>| Value::some(t, i, |i| (i.estimate, t.nats(i.estimate)));
    let is_baseline = |row: &&QualityReport| row.arm.is_baseline;
    Rows::of(t, rows)
        .column(t.h_weights(), |row| match row.arm.is_control {
            true => t.first_chunk(&row.arm.id),
            false => row.arm.label().to_owned(),
        })
        .column(t.h_kv(), |row| row.arm.config.kv())
        .column("PPL", |row| Value::some(t, row.ppl, |f| (f.value, t.ppl(f.value))))
        .against(t.h_ppl_change(), is_baseline, |row| Value::ppl_change(t, Some(row)))
        .against(t.h_mean_kld(), is_baseline, |row| Value::nats(t, row.kld_mean))
        .against(t.h_kld_median(), is_baseline, |row| quantile(row.kld_p50))
        .against(t.h_kld_p99(), is_baseline, |row| quantile(row.kld_p99))
        .against(t.h_kld_p999(), is_baseline, |row| quantile(row.kld_p999))
        .against(t.h_same_top(), is_baseline, |row| {
            Value::figure(t, row.same_top, |x| t.percent(x))
        })
        .against(t.h_dp_rms(), is_baseline, |row| {
            Value::figure(t, row.dp_rms, |x| t.percent(x))
        })
        .column(t.h_verdict(), |row| Value::quality_verdict(t, row))
        .column(t.h_tokens(), |row| match row.n_scored_precise {
            Some(n) => {
                let text = t.precise_after(units::count(row.n_scored), units::count(n));
                Value::number(row.n_scored as f64, text)
            }
            None => Value::count(row.n_scored),
        })
        .blocks()
}

fn failures(model: &Report) -> Vec<Block> {
    let t = model.lang;
    // The control scores one window only; that it has none in another is no failure.
    let rows = model.quality.rows.iter().filter(|row| !row.arm.is_control);
    let failed = rows.filter_map(|row| match &row.outcome {
        Outcome::Failed(kind, reason) => Some((row, *kind, reason)),
        Outcome::Ok => None,
    });
    let table = Rows::of(t, failed)
        .column(t.h_arm(), |(row, ..)| row.arm.id.as_str())
        .column(t.h_window(), |(row, ..)| Value::count(row.n_ctx))
        .column(t.h_outcome(), |(_, kind, _)| kind.name())
        .column(t.h_reason(), |(_, _, reason)| match reason.is_empty() {
            true => t.no_time_to_score(),
            false => reason.to_string(),
        });
    introduced(&t.not_scored(), table.blocks())
}

/// The arm that diverges most, with the baseline's KV type if there is another variant.
fn most_divergent<'a>(model: &'a Report, n_ctx: u32) -> Option<&'a QualityReport> {
    let candidates = || {
        let rows = model.quality.rows.iter();
        rows.filter(|r| r.n_ctx == n_ctx && r.is_ok() && r.verdict.is_some() && !r.examples.is_empty())
    };
    let kld = |r: &&QualityReport| r.kld_mean.map_or(0.0, |f| f.value);
    let of_variants = candidates().filter(|r| model.has_base_kv(&r.arm));
    of_variants
        .max_by(|a, b| kld(a).total_cmp(&kld(b)))
        .or_else(|| candidates().max_by(|a, b| kld(a).total_cmp(&kld(b))))
}

/// Where the arm that diverges most says something else.
fn examples(model: &Report) -> Vec<Block> {
    let t = model.lang;
    let worst = model
        .quality
        .windows()
        .first()
        .and_then(|&n_ctx| most_divergent(model, n_ctx));
    let Some(worst) = worst else {
        return Vec::new();
    };
    let name = match worst.verdict {
        Some(QualityVerdict::Indistinguishable) => t.but_indistinguishable(&worst.arm.id),
        _ => worst.arm.id.clone(),
    };
    let baseline = model.baseline().map_or_else(|| t.baseline(), |a| a.id.clone());
    let code = |text: &str| Value::spans(vec![spaced(text)]);
    let with_p = |token: &str, own: f64, other: f64| {
        let shares = format!(" {} ({})", t.percent(own), t.percent(other));
        Value::spans(vec![spaced(token), Span::Text(shares)])
    };
    let table = Rows::of(t, worst.examples.iter().map(|e| &e.disagreement))
        .column(t.h_before(), |e| code(&e.before))
        .column(t.h_next(), |e| code(&e.next))
        .column(t.h_expects(&baseline, &worst.arm.id), |e| {
            with_p(&e.baseline_top, e.baseline_top_p.0, e.baseline_top_p.1)
        })
        .column(t.h_expects(&worst.arm.id, &baseline), |e| {
            with_p(&e.top, e.top_p.1, e.top_p.0)
        });
    let mut blocks = vec![Block::Part(t.parts_from(name, &baseline))];
    blocks.extend(paragraph(&t.parts_intro()));
    blocks.extend(table.blocks());
    blocks
}

/// A token or a stretch of text as code, so that its spaces are seen.
fn spaced(text: &str) -> Span {
    Span::Code(text.chars().map(|c| if c == '\n' { '\u{23ce}' } else { c }).collect())
}
