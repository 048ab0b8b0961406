//! A made-up run with realistic numbers, the same on every machine: no clock, no random device, no transcendental
//! function whose last digit could differ between platforms.

use kvant::data::work::{Batched, Chat, NoReuse, PrefixReuse, Requests, Speculative, State};
use kvant::data::*;
use kvant::rng::SplitMix64;
use std::collections::BTreeMap;

/// What the fixture's run measures, apart from the arms.
pub const DEPTHS: [u32; 3] = [128, 512, 2048];

/// A run of three variants, two KV types and the control: 8 rounds in 4 launches, drift between rounds, one cell that
/// ran out of time.
pub fn run() -> (RunHeader, Vec<Record>) {
    run_of(header())
}

/// The same run with every workload that is measured on request.
pub fn run_on_request() -> (RunHeader, Vec<Record>) {
    let mut header = header();
    header.price_per_hour = Some(0.5);
    let prefix = |n_shared| {
        let n_prompt = 512;
        Work::PrefixReuse(PrefixReuse { n_prompt, n_shared })
    };
    let batched = |n_seq, is_pp_shared| {
        let (n_gen, n_depth) = (32, 128);
        Work::Batched(Batched {
            n_gen,
            n_depth,
            n_seq,
            is_pp_shared,
        })
    };
    let requests = |n_users| {
        let (n_prompt, n_gen) = (128, 32);
        Work::Requests(Requests {
            n_prompt,
            n_gen,
            n_users,
        })
    };
    let mut specs: Vec<Work> = [0, 128, 256, 460].map(prefix).to_vec();
    for is_shared in [false, true] {
        specs.extend([1, 4, 16].map(|n| batched(n, is_shared)));
    }
    specs.extend(DEPTHS.map(|n_depth| Work::State(State { n_depth })));
    specs.extend(DEPTHS.map(|n_depth| Work::Speculative(Speculative { n_gen: 32, n_depth })));
    specs.extend([1, 4].map(requests));
    header.draft = Some(DraftInfo {
        name: "Q4_K_M".into(),
        sha256: header.variants[2].sha256.clone(),
        file_bytes: header.variants[2].model_size,
    });
    let arms: Vec<(usize, Arm)> = header.plan.arms.iter().cloned().enumerate().collect();
    for spec in specs {
        let of_arm = |(arm, it): &(usize, Arm)| Cell {
            id: format!("{} | {spec}", it.id),
            arm: *arm,
            spec,
        };
        let is_drafted = spec.needs_draft();
        let timed = arms
            .iter()
            .filter(|(_, arm)| arm.is_baseline || !(arm.is_control || is_drafted));
        header.plan.cells.extend(timed.map(of_arm));
    }
    run_of(header)
}

