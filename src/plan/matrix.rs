//! The matrix of arms and cells.

use super::arms::arms;
use super::pace::{pace, quality_budget_ns, stop_rule};
use super::quality::quality_plan;
use super::settings::{check, PlanError, Settings};
use super::works::{planned, works, ArmOfRun};
use crate::data::{is_server, Cell, Limits, Plan, Purpose, Workload};
use crate::decide;

/// Builds the plan.
///
/// Arms: every variant with the first KV type and every number of layers on the device, the baseline variant with every KV type
/// (`is_full_matrix`: every variant with every KV type), the baseline first, its control last. Cells: all workloads with the first KV type; with the
/// others decode at every depth and prefill at the middle prompt length, because on a CPU long prompts into a
/// quantized cache take most of the time and tell least. The control leaves out prompts longer than the middle one. Works that decide
/// are measured with every arm.
pub fn build(settings: &Settings) -> Result<Plan, PlanError> {
    check(settings)?;
    let settings = &with_request(settings);
    let specs = works(&settings.workloads, &settings.work_flags);
    let decision = decide::nearest(&specs, settings.request.unwrap_or(Purpose::Chat.request()));
    let decision = decision.map_or_else(Vec::new, |(_, works)| works);
    let needed = specs.iter().map(|work| work.shape().n_ctx).max().unwrap_or(1);
    let n_ctx = settings.n_ctx.unwrap_or(needed);
    if n_ctx < needed {
        return Err(PlanError::ContextTooSmall { n_ctx, needed });
    }
    let arms = arms(settings, n_ctx);
    let mut cells = Vec::new();
    for spec in &specs {
        for (index, arm) in arms.iter().enumerate() {
            let of = ArmOfRun {
                arm,
                is_first_kv: settings.kv.first().is_some_and(|kv| kv.to_string() == arm.config.kv()),
                is_full_matrix: settings.is_full_matrix,
                is_triage: settings.is_triage,
                flags: &settings.work_flags,
            };
            let can_be = spec.is_served() || !is_server(&arm.config.device);
            if can_be && (decision.contains(spec) || planned(spec).is_measured(&of)) {
                cells.push(Cell {
                    id: format!("{} | {spec}", arm.id),
                    arm: index,
                    spec: *spec,
                });
            }
        }
    }
    Ok(Plan {
        seed: settings.seed,
        level: settings.level,
        arms,
        cells,
        decision,
        pace: pace(settings),
        stop: stop_rule(settings),
        equivalence: settings.equivalence,
        sample_ns_min: if settings.is_triage || settings.is_gate {
            200_000_000
        } else {
            300_000_000
        },
        limits: Limits::default(),
        quality: quality_plan(settings, quality_budget_ns(settings)),
    })
}

