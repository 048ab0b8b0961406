//! The proof: the mix and its rivals, whole files, in one ordinary run of `compare` on a text that nothing was chosen with.

use super::super::args::{CompareArgs, MixArgs};
use super::super::compare::default_args;
use super::super::desk::Desk;
use super::super::exit::{Failure, UNEXPECTED};
use super::super::finish::write_report;
use super::super::job::Job;
use super::super::resolve;
use super::super::values::WorkloadChoice;
use crate::catalog::ModelFiles;
use crate::data::{ArmConfig, KvType, Plan, Record, Workload};
use crate::journal::Journal;
use crate::plan::{self, KvPair, QualityMode, Settings, WorkFlags};
use crate::report::{CellReport, Figure, QualityReport, ReportModel};
use crate::stats::{self, Interval};
use std::collections::BTreeMap;
use std::path::Path;

pub const N_CTX: u32 = 512;
/// Tokens before those that decode is timed with.
pub const N_DEPTH: u32 = 128;
const LEVEL: f64 = 0.95;
const N_ROUNDS: u32 = 8;
const N_LAUNCHES: u32 = 2;

pub fn compare_args(args: &MixArgs, n_chunks: u32) -> Result<CompareArgs, Failure> {
    Ok(CompareArgs {
        models: args.models.clone(),
        kv: vec![KvPair::of(KvType::F16)],
        work_flags: WorkFlags {
            n_prompt: vec![128],
            depths: vec![N_DEPTH],
            ..WorkFlags::default()
        },
        workloads: [Workload::Prefill, Workload::Decode].map(WorkloadChoice::One).to_vec(),
        quality: QualityMode::Full,
        quality_ctx: Some(vec![N_CTX]),
        quality_kv: Some(Vec::new()),
        quality_chunks: Some(n_chunks),
        text: args.text.iter().cloned().collect(),
        text_seed: args.text_seed,
        salt: args.salt.clone(),
        threads: args.threads.into_iter().collect(),
        rounds: Some(N_ROUNDS),
        launches: Some(N_LAUNCHES),
        device: "cpu".to_owned(),
        seed: args.seed,
        ..default_args()?
    })
}

pub fn planned(compare: &CompareArgs, variants: Vec<String>, desk: &Desk<'_>) -> Result<(Settings, Plan), Failure> {
    let settings = Settings {
        variants,
        ..resolve::settings(compare, &desk.host, &desk.engine.devices, &[])?
    };
    let plan = plan::build(&settings)?;
    Ok((settings, plan))
}

/// How texts are scored: what trials do likewise.
pub fn scoring_config(plan: &Plan) -> Result<ArmConfig, Failure> {
    let config = plan.quality.as_ref().and_then(|q| q.arms.first()).map(|arm| ArmConfig {
        n_ctx: N_CTX,
        ..arm.config.clone()
    });
    config.ok_or_else(|| Failure::msg(UNEXPECTED, "a plan without quality; please report this"))
}

pub struct Proof {
    pub model: ReportModel,
    kld: BTreeMap<String, Vec<f64>>,
}

/// Measures the files against the first of them.
pub fn prove(compare: &CompareArgs, files: ModelFiles, dir: &Path, desk: &Desk<'_>) -> Result<Proof, Failure> {
    let (settings, plan) = planned(compare, files.ids(), desk)?;
    let mut job = Job::prepare(compare, settings, (plan, None), files, desk)?;
    job.dir = Some(dir.to_owned());
    let journal = job.measure_alone(None, desk)?.journal;
    let model = ReportModel::build(&journal.header, &journal.records);
    write_report(&model, dir, desk.global)?;
    Ok(Proof {
        kld: kld_by_chunk(&journal),
        model,
    })
}

/// Decode of a file alone.
pub fn decode_tps(args: &MixArgs, file: ModelFiles, desk: &Desk<'_>) -> Result<Option<f64>, Failure> {
    let compare = CompareArgs {
        quality: QualityMode::Off,
        ..compare_args(args, 1)?
    };
    let id = file.ids().concat();
    let dir = desk.sources.store().temporary_folder()?;
    let proof = prove(&compare, file, dir.path(), desk)?;
    Ok(proof.decode_tps(&id).map(|tps| tps.estimate))
}

/// Mean divergence of each chunk, by variant, in the order of the text.
fn kld_by_chunk(journal: &Journal) -> BTreeMap<String, Vec<f64>> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let Some(quality) = &journal.header.plan.quality else {
        return all;
    };
    for record in &journal.records {
        let Record::Quality(q) = record else { continue };
        for (arm, score) in &q.scores {
            let arm = quality.arms.get(*arm).filter(|arm| !arm.is_control);
            if let (Some(arm), Some(d)) = (arm, &score.vs_baseline) {
                let mean = d.kld_sum / f64::from(score.n_scored.max(1));
                all.entry(arm.variant.clone()).or_default().push(mean);
            }
        }
    }
    all
}

impl Proof {
    fn quality(&self, variant: &str) -> Option<&QualityReport> {
        let mut rows = self.model.quality.rows.iter();
        rows.find(|row| row.arm.variant == variant && !row.arm.is_control)
    }

    pub fn kld(&self, variant: &str) -> Option<Figure> {
        self.quality(variant)?.kld_mean
    }

    pub fn n_chunks(&self, variant: &str) -> usize {
        self.kld.get(variant).map_or(0, Vec::len)
    }

    /// Divergence of one as a share of another's, paired over chunks.
    pub fn kld_ratio(&self, of: &str, to: &str) -> Option<Interval> {
        let seed = self.model.header.plan.seed;
        stats::mean_ratio_interval(self.kld.get(of)?, self.kld.get(to)?, LEVEL, seed)
    }

    pub fn ppl(&self, variant: &str) -> Option<Figure> {
        self.quality(variant)?.ppl
    }

    fn decode(&self, variant: &str) -> Option<&CellReport> {
        let is_meant = |c: &&CellReport| {
            c.arm.variant == variant && !c.arm.is_control && c.spec.workload() == Workload::Decode && c.is_ok()
        };
        self.model.cells.iter().find(is_meant)
    }

    pub fn decode_tps(&self, variant: &str) -> Option<Interval> {
        self.decode(variant)?.tps
    }

    pub fn decode_ratio(&self, of: &str, to: &str) -> Option<Interval> {
        self.model.speed_ratio(self.decode(to)?, self.decode(of)?)
    }
}