fn run_of(header: RunHeader) -> (RunHeader, Vec<Record>) {
    let mut records = vec![Record::Warning(Warning::FallbackTensors {
        variant: "Q4_K_M".into(),
        n_fallback: 30,
        n_tensors: 272,
    })];
    let mut noise = Noise(SplitMix64::new(header.plan.seed));
    let mut at_ns = 0;
    let (mut timed_ns, mut warmup_ns) = (0, 0);
    let failed = failed_cell(&header);
    for round in 0..8 {
        let launch = round / 2;
        if round % 2 == 0 {
            let record = launch_record(&header, launch);
            at_ns += record.loading_ns + record.warmup_ns;
            warmup_ns += record.warmup_ns;
            records.push(Record::Launch(record));
        }
        // The machine drifts by up to 12 % between rounds; pairing within the round cancels it.
        let drift = [1.0, 1.04, 1.1, 1.12, 0.98, 1.01, 1.06, 1.03][round as usize];
        records.push(probe(launch, round, drift));
        for (at, cell) in header.plan.cells.iter().enumerate() {
            if at == failed && round >= 2 {
                continue;
            }
            if at == failed && round == 1 {
                records.push(Record::Failure(FailureRecord {
                    cell: at,
                    kind: FailureKind::TimedOut,
                    reason: "no answer within 12.0 s (predicted 1.2 s); last line of llama.cpp: \"llama_decode: n_tokens = 512 | n_batch = 512\"".into(),
                }));
                continue;
            }
            let sample = sample(&header, cell, drift, &mut noise);
            at_ns += sample.timed_ns + sample.warmup_ns + 9_000_000;
            timed_ns += sample.timed_ns;
            warmup_ns += sample.warmup_ns;
            records.push(Record::Sample(SampleRecord {
                launch,
                round,
                position: at as u32,
                cell: at,
                at_ns,
                sample,
            }));
        }
        records.extend(blocks(&header, &records, launch, round));
        let in_launch = round % 2;
        records.push(Record::Round(RoundRecord {
            launch,
            round,
            in_launch,
        }));
        if round == 3 {
            // In round 8 a block was discarded, and the run was stopped before it was run again.
            records.push(Record::Disturbed(DisturbedRecord {
                launch,
                round: 8,
                cell: 0,
                what: Disturbance::CpuShare { share: 0.47 },
                is_discarded: true,
            }));
            records.push(Record::Sample(SampleRecord {
                launch,
                round: 8,
                position: 0,
                cell: 0,
                at_ns,
                sample: sample(&header, &header.plan.cells[0], 2.1, &mut Noise(SplitMix64::new(9))),
            }));
        }
    }
    records.extend((0..header.plan.arms.len() - 1).map(|arm| Record::Memory(memory(&header, arm))));
    records.extend(quality(&header, &mut noise));
    let quality_ns = 71_000_000_000;
    records.push(Record::End(EndRecord {
        stopped_by: StoppedBy::Precision,
        quality_ns,
        wall_ns: at_ns + 3_000_000_000 + quality_ns,
        loading_ns: 4 * 1_240_000_000,
        timed_ns,
        warmup_ns,
    }));
    (header, records)
}

/// The blocks of a round: the cells of each work that have a sample.
fn blocks(header: &RunHeader, records: &[Record], launch: u32, round: u32) -> Vec<Record> {
    let mut by_work: BTreeMap<Work, Vec<usize>> = BTreeMap::new();
    for record in records {
        if let Record::Sample(s) = record {
            if s.round == round {
                by_work.entry(header.plan.cells[s.cell].spec).or_default().push(s.cell);
            }
        }
    }
    let in_launch = round % 2;
    let block = |cells| {
        Record::Block(BlockRecord {
            launch,
            round,
            in_launch,
            cells,
        })
    };
    by_work.into_values().map(block).collect()
}

/// The decode cell of Q4_K_M with a q8_0 cache at the greatest depth.
pub fn failed_cell(header: &RunHeader) -> usize {
    let is_failed = |cell: &Cell| cell.id == "Q4_K_M kv q8_0 | tg32 @ d2048";
    header.plan.cells.iter().position(is_failed).expect("it is in the plan")
}

