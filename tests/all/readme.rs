//! Every command of the README does what it says, on small models and a local Hub.

use crate::hub_lab::Hub;
use crate::hub_server::REPO;
use crate::util::run_for;
use std::path::Path;

/// Lines of its shell blocks, and the first code of its table rows, that call kvant.
fn commands(readme: &str) -> Vec<&str> {
    let mut is_shell = false;
    let mut found = Vec::new();
    for line in readme.lines() {
        match line.strip_prefix("```") {
            Some(language) => is_shell = language == "sh",
            None if is_shell => found.push(line.split(" # ").next().unwrap_or(line).trim()),
            None if line.starts_with("| ") => found.extend(line.split('`').nth(1)),
            None => {}
        }
    }
    found.retain(|text| text.starts_with("kvant "));
    found
}

#[test]
fn every_command_of_the_readme_works() {
    let hub = Hub::new();
    for name in ["my-notes.txt", "my-code.txt"] {
        let words = (0..400).map(|i| format!("{name} {} ", i * i % 997));
        std::fs::write(hub.lab.path(name), words.collect::<String>()).expect("written");
    }
    run_for(&mut hub.kvant(&["compare", "models", "--out", "run"]), 0);
    std::fs::create_dir_all(hub.lab.path("reports/mine")).expect("made");
    std::fs::copy(
        hub.lab.path("run/journal.jsonl"),
        hub.lab.path("reports/mine/journal.jsonl"),
    )
    .expect("copied");
    let of_hub = format!("hf:{REPO}");
    let own = |word: &str| match word {
        // Making variants takes llama.cpp.
        "MODEL" | "path/to/folder" | "SmolLM2-135M-Instruct.Q4_1.gguf" => "models".to_owned(),
        "F16,Q8_0,Q4_1,Q4_K_M" => "F16,Q8_0,Q4_K_M".to_owned(),
        "own.gguf" => "models/tiny-Q8_0.gguf".to_owned(),
        "FILE.gguf" => "models/tiny-F16.gguf".to_owned(),
        "RUN" | "RUN_A" | "RUN_B" => "run".to_owned(),
        "hf:owner/repo" => of_hub.clone(),
        "hf:a/x:Q4_K_M" => format!("{of_hub}:Q4_K_M"),
        "hf:b/x:Q4_K_M" => "models/tiny-Q4_K_M.gguf".to_owned(),
        other => other.to_owned(),
    };
    let readme = include_str!("../../README.md");
    let commands = commands(readme);
    assert!(commands.len() >= 15, "{commands:?}");
    let makes = |c: &&str| c.contains("--shape") || c.starts_with("kvant mix ");
    let (makers, commands): (Vec<&str>, Vec<&str>) = commands.into_iter().partition(makes);
    assert_eq!(
        makers,
        ["kvant mix MODEL", "kvant triage --shape Llama-3.2-1B-Instruct"],
        "they make variants, which takes llama.cpp"
    );
    for command in commands {
        let words: Vec<String> = command.split_whitespace().skip(1).map(own).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run_for(&mut hub.kvant(&words), 0);
    }
}

/// What stands as a quotation in the README and in "Reading a report" is said by the example.
#[test]
fn the_example_says_what_is_quoted_of_it() {
    let text = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::fs::read_to_string(path).expect("committed")
    };
    let report = text("reports/example-smollm2-135m/report.md");
    let pages = [text("README.md"), text("docs/reading-a-report.md")];
    let quoted = pages
        .iter()
        .flat_map(|page| page.lines())
        .filter_map(|line| line.strip_prefix("> "));
    let parts: Vec<&str> = quoted.flat_map(|line| line.split("...")).map(str::trim).collect();
    for part in &parts {
        assert!(report.contains(part), "the example does not say: {part}");
    }
    assert!(parts.len() >= 10, "{parts:?}");
}
