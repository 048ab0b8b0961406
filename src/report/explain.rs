//! One cell's figures, traced back to the lines of the journal they come from.

use super::lang::Lang;
use super::{CellReport, Comparison, ReportModel};
use crate::data::{Outcome, Record, SampleRecord};
use crate::stats::{self, Interval};
use crate::units;
use comfy_table::{Cell, CellAlignment, Table, TableStyle};
use std::collections::BTreeMap;

/// The header is line 1 of a journal, its first record line 2.
const FIRST_LINE: usize = 2;

/// Every sample of `cell` with its journal line, then how each figure follows from them.
///
/// `cell` is the id of a cell, or a part of it that no other has.
///
/// # Errors
/// When no cell or several have it, with the ids to choose from.
pub fn explain(model: &ReportModel, records: &[Record], cell: &str) -> Result<String, String> {
    let own = find(model, cell)?;
    let baseline = model
        .cells
        .iter()
        .find(|c| c.arm.is_baseline && !c.arm.is_control && c.spec == own.spec && c.index != own.index);
    let used = used_samples(records, own);
    let of_baseline = baseline.map(|b| used_samples(records, b)).unwrap_or_default();
    let mut out = format!("{}\n\n", id(model, own));
    if let Outcome::Failed(kind, reason) = &own.outcome {
        out.push_str(&format!(
            "not measured ({kind}): {}\n\n",
            Lang::default().reason(*kind, reason)
        ));
    }
    out.push_str(&format!("{}\n", samples_table(own, &used, &of_baseline)));
    out.push_str(&left_out(records, own.index, &used));
    out.push_str(&throughput(own, used.len()));
    if let (Some(comparison), Some(baseline)) = (&own.vs_baseline, baseline) {
        out.push_str(&ratio(model, own, baseline, comparison, &used, &of_baseline));
    }
    Ok(out)
}

fn id(model: &ReportModel, cell: &CellReport) -> String {
    model.header.plan.cells[cell.index].id.clone()
}

fn find<'m>(model: &'m ReportModel, wanted: &str) -> Result<&'m CellReport, String> {
    let lower = wanted.to_lowercase();
    let matching: Vec<&CellReport> = model
        .cells
        .iter()
        .filter(|c| id(model, c).to_lowercase().contains(&lower))
        .collect();
    let exact = matching.iter().find(|c| id(model, c).eq_ignore_ascii_case(wanted));
    match (exact, matching.as_slice()) {
        (Some(one), _) | (None, [one]) => Ok(one),
        (None, several) => {
            let choice = if several.is_empty() {
                model.cells.iter().collect()
            } else {
                several.to_vec()
            };
            let ids: Vec<String> = choice.into_iter().map(|c| format!("  {}", id(model, c))).collect();
            let why = if several.is_empty() {
                "no cell has"
            } else {
                "several cells have"
            };
            Err(format!(
                "--explain: {why} '{wanted}' in its name; name one of\n{}",
                ids.join("\n")
            ))
        }
    }
}

/// Samples that count, by round, with their lines. Of a block that was run again the later one does.
fn used_samples<'r>(records: &'r [Record], cell: &CellReport) -> Samples<'r> {
    samples(records, cell.index)
        .filter(|(_, s)| cell.sample_rounds.contains(&s.round))
        .map(|(line, s)| (s.round, (line, s)))
        .collect()
}

fn samples(records: &[Record], cell: usize) -> impl Iterator<Item = (usize, &SampleRecord)> {
    let all = records.iter().enumerate();
    let samples = all.filter_map(|(i, record)| Some((i + FIRST_LINE, record.sample()?)));
    samples.filter(move |(_, s)| s.cell == cell)
}

type Samples<'r> = BTreeMap<u32, (usize, &'r SampleRecord)>;

fn samples_table(own: &CellReport, used: &Samples, of_baseline: &Samples) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.force_no_tty();
    let mut head = vec!["journal line", "launch", "round", "ns", "t/s"];
    if !of_baseline.is_empty() {
        head.extend(["baseline's line", "baseline's ns", "ratio"]);
    }
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    table.set_header(head.iter().map(|h| right((*h).to_owned())));
    let n_tokens = own.spec.shape().n_counted;
    for (round, (line, record)) in used {
        let ns = record.sample.ns();
        let mut row = vec![
            line.to_string(),
            record.launch.to_string(),
            round.to_string(),
            ns.to_string(),
            units::or_na(units::rate_per_s(n_tokens, ns), units::tps),
        ];
        if let Some((line, base)) = of_baseline.get(round) {
            let ratio = base.sample.ns() as f64 / ns as f64;
            row.extend([line.to_string(), base.sample.ns().to_string(), format!("{ratio:.4}")]);
        }
        table.add_row(row.into_iter().map(right));
    }
    table
}

fn left_out(records: &[Record], cell: usize, used: &Samples) -> String {
    let lines: Vec<String> = samples(records, cell)
        .filter(|(line, s)| used.get(&s.round).is_none_or(|(kept, _)| kept != line))
        .map(|(line, s)| {
            let mut disturbed = records.iter().filter_map(Record::disturbed);
            let discarded = disturbed.find(|d| d.is_discarded && d.round == s.round).map(|d| d.what);
            let why = discarded.map_or("its block was not completed".to_owned(), |what| {
                format!("discarded: {}", Lang::default().disturbance(what))
            });
            format!("not used: line {line}, round {} ({why})\n", s.round)
        })
        .collect();
    lines.concat()
}

fn throughput(own: &CellReport, n: usize) -> String {
    let spread = own.tps.as_ref().map(|i| with_method(i, units::tps));
    format!(
        "\nthroughput  {}: the centre of the {n} rates\n",
        units::or_na(spread, |text| format!("{text} t/s"))
    )
}

fn with_method(interval: &Interval, show: impl Fn(f64) -> String) -> String {
    format!(
        "{} [{}, {}] ({} at {})",
        show(interval.estimate),
        show(interval.lo),
        show(interval.hi),
        interval.method,
        units::percent(interval.level)
    )
}

fn ratio(
    model: &ReportModel,
    own: &CellReport,
    baseline: &CellReport,
    comparison: &Comparison,
    used: &Samples,
    of_baseline: &Samples,
) -> String {
    let pairs = used
        .iter()
        .filter_map(|(round, (_, s))| Some((of_baseline.get(round)?.1.sample.ns() as f64, s.sample.ns() as f64)));
    let (base, arm): (Vec<f64>, Vec<f64>) = pairs.unzip();
    let bare = |r: f64| format!("{r:.4}");
    let plain = stats::log_ratio_interval(&base, &arm, comparison.ratio.level);
    let bias = model.control.bias(&own.spec);
    let equivalence = model.header.plan.equivalence;
    format!(
        "ratio       {}: {}'s time over its own within rounds, over launches\n\
         check       {}: the same over rounds, as if processes were all alike\n\
         bias        {}: what the control shows beyond doubt; the interval is that much wider to both sides\n\
         region      [{}, {}] counts as the same\n\
         verdict     {}\n",
        with_method(&comparison.ratio, bare),
        id(model, baseline),
        units::or_na(plain.as_ref(), |i| with_method(i, bare)),
        units::percent(bias.exp_m1()),
        bare(1.0 / (1.0 + equivalence)),
        bare(1.0 + equivalence),
        Lang::default().verdict_of(Some(comparison)),
    )
}
