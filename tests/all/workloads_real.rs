//! The workloads on request with llama.cpp: the built-in model, and a recurrent one.

use crate::util::{run_for, Lab};
use crate::workloads::rows;
use kvant::data::{Seen, TensorTypeShare};
use kvant::gguf::Gguf;
use kvant::gguf::Writer;
use std::collections::BTreeMap;
use std::path::Path;

/// With llama.cpp: everything that can be asked for, on the built-in model.
#[test]
fn llama_cpp_does_all_of_it() {
    let lab = Lab::new();
    let args = "compare builtin --out run --workloads prefix_reuse,batched,state,speculative,requests,chat --variants F16,Q4_K_M --kv f16 --n-prompt 96 --depths 64 --n-gen 8 \
                --n-seq 1,3 --n-users 1,3 --request-prompt 40 --request-gen 8 --chat-turns 3 --chat-system 40 --chat-prompt 10 --chat-gen 6 --rounds 1 --launches 1 \
                --quality off --offline";
    let args: Vec<&str> = args.split_whitespace().collect();
    run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 0);
    let results = lab.results();
    for cell in results["cells"].as_array().expect("an array") {
        assert_eq!(cell["outcome"], "ok", "{cell}");
    }
    let n_rows = |workload| rows(&results, workload).len();
    assert_eq!((n_rows("prefix_reuse"), n_rows("batched")), (2 * 3, 2 * 4));
    assert_eq!((n_rows("state"), n_rows("speculative"), n_rows("requests")), (2, 1, 4));
    for row in rows(&results, "requests") {
        let n_users = row["n_users"].as_u64().expect("a number");
        assert!(row["n_requests"].as_u64() >= Some(4 * n_users + 1 - n_users), "{row}");
    }
    assert_eq!(n_rows("chat"), 2 * 3);
    // One round has no intervals: the times are in the journal.
    assert!(
        rows(&results, "chat").iter().all(|row| row["outcome"] == "ok"),
        "{results}"
    );
    let conversations = lab.samples().into_iter().filter_map(|record| match record.sample.seen {
        Seen::Chat { ns, turns } => Some((ns, turns)),
        _ => None,
    });
    let conversations: Vec<_> = conversations.collect();
    assert!(!conversations.is_empty());
    for (ns, turns) in &conversations {
        assert_eq!(turns.len(), 3);
        assert!(
            turns.iter().all(|turn| turn.ttft_ns > 0 && turn.gen_ns > 0),
            "{turns:?}"
        );
        let sum: u64 = turns.iter().map(|turn| turn.ttft_ns + turn.gen_ns).sum();
        assert!(sum <= *ns, "{sum} {ns}");
    }
    for row in rows(&results, "speculative") {
        assert_eq!(row["n_other"], row["n_ties"], "only ties may go another way: {row}");
        assert!(row["acceptance"].as_f64().is_some_and(|share| share > 0.0), "{row}");
    }
    draft_with_other_tokens_is_refused(&lab);
    for row in rows(&results, "state") {
        let bytes = |key: &str| row[key].as_u64().expect("a number");
        // 4 layers of 128 elements of K and of V, two bytes each, for 64 tokens, and what llama.cpp notes of each.
        assert!(
            bytes("state_bytes") > 64 * 4 * 128 * 2 * 2 && bytes("file_bytes") > bytes("state_bytes"),
            "{row}"
        );
    }
    for arm in results["memory"].as_array().expect("an array") {
        let bytes = |key: &str| arm[key].as_f64().expect("a number");
        // Of this tiny model's 40 MiB half is the program itself; the method's 10 % are for models.
        let off = bytes("predicted_bytes") / bytes("rss_bytes_max") - 1.0;
        assert!(off.abs() < 0.25, "{off}: {arm}");
    }
}

/// What a label's recipe is expected to give is close to what llama.cpp's quantizer makes.
#[test]
fn files_that_are_to_be_made_are_foreseen() {
    let lab = Lab::new();
    let labels = ["F16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_0"];
    let args = [
        "models",
        "fetch",
        "builtin",
        "--variants",
        &labels.join(","),
        "--json",
        "--offline",
    ];
    let output = run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 0);
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let open = |i: usize| Gguf::open(Path::new(made[i]["path"].as_str().expect("a path"))).expect("a file");
    let source = open(0);
    for (i, label) in labels.into_iter().enumerate() {
        let expected = source.expected_types(label).expect("a known label");
        let real = open(i).tensor_types();
        let sum = |of: fn(&TensorTypeShare) -> u64, all: &BTreeMap<String, TensorTypeShare>| {
            all.values().map(of).sum::<u64>()
        };
        for of in [
            |s: &TensorTypeShare| s.bytes,
            |s: &TensorTypeShare| s.layer_bytes,
            |s: &TensorTypeShare| s.output_bytes,
        ] {
            let off = sum(of, &expected) as f64 / sum(of, &real) as f64 - 1.0;
            assert!(off.abs() < 0.05, "{label}: {off} {expected:?} {real:?}");
        }
    }
}

