//! With llama.cpp, which finds the other parts of a split model by their names, and makes variants.

use crate::shelves::{compare, ids, json, shelf, texts};
use crate::util::{run_for, stderr, Lab};
use kvant::gguf::Gguf;
use serde_json::Value;
use std::path::Path;

fn text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u64).to_le_bytes());
    out.extend(text.as_bytes());
}

/// The built-in model in two parts, as llama-gguf-split makes them.
fn split_builtin() -> (Vec<u8>, [Vec<u8>; 2]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/builtin-f16.gguf");
    let whole = std::fs::read(path).expect("an asset");
    let gguf = Gguf::open(Path::new(path)).expect("a model");
    // The metadata end where the name of the first tensor begins.
    let mut first = Vec::new();
    text(&mut first, &gguf.tensors[0].name);
    let end = whole
        .windows(first.len())
        .position(|bytes| bytes == first)
        .expect("it is there");
    let n_values = u64::from_le_bytes(whole[16..24].try_into().expect("eight bytes"));
    let (one, two) = gguf.tensors.split_at(gguf.tensors.len() / 2);
    let part = |no: u16, n_own: u64, own: &[u8], tensors: &[kvant::gguf::TensorInfo]| {
        let mut out = whole[..8].to_vec();
        out.extend((tensors.len() as u64).to_le_bytes());
        out.extend((n_own + 3).to_le_bytes());
        out.extend(own);
        for (key, value) in [("split.no", no), ("split.count", 2)] {
            text(&mut out, key);
            out.extend(2u32.to_le_bytes());
            out.extend(value.to_le_bytes());
        }
        text(&mut out, "split.tensors.count");
        out.extend(5u32.to_le_bytes());
        out.extend((gguf.tensors.len() as i32).to_le_bytes());
        let mut data = Vec::new();
        for tensor in tensors {
            text(&mut out, &tensor.name);
            out.extend(tensor.n_dims.to_le_bytes());
            tensor.dims[..tensor.n_dims as usize]
                .iter()
                .for_each(|d| out.extend(d.to_le_bytes()));
            out.extend(tensor.ggml_type.id().to_le_bytes());
            out.extend((data.len() as u64).to_le_bytes());
            data.extend(&whole[tensor.offset as usize..(tensor.offset + tensor.bytes) as usize]);
            data.resize(data.len().next_multiple_of(32), 0);
        }
        out.resize(out.len().next_multiple_of(32), 0);
        out.extend(data);
        out
    };
    let parts = [part(0, n_values, &whole[24..end], one), part(1, 0, &[], two)];
    (whole, parts)
}

#[test]
fn a_split_model_is_loaded_scored_and_quantized_as_the_whole_one() {
    let (whole, [first, second]) = split_builtin();
    let lab = shelf(&[
        ("whole-F16.gguf", whole),
        ("split-F16-00001-of-00002.gguf", first),
        ("split-F16-00002-of-00002.gguf", second),
    ]);
    let small = ["--quality-ctx", "64", "--quality-chunks", "2", "--rounds", "2"];
    let args = [&["--variants", "whole-F16,split-F16,Q8_0"], &small[..]].concat();
    let mut command = compare(&lab, &["shelf"], &args);
    run_for(command.env_remove("KVANT_FAKE_ENGINE"), 0);
    let results = lab.results();
    assert_eq!(ids(&results), ["whole-F16", "split-F16", "Q8_0"]);
    let variants = results["variants"].as_array().expect("a list");
    assert_eq!(variants[0]["model_size"], variants[1]["model_size"]);
    let quality = results["quality"].as_array().expect("a list");
    let kld = |id: &str| {
        let row = quality
            .iter()
            .find(|row| row["variant"] == id && row["is_control"] == false);
        row.expect("a row")["kld_mean"]["value"].as_f64().expect("a divergence")
    };
    assert!(kld("split-F16").abs() < 1e-9, "the same weights: {}", kld("split-F16"));
    assert!(kld("Q8_0") > 1e-9);
    // Made from the split one alone, by llama.cpp's quantizer.
    let named = "shelf/split-F16-00002-of-00002.gguf";
    let mut command = lab.kvant(&["compare", named, "--dry-run", "--json"]);
    let dry = json(&run_for(&mut command, 0));
    assert_eq!(texts(&dry["files"], "id"), ["F16", "Q8_0", "Q4_K_M"]);
    let mut command = compare(
        &lab,
        &[named],
        &["--variants", "Q8_0", "--quality", "off", "--out", "made"],
    );
    run_for(command.env_remove("KVANT_FAKE_ENGINE"), 0);
    let made = lab.results_in("made");
    let from = &made["variants"][0]["derived_from"];
    assert_eq!(
        (&from["file"], &from["sha256"]),
        (&"split-F16-00001-of-00002.gguf".into(), &variants[1]["sha256"])
    );
    assert_eq!(made["variants"][0]["model_n_params"], variants[0]["model_n_params"]);
    assert_eq!(
        made["variants"][0]["sha256"], variants[2]["sha256"],
        "as from the whole one"
    );
}

