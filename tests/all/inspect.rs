//! `kvant inspect` and `kvant doctor` through the real binary.

use crate::hub_server::{HubServer, REPO};
use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;
use kvant::gguf::Gguf;
use kvant::gguf::Writer;
use serde_json::Value;
use std::io::Cursor;
use std::path::Path;

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A llama of 30 layers with SmolLM2-135M's rows of 576, in the types llama.cpp gives them as Q4_K_M.
fn smollm2_like() -> Vec<u8> {
    const Q5_0: (u32, u64, u64) = (6, 32, 22);
    const Q8_0: (u32, u64, u64) = (8, 32, 34);
    const Q4_K: (u32, u64, u64) = (12, 256, 144);
    let mut file = Writer::new()
        .str("general.architecture", "llama")
        .str("general.name", "Smollm2 135M")
        .str("general.license", "apache-2.0")
        .str("tokenizer.ggml.model", "gpt2")
        .str(
            "tokenizer.chat_template",
            "{% for message in messages %}\n{{ message }}{% endfor %}",
        )
        .u32("general.file_type", 15)
        .u32("general.quantization_version", 2)
        .u32("llama.block_count", 30)
        .u32("llama.context_length", 8192)
        .u32("llama.embedding_length", 576)
        .u32("llama.attention.head_count", 9)
        .u32("llama.attention.head_count_kv", 3)
        .strs("tokenizer.ggml.tokens", &["a", "b"]);
    let add = |file: Writer, name: &str, n_row: u64, n_rows: u64, (ty, block, bytes): (u32, u64, u64)| {
        file.tensor(name, &[n_row, n_rows], ty, n_row / block * bytes * n_rows)
    };
    file = add(file, "token_embd.weight", 576, 2, Q8_0);
    for layer in 0..30 {
        let name = |kind: &str| format!("blk.{layer}.{kind}.weight");
        for kind in ["attn_norm", "ffn_norm"] {
            file = file.tensor(&name(kind), &[576], 0, 4 * 576);
        }
        let more = if layer % 2 == 0 { Q8_0 } else { Q5_0 };
        for (kind, n_rows, ty) in [
            ("attn_q", 576, Q5_0),
            ("attn_k", 192, Q5_0),
            ("attn_v", 192, more),
            ("attn_output", 576, Q5_0),
            ("ffn_gate", 1536, Q5_0),
            ("ffn_up", 1536, Q5_0),
        ] {
            file = add(file, &name(kind), 576, n_rows, ty);
        }
        file = add(file, &name("ffn_down"), 1536, 576, Q4_K);
    }
    file.tensor("output_norm.weight", &[576], 0, 4 * 576).bytes()
}

#[test]
fn smollm2s_fallbacks_and_kv_cache_are_llama_cpps() {
    let lab = Lab::new();
    std::fs::write(lab.path("smol.gguf"), smollm2_like()).expect("written");
    let text = stdout(&run_for(&mut lab.kvant(&["inspect", "smol.gguf"]), 0));
    for part in [
        "180 of 272 tensors fell back: 165 are q5_0 instead of q4_k (rows of 576); 15 are q8_0 instead of q6_k (rows of 576)",
        "30 layers, n_embd 576, 9 heads of 64 (3 for KV)",
        "apache-2.0",
        "version 2",
        "8192",
        "{% for message in messages %}",
    ] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    let json = run_for(&mut lab.kvant(&["inspect", "smol.gguf", "--json"]), 0);
    let facts: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!((&facts["n_fallback"], &facts["n_tensors"]), (&180.into(), &272.into()));
    let bytes = |ty: &str| {
        let all = facts["kv"].as_array().expect("a list");
        all.iter().find(|cost| cost["kv_type"] == ty).expect("it is there")["bytes_per_token"].as_u64()
    };
    // llama.cpp's own: 30 layers, 192 elements of K and of V.
    assert_eq!(
        (bytes("f16"), bytes("q8_0"), bytes("q4_0")),
        (Some(23040), Some(12240), Some(6480))
    );
    assert_eq!(facts["ftype_by_tensors"], "Q4_K_M");
}

