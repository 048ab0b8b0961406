//! What people really have on their disks and in repositories: several files of one type, one quantized file, files beside the model,
//! split models.

use crate::hub_server::HubServer;
use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;
use kvant::gguf::Writer;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Command, Output};

pub const F16: (u32, u32, (u64, u64)) = (1, 1, (1, 2));
pub const Q8_0: (u32, u32, (u64, u64)) = (7, 8, (32, 34));
pub const Q4_0: (u32, u32, (u64, u64)) = (2, 2, (32, 18));
pub const Q4_K_M: (u32, u32, (u64, u64)) = (15, 12, (256, 144));

/// A small model of a file type.
pub fn model((file_type, ggml_type, block): (u32, u32, (u64, u64))) -> Writer {
    tiny_llama(256, ggml_type, block, Some(file_type))
}

/// The same as somebody quantized it with an importance matrix.
pub fn weighted(who: &str) -> Writer {
    model(Q4_K_M)
        .str("general.quantized_by", who)
        .str("quantize.imatrix.file", "tiny.imatrix")
        .str("quantize.imatrix.dataset", "calibration_datav3.txt")
        .u32("quantize.imatrix.entries_count", 2)
        .u32("quantize.imatrix.chunks_count", 128)
}

pub fn projector() -> Vec<u8> {
    let file = Writer::new()
        .str("general.architecture", "clip")
        .str("general.type", "mmproj");
    file.tensor("v.blk.0.attn_q.weight", &[32, 2], 1, 128).bytes()
}

/// The two parts of a model in F16: six tensors.
pub fn parts() -> [Vec<u8>; 2] {
    let part = |file: Writer, no: u16| {
        file.raw("split.no", 2, &no.to_le_bytes())
            .raw("split.count", 2, &2u16.to_le_bytes())
            .raw("split.tensors.count", 5, &6i32.to_le_bytes())
    };
    let second = Writer::new().tensor("output.weight", &[256, 4], 1, 2048);
    [part(model(F16), 0).bytes(), part(second, 1).bytes()]
}

/// A test's folder with these files in `shelf/`.
pub fn shelf(files: &[(&str, Vec<u8>)]) -> Lab {
    let lab = Lab::new();
    for (name, bytes) in files {
        let path = lab.path("shelf").join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    lab
}

/// A small run of these models into `run/`.
pub fn compare(lab: &Lab, models: &[&str], more: &[&str]) -> Command {
    let small = "--kv f16 --n-prompt 128 --depths 128 --rounds 3 --launches 1 --out run";
    let small: Vec<&str> = small.split(' ').collect();
    lab.kvant(&[&["compare"], models, &small, more].concat())
}

pub fn at(server: &HubServer, mut command: Command) -> Command {
    command.env("HF_ENDPOINT", server.endpoint()).env("NO_PROXY", "*");
    command
}

pub fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let list = list.as_array().expect("a list").iter();
    list.filter_map(|item| item[key].as_str()).collect()
}

pub fn ids(results: &Value) -> Vec<&str> {
    texts(&results["variants"], "id")
}

pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

pub fn fetched(server: &HubServer) -> Vec<String> {
    let seen = server.seen().into_iter().filter(|seen| seen.path.contains("/resolve/"));
    let names = seen.map(|seen| seen.path.rsplit('/').next().unwrap_or_default().to_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// The faster of two files of one type, as good as the other.
pub const SPEEDS: &str = r#"{"noise": 0.002, "token_noise": 0.002, "costs": [
    {"file": "F16", "prefill_ns": 1000000, "decode_ns": 20000000},
    {"file": "UD-Q4", "prefill_ns": 1000000, "decode_ns": 6000000, "logit_noise": 0.01},
    {"file": "Q4_K", "prefill_ns": 1000000, "decode_ns": 12000000, "logit_noise": 0.6}]}"#;