/// The head of the run.
pub fn header() -> RunHeader {
    let arms = arms();
    let cells = cells(&arms);
    RunHeader {
        format: JOURNAL_FORMAT,
        run_id: "SmolLM2-135M-Instruct-20261121-213000".into(),
        started_at: "2026-11-21T21:30:00Z".into(),
        command: [
            "kvant",
            "compare",
            "SmolLM2-135M-Instruct.F16.gguf",
            "--depths",
            "128,512,2048",
            "--salt",
            "it's mine",
        ]
        .map(String::from)
        .to_vec(),
        tool_version: "0.1.0".into(),
        llama_cpp: "llama-cpp-sys-2 0.1.161".into(),
        system_info:
            "CPU : SSE3 = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | AVX512 = 1 | AVX512_VNNI = 1 | OPENMP = 1 | REPACK = 1 |"
                .into(),
        plan_sha256: "5d41402abc4b2a76b9719d911017c592a1f5e0c3d1f6b2a44e0c8d7f3b9a6e21".into(),
        plan: Plan {
            seed: 42,
            level: Level::Default,
            arms,
            cells,
            decision: Vec::new(),
            pace: Pace::default(),
            stop: StopRule {
                n_launches_min: 4,
                n_launches_max: 16,
                budget_ns: 300_000_000_000,
                precision: 0.02,
            },
            equivalence: 0.02,
            sample_ns_min: 300_000_000,
            limits: Limits::default(),
            quality: Some(quality_plan()),
        },
        salt: "it's mine".into(),
        text_seed: Some(42),
        texts: vec![TextInfo {
            name: "corpus".into(),
            n_bytes: 262_144,
            sha256: "0123456789abcdef".repeat(4),
        }],
        corpus_sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        host: host(),
        model: ModelInfo {
            name: "SmolLM2-135M-Instruct".into(),
            architecture: "llama".into(),
            n_layer: 30,
            n_embd: 576,
            n_head: 9,
            n_head_kv: 3,
            n_embd_k_gqa: 192,
            n_embd_v_gqa: 192,
            n_vocab: 49152,
            n_ctx_train: 8192,
        },
        variants: vec![
            variant("F16", 269_060_544, &[("f16", 211, 268_967_000), ("f32", 61, 93_544)], 0),
            variant(
                "Q8_0",
                142_954_816,
                &[("q8_0", 211, 142_861_272), ("f32", 61, 93_544)],
                0,
            ),
            variant(
                "Q4_K_M",
                103_668_480,
                &[
                    ("q4_k", 90, 37_000_000),
                    ("q6_k", 15, 11_500_000),
                    ("q5_0", 75, 24_800_000),
                    ("q8_0", 31, 30_274_936),
                    ("f32", 61, 93_544),
                ],
                30,
            ),
        ],
        builds: Vec::new(),
        gate: Vec::new(),
        draft: None,
        goal: None,
        price_per_hour: None,
        predicted: Vec::new(),
        left_out: Vec::new(),
        shards: None,
    }
}

fn host() -> HostInfo {
    HostInfo {
        cpu: "Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz".into(),
        n_cores: 2,
        n_cpus: 2,
        memory_bytes: 8 << 30,
        memory_available_bytes: 6 << 30,
        os: "Debian GNU/Linux 12, Linux 6.1.0".into(),
        governor: None,
        virtualization: Some("kvm".into()),
        load_percent: 31,
        instructions: vec!["AVX512_VNNI".into()],
    }
}

fn variant(id: &str, size: u64, types: &[(&str, u64, u64)], n_fallback: u64) -> VariantInfo {
    let share = |&(name, n_tensors, bytes): &(&str, u64, u64)| {
        (
            name.to_owned(),
            TensorTypeShare {
                n_tensors,
                bytes,
                ..TensorTypeShare::default()
            },
        )
    };
    VariantInfo {
        id: id.into(),
        file: format!("SmolLM2-135M-Instruct.{id}.gguf"),
        path: None,
        sha256: format!("{:0>64}", format!("{size:x}")),
        model_size: size,
        model_n_params: 134_515_008,
        bpw: 8.0 * size as f64 / 134_515_008.0,
        tensor_types: types.iter().map(share).collect::<BTreeMap<_, _>>(),
        n_fallback,
        n_tensors: 272,
        ftype: Some(id.into()),
        derived_from: (id != "F16").then(|| DerivedFrom {
            file: "SmolLM2-135M-Instruct.F16.gguf".into(),
            sha256: format!("{:0>64}", "10098000"),
            ftype: "F16".into(),
            is_requantized: false,
        }),
        quantization: None,
        parts: Vec::new(),
    }
}

fn arms() -> Vec<Arm> {
    let config = |kv: KvType| ArmConfig {
        type_k: kv,
        type_v: kv,
        n_threads: 2,
        n_ctx: 2304,
        ..ArmConfig::default()
    };
    let mut arms = Vec::new();
    for kv in [KvType::F16, KvType::Q8_0] {
        for variant in ["F16", "Q8_0", "Q4_K_M"] {
            let id = if kv == KvType::F16 {
                variant.to_owned()
            } else {
                format!("{variant} kv {kv}")
            };
            let is_baseline = id == "F16";
            arms.push(Arm {
                id,
                variant: variant.into(),
                is_control: false,
                is_baseline,
                config: config(kv),
            });
        }
    }
    arms.push(Arm {
        id: "F16 control".into(),
        variant: "F16".into(),
        is_control: true,
        is_baseline: false,
        config: config(KvType::F16),
    });
    arms
}