#[test]
fn a_header_on_the_hub_is_read_without_the_rest() {
    let mut bytes = smollm2_like();
    let n_header = bytes.len();
    // Tensors of 8 MB in all; the vocabulary is short, so one block holds the header.
    assert!(n_header > 4 << 20);
    let server = HubServer::start(&[("tiny-Q4_K_M.gguf", std::mem::take(&mut bytes))]);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let mut command = lab.kvant(&["inspect", &hub]);
    let text = stdout(&run_for(
        command.env("HF_ENDPOINT", server.endpoint()).env("NO_PROXY", "*"),
        0,
    ));
    assert!(
        text.contains("180 of 272") && text.contains(&format!("{hub}@")),
        "{text}"
    );
    assert!(server.n_body_bytes() <= 1 << 20, "the header only");
    assert!(!lab.path("hf").exists(), "nothing is kept");
    let mut command = lab.kvant(&["inspect", &hub, "--variant", "F16"]);
    let output = run_for(command.env("HF_ENDPOINT", server.endpoint()).env("NO_PROXY", "*"), 7);
    assert!(stderr(&output).contains("no such file"), "{}", stderr(&output));
}

#[test]
fn a_file_of_40_gb_is_read_by_its_header() {
    let lab = Lab::new();
    let rows = 40_000_000;
    let file = tiny_llama(256, 1, (1, 2), Some(1)).tensor("output.weight", &[512, rows], 1, 2 * 512 * rows);
    let path = lab.path("huge.gguf");
    // A file with a hole: it has the length, and takes no room.
    let (head, length) = file.head();
    std::fs::write(&path, head).expect("written");
    let handle = std::fs::File::options().write(true).open(&path).expect("opened");
    handle.set_len(length).expect("a sparse file");
    assert!(length > 40_000_000_000);
    let text = stdout(&run_for(&mut lab.kvant(&["inspect", "huge.gguf"]), 0));
    assert!(text.contains("38.1 GiB of tensors"), "{text}");
}

#[cfg(feature = "llama")]
#[test]
fn errors_against_a_reference_stand_beside_textbook_rounding() {
    let lab = Lab::new();
    write_pair(&lab.path("ref.gguf"), &lab.path("q8.gguf"));
    let output = run_for(
        &mut lab.kvant(&["inspect", "q8.gguf", "--against", "ref.gguf", "--json"]),
        0,
    );
    let facts: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let errors = &facts["errors"];
    let tensors = errors["tensors"].as_array().expect("a list");
    assert_eq!((tensors.len(), &errors["n_exact"]), (3, &2.into()));
    let q8 = tensors[0]["snr_db"].as_f64().expect("an error");
    let textbook: Vec<f64> = tensors[0]["textbook_snr_db"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|snr| snr.as_f64().expect("an error"))
        .collect();
    // Blocks of 32 beat a scale for each row, which beats one for the tensor; 8 bits beat 4.
    assert!(
        q8 > textbook[2] && textbook[2] > textbook[0] && textbook[2] > textbook[6] + 18.0,
        "{q8} {textbook:?}"
    );
    assert!(tensors[0]["worst_block"]["rmse"].as_f64() > tensors[0]["rmse"].as_f64());
    let text = stdout(&run_for(
        &mut lab.kvant(&["inspect", "q8.gguf", "--against", "ref.gguf"]),
        0,
    ));
    for part in [
        "SNR dB",
        "8 sym tensor",
        "4 asym row",
        "all of these",
        "2 tensors are the same",
    ] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    let output = run_for(
        &mut lab.kvant(&["inspect", "q8.gguf", "--against", "models/tiny-F16.gguf"]),
        2,
    );
    assert!(stderr(&output).contains("same model"), "{}", stderr(&output));
}

#[cfg(not(feature = "llama"))]
#[test]
fn errors_against_a_reference_need_llama_cpp() {
    let lab = Lab::new();
    write_pair(&lab.path("ref.gguf"), &lab.path("q8.gguf"));
    let output = run_for(&mut lab.kvant(&["inspect", "q8.gguf", "--against", "ref.gguf"]), 2);
    assert!(
        stderr(&output).contains("build with the feature 'llama'"),
        "{}",
        stderr(&output)
    );
}