#[test]
fn files_of_one_type_are_told_apart_in_tables_charts_and_the_answer() {
    let lab = shelf(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-Q4_K_M.gguf", model(Q4_K_M).bytes()),
        ("tiny-UD-Q4_K_XL.gguf", weighted("unsloth").bytes()),
        ("more/tiny.i1-Q4_K_M.gguf", weighted("mradermacher").bytes()),
    ]);
    lab.script(SPEEDS);
    run_for(&mut compare(&lab, &["shelf"], &["--rounds", "6"]), 0);
    let results = lab.results();
    let all = ["F16", "Q4_K_M", "UD-Q4_K_XL", "i1-Q4_K_M"];
    assert_eq!(ids(&results), all);
    assert_eq!(results["decision"]["arm"], "UD-Q4_K_XL", "{}", results["decision"]);
    let variants = results["variants"].as_array().expect("a list");
    assert_eq!(variants[1].get("quantization"), None);
    assert_eq!(variants[2]["quantization"]["by"], "unsloth");
    assert_eq!(variants[2]["quantization"]["imatrix_chunks"], 128);
    let scored: BTreeSet<&str> = texts(&results["quality"], "variant").into_iter().collect();
    assert_eq!(scored, BTreeSet::from(all));
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("a report");
    let told = "as given; by mradermacher; imatrix tiny.imatrix, from calibration_datav3.txt, 128 chunks, 2 entries";
    assert!(report.contains(told), "{report}");
    let chart = std::fs::read_to_string(lab.path("run/charts/decode.svg")).expect("a chart");
    let table = std::fs::read_to_string(lab.path("run/results.csv")).expect("a table");
    for id in all {
        assert!(chart.contains(id) && table.contains(id), "{id}");
    }
    // One of them by name, the baseline by name, and the rest of the run in the order of the flags.
    let lab = shelf(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-Q4_K_M.gguf", model(Q4_K_M).bytes()),
        ("tiny-UD-Q4_K_XL.gguf", weighted("unsloth").bytes()),
    ]);
    let chosen = [
        "--variants",
        "q4_k_m,ud-q4_k_xl",
        "--baseline",
        "UD-Q4_K_XL",
        "--quality",
        "off",
    ];
    run_for(&mut compare(&lab, &["shelf"], &chosen), 0);
    assert_eq!(ids(&lab.results()), ["UD-Q4_K_XL", "Q4_K_M"]);
    run_for(&mut lab.kvant(&["compare", "--out", "run", "--resume"]), 0);
    let output = run_for(&mut compare(&lab, &["shelf"], &["--variants", "F16,Q4_K_XX"]), 2);
    assert!(
        stderr(&output).contains("there are F16, Q4_K_M, UD-Q4_K_XL"),
        "{}",
        stderr(&output)
    );
    let unknown = ["--variants", "F16,Q4_K_M", "--baseline", "Q8_0"];
    let output = run_for(&mut compare(&lab, &["shelf"], &unknown), 2);
    assert!(
        stderr(&output).contains("--baseline Q8_0: is not among the variants compared; use one of F16, Q4_K_M"),
        "{}",
        stderr(&output)
    );
    let output = run_for(&mut compare(&lab, &["shelf:sub/../x"], &[]), 2);
    assert!(
        stderr(&output).contains("shelf: has no such file as sub/../x; there are tiny-F16.gguf"),
        "{}",
        stderr(&output)
    );
    // A file that is named twice is one.
    let twice = ["shelf/tiny-F16.gguf", "shelf:q4_k_m", "shelf/tiny-F16.gguf"];
    let dry = run_for(&mut compare(&lab, &twice, &["--dry-run", "--json"]), 0);
    assert_eq!(texts(&json(&dry)["files"], "id"), ["F16", "Q4_K_M"]);
}

