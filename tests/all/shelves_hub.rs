//! The same through the Hub's protocol: vision, split, nested, large, gated and renamed repositories, and several publishers.

use crate::hub_server::{sha256, Faults, HubServer, COMMIT, REPO};
use crate::shelves::{
    at, compare, fetched, ids, json, model, parts, projector, shelf, texts, weighted, F16, Q4_0, Q4_K_M, Q8_0,
};
use crate::util::{run_for, stderr, Lab};
use crate::write_test::tiny_llama;
use kvant::gguf::Writer;
use std::path::PathBuf;

#[test]
fn publishers_are_compared_with_each_other_and_with_an_own_file() {
    let shelf_of = |who: &str, name: &str| {
        [
            (name.to_owned(), weighted(who).bytes()),
            (format!("{who}.md"), vec![b'x']),
        ]
    };
    let (a, b) = (
        shelf_of("anna", "tiny-Q4_K_M.gguf"),
        shelf_of("ben", "ben_tiny.Q4_K_M.gguf"),
    );
    let files = |shelf: &[(String, Vec<u8>)]| -> Vec<(&'static str, Vec<u8>)> {
        let leak = |name: &String| -> &'static str { Box::leak(name.clone().into_boxed_str()) };
        shelf.iter().map(|(name, bytes)| (leak(name), bytes.clone())).collect()
    };
    let odd = vec![("odd-Q4_K_M.gguf", tiny_llama(512, 12, (256, 144), Some(15)).bytes())];
    let server = HubServer::start_all(&[("anna/x-GGUF", &files(&a)), ("ben/x", &files(&b)), ("odd/x", &odd)]);
    let lab = shelf(&[("own.gguf", model(F16).bytes())]);
    let all = ["hf:anna/x-GGUF:Q4_K_M", "hf:ben/x:Q4_K_M", "shelf/own.gguf"];
    run_for(&mut at(&server, compare(&lab, &all, &["--quality", "off"])), 0);
    let results = lab.results();
    assert_eq!(ids(&results), ["F16", "anna/Q4_K_M", "ben/Q4_K_M"]);
    assert_eq!(
        texts(&results["variants"], "sha256")[1..],
        [sha256(&a[0].1), sha256(&b[0].1)]
    );
    // A worker's log has a name without a folder in it.
    assert!(lab
        .path("run/logs")
        .read_dir()
        .expect("logs")
        .flatten()
        .all(|e| e.path().is_file()));
    // The same again without a network, and with another baseline.
    std::fs::remove_dir_all(lab.path("run")).expect("removed");
    server.seen();
    let again = ["--quality", "off", "--baseline", "ben/Q4_K_M", "--offline"];
    run_for(&mut at(&server, compare(&lab, &all, &again)), 0);
    assert_eq!(ids(&lab.results()), ["ben/Q4_K_M", "F16", "anna/Q4_K_M"]);
    assert!(server.seen().is_empty());
    // Another model is refused before it is fetched.
    let output = run_for(
        &mut at(
            &server,
            compare(&lab, &["hf:odd/x", "shelf/own.gguf"], &["--out", "other"]),
        ),
        2,
    );
    let text = stderr(&output);
    assert!(
        text.contains("is not the same model as hf:odd/x:odd-Q4_K_M.gguf"),
        "{text}"
    );
    assert!(
        text.contains("n_embd 256 instead of 512") && !text.contains("fetched odd"),
        "{text}"
    );
}