/// An F32 file with rows of different sizes, and its Q8_0, rounded as ggml does.
fn write_pair(reference: &Path, rounded: &Path) {
    let file = |ty, block| tiny_llama(512, ty, block, None);
    let (exact, q8) = (file(0, (1, 4)), file(8, (32, 34)));
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let mut floats = Vec::new();
    let mut blocks = Vec::new();
    let whole = exact.bytes();
    let header = Gguf::read(Cursor::new(&whole), whole.len() as u64).expect("a good file");
    for tensor in &header.tensors {
        let is_matrix = tensor.n_dims_used() > 1;
        for row in 0..tensor.dims[1] {
            // Loud rows and loud blocks in them.
            let numbers: Vec<f32> = (0..512)
                .map(|i| next() * (1 + row % 4) as f32 * (1 + i / 32 % 3) as f32)
                .collect();
            numbers.iter().for_each(|x| floats.extend(x.to_le_bytes()));
            if !is_matrix {
                numbers.iter().for_each(|x| blocks.extend(x.to_le_bytes()));
                continue;
            }
            for block in numbers.chunks(32) {
                let max = block.iter().fold(0f32, |max, x| max.max(x.abs()));
                // The nearest half above: a power of two, which is one exactly.
                let scale = 2f32.powi((max / 127.0).log2().ceil() as i32);
                let exponent = (scale.log2() as i32 + 15) as u16;
                blocks.extend((exponent << 10).to_le_bytes());
                blocks.extend(block.iter().map(|x| ((x / scale).round() as i8).cast_unsigned()));
            }
        }
    }
    for (path, file, data) in [(reference, exact, floats), (rounded, q8, blocks)] {
        let (mut bytes, length) = file.head();
        bytes.extend(data);
        assert_eq!(bytes.len() as u64, length);
        std::fs::write(path, bytes).expect("written");
    }
}

#[test]
fn known_models_and_folders_can_be_inspected() {
    let lab = Lab::new();
    assert!(stdout(&run_for(&mut lab.kvant(&["inspect", "builtin"]), 0))
        .contains("3 672 320".replace(' ', "\u{a0}").as_str()));
    let text = stdout(&run_for(&mut lab.kvant(&["inspect", "models", "--variant", "q8_0"]), 0));
    assert!(text.contains("tiny-Q8_0.gguf"), "{text}");
    let output = run_for(&mut lab.kvant(&["inspect", "SmolLM2-135M"]), 7);
    assert!(stderr(&output).contains("kvant models fetch"), "{}", stderr(&output));
    let output = run_for(&mut lab.kvant(&["inspect", "nowhere.gguf"]), 2);
    assert_eq!(stderr(&output).matches("error:").count(), 1);
}

#[test]
fn doctor_looks_at_everything_and_never_fails() {
    let lab = Lab::new();
    let text = stdout(&run_for(&mut lab.kvant(&["doctor"]), 0));
    for topic in [
        "cpu",
        "cores",
        "instructions",
        "memory",
        "gpu",
        "governor",
        "load",
        "swap used",
        "other models",
        "hub",
        "store",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(topic)),
            "{topic} is not in:\n{text}"
        );
    }
    assert!(
        text.contains("127.0.0.1:9 not reachable") && text.contains("HF_ENDPOINT"),
        "{text}"
    );
    let json = run_for(&mut lab.kvant(&["doctor", "--json", "--offline"]), 0);
    let report: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(report["schema"], "kvant.doctor/1");
    assert!(report["findings"].as_array().is_some_and(|all| all.len() > 10));
}

/// Counts and lengths that no file has, through the real binary, which may have no more memory than a few of its own size.
#[test]
fn absurd_headers_take_no_memory() {
    let lab = Lab::new();
    let good = tiny_llama(256, 1, (1, 2), Some(1)).bytes();
    for (i, value) in [
        u64::MAX,
        1 << 62,
        i64::MAX as u64,
        1 << 40,
        1 << 33,
        u64::from(u32::MAX),
    ]
    .into_iter()
    .enumerate()
    {
        // The number of tensors, that of values, the length of the first key, and the type and length of the first value.
        for at in [8, 16, 24, 32 + 20, 32 + 24] {
            let mut bytes = good.clone();
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
            let path = lab.path(&format!("absurd-{i}-{at}.gguf"));
            std::fs::write(&path, bytes).expect("written");
            let kvant = lab.kvant(&["inspect", &path.display().to_string()]);
            let mut command = std::process::Command::new("sh");
            // 512 MiB of address space holds the program and its libraries.
            command
                .args(["-c", "ulimit -v 524288; exec \"$0\" \"$@\""])
                .arg(kvant.get_program())
                .args(kvant.get_args());
            let settings = kvant.get_envs().filter_map(|(name, value)| Some((name, value?)));
            let output = run_for(command.envs(settings).current_dir(lab.path("")), 2);
            assert!(stderr(&output).contains(".gguf: "), "{}", stderr(&output));
        }
    }
}