/// The works of a named request are among those that are measured.
fn with_request(s: &Settings) -> Settings {
    let mut s = s.clone();
    let Some(request) = s.request.filter(|r| !r.is_decode_alone()) else {
        return s;
    };
    let (workloads, flags) = (&s.workloads, &mut s.work_flags);
    let wants = |workload| workloads.contains(&workload);
    if wants(Workload::Prefill) && !flags.n_prompt.contains(&request.n_prompt) {
        flags.n_prompt.push(request.n_prompt);
        flags.n_prompt.sort_unstable();
    }
    let is_near = |depth: &u32| (f64::from(*depth) / f64::from(request.n_depth())).ln().abs() <= 1.25f64.ln();
    if wants(Workload::Decode) && !flags.depths.iter().any(is_near) {
        flags.depths.push(request.n_depth());
        flags.depths.sort_unstable();
    }
    s
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{KvPair, WorkFlags};
    use super::*;
    use crate::data::{FlashAttn, KvType};

    pub fn settings() -> Settings {
        Settings {
            variants: ["F16", "Q8_0", "Q4_K_M"].map(str::to_owned).to_vec(),
            kv: [KvType::F16, KvType::Q8_0].map(KvPair::of).to_vec(),
            n_threads: vec![2],
            seed: 1,
            ..Settings::default()
        }
    }

    #[test]
    fn the_default_matrix_holds_every_row_the_report_needs() {
        let plan = build(&settings()).expect("valid");
        assert_eq!(plan.arms.len(), 5);
        assert!(plan.arms[0].is_baseline && plan.arms[4].is_control);
        let count = |w, kv: KvType| {
            plan.cells
                .iter()
                .filter(|c| c.spec.workload() == w && plan.arms[c.arm].config.type_k == kv)
                .count()
        };
        assert_eq!(count(Workload::Prefill, KvType::F16), 3 * 3 + 2);
        assert_eq!(count(Workload::Prefill, KvType::Q8_0), 1);
        assert_eq!(count(Workload::Decode, KvType::F16), 3 * 4);
        assert_eq!(count(Workload::Decode, KvType::Q8_0), 3);
        assert_eq!(count(Workload::NoReuse, KvType::F16), 2 * 3);
        assert_eq!(plan.arms[0].config.n_ctx, 2048 + 32);
        let full = build(&Settings {
            is_full_matrix: true,
            ..settings()
        })
        .expect("valid");
        assert_eq!((full.arms.len(), full.cells.len()), (7, 7 * 6 + 2 * 3));
        let asked = Settings {
            workloads: vec![Workload::PrefixReuse],
            work_flags: WorkFlags {
                n_prompt: vec![512, 1],
                ..WorkFlags::default()
            },
            ..settings()
        };
        let specs: Vec<String> = works(&asked.workloads, &asked.work_flags)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "ttft512 @ d0",
            "ttft512 @ d128",
            "ttft512 @ d256",
            "ttft512 @ d460",
            "ttft1 @ d0",
        ];
        assert_eq!(specs, expected);
        assert_eq!(build(&asked).expect("valid").cells.len(), 3 * specs.len());
        let ids: std::collections::BTreeSet<_> = plan.cells.iter().map(|c| &c.id).collect();
        assert_eq!(ids.len(), plan.cells.len());
    }

    #[test]
    fn settings_that_cannot_be_measured_are_refused() {
        let refused = |change: fn(&mut Settings)| {
            let mut s = settings();
            change(&mut s);
            build(&s).expect_err("refused").to_string()
        };
        assert!(refused(|s| s.n_ctx = Some(512)).contains("need 2080"));
        assert!(refused(|s| s.quality.windows = Some(vec![512, 8])).starts_with("--quality-ctx 8"));
        assert!(refused(|s| s.variants.push("F16".into())).contains("F16 is listed twice"));
        assert!(refused(|s| s.flash_attn = FlashAttn::Off).contains("flash attention"));
    }

    #[test]
    fn layers_on_a_device_are_a_factor_and_none_is_the_cpu_alone() {
        let mut s = settings();
        (s.device, s.n_gpu_layers) = ("CUDA0".into(), vec![-1, 16, 0]);
        s.no_kv_offload = true;
        let plan = build(&s).expect("valid");
        let ids: Vec<&str> = plan.arms.iter().map(|a| a.id.as_str()).collect();
        let variants = ["F16", "Q8_0", "Q4_K_M"];
        let all = ["", " ngl 16", " ngl 0"].map(|layers| variants.map(|v| format!("{v}{layers}")));
        let mut expected: Vec<String> = all.concat();
        expected.extend(["F16 kv q8_0", "F16 control"].map(str::to_owned));
        assert_eq!(ids, expected);
        let (gpu, cpu) = (&plan.arms[3].config, &plan.arms[7].config);
        assert_eq!(
            (gpu.device.as_str(), gpu.n_gpu_layers, gpu.no_kv_offload),
            ("CUDA0", 16, true)
        );
        assert_eq!(
            (cpu.device.as_str(), cpu.n_gpu_layers, cpu.no_kv_offload),
            ("cpu", 0, false)
        );
        assert_eq!(plan.arms[3].label(), "F16 ngl 16");
        assert_eq!(plan.arms[9].label(), "F16");
        // Not so many cells that a headline ratio would mix two factors.
        let pairs = super::super::order::headline_pairs(&plan);
        assert!(pairs
            .iter()
            .all(|(cell, _)| plan.arms[plan.cells[*cell].arm].config.n_gpu_layers == -1));
        s.n_gpu_layers = vec![4, 4];
        assert!(matches!(build(&s), Err(PlanError::Duplicate { .. })));
    }

    #[test]
    fn threads_are_a_factor_beside_layers() {
        let mut s = settings();
        (s.variants, s.n_threads) = (vec!["F16".into()], vec![4, 2]);
        (s.device, s.n_gpu_layers) = ("CUDA0".into(), vec![-1, 0]);
        let plan = build(&s).expect("valid");
        let arms: Vec<(&str, u32)> = plan.arms.iter().map(|a| (a.id.as_str(), a.config.n_threads)).collect();
        let expected = [
            ("F16", 4),
            ("F16 t 2", 2),
            ("F16 ngl 0", 4),
            ("F16 ngl 0 t 2", 2),
            ("F16 kv q8_0", 4),
            ("F16 control", 4),
        ];
        assert_eq!(arms, expected);
        s.n_threads = vec![4, 4];
        assert!(matches!(build(&s), Err(PlanError::Duplicate { flag: "--threads", .. })));
    }
}