#[test]
fn a_repository_of_a_vision_model_is_compared_and_the_rest_of_it_named() {
    let server = HubServer::start(&[
        ("gemma-3-4b-it-F16.gguf", model(F16).bytes()),
        ("gemma-3-4b-it-Q8_0.gguf", model(Q8_0).bytes()),
        ("mmproj-F16.gguf", projector()),
        ("imatrix.gguf", Writer::new().str("general.type", "imatrix").bytes()),
        (
            "drafts/gemma-3-270m-draft-Q8_0.gguf",
            tiny_llama(64, 8, (32, 34), Some(7)).bytes(),
        ),
        ("README.md", b"# gemma".to_vec()),
    ]);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let output = run_for(&mut at(&server, compare(&lab, &[&hub], &["--quality", "off"])), 0);
    assert_eq!(ids(&lab.results()), ["F16", "Q8_0"]);
    assert_eq!(fetched(&server), ["gemma-3-4b-it-F16.gguf", "gemma-3-4b-it-Q8_0.gguf"]);
    let report = std::fs::read_to_string(lab.path("run/report.md")).expect("a report");
    for name in [
        "mmproj-F16.gguf (the vision",
        "imatrix.gguf (an importance",
        "gemma-3-270m-draft-Q8_0.gguf (a draft",
    ] {
        assert!(stderr(&output).contains(name), "{name}: {}", stderr(&output));
        assert!(report.contains(name), "{name}: {report}");
    }
    let journal = kvant::journal::read(&lab.path("run/journal.jsonl")).expect("a good journal");
    let passed = journal.records.iter().find_map(|record| match record {
        kvant::data::Record::Warning(kvant::data::Warning::PassedOver { files }) => Some(files.clone()),
        _ => None,
    });
    assert_eq!(passed.expect("recorded").len(), 3);
    // What was asked for by name is what it is.
    let output = run_for(
        &mut at(
            &server,
            compare(&lab, &[&format!("{hub}:mmproj-F16.gguf")], &["--out", "other"]),
        ),
        2,
    );
    assert!(stderr(&output).contains("vision or audio part"), "{}", stderr(&output));
    let output = run_for(
        &mut at(
            &server,
            lab.kvant(&["inspect", &format!("{hub}:mmproj-F16.gguf"), "--json"]),
        ),
        0,
    );
    assert_eq!(json(&output)["architecture"], "clip");
}

/// A file whose name tells nothing of what it is, and two models in one place.
#[test]
fn headers_decide_where_names_do_not() {
    let server = HubServer::start(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-vision-F16.gguf", projector()),
        ("plain.gguf", model(Q8_0).bytes()),
    ]);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let output = run_for(&mut at(&server, compare(&lab, &[&hub], &["--quality", "off"])), 0);
    assert_eq!(ids(&lab.results()), ["F16", "Q8_0"]);
    assert!(
        stderr(&output).contains("tiny-vision-F16.gguf (the vision"),
        "{}",
        stderr(&output)
    );

    let two = HubServer::start(&[
        ("gemma-4b-F16.gguf", model(F16).bytes()),
        ("gemma-1b-Q8_0.gguf", tiny_llama(64, 8, (32, 34), Some(7)).bytes()),
    ]);
    let mut command = at(&two, compare(&lab, &[&hub], &["--out", "other"]));
    let output = run_for(command.env("HF_HOME", lab.path("fresh")), 2);
    let text = stderr(&output);
    let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
    let expected = ["gemma-1b-Q8_0.gguf", "gemma-4b-F16.gguf"].map(|file| format!("kvant compare {hub}:{file}"));
    assert_eq!(lines, expected, "{text}");
    assert!(!lab.path("fresh").exists(), "nothing was fetched");
}