fn cells(arms: &[Arm]) -> Vec<Cell> {
    let mut specs: Vec<Work> = DEPTHS.map(Work::prefill).to_vec();
    specs.extend(DEPTHS.map(|n| Work::decode(32, n)));
    specs.extend([128, 512].map(|n_depth| Work::NoReuse(NoReuse { n_gen: 4, n_depth })));
    let mut cells = Vec::new();
    for spec in specs {
        for (index, arm) in arms.iter().enumerate() {
            // The control repeats what the verdicts rest on, and not the slow recomputation.
            if !(arm.is_control && spec.workload() == Workload::NoReuse) {
                cells.push(Cell {
                    id: format!("{} | {spec}", arm.id),
                    arm: index,
                    spec,
                });
            }
        }
    }
    cells
}

/// Nanoseconds of one execution, before noise and drift.
fn ideal_ns(arm: &Arm, spec: &Work) -> f64 {
    let context = f64::from(spec.n_depth().max(spec.n_prompt()));
    let is_q8_kv = arm.config.type_k == KvType::Q8_0;
    // Milliseconds per decoded token: weights to read, then the cache.
    let (weights_ms, prefill_us) = match arm.variant.as_str() {
        "F16" => (10.2, 1450.0),
        "Q8_0" => (5.95, 1310.0),
        _ => (5.8, 1425.0),
    };
    let kv_ms = context * if is_q8_kv { 0.00125 } else { 0.0011 };
    let prefill_token_us = prefill_us + context * if is_q8_kv { 0.16 } else { 0.12 };
    let steps = |n_gen: u32, weights_ms: f64| f64::from(n_gen) * (weights_ms + kv_ms) * 1e6;
    match spec {
        Work::Prefill(_) => context * prefill_token_us * 1e3,
        Work::Decode(w) => steps(w.n_gen, weights_ms),
        Work::NoReuse(w) => f64::from(w.n_gen) * (context + 2.0) * prefill_token_us * 1e3,
        Work::PrefixReuse(w) => f64::from(w.n_prompt - w.n_shared) * prefill_token_us * 1e3,
        Work::Batched(w) => f64::from(w.n_gen * (3 + w.n_seq)) / 4.0 * (weights_ms + kv_ms) * 1e6,
        Work::State(_) => 100_000.0 + context * 3e3,
        Work::Speculative(w) => steps(w.n_gen, weights_ms * 0.8),
        Work::Requests(w) => {
            let each = f64::from(w.n_prompt) * prefill_us * 1e-3 + f64::from(w.n_gen) * weights_ms / 2.0;
            f64::from(w.n_requests()) * each * 1e6
        }
        Work::Chat(w) => {
            let asked = f64::from(w.n_system + w.n_turns * w.n_prompt) * prefill_us * 1e3;
            asked + f64::from(w.n_turns) * steps(w.n_gen, weights_ms)
        }
    }
}

/// The machine probe of a round, as slow as the machine is then.
fn probe(launch: u32, round: u32, drift: f64) -> Record {
    let reading = ProbeReading {
        n_bytes: 402_653_184,
        read_ns: (21_000_000.0 * drift) as u64,
        n_flop: 3_623_878_656,
        product_ns: (33_000_000.0 * (1.0 + (drift - 1.0) / 2.0)) as u64,
    };
    Record::Probe(ProbeRecord {
        launch,
        round,
        reading,
        paused_ns: if round == 3 { 1_000_000_000 } else { 0 },
    })
}

