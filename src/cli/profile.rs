//! What this machine does with each type of weights, as it was measured once and cached.

use super::desk::Desk;
use super::runs;
use crate::catalog::ProbeShape;
use crate::data::{ModelInfo, VariantInfo};
use crate::gguf::GgmlType;
use crate::plan::{KvPair, Probe, Profile};
use crate::report::ReportModel;
use crate::{corpus, stats};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PROFILES: &str = "profiles";

pub struct Needs {
    pub types: BTreeSet<GgmlType>,
    pub kv: Vec<KvPair>,
    pub shape: ProbeShape,
}

impl Needs {
    /// Every type of these variants, and F16, which probes of caches and layers have.
    pub fn of(model: &ModelInfo, variants: &[VariantInfo], kv: &[KvPair]) -> Needs {
        let n_params = variants.iter().map(|v| v.model_n_params).max();
        let names: BTreeSet<&str> = variants
            .iter()
            .flat_map(|v| v.tensor_types.iter())
            .filter(|(_, share)| share.layer_bytes + share.output_bytes > 0)
            .map(|(name, _)| name.as_str())
            .collect();
        let of_names = GgmlType::ALL.iter().copied().filter(|ty| names.contains(ty.name()));
        Needs {
            types: of_names
                .filter(|ty| *ty != GgmlType::F32)
                .chain([GgmlType::F16])
                .collect(),
            kv: kv.to_vec(),
            shape: ProbeShape::of_model(model.n_embd, n_params.unwrap_or(0)),
        }
    }

    fn are_met_by(&self, profile: &Profile) -> bool {
        self.types.iter().all(|ty| profile.knows_type(ty.name()))
            && self.kv.iter().all(|kv| profile.knows_kv(&kv.to_string()))
    }
}

/// The last cached profile of this machine, build and number of threads that knows what is needed.
pub fn cached(desk: &Desk<'_>, n_threads: u32, needs: &Needs) -> Option<Profile> {
    runs::newest_first(&folder(desk, n_threads, needs))
        .filter_map(|dir| read(&dir))
        .find(|profile| needs.are_met_by(profile))
}

pub(super) fn folder(desk: &Desk<'_>, n_threads: u32, needs: &Needs) -> PathBuf {
    let (host, engine) = (&desk.host, &desk.engine);
    let words = [
        env!("CARGO_PKG_VERSION"),
        &engine.version,
        &engine.system_info,
        &host.cpu,
        &host.os,
        &format!("{} {} {}", host.n_cpus, host.memory_bytes, n_threads),
        &format!("{} layers of {}", needs.shape.n_layer, needs.shape.n_embd),
    ];
    let profiles = desk.sources.store().root().join(PROFILES);
    profiles.join(corpus::sha256_hex(&words.join("\n")))
}

/// The profile that a run of probes gives.
pub(super) fn read(dir: &Path) -> Option<Profile> {
    let model = |name: &str| {
        let journal = runs::read(&dir.join(name))?;
        let model = ReportModel::build(&journal.header, &journal.records);
        model.totals.is_complete.then_some(model)
    };
    let models = [model("wide")?, model("small")?];
    let mut probes = Vec::new();
    for model in &models {
        for cell in model.cells.iter().filter(|c| c.is_ok() && !c.arm.is_control) {
            let samples: Vec<f64> = cell.samples_ns.iter().map(|&ns| ns as f64).collect();
            let Some(ns) = stats::median(&samples) else { continue };
            probes.push(Probe {
                model: &model.header.model,
                variant: model.variant(&cell.arm.variant)?,
                kv: cell.arm.config.kv(),
                n_prompt: cell.spec.n_prompt(),
                n_depth: cell.spec.n_depth(),
                ns: ns / f64::from(cell.spec.n_gen().max(1)),
            });
        }
    }
    Profile::fit(&probes)
}
