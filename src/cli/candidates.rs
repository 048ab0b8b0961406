//! What a triage chooses from, before anything is fetched or made: headers, and what this machine is predicted to do with each.

use super::args::{CompareArgs, Global, TriageArgs};
use super::desk::Desk;
use super::exit::{Failure, DOES_NOT_FIT, OK};
use super::output;
use super::probe;
use super::profile::{self, Needs};
use super::resolve;
use crate::catalog::{CatalogError, Origin, Preview, PreviewVariant, Request, CANDIDATES};
use crate::data::{LeftOut, Plan, VariantInfo, WhyLeftOut};
use crate::plan::{self, Bounds, Contender, Prediction, Settings};
use crate::units;
use serde::Serialize;
use serde_json::json;

/// Bytes per second at which a file is loaded.
const LOAD_RATE: f64 = 1e9;

/// The candidates of a model, and which of them are left out.
pub struct Candidates {
    preview: Preview,
    plan: Plan,
    prediction: Prediction,
    left_out: Vec<Option<WhyLeftOut>>,
}

impl Candidates {
    /// Reads headers and predicts. `None` where no source has a header to read from afar: then there is nothing to choose before the
    /// files are here. What this machine does with each type of weights is measured for `--dry-run` and before a download, if it is not cached.
    pub fn find(args: &TriageArgs, compare: &CompareArgs, desk: &Desk<'_>) -> Result<Option<Candidates>, Failure> {
        let (host, engine) = (&desk.host, &desk.engine);
        let fast_types = resolve::fast_types(host, engine, &compare.device);
        let request = Request {
            usual: CANDIDATES,
            fast_types: &fast_types,
            command: "triage",
            ..Request::of(&args.models, &args.variants)
        };
        let preview = match desk.sources.preview(&request) {
            Ok(preview) => preview,
            Err(CatalogError::Unobtainable { .. }) if !args.dry_run => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let ids: Vec<String> = preview.variants.iter().map(|v| v.info.id.clone()).collect();
        let settings = Settings {
            variants: ids,
            is_triage: true,
            ..resolve::settings(compare, host, &engine.devices, &[])?
        };
        let plan = plan::build(&settings)?;
        let infos: Vec<VariantInfo> = preview.variants.iter().map(|v| v.info.clone()).collect();
        let needs = Needs::of(&preview.info, &infos, &settings.kv);
        let n_threads = settings.n_threads.first().copied().unwrap_or(1);
        let is_far = preview
            .variants
            .iter()
            .any(|v| matches!(v.origin, Origin::Remote { .. }));
        let profile = match profile::cached(desk, n_threads, &needs) {
            None if args.dry_run || is_far => probe::measure(desk, n_threads, &needs)?,
            profile => profile,
        };
        let prediction = Prediction::of(
            &plan,
            &preview.info,
            &infos,
            0,
            host,
            &engine.system_info,
            profile.as_ref(),
        );
        let contenders: Vec<Contender> = preview
            .variants
            .iter()
            .map(|v| contender(v, &plan, &prediction))
            .collect();
        let bounds = Bounds {
            available_bytes: prediction.available_bytes,
            goal: resolve::goal(compare).unwrap_or_default(),
            budget_ns: (args.variants.is_empty() && profile.is_some()).then_some(args.budget),
        };
        let left_out = plan::left_out(&contenders, &bounds);
        Ok(Some(Candidates {
            preview,
            plan,
            prediction,
            left_out,
        }))
    }

    pub fn contenders(&self) -> Result<Vec<String>, Failure> {
        let all = self.preview.variants.iter().zip(&self.left_out);
        let kept: Vec<String> = all
            .filter(|(_, why)| why.is_none())
            .map(|(v, _)| v.info.id.clone())
            .collect();
        if kept.is_empty() {
            let all: Vec<String> = self
                .left_out()
                .iter()
                .map(|out| format!("{}: {}", out.variant, out.why))
                .collect();
            let text = format!(
                "no variant fits this machine ({}); name a smaller model, ask for a smaller --n-ctx, or free memory",
                all.join("; ")
            );
            return Err(Failure::msg(DOES_NOT_FIT, text));
        }
        Ok(kept)
    }

    /// The others, with reasons.
    pub fn left_out(&self) -> Vec<LeftOut> {
        let all = self.preview.variants.iter().zip(&self.left_out);
        let out = all.filter_map(|(v, why)| {
            Some(LeftOut {
                variant: v.info.id.clone(),
                why: (*why)?,
            })
        });
        out.collect()
    }

    pub fn print(&self, global: &Global) -> Result<u8, Failure> {
        let rows = self.rows();
        let json = json!({
            "model": self.preview.info.name,
            "available_bytes": self.prediction.available_bytes,
            "candidates": rows,
        });
        output::print_either(global, &json, || self.text(&rows))?;
        Ok(OK)
    }

    fn rows(&self) -> Vec<Row<'_>> {
        let arms = self.plan.arms.iter().enumerate().filter(|(_, arm)| !arm.is_control);
        let rows = arms.filter_map(|(index, arm)| {
            let of = self.preview.variants.iter().position(|v| v.info.id == arm.variant)?;
            let variant = &self.preview.variants[of];
            let speed = self.prediction.speeds[index];
            let (origin, fetch_bytes) = match variant.origin {
                Origin::Here => ("here", None),
                Origin::Remote { bytes } => ("remote", Some(bytes)),
                Origin::ToMake => ("to make", None),
            };
            Some(Row {
                arm: &arm.id,
                origin,
                fetch_bytes,
                model_size: variant.info.model_size,
                bpw: variant.info.bpw,
                peak_bytes: self.prediction.arm_bytes[index],
                device_bytes: self.prediction.device_bytes[index],
                decode_tps: speed.map(|s| s.decode_tps()),
                ttft_ns: speed.map(|s| s.prefill_ns as u64),
                left_out: self.left_out[of],
            })
        });
        rows.collect()
    }