#[test]
fn two_publishers_names_in_one_repository_are_variants() {
    let server = HubServer::start(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-Q4_K_M.gguf", model(Q4_K_M).bytes()),
        ("tiny-UD-Q4_K_XL.gguf", weighted("unsloth").bytes()),
        ("tiny.i1-Q4_K_M.gguf", weighted("mradermacher").bytes()),
    ]);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    run_for(&mut at(&server, compare(&lab, &[&hub], &["--quality", "off"])), 0);
    assert_eq!(ids(&lab.results()), ["F16", "Q4_K_M", "UD-Q4_K_XL", "i1-Q4_K_M"]);
    let fetch = |what: &str, variants: &str| {
        let mut command = at(
            &server,
            lab.kvant(&["models", "fetch", what, "--json", "--variants", variants]),
        );
        texts(&json(&run_for(&mut command, 0)), "variant").join(" ")
    };
    assert_eq!(fetch(&hub, "i1-Q4_K_M,Q4_K_M"), "i1-Q4_K_M Q4_K_M");
    assert_eq!(fetch(&format!("{hub}:ud-q4_k_xl"), "UD-Q4_K_XL"), "UD-Q4_K_XL");
    let dry = json(&run_for(
        &mut at(
            &server,
            lab.kvant(&["compare", &hub, "--dry-run", "--json", "--variants", "Q4_K_M"]),
        ),
        0,
    ));
    let fates: Vec<String> = dry["files"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|file| {
            format!(
                "{} {}",
                file["id"].as_str().unwrap_or("-"),
                file["fate"].as_str().expect("a fate")
            )
        })
        .collect();
    let expected = [
        "Q4_K_M baseline",
        "F16 not_asked_for",
        "UD-Q4_K_XL not_asked_for",
        "i1-Q4_K_M not_asked_for",
    ];
    assert_eq!(fates, expected);
}

