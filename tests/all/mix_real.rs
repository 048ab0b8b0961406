//! `kvant mix` with llama.cpp on the built-in model: found, made, proven, found again.

use crate::util::{run, stderr, Lab};
use kvant::gguf::Gguf;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;

fn mix(lab: &Lab, args: &[&str]) -> Output {
    let mut all = vec![
        "mix",
        "builtin",
        "--threads",
        "2",
        "--chunks",
        "16",
        "--json",
        "--offline",
    ];
    all.extend(args);
    let mut command = lab.kvant(&all);
    command.env_remove("KVANT_FAKE_ENGINE");
    run(&mut command)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(output)))
}

fn made(json: &Value) -> PathBuf {
    PathBuf::from(json["file"].as_str().expect("a path"))
}

fn tensors(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).expect("it is there");
    let gguf = Gguf::open(path).expect("sound");
    let of = |t: &kvant::gguf::TensorInfo| bytes[t.offset as usize..(t.offset + t.bytes) as usize].to_vec();
    let mut all: Vec<_> = gguf.tensors.iter().map(|t| (t.name.clone(), of(t))).collect();
    all.sort();
    all
}

#[test]
fn a_mix_of_the_size_of_q4_k_m_loses_less() {
    let lab = Lab::new();
    // With 16 chunks the interval alone would be as wide as what it is to show.
    let output = mix(&lab, &["--like", "Q4_K_M", "--out", "run", "--chunks", "40"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found = json(&output);
    let rows = found["rows"].as_array().expect("rows");
    let row = |id: &str| rows.iter().find(|r| r["variant"] == id).expect("a row");
    let (label, rival) = (found["label"].as_str().expect("a label"), row("Q4_K_M"));
    assert!(label.starts_with("mix-2.2"), "{label}");
    let size = row(label)["file_bytes"].as_u64().expect("bytes");
    assert!(size <= rival["file_bytes"].as_u64().expect("bytes"), "{size}");
    let ratio = &rival["mix_kld_ratio"];
    assert!(ratio["hi"].as_f64().expect("an interval") < 0.85, "{ratio}");
    let off = found["whole_kld"].as_f64().expect("nats") / found["predicted_kld"].as_f64().expect("nats");
    assert!((0.7..1.4).contains(&off), "the sum of divergences was off by {off}");

    // The label and the recipe are in the file, and the flags that are printed make the same tensors.
    let path = made(&found);
    let gguf = Gguf::open(&path).expect("sound");
    assert_eq!(gguf.mix_label(), Some(label));
    assert!(gguf.mix_recipe().is_some_and(|recipe| recipe.contains("token_embd:")));
    let reference = std::fs::read_dir(lab.path("store"))
        .expect("a store")
        .flatten()
        .map(|entry| entry.path().join("builtin-f16.gguf"))
        .find(|path| path.exists())
        .expect("the reference");
    let again = lab.path("again.gguf");
    let (reference, again) = (reference.display().to_string(), again.display().to_string());
    let main = found["llama_quantize"]
        .as_str()
        .expect("a command")
        .rsplit(' ')
        .next()
        .expect("a type")
        .to_owned();
    let args = [
        "quantize",
        &reference,
        &again,
        &main,
        "--tensor-type-file",
        "run/tensor-types.txt",
    ];
    let output = run(&mut lab.kvant(&args));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(tensors(Path::new(&again)) == tensors(&path), "other tensors");

    // compare takes it by its label.
    let path = path.display().to_string();
    let args = ["compare", &reference, &path, "--dry-run"];
    let output = run(&mut lab.kvant(&args));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains(label), "{text}{}", stderr(&output));

    // What was measured is kept: another size is chosen without measuring again, or hardly.
    let kept = || {
        let entries = std::fs::read_dir(lab.path("store/mix")).expect("kept").flatten();
        let files = entries
            .map(|e| e.path().join("sensitivities.jsonl"))
            .filter(|p| p.exists());
        files
            .map(|p| std::fs::read_to_string(p).expect("text").lines().count())
            .sum::<usize>()
    };
    let n_before = kept();
    let output = mix(&lab, &["--max-size", "2.0MiB", "--budget", "1s", "--out", "smaller"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let smaller = std::fs::metadata(made(&json(&output))).expect("made").len();
    assert!(smaller <= 2 << 20, "{smaller}");
    assert!(kept() < n_before + n_before / 4, "{} after {n_before}", kept());
}

#[test]
fn an_importance_matrix_is_gathered_said_and_used() {
    let lab = Lab::new();
    let args = [
        "--imatrix",
        "auto",
        "--types",
        "q3_k,q4_k,q6_k",
        "--groups",
        "1",
        "--out",
        "run",
    ];
    let output = mix(&lab, &args);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found = json(&output);
    assert!(found["label"].as_str().expect("a label").ends_with("-imatrix"));
    assert_eq!(found["imatrix"]["gathered"]["n_chunks"], 64);
    assert!(found["llama_quantize"]
        .as_str()
        .expect("a command")
        .contains("--imatrix"));
    // Three types and one group of layers leave little to choose: at least nothing is lost.
    let ratio = rows_ratio(&found, "Q4_K_M");
    assert!(ratio < 1.0, "{ratio}");
}

fn rows_ratio(found: &Value, id: &str) -> f64 {
    let rows = found["rows"].as_array().expect("rows");
    let row = rows.iter().find(|r| r["variant"] == id).expect("a row");
    row["mix_kld_ratio"]["value"].as_f64().expect("a ratio")
}

#[test]
fn a_size_that_no_types_give_is_told_with_the_nearest() {
    let lab = Lab::new();
    let output = mix(
        &lab,
        &[
            "--max-size",
            "1MiB",
            "--types",
            "q6_k,q8_0",
            "--groups",
            "1",
            "--out",
            "run",
        ],
    );
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(
        text.contains("no mix of 1.00 MiB or less") && text.contains("the smallest"),
        "{text}"
    );
}