fn sample(header: &RunHeader, cell: &Cell, drift: f64, noise: &mut Noise) -> Sample {
    let arm = &header.plan.arms[cell.arm];
    let ns = (ideal_ns(arm, &cell.spec) * drift * noise.factor(0.012)) as u64;
    let n_repeat = (300_000_000 / ns.max(1)).max(1) as u32;
    let n_gaps = cell.spec.n_gen() * n_repeat;
    let per_token = ns as f64 / f64::from(cell.spec.n_gen().max(1));
    let gap = |noise: &mut Noise| {
        let stall = if noise.next() < 0.02 { 1.8 } else { 1.0 };
        (per_token * stall * noise.factor(0.03)) as u64
    };
    let seen = match &cell.spec {
        Work::Decode(_) | Work::NoReuse(_) | Work::Batched(_) => Seen::Time { ns },
        Work::Prefill(_) => Seen::Prompt {
            ns,
            ttft_ns: ns + 410_000,
        },
        Work::PrefixReuse(_) => Seen::Prompt { ns, ttft_ns: ns },
        Work::State(w) => Seen::State(Box::new(state(w, ns))),
        Work::Speculative(w) => Seen::Speculative(Box::new(speculative(w, ns, n_repeat))),
        Work::Requests(w) => Seen::Requests {
            ns,
            requests: requests(w, ns, noise),
        },
        Work::Chat(w) => Seen::Chat {
            ns,
            turns: turns(w, ns),
        },
    };
    Sample {
        n_repeat,
        timed_ns: ns * u64::from(n_repeat),
        warmup_ns: 22_000_000,
        itl_ns: (0..n_gaps).map(|_| gap(noise)).collect(),
        conditions: SampleConditions {
            cpu_ns: 2 * ns,
            n_involuntary_switches: 3,
            n_major_faults: 0,
            // A machine that counts: 20 W.
            energy_uj: header.price_per_hour.map(|_| ns * u64::from(n_repeat) / 50),
            ..SampleConditions::default()
        },
        seen,
    }
}

/// Another time of a sample of prefill or decode.
pub fn set_ns(sample: &mut Sample, other: impl Fn(f64) -> f64) {
    if let Seen::Time { ns } | Seen::Prompt { ns, .. } = &mut sample.seen {
        *ns = other(*ns as f64) as u64;
    }
}

/// As many as are both sent and answered in an execution of so long.
fn requests(work: &Requests, ns: u64, noise: &mut Noise) -> Vec<RequestTimes> {
    let each = ns as f64 / f64::from(N_REQUESTS);
    (0..work.n_requests() + 1 - work.n_users)
        .map(|_| RequestTimes {
            latency_ns: (each * noise.factor(0.05)) as u64,
            ttft_ns: (each * 0.3 * noise.factor(0.05)) as u64,
        })
        .collect()
}

/// Half of a turn goes by before its first token, most of it in the first turn.
fn turns(work: &Chat, ns: u64) -> Vec<TurnTimes> {
    let each = ns / u64::from(work.n_turns + 1) / 2;
    let ttft_ns = |turn| if turn == 0 { 3 * each } else { each };
    let times = |turn| TurnTimes {
        ttft_ns: ttft_ns(turn),
        gen_ns: each,
    };
    (0..work.n_turns).map(times).collect()
}

/// Computing beats the disk at the smallest depth only.
fn state(spec: &State, restore_ns: u64) -> StateTimes {
    let n = u64::from(spec.n_depth);
    StateTimes {
        recompute_ns: n * 1_450_000,
        save_ns: restore_ns / 2,
        restore_ns,
        write_ns: restore_ns * 40,
        read_ns: 200_000_000 + restore_ns * 3,
        state_bytes: n * 23_040,
        file_bytes: n * 23_040 + 256,
    }
}

/// A draft that takes half of the time, with a target that is a quarter slower alone.
fn speculative(spec: &Speculative, ns: u64, n_repeat: u32) -> SpeculativeSums {
    let n = u64::from(n_repeat);
    SpeculativeSums {
        plain_ns: n * ns * 5 / 4,
        drafted_ns: n * ns,
        draft_ns: n * ns / 2,
        n_tokens: n * u64::from(spec.n_gen),
        n_passes: n * 8,
        n_drafted: vec![n * 8, n * 8, n * 8, n * 7],
        n_accepted: vec![n * 7, n * 6, n * 6, n * 5],
        other_gaps: (0..spec.n_depth / 1000).map(|i| 0.011 + 0.03 * i as f32).collect(),
        rounding: (spec.n_depth >= 1000).then_some(0.034),
    }
}