#[test]
fn of_a_large_repository_the_usual_types_are_fetched() {
    let names: Vec<String> = ["BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "UD-Q4_K_XL", "Q3_K_M"]
        .map(|l| format!("t-{l}.gguf"))
        .to_vec();
    let bytes = |name: &str| match name {
        "t-BF16.gguf" => model((32, 30, (1, 2))).bytes(),
        "t-Q8_0.gguf" => model(Q8_0).bytes(),
        _ => model(Q4_K_M).bytes(),
    };
    let files: Vec<(&str, Vec<u8>)> = names.iter().map(|name| (name.as_str(), bytes(name))).collect();
    let server = HubServer::start(&files);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    run_for(&mut at(&server, compare(&lab, &[&hub], &["--quality", "off"])), 0);
    assert_eq!(
        ids(&lab.results()),
        ["BF16", "Q8_0", "Q4_K_M"],
        "as exact as F16, which is not there"
    );
    assert_eq!(fetched(&server), ["t-BF16.gguf", "t-Q4_K_M.gguf", "t-Q8_0.gguf"]);
    // The same again asks nobody, as the listing of what was fetched is kept.
    std::fs::remove_dir_all(lab.path("run")).expect("removed");
    run_for(&mut at(&server, compare(&lab, &[&hub], &["--quality", "off"])), 0);
    assert_eq!(ids(&lab.results()), ["BF16", "Q8_0", "Q4_K_M"]);
    assert!(server.seen().is_empty());
}

/// Of a repository with several files, none of which is named, all headers are read, and nothing else.
#[test]
fn a_repository_is_inspected_as_one_table() {
    let server = HubServer::start(&[
        ("t-F16.gguf", model(F16).bytes()),
        ("t-Q4_0.gguf", model(Q4_0).bytes()),
        // The name lies.
        ("t-Q6_K.gguf", model(Q8_0).bytes()),
        ("mmproj-F16.gguf", projector()),
    ]);
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let inspect = |more: &[&str]| run_for(&mut at(&server, lab.kvant(&[&["inspect", &hub], more].concat())), 0);
    let table = json(&inspect(&["--json"]));
    assert_eq!(table["schema"], "kvant.files/1");
    assert_eq!(texts(&table["files"], "id")[..3], ["F16", "Q8_0", "Q4_0"]);
    let bpw = |i: usize| table["files"][i]["bpw"].as_f64().expect("its header was read");
    assert!(bpw(0) > bpw(1) && bpw(1) > bpw(2) && bpw(2) > 4.0, "{table}");
    assert_eq!(texts(&table["files"], "kind")[3], "projector");
    assert!(!lab.path("hf").exists(), "nothing is kept");
    let text = String::from_utf8(inspect(&[]).stdout).expect("text");
    assert!(text.contains("t-Q6_K.gguf") && text.contains("passed over"), "{text}");
    let one = json(&inspect(&["--json", "--variant", "Q4_0"]));
    assert_eq!(one["n_tensors"], 5, "one file is told of as before");
}

fn split_repository() -> (HubServer, [Vec<u8>; 2]) {
    let parts = parts();
    let files = [
        ("F16/tiny-F16-00001-of-00002.gguf", parts[0].clone()),
        ("F16/tiny-F16-00002-of-00002.gguf", parts[1].clone()),
        ("Q4/half-Q4_0-00002-of-00003.gguf", model(Q4_0).bytes()),
    ];
    (HubServer::start(&files), parts)
}

#[test]
fn a_split_model_of_a_repository_is_fetched_verified_and_loaded_as_it_is() {
    let (server, parts) = split_repository();
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let inspect = |what: &str| json(&run_for(&mut at(&server, lab.kvant(&["inspect", what, "--json"])), 0));
    let facts = inspect(&hub);
    assert_eq!(
        (&facts["n_tensors"], &facts["part"]["count"]),
        (&6.into(), &2.into()),
        "{facts}"
    );
    assert_eq!(facts["model_size"], 256 * 20 * 2 + 256 * 2 * 4 + 2048);
    assert!(!lab.path("hf").exists(), "headers only");
    let fetch = |more: &[&str]| {
        let all = [&["models", "fetch", &hub, "--json", "--variants", "F16"], more].concat();
        at(&server, lab.kvant(&all))
    };
    server.seen();
    let output = run_for(&mut fetch(&[]), 0);
    let names = ["tiny-F16-00001-of-00002.gguf", "tiny-F16-00002-of-00002.gguf"];
    assert_eq!(fetched(&server), names);
    let files = json(&output);
    let hashes = [sha256(&parts[0]), sha256(&parts[1])];
    assert_eq!(texts(&files[0]["parts"], "sha256"), hashes);
    assert_eq!(
        files[0]["sha256"],
        sha256(format!("{}\n{}\n", hashes[0], hashes[1]).as_bytes())
    );
    let path = PathBuf::from(files[0]["path"].as_str().expect("a path"));
    assert!(
        path.ends_with(format!("snapshots/{COMMIT}/F16/{}", names[0])),
        "{}",
        path.display()
    );
    assert!(path.with_file_name(names[1]).is_file());
    run_for(&mut fetch(&["--offline"]), 0);
    assert!(server.seen().is_empty());
    // One part was removed: it alone is fetched again.
    std::fs::remove_file(path.with_file_name(names[1])).expect("removed");
    run_for(&mut fetch(&[]), 0);
    assert!(path.with_file_name(names[1]).is_file());
    let named = format!("{hub}:F16/{}", names[1]);
    run_for(
        &mut at(
            &server,
            compare(&lab, &[&named], &["--quality", "off", "--variants", "F16"]),
        ),
        0,
    );
    let variant = &lab.results()["variants"][0];
    assert_eq!(
        (&variant["id"], &variant["file"], &variant["n_tensors"]),
        (&"F16".into(), &names[0].into(), &6.into())
    );
    let lengths: Vec<u64> = variant["parts"]
        .as_array()
        .expect("parts")
        .iter()
        .filter_map(|p| p["file_bytes"].as_u64())
        .collect();
    assert_eq!(lengths, parts.each_ref().map(|part| part.len() as u64));
    let listed = json(&run_for(&mut lab.kvant(&["models", "--json"]), 0));
    assert!(listed.is_array());
}

#[test]
fn a_part_that_is_not_in_the_repository_is_named() {
    let (server, _) = split_repository();
    let lab = Lab::new();
    let hub = format!("hf:{REPO}");
    let output = run_for(
        &mut at(
            &server,
            compare(&lab, &[&hub], &["--quality", "off", "--variants", "F16"]),
        ),
        0,
    );
    assert!(
        stderr(&output).contains("half-Q4_0-00001-of-00003.gguf is missing"),
        "{}",
        stderr(&output)
    );
    let output = run_for(
        &mut at(&server, compare(&lab, &[&format!("{hub}:Q4_0")], &["--out", "other"])),
        2,
    );
    assert!(
        stderr(&output).contains("half-Q4_0-00001-of-00003.gguf is missing"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn gated_and_renamed_repositories() {
    let server = HubServer::start(&[
        ("tiny-F16.gguf", model(F16).bytes()),
        ("tiny-Q8_0.gguf", model(Q8_0).bytes()),
    ]);
    let lab = Lab::new();
    server.set(Faults {
        gated: Some("hf_right"),
        ..Faults::default()
    });
    let hub = format!("hf:{REPO}");
    let gated = |token: &str| {
        let mut command = at(&server, compare(&lab, &[&hub], &["--quality", "off"]));
        command.env("HF_TOKEN", token);
        command
    };
    let output = run_for(&mut gated("hf_wrong"), 7);
    assert!(
        stderr(&output).contains("403") && stderr(&output).matches("error:").count() == 1,
        "{}",
        stderr(&output)
    );
    assert!(!lab.path("run").exists());
    run_for(&mut gated("hf_right"), 0);
    assert_eq!(ids(&lab.results()), ["F16", "Q8_0"]);

    let lab = Lab::new();
    server.set(Faults {
        renamed: Some("old/tiny"),
        ..Faults::default()
    });
    run_for(
        &mut at(
            &server,
            compare(&lab, &["hf:old/tiny:Q8_0", "hf:old/tiny:F16"], &["--quality", "off"]),
        ),
        0,
    );
    assert_eq!(ids(&lab.results()), ["F16", "Q8_0"]);
}

#[test]
fn models_toml_names_a_split_model_by_its_first_part() {
    let (server, parts) = split_repository();
    let lab = shelf(&[
        ("tiny-F16-00001-of-00002.gguf", parts[0].clone()),
        ("tiny-F16-00002-of-00002.gguf", parts[1].clone()),
    ]);
    let entry = |name: &str, kind: &str, place: &str, file: &str| {
        format!("[[model]]\nname = \"{name}\"\n[[model.source]]\nkind = \"{kind}\"\n{place}\nvariants.F16 = {{ file = \"{file}\", sha256 = \"{}\" }}\n", sha256(&parts[0]))
    };
    let file = "tiny-F16-00001-of-00002.gguf";
    let toml = entry("far", "hf", &format!("repo = \"{REPO}\""), &format!("F16/{file}"))
        + &entry("near", "file", "path = \"shelf\"", file);
    std::fs::write(lab.path("mine.toml"), toml).expect("written");
    let models = |args: &[&str]| {
        let all = [&["models"], args, &["--catalog", "mine.toml"]].concat();
        run_for(&mut at(&server, lab.kvant(&all)), 0)
    };
    for name in ["near", "far"] {
        let files = json(&models(&["fetch", name, "--variants", "F16", "--json"]));
        assert_eq!(
            texts(&files[0]["parts"], "sha256"),
            parts.each_ref().map(|part| sha256(part)),
            "{name}"
        );
    }
    // One variant of both parts' length in the list; each part is verified and removed.
    let listed = String::from_utf8(models(&["list"]).stdout).expect("text");
    let size = kvant::units::bytes((parts[0].len() + parts[1].len()) as u64);
    let far = listed
        .lines()
        .find(|line| line.starts_with("far"))
        .expect("it is listed");
    assert!(
        far.contains(&format!("F16 {size}")) && far.matches("F16").count() == 1,
        "{listed}"
    );
    let verified = String::from_utf8(models(&["verify", "far"]).stdout).expect("text");
    assert_eq!(verified.matches("ok: ").count(), 2, "{verified}");
    let removed = models(&["remove", "far"]);
    assert!(stderr(&removed).contains("removed 2 files"), "{}", stderr(&removed));
    assert!(
        lab.path("shelf/tiny-F16-00002-of-00002.gguf").is_file(),
        "the user's own stay"
    );
}
