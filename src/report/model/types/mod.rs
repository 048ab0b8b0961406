//! The shape of the model: what everything that renders reads.

mod cells;
mod decision;
mod gate;
mod quality;

pub use cells::{CellReport, Comparison, Control, ItlQuantiles, MemoryReport};
pub use decision::{DecisionReport, More, PurposeChoice, Ranking};
pub use gate::{GateKld, GateReport, GateRow};
pub use quality::{DpQuantiles, Example, Figure, PositionBin, Quality, QualityEnd, QualityReport};

use super::batched::BatchedRow;
use super::chat::ChatRow;
use super::prefix::PrefixRow;
use super::requests::RequestRow;
use super::reuse::ReuseRow;
use super::speculative::SpeculativeRow;
use super::state::{BreakEven, StateRow};
use super::totals::Totals;
use super::trust::Trust;
use crate::data::{Arm, EngineInfo, RunHeader, VariantInfo, Warning, Work, Workload};
use crate::decide::Choice;

/// A run, ready to be told in any language.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportModel {
    /// Line 1 of the journal.
    pub header: RunHeader,
    /// What the engine said of itself in the last launch; absent when nothing was loaded.
    pub engine: Option<EngineInfo>,
    pub cells: Vec<CellReport>,
    /// The baseline against its disguised copy.
    pub control: Control,
    pub memory: Vec<MemoryReport>,
    /// Exact bytes of the KV cache of every arm that was loaded, by its id.
    pub kv_bytes: Vec<(String, u64)>,
    pub reuse: Vec<ReuseRow>,
    /// Time to the first token of prompts that share a prefix with what is in the cache.
    pub prefix: Vec<PrefixRow>,
    pub batched: Vec<BatchedRow>,
    /// States: computed, saved and restored.
    pub states: Vec<StateRow>,
    /// With a draft and without.
    pub speculative: Vec<SpeculativeRow>,
    pub requests: Vec<RequestRow>,
    pub chat: Vec<ChatRow>,
    /// From where on restoring a state beats computing it again, by arm.
    pub break_even: Vec<BreakEven>,
    pub quality: Quality,
    pub totals: Totals,
    pub trust: Trust,
    /// Warnings of the journal, each once, in order.
    pub warnings: Vec<Warning>,
    /// Which arm to take, and why; absent when no decode was planned.
    pub decision: Option<DecisionReport>,
    /// Whether the second build passes; absent where the run is no gate.
    pub gate: Option<GateReport>,
    /// Who is fastest, by work.
    pub rankings: Vec<Ranking>,
}

impl ReportModel {
    /// The arm others are compared with.
    pub fn baseline(&self) -> Option<&Arm> {
        self.header.plan.arms.iter().find(|a| a.is_baseline && !a.is_control)
    }

    /// Whether an arm has the baseline's KV type.
    pub fn has_base_kv(&self, arm: &Arm) -> bool {
        self.baseline().is_some_and(|base| base.config.kv() == arm.config.kv())
    }

    /// The arm that is recommended, if there is one, with the report that it is of.
    pub fn choice(&self) -> Option<(&DecisionReport, &Choice)> {
        let report = self.decision.as_ref()?;
        Some((report, report.decision.choice()?))
    }

    /// Arms of the plan without the control.
    pub fn arms(&self) -> impl Iterator<Item = &Arm> {
        self.header.plan.arms.iter().filter(|a| !a.is_control)
    }

    pub fn cell(&self, arm_id: &str, spec: &Work) -> Option<&CellReport> {
        self.cells.iter().find(|c| c.arm.id == arm_id && c.spec == *spec)
    }

    /// Whether any cell was measured.
    pub fn has_results(&self) -> bool {
        self.cells.iter().any(CellReport::is_ok)
    }

    /// Works of one kind in the plan, by context.
    pub fn specs(&self, workload: Workload) -> Vec<Work> {
        let mut specs: Vec<Work> = self
            .header
            .plan
            .cells
            .iter()
            .map(|c| c.spec)
            .filter(|s| s.workload() == workload)
            .collect();
        specs.sort_by_key(|s| (s.n_depth(), s.n_prompt(), s.n_gen(), s.n_seq()));
        specs.dedup();
        specs
    }

    /// The work of a kind that a table shows which has room for one: what the run decides by, else the middle one.
    pub fn shown(&self, workload: Workload) -> Option<Work> {
        let decides = self.header.plan.decision.iter().find(|s| s.workload() == workload);
        let specs = self.specs(workload);
        decides.or(specs.get(specs.len().saturating_sub(1) / 2)).copied()
    }

    /// The llama.cpp that runs an arm; builds of the same one are told apart by their names.
    pub fn llama_cpp_of(&self, arm: &Arm) -> String {
        let builds = &self.header.builds;
        let Some(own) = builds.iter().find(|b| Some(&b.name) == arm.config.build.as_ref()) else {
            return self.header.llama_cpp.clone();
        };
        let version = own.engine.llama_cpp();
        match builds.iter().filter(|b| b.engine.llama_cpp() == version).count() {
            1 => version.to_owned(),
            _ => format!("{version} ({})", own.name),
        }
    }

    pub fn variant(&self, id: &str) -> Option<&VariantInfo> {
        self.header.variants.iter().find(|v| v.id == id)
    }

    /// Its peak, bytes resident.
    pub fn peak_of(&self, arm_id: &str) -> Option<u64> {
        self.memory_of(arm_id).map(|m| m.reading.rss_bytes_max)
    }

    pub fn memory_of(&self, arm_id: &str) -> Option<&MemoryReport> {
        self.memory.iter().find(|m| m.arm.id == arm_id)
    }
}