fn launch_record(header: &RunHeader, launch: u32) -> LaunchRecord {
    let arm = |arm: usize| LoadedArm {
        arm,
        load_ns: 180_000_000,
        is_warm_load: Some(launch > 0),
        context: ContextInfo {
            n_ctx: 2304,
            n_batch: 2048,
            n_ubatch: 512,
            kv_bytes: kv_bytes(header, arm),
            buffers: vec![],
        },
        weights: vec![],
        tokens_sha256: "ab".repeat(32),
    };
    LaunchRecord {
        launch,
        arms: (0..header.plan.arms.len()).map(arm).collect(),
        engine: EngineInfo {
            name: "llama.cpp".into(),
            version: header.llama_cpp.clone(),
            system_info: header.system_info.clone(),
            ..EngineInfo::default()
        },
        loading_ns: 1_240_000_000,
        warmup_ns: 21_000_000_000,
        repeats: vec![],
    }
}

fn kv_bytes(header: &RunHeader, arm: usize) -> u64 {
    let (elements, bytes) = header.plan.arms[arm].config.type_k.block();
    2304 * 30 * (192 + 192) * bytes / elements
}

fn memory(header: &RunHeader, arm: usize) -> MemoryRecord {
    let id = &header.plan.arms[arm].variant;
    let size = header
        .variants
        .iter()
        .find(|v| &v.id == id)
        .expect("a variant of the run")
        .model_size;
    let kv_bytes = kv_bytes(header, arm);
    let compute = 48 << 20;
    let repacked = if id == "Q4_K_M" { 37_000_000 } else { 0 };
    let buffer = |buffer: &str, purpose: &str, bytes| BufferSize {
        buffer: buffer.into(),
        purpose: purpose.into(),
        bytes,
    };
    let mut buffers = vec![buffer("CPU_Mapped", "weights", size)];
    if repacked > 0 {
        buffers.push(buffer("CPU_REPACK", "weights", repacked));
    }
    buffers.push(buffer("CPU", "kv", kv_bytes));
    buffers.push(buffer("CPU", "compute", compute));
    let rss_anon_bytes = kv_bytes + compute + repacked + (21 << 20);
    MemoryRecord {
        arm,
        reading: MemoryReading {
            rss_anon_bytes,
            rss_file_bytes: size + (9 << 20),
            rss_bytes_max: rss_anon_bytes + size + (14 << 20),
            device_bytes: None,
        },
        kv_bytes,
        buffers,
        n_depth: 2048,
        predicted_device_bytes: None,
        predicted_bytes: Some(rss_anon_bytes + size + (9 << 20)),
    }
}

/// Five arms and the control, in two windows.
fn quality_plan() -> QualityPlan {
    let all = arms();
    let mut arms: Vec<Arm> = all[..3].to_vec();
    for kv in [KvType::Q8_0, KvType::Q4_0] {
        let mut arm = all[0].clone();
        arm.id = format!("F16 kv {kv}");
        arm.is_baseline = false;
        (arm.config.type_k, arm.config.type_v) = (kv, kv);
        arms.push(arm);
    }
    arms.extend(all.last().cloned());
    let window = |n_ctx, n_chunks_max| QualityWindow {
        n_ctx,
        n_chunks_max,
        is_optional: n_ctx > 512,
    };
    QualityPlan {
        arms,
        windows: vec![window(512, 64), window(2048, 16)],
        stop: QualityStop {
            n_chunks_min: 12,
            limit: Some(QualityLoss::Kld(0.01)),
            precision: Some(0.01),
            budget_ns: 90_000_000_000,
        },
        is_first: false,
    }
}