    fn text(&self, rows: &[Row<'_>]) -> String {
        let head = [
            "arm",
            "file",
            "size",
            "peak memory",
            "decode",
            "first token",
            "would be",
        ];
        let mut table = output::table(&head, |i| (2..6).contains(&i));
        for row in rows {
            let file = row
                .fetch_bytes
                .map_or(row.origin.to_owned(), |bytes| format!("fetch {}", units::bytes(bytes)));
            table.add_row([
                row.arm.to_owned(),
                file,
                units::bytes(row.model_size),
                units::or_na(row.peak_bytes.or(row.device_bytes), units::bytes),
                units::or_na(row.decode_tps, |tps| format!("{tps:.1} t/s")),
                units::or_na(row.ttft_ns, units::duration),
                row.left_out.map_or("measured".to_owned(), |why| why.to_string()),
            ]);
        }
        format!(
            "{}: predicted from headers and this machine's speed with each type of weights; nothing was fetched or made.\n{} of memory are available.\n\n{}",
            self.preview.info.name,
            units::bytes(self.prediction.available_bytes),
            output::lines(&table)
        )
    }
}

/// The variant with its cheapest KV type, and what measuring all of them takes.
fn contender(variant: &PreviewVariant, plan: &Plan, prediction: &Prediction) -> Contender {
    let arms: Vec<usize> = (0..plan.arms.len())
        .filter(|&i| plan.arms[i].variant == variant.info.id && !plan.arms[i].is_control)
        .collect();
    let worker = |&i: &usize| prediction.worker_bytes.get(&plan.arms[i].id).copied();
    let speed = |&i: &usize| prediction.speeds.get(i).copied().flatten();
    let n_rounds = f64::from(plan.stop.n_launches_min + 1);
    let mut predicted_ns = variant.info.model_size as f64 / LOAD_RATE * 1e9;
    let cells = plan.cells.iter().zip(&prediction.execution_ns);
    let of_variant = cells.filter(|(c, _)| arms.contains(&c.arm));
    predicted_ns += of_variant
        .map(|(_, &ns)| n_rounds * ns.max(plan.sample_ns_min) as f64)
        .sum::<f64>();
    // Texts are scored with the first KV type.
    if let Some(speed) = arms.first().and_then(speed) {
        let windows = plan.quality.iter().flat_map(|q| &q.windows);
        let n_scored: f64 = windows.map(|w| f64::from(w.n_ctx) * f64::from(w.n_chunks_max)).sum();
        let n_prompt = plan.cells.iter().map(|c| c.spec.n_prompt()).max().unwrap_or(1).max(1);
        predicted_ns += n_scored * speed.prefill_ns / f64::from(n_prompt);
    }
    // One that nothing is predicted of, with other threads or on a device, may be the fastest.
    let are_all_predicted = arms.iter().all(|i| speed(i).is_some());
    let speeds = arms.iter().filter_map(speed);
    Contender {
        variant: variant.info.id.clone(),
        worker_bytes: arms.iter().filter_map(worker).min().unwrap_or(0),
        arm_bytes: arms.iter().filter_map(|&i| prediction.arm_bytes[i]).min(),
        decode_tps: speeds
            .map(|s| s.decode_tps())
            .reduce(f64::max)
            .filter(|_| are_all_predicted),
        predicted_ns: predicted_ns as u64,
    }
}

/// One arm of `--dry-run --json`.
#[derive(Serialize)]
struct Row<'a> {
    arm: &'a str,
    origin: &'static str,
    fetch_bytes: Option<u64>,
    model_size: u64,
    bpw: f64,
    peak_bytes: Option<u64>,
    device_bytes: Option<u64>,
    decode_tps: Option<f64>,
    ttft_ns: Option<u64>,
    left_out: Option<WhyLeftOut>,
}
