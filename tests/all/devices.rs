//! Devices through the scripted engine: what flags lead to, and what is said where there is none.

use crate::util::{run_for, stderr, Lab};
use std::collections::BTreeSet;

#[test]
fn layers_on_a_device_are_compared_with_the_cpu_alone() {
    let lab = Lab::new();
    lab.script(r#"{"devices": ["CUDA0", "CUDA1"]}"#);
    let flags = [
        "--device",
        "cuda",
        "--n-gpu-layers",
        "all,16,0",
        "--kv-offload",
        "off",
        "--split-mode",
        "row",
    ];
    run_for(&mut lab.compare(&flags), 0);
    let results = lab.results();
    let cells = results["cells"].as_array().expect("cells");
    let placed: BTreeSet<(String, i64, bool)> = cells
        .iter()
        .filter(|c| c["variant"] == "Q8_0")
        .map(|c| {
            let is_row = c["split_mode"] == "row" && c["no_kv_offload"] == true;
            (
                c["device"].as_str().expect("a name").to_owned(),
                c["n_gpu_layers"].as_i64().expect("a number"),
                is_row,
            )
        })
        .collect();
    let gpus = "CUDA0,CUDA1".to_owned();
    assert_eq!(
        placed,
        BTreeSet::from([(gpus.clone(), -1, true), (gpus, 16, true), ("cpu".to_owned(), 0, false)])
    );
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("written");
    assert!(
        report.contains("Q8_0 ngl 16") && report.contains("F16 ngl 0"),
        "every row says which"
    );
    let cpu = cells
        .iter()
        .find(|c| c["variant"] == "F16" && c["device"] == "cpu")
        .expect("the baseline's");
    assert!(cpu["vs_baseline"]["ratio"]["value"].is_number(), "{cpu}");
}

#[test]
fn auto_takes_a_gpu_where_there_is_one() {
    let lab = Lab::new();
    run_for(&mut lab.compare(&["--variants", "F16"]), 0);
    assert_eq!(lab.results()["cells"][0]["device"], "cpu");
    let lab = Lab::new();
    lab.script(r#"{"devices": ["Vulkan0"]}"#);
    run_for(&mut lab.compare(&["--variants", "F16"]), 0);
    assert_eq!(lab.results()["cells"][0]["device"], "Vulkan0");
    assert_eq!(lab.results()["cells"][0]["n_gpu_layers"], -1);
}

#[test]
fn what_is_not_there_is_refused_with_what_is() {
    let lab = Lab::new();
    let refused = |args: &[&str], words: &[&str]| {
        let output = run_for(&mut lab.compare(args), 2);
        for word in words {
            assert!(stderr(&output).contains(word), "{word}: {}", stderr(&output));
        }
        assert!(!lab.path("run").exists(), "nothing was begun");
    };
    let no_gpu = "no GPU that llama.cpp can use";
    refused(
        &["--device", "cuda"],
        &["--device cuda", "there is cpu", no_gpu, "docs/gpu.md"],
    );
    refused(
        &["--n-gpu-layers", "16"],
        &["--n-gpu-layers 16", "the run is on the CPU", "cpu"],
    );
    refused(&["--n-gpu-layers", "some"], &["'some' is no number of layers"]);
    refused(&["--kv-offload", "maybe"], &["neither on nor off"]);
    refused(&["--rpc", "127.0.0.1:9"], &["--rpc 127.0.0.1:9", "kvant rpc-server"]);
    lab.script(r#"{"devices": ["CUDA0"]}"#);
    refused(&["--device", "CUDA1"], &["there is cpu, CUDA0"]);
    refused(&["--device", "cuda:2"], &["--device cuda:2", "there is cpu, CUDA0"]);
    refused(&["--device", "cuda,CUDA0"], &["CUDA0 is named twice"]);
    // -1 is what llama.cpp calls all; 0 is the CPU alone.
    run_for(&mut lab.compare(&["--n-gpu-layers", "-1", "--variants", "F16"]), 0);
    assert_eq!(lab.results()["cells"][0]["n_gpu_layers"], -1);
}