#[test]
fn split_models_of_a_folder_are_measured_whole() {
    let [first, second] = parts();
    let names = ["tiny-F16-00001-of-00002.gguf", "tiny-F16-00002-of-00002.gguf"];
    let lab = shelf(&[
        (names[0], first.clone()),
        (names[1], second.clone()),
        ("tiny-Q8_0.gguf", {
            model(Q8_0).tensor("output.weight", &[256, 4], 8, 4 * 8 * 34).bytes()
        }),
    ]);
    run_for(&mut compare(&lab, &["shelf"], &["--quality", "off"]), 0);
    let results = lab.results();
    assert_eq!(ids(&results), ["F16", "Q8_0"]);
    let size = |i: usize| results["variants"][i]["model_size"].as_u64().expect("a size");
    assert_eq!(
        (size(0), results["variants"][0]["n_tensors"].as_u64()),
        (14_336, Some(6))
    );
    // Predicted from all parts.
    let predicted = |i: usize| results["memory"][i]["predicted_bytes"].as_u64().expect("predicted");
    assert!(
        predicted(0) >= predicted(1) + size(0) - size(1) - 4096,
        "{}",
        results["memory"]
    );
    for part in names {
        let path = format!("shelf/{part}");
        let facts = json(&run_for(&mut lab.kvant(&["inspect", &path, "--json"]), 0));
        assert_eq!(
            (&facts["n_tensors"], &facts["file_bytes"]),
            (&6.into(), &((first.len() + second.len()) as u64).into())
        );
        let text = String::from_utf8(run_for(&mut lab.kvant(&["inspect", &path]), 0).stdout).expect("text");
        let index = 1 + usize::from(part == names[1]);
        assert!(text.contains(&format!("{index} of 2 of a split model")), "{text}");
    }
    // Decoding is llama.cpp's.
    #[cfg(feature = "llama")]
    let against = run_for(
        &mut lab.kvant(&[
            "inspect",
            "shelf/tiny-Q8_0.gguf",
            "--against",
            &format!("shelf/{}", names[1]),
            "--json",
        ]),
        0,
    );
    #[cfg(feature = "llama")]
    assert_eq!(
        json(&against)["errors"]["n_exact"],
        6,
        "zeros are exact, those of the second part too"
    );
    // A part that is changed or lost is seen.
    std::fs::remove_file(lab.path("shelf").join(names[1])).expect("removed");
    let output = run_for(
        &mut compare(&lab, &[&format!("shelf/{}", names[0])], &["--out", "other"]),
        2,
    );
    assert!(
        stderr(&output).contains(&format!("{} is missing", names[1])),
        "{}",
        stderr(&output)
    );
    let facts = json(&run_for(
        &mut lab.kvant(&["inspect", &format!("shelf/{}", names[0]), "--json"]),
        0,
    ));
    assert_eq!(
        (&facts["part"]["missing"][0], &facts["n_tensors"]),
        (&names[1].into(), &5.into())
    );
    // The folder goes on with what is whole, and says so.
    let output = run_for(
        &mut compare(
            &lab,
            &["shelf"],
            &["--quality", "off", "--out", "rest", "--variants", "Q8_0"],
        ),
        0,
    );
    assert!(
        stderr(&output).contains(&format!("{} is missing", names[1])),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_quantized_file_is_its_own_reference() {
    let lab = shelf(&[
        ("own-Q4_0.gguf", model(Q4_0).bytes()),
        ("own-Q8_0.gguf", model(Q8_0).bytes()),
    ]);
    lab.script(r#"{"noise": 0.002, "costs": [{"file": "Q4_0", "prefill_ns": 1000000, "decode_ns": 9000000}]}"#);
    let all = [
        "triage",
        "shelf/own-Q4_0.gguf",
        "--json",
        "--n-prompt",
        "32",
        "--depth",
        "64",
    ];
    let results = json(&run_for(&mut lab.kvant(&all), 0));
    assert_eq!(ids(&results), ["Q4_0"], "nothing made from it is more exact or smaller");
    assert_eq!(results["decision"]["arm"], "Q4_0");
    let dry = json(&run_for(
        &mut lab.kvant(&["compare", "shelf/own-Q8_0.gguf", "--dry-run", "--json"]),
        0,
    ));
    let files = dry["files"].as_array().expect("files");
    let row = |i: usize| ["id", "fate", "origin", "made_from"].map(|key| files[i][key].as_str().unwrap_or("-"));
    assert_eq!(row(0), ["Q8_0", "baseline", "here", "-"]);
    assert_eq!(row(1), ["Q4_K_M", "measured", "made", "own-Q8_0.gguf"]);
    assert_eq!(row(2), ["Q4_0", "measured", "made", "own-Q8_0.gguf"]);
    assert_eq!(files.len(), 3);
}

#[test]
fn a_folder_is_told_in_one_table() {
    let lab = shelf(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-Q4_K_M.gguf", weighted("somebody").bytes()),
        ("mmproj-tiny-F16.gguf", projector()),
        ("adapter.gguf", Writer::new().str("general.type", "adapter").bytes()),
        ("broken-Q8_0.gguf", b"GGUF".to_vec()),
        ("imatrix.dat", vec![1]),
        ("README.md", b"# tiny".to_vec()),
    ]);
    let expected = [
        ("tiny-F16.gguf", "model", "baseline"),
        ("tiny-Q4_K_M.gguf", "model", "measured"),
        ("adapter.gguf", "adapter", "passed_over"),
        ("broken-Q8_0.gguf", "unusable", "passed_over"),
        ("mmproj-tiny-F16.gguf", "projector", "passed_over"),
        ("README.md", "other", "passed_over"),
        ("imatrix.dat", "imatrix", "passed_over"),
    ];
    for command in [&["inspect", "shelf"][..], &["compare", "shelf", "--dry-run"]] {
        let table = json(&run_for(&mut lab.kvant(&[command, &["--json"]].concat()), 0));
        let rows: Vec<(&str, &str, &str)> = table["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap_or("-");
                (text("file"), text("kind"), text("fate"))
            })
            .collect();
        assert_eq!(rows, expected, "{command:?}");
        let text = String::from_utf8(run_for(&mut lab.kvant(command), 0).stdout).expect("text");
        assert!(text.contains("a model; by somebody; imatrix tiny.imatrix"), "{text}");
        assert!(
            text.contains("measured, as the baseline") && text.contains("passed over: truncated"),
            "{text}"
        );
    }
    assert!(
        !lab.path("reports").exists() && !lab.path("store/hashes").exists(),
        "nothing is read but headers"
    );
    // Named, or called by its type, a file that cannot be used is refused, not made.
    for args in [&["shelf/broken-Q8_0.gguf"][..], &["shelf", "--variants", "F16,Q8_0"]] {
        let text = stderr(&run_for(&mut lab.kvant(&[&["compare"], args].concat()), 2));
        assert!(text.contains("shelf/broken-Q8_0.gguf: truncated"), "{text}");
    }
    // A file of another model is passed over while this one has more.
    std::fs::write(
        lab.path("shelf/other-F16.gguf"),
        tiny_llama(64, 1, (1, 2), Some(1)).bytes(),
    )
    .expect("written");
    let table = json(&run_for(&mut lab.kvant(&["inspect", "shelf", "--json"]), 0));
    let rows = table["files"].as_array().expect("files");
    assert!(
        rows.iter()
            .any(|row| row["file"] == "other-F16.gguf" && row["kind"] == "other_model"),
        "{table}"
    );
    // Two models: inspect still tells what is what, compare asks which.
    std::fs::write(
        lab.path("shelf/other-Q8_0 b.gguf"),
        tiny_llama(64, 8, (32, 34), Some(7)).bytes(),
    )
    .expect("written");
    let table = json(&run_for(&mut lab.kvant(&["inspect", "shelf", "--json"]), 0));
    assert_eq!(table["model"], Value::Null);
    assert_eq!(
        texts(&table["files"], "id"),
        ["other-F16", "Q8_0", "tiny-F16", "Q4_K_M"]
    );
    let output = run_for(&mut lab.kvant(&["compare", "shelf"]), 2);
    let text = stderr(&output);
    assert!(
        text.contains("\n  kvant compare shelf/other-F16.gguf 'shelf/other-Q8_0 b.gguf'\n"),
        "{text}"
    );
    assert!(
        text.contains("\n  kvant compare shelf/tiny-F16.gguf shelf/tiny-Q4_K_M.gguf"),
        "{text}"
    );
    // No model is left: what the files are instead.
    for name in ["other-F16", "other-Q8_0 b", "tiny-F16", "tiny-Q4_K_M"] {
        std::fs::remove_file(lab.path(&format!("shelf/{name}.gguf"))).expect("removed");
    }
    let text = stderr(&run_for(&mut lab.kvant(&["compare", "shelf"]), 2));
    for words in [
        "shelf: there is no .gguf file that can be measured",
        "mmproj-tiny-F16.gguf (the vision",
        "adapter.gguf (a LoRA",
    ] {
        assert!(text.contains(words), "'{words}' is not in: {text}");
    }
}