/// A Mamba with one layer, weights of zeros and a vocabulary of bytes and the space: a recurrent model that llama.cpp loads.
fn mamba() -> Vec<u8> {
    let special = ["<unk>", "<s>", "</s>", "\u{2581}"].map(str::to_owned);
    let bytes = (0..=255).map(|b| format!("<0x{b:02X}>"));
    let tokens: Vec<String> = special.into_iter().chain(bytes).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let n_vocab = tokens.len() as u64;
    // Of each token: its type (unknown, control, normal, byte), and no score.
    let types: Vec<u32> = [2, 3, 3, 1].into_iter().chain([6; 256]).collect();
    let numbers = |ty: u32, all: &[u32]| {
        let mut bytes = ty.to_le_bytes().to_vec();
        bytes.extend((all.len() as u64).to_le_bytes());
        all.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        bytes
    };
    let (i32s, f32s) = (numbers(5, &types), numbers(6, &vec![0; tokens.len()]));
    let (n_embd, n_inner, n_state, rank) = (64, 128, 16, 4);
    let mut file = Writer::new()
        .str("general.architecture", "mamba")
        .str("general.name", "Tiny Mamba")
        .u32("general.file_type", 0)
        .u32("mamba.block_count", 1)
        .u32("mamba.context_length", 4096)
        .u32("mamba.embedding_length", n_embd as u32)
        .u32("mamba.feed_forward_length", 0)
        .u32("mamba.attention.head_count", 0)
        .raw("mamba.attention.layer_norm_rms_epsilon", 6, &1e-5f32.to_le_bytes())
        .u32("mamba.ssm.conv_kernel", 4)
        .u32("mamba.ssm.inner_size", n_inner as u32)
        .u32("mamba.ssm.state_size", n_state as u32)
        .u32("mamba.ssm.time_step_rank", rank as u32)
        .str("tokenizer.ggml.model", "llama")
        .strs("tokenizer.ggml.tokens", &tokens)
        .raw("tokenizer.ggml.token_type", 9, &i32s)
        .raw("tokenizer.ggml.scores", 9, &f32s)
        .bool("tokenizer.ggml.add_bos_token", false);
    let tensors: [(&str, &[u64]); 12] = [
        ("token_embd.weight", &[n_embd, n_vocab]),
        ("output_norm.weight", &[n_embd]),
        ("blk.0.attn_norm.weight", &[n_embd]),
        ("blk.0.ssm_in.weight", &[n_embd, 2 * n_inner]),
        ("blk.0.ssm_conv1d.weight", &[4, n_inner]),
        ("blk.0.ssm_conv1d.bias", &[n_inner]),
        ("blk.0.ssm_x.weight", &[n_inner, rank + 2 * n_state]),
        ("blk.0.ssm_dt.weight", &[rank, n_inner]),
        ("blk.0.ssm_dt.bias", &[n_inner]),
        ("blk.0.ssm_a", &[n_state, n_inner]),
        ("blk.0.ssm_d", &[n_inner]),
        ("blk.0.ssm_out.weight", &[n_inner, n_embd]),
    ];
    for (name, dims) in tensors {
        file = file.tensor(name, dims, 0, 4 * dims.iter().product::<u64>());
    }
    file.bytes()
}

/// With llama.cpp: a model without a KV cache.
#[test]
fn a_real_recurrent_model_gives_rows_with_the_reason() {
    let lab = Lab::new();
    std::fs::write(lab.path("mamba-F32.gguf"), mamba()).expect("written");
    let args = "compare mamba-F32.gguf --variants F32 --out run --workloads decode,prefix_reuse,batched,state,speculative,requests,chat --kv f16 \
                --draft mamba-F32.gguf --n-prompt 96 --depths 64 --n-gen 8 --n-seq 2 --n-users 2 --request-prompt 40 --request-gen 8 --rounds 1 \
                --launches 1 --quality off --offline";
    let args: Vec<&str> = args.split_whitespace().collect();
    run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 3);
    let results = lab.results();
    for cell in results["cells"].as_array().expect("an array") {
        let is_refused = cell["reason"]
            .as_str()
            .is_some_and(|why| why.contains("cannot drop single tokens"));
        let workload = cell["workload"].as_str().expect("a name");
        let goes_back = match workload {
            "prefix_reuse" => cell["n_depth"] != 0,
            other => ["batched", "speculative"].contains(&other),
        };
        assert_eq!((is_refused, cell["outcome"] == "ok"), (goes_back, !goes_back), "{cell}");
    }
}

/// A copy of the built-in model in which one token has another text.
fn draft_with_other_tokens_is_refused(lab: &Lab) {
    let mut model = std::fs::read("assets/builtin-f16.gguf").expect("the built-in model");
    let key = b"tokenizer.ggml.tokens";
    let at = model.windows(key.len()).position(|w| w == key).expect("its tokens");
    // Two types of four bytes, the number of tokens, then each with its length before it.
    let mut start = at + key.len() + 16;
    let number = |model: &[u8], at: usize| u64::from_le_bytes(model[at..at + 8].try_into().expect("8 bytes")) as usize;
    for _ in 0..1000 {
        start += 8 + number(&model, start);
    }
    let n = number(&model, start);
    model[start + 8..start + 8 + n].fill(b'~');
    std::fs::write(lab.path("other.gguf"), model).expect("written");
    let args = "compare builtin --out other --workloads speculative --draft other.gguf --variants F16 --kv f16 --depths 64 --n-gen 8 \
                --rounds 1 --launches 1 --quality off --offline";
    let args: Vec<&str> = args.split_whitespace().collect();
    run_for(lab.kvant(&args).env_remove("KVANT_FAKE_ENGINE"), 3);
    let report = std::fs::read_to_string(lab.path("other/report.md")).expect("a report");
    assert!(
        report.contains("its vocabulary is another one (its token 1000 is another one)"),
        "{report}"
    );
}