#[test]
fn what_is_made_from_a_quantized_file_says_so() {
    let lab = Lab::new();
    let output = run_for(
        &mut lab.kvant(&["models", "fetch", "builtin", "--variants", "Q8_0", "--json"]),
        0,
    );
    let made = json(&output);
    std::fs::create_dir(lab.path("shelf")).expect("made");
    std::fs::copy(
        made[0]["path"].as_str().expect("a path"),
        lab.path("shelf/own-Q8_0.gguf"),
    )
    .expect("copied");
    let output = run_for(&mut compare(&lab, &["shelf/own-Q8_0.gguf"], &["--quality", "off"]), 0);
    let results = lab.results();
    assert_eq!(ids(&results), ["Q8_0", "Q4_K_M", "Q4_0"]);
    let from = |i: usize| &results["variants"][i]["derived_from"]["ftype"];
    assert_eq!(
        (from(0), from(1), from(2)),
        (&Value::Null, &"Q8_0".into(), &"Q8_0".into())
    );
    let said = "Q4_K_M and Q4_0 were made from a Q8_0 file";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    assert!(
        texts_of(&results["run"]["warnings"]).contains(said),
        "{}",
        results["run"]["warnings"]
    );
}

/// F16 and Q8_0 of the built-in model, with infinity as the scale of one block of `broken`: one bit of a download.
fn shelf_with_a_broken(broken: &str) -> Lab {
    let lab = Lab::new();
    let mut command = lab.kvant(&["models", "fetch", "builtin", "--variants", "Q8_0", "--json"]);
    let made = json(&run_for(&mut command, 0));
    let q8 = std::fs::read(made[0]["path"].as_str().expect("a path")).expect("it is there");
    let f16 = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/builtin-f16.gguf")).expect("an asset");
    std::fs::create_dir(lab.path("shelf")).expect("made");
    for (name, bytes) in [("own-F16.gguf", f16), ("own-Q8_0.gguf", q8)] {
        let path = lab.path(&format!("shelf/{name}"));
        std::fs::write(&path, &bytes).expect("written");
        if name.contains(broken) {
            let gguf = Gguf::open(Path::new(&path)).expect("a model");
            let tensor = gguf
                .tensors
                .iter()
                .find(|t| t.name == "blk.1.ffn_down.weight")
                .expect("it has one");
            let mut bytes = bytes;
            bytes[tensor.offset as usize..][..2].copy_from_slice(&0x7c00u16.to_le_bytes());
            std::fs::write(&path, bytes).expect("written");
        }
    }
    lab
}

#[test]
fn a_broken_file_is_said_first_and_never_the_answer() {
    for quality in [
        &["--quality-ctx", "64", "--quality-chunks", "3"][..],
        &["--quality", "off"],
    ] {
        let lab = shelf_with_a_broken("Q8_0");
        let output = run_for(compare(&lab, &["shelf"], quality).env_remove("KVANT_FAKE_ENGINE"), 3);
        let said = printed(&output);
        let first = said.lines().next().expect("a line");
        assert!(first.starts_with("Broken, and so never the answer: Q8_0"), "{said}");
        assert!(said.contains("not finite"), "{said}");
        let results = lab.results();
        let chosen = results["decision"]["arm"].as_str().expect("another one is named");
        assert!(chosen.starts_with("F16"), "{chosen}");
        let cells = results["cells"].as_array().expect("a list").iter();
        let of_q8 = cells.filter(|cell| cell["variant"] == "Q8_0" && cell["is_control"] == false);
        let outcomes: Vec<&Value> = of_q8.map(|cell| &cell["outcome"]).collect();
        assert!(
            outcomes.len() >= 2 && outcomes.iter().all(|o| *o == "broken"),
            "{outcomes:?}"
        );
        // Where scoring found it, no time was spent on its speed; where nothing did, the first sample did.
        let n_said = stderr(&output).matches("not finite").count();
        assert!((1..=2).contains(&n_said), "{}", stderr(&output));
    }
}

#[test]
fn a_broken_baseline_ends_the_run_with_that() {
    for quality in [
        &["--quality-ctx", "64", "--quality-chunks", "3"][..],
        &["--quality", "off"],
    ] {
        let lab = shelf_with_a_broken("F16");
        let output = run_for(compare(&lab, &["shelf"], quality).env_remove("KVANT_FAKE_ENGINE"), 3);
        let said = stderr(&output);
        assert!(
            said.contains("error: F16, which the others are held against, is broken"),
            "{said}"
        );
        assert_eq!(printed(&output), "", "no speeds");
    }
}

fn printed(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn texts_of(list: &Value) -> String {
    let list = list.as_array().expect("a list").iter();
    list.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}