/// 20 chunks of 512 tokens, 4 of 2048, where Q4_K_M is worse, Q8_0 next to equal, and q4_0 KV ran out of memory.
fn quality(header: &RunHeader, noise: &mut Noise) -> Vec<Record> {
    let mut records = vec![
        Record::Texts(TextTokens {
            n_tokens: vec![60_113],
            adds_bos: false,
            tokens_sha256: "cd".repeat(32),
            vocab_sha256: "ef".repeat(32),
            n_vocab: 49_152,
        }),
        Record::SpeedEnd(StoppedBy::Precision),
        Record::QualityFailure(QualityFailure {
            n_ctx: 2048,
            arm: 4,
            kind: FailureKind::OutOfMemory,
            reason: "out of memory: a cache of 13 MiB | scripted".into(),
        }),
    ];
    let n_arms = header.plan.quality.as_ref().map_or(0, |q| q.arms.len());
    for (n_ctx, n_chunks) in [(512, 20), (2048, 4)] {
        for index in 0..n_chunks {
            let chunk = Chunk { n_ctx, text: 0, index };
            let hardness = 2.9 * noise.factor(0.06);
            let scores: Vec<(usize, ChunkScore)> = (0..n_arms)
                .filter(|&arm| !(arm == 4 && n_ctx == 2048) && (arm < 5 || index == 0))
                .map(|arm| (arm, chunk_score(arm, n_ctx, hardness, noise)))
                .collect();
            records.push(Record::Quality(QualityRecord {
                chunk,
                forward_ns: scores.iter().map(|_| 520_000_000).collect(),
                scores,
                ns: 2_900_000_000,
                is_cached: false,
            }));
        }
    }
    records
}

fn chunk_score(arm: usize, n_ctx: u32, hardness: f64, noise: &mut Noise) -> ChunkScore {
    let n_scored = n_ctx - 1 - n_ctx / 2;
    let n = f64::from(n_scored);
    // Mean KLD, mean change of NLL, places with another top token in 1000; by arm, the control last.
    let (kld, worse, n_other) = [
        (0.0, 0.0, 0),
        (0.0006, 0.0004, 9),
        (0.031, 0.024, 78),
        (0.0011, 0.0003, 12),
        (0.017, 0.011, 60),
        (0.0, 0.0, 0),
    ][arm];
    let nll = if arm == 5 {
        hardness
    } else {
        hardness + worse * noise.factor(0.3)
    };
    let kld = kld * noise.factor(0.25);
    let kld_of = |i: u32, noise: &mut Noise| kld * noise.factor(0.08) * (0.7 + 0.6 * f64::from(i) / n);
    let klds: Vec<f64> = (0..n_scored).map(|i| kld_of(i, noise)).collect();
    let n_same_top = n_scored - n_scored * n_other / 1000;
    let disagreement = Disagreement {
        position: n_ctx - 9,
        kld: kld * noise.factor(0.1) * 40.0,
        before: "The harbour master counted | the barrels\nand wrote ".into(),
        next: " nine".into(),
        baseline_top: " nine".into(),
        baseline_top_p: (0.41, 0.29),
        top: " `ten`".into(),
        top_p: (0.36, 0.38),
    };
    ChunkScore {
        n_scored,
        nll_sum: nll * n,
        nll_sq_sum: nll * nll * n * 2.1,
        vs_baseline: (arm > 0).then(|| Divergence {
            nll_cross_sum: nll * hardness * n * 2.1,
            kld_sum: klds.iter().sum(),
            kld_sq_sum: klds.iter().map(|k| k * k).sum(),
            n_same_top,
            dp_sum: 0.0 - kld * n / 8.0,
            dp_sq_sum: kld * n / 10.0,
            dp_4_sum: kld * n / 300.0,
            kld: klds.iter().map(|&k| k as f32).collect(),
            dp: klds.iter().map(|&k| 0.0 - k as f32 / 8.0).collect(),
            disagreements: if n_same_top < n_scored {
                vec![disagreement]
            } else {
                vec![]
            },
        }),
    }
}

/// Sums of uniform numbers are near enough to normal, with exact arithmetic.
pub struct Noise(pub SplitMix64);

impl Noise {
    /// Uniform in [0, 1).
    pub fn next(&mut self) -> f64 {
        self.0.unit()
    }

    /// Around 1, with about this relative standard deviation.
    fn factor(&mut self, sd: f64) -> f64 {
        1.0 + sd * ((0..12).map(|_| self.next()).sum::<f64>() - 6.0)
    }
}
