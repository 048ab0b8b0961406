//! Models at plain addresses: `https://host/folder/model.gguf`.

use crate::hub_lab::{Hub, F16};
use crate::hub_server::{sha256, Faults, REPO};
use crate::shelves::{ids, json};
use crate::util::{run_for, stderr};

fn url(hub: &Hub, file: &str) -> String {
    format!("{}/{REPO}/resolve/main/{file}", hub.server.endpoint())
}

#[test]
fn a_file_at_an_address_is_fetched_once_and_goes_on_where_it_stopped() {
    let hub = Hub::new();
    let address = url(&hub, F16);
    let fetch = |more: &[&str]| {
        let mut command = hub.kvant(&["models", "fetch"]);
        command.arg(&address).args(["--variants", "F16", "--json"]).args(more);
        command
    };
    let facts = json(&run_for(hub.kvant(&["inspect", "--json"]).arg(&address), 0));
    assert_eq!(facts["ftype"], "F16");
    hub.server.set(Faults {
        cut_at: Some(hub.bytes.len() / 2),
        ..Faults::default()
    });
    hub.expect(
        &mut fetch(&[]),
        7,
        &["bytes are kept, and the same command goes on from there"],
    );
    hub.server.set(Faults::default());
    hub.server.seen();
    let output = run_for(&mut fetch(&[]), 0);
    // Its address leads to another host, so it is asked for twice.
    let ranges: Vec<String> = hub.server.seen().into_iter().filter_map(|seen| seen.range).collect();
    let rest = format!("bytes={}-", hub.bytes.len() / 2);
    assert_eq!(ranges, [rest.as_str(), &rest]);
    let path = json(&output)[0]["path"].as_str().expect("a path").to_owned();
    assert_eq!(sha256(&std::fs::read(path).expect("there")), sha256(&hub.bytes));
    // No token goes to an address, and a second run asks nobody.
    run_for(&mut fetch(&["--offline"]), 0);
    assert!(hub.server.seen().iter().all(|seen| seen.authorization.is_none()));
    let mut compare = hub.kvant(&["compare", &address, "--offline", "--quality", "off", "--out", "run"]);
    compare.args("--variants F16 --kv f16 --n-prompt 128 --depths 128 --rounds 3 --launches 1".split(' '));
    run_for(&mut compare, 0);
    assert_eq!(ids(&hub.lab.results()), ["F16"]);
}

#[test]
fn what_is_not_the_file_is_told_and_not_kept() {
    let hub = Hub::new();
    let refused = |file: &str, faults: Faults, words: &str| {
        hub.server.set(faults);
        let mut command = hub.kvant(&["models", "fetch", &url(&hub, file), "--variants", "F16"]);
        hub.expect(&mut command, 7, &[words]);
        let kept = crate::hub_lab::files_below(&hub.lab.path("store"));
        assert!(
            !kept.iter().any(|path| path.extension().is_some_and(|e| e == "gguf")),
            "{words}"
        );
    };
    refused("none.gguf", Faults::default(), "does not exist there (HTTP 404)");
    let page = Some("<!DOCTYPE html><title>Log in</title>");
    refused(
        F16,
        Faults {
            page,
            ..Faults::default()
        },
        "something else than a GGUF file",
    );
    let gated = Some("token");
    refused(
        F16,
        Faults {
            gated,
            ..Faults::default()
        },
        "asks for a login",
    );
    let offline = run_for(&mut hub.kvant(&["models", "fetch", &url(&hub, F16), "--offline"]), 7);
    assert!(
        stderr(&offline).contains("was not asked (--offline)"),
        "{}",
        stderr(&offline)
    );
    // A hash in models.toml is held against what comes.
    hub.server.set(Faults {
        flips: true,
        ..Faults::default()
    });
    let base = url(&hub, "");
    let (sha256, file) = (sha256(&hub.bytes), hub.lab.path("mine.toml"));
    let entry = format!("[[model]]\nname = \"m\"\n[[model.source]]\nkind = \"url\"\nurl = \"{base}\"\n");
    let entry = entry + &format!("variants.F16 = {{ file = \"{F16}\", sha256 = \"{sha256}\" }}\n");
    std::fs::write(&file, entry).expect("written");
    let fetch = || {
        let mut command = hub.kvant(&["models", "fetch", "m", "--variants", "F16", "--catalog"]);
        command.arg(&file);
        command
    };
    hub.expect(&mut fetch(), 7, &["instead of", "were removed"]);
    hub.server.set(Faults::default());
    hub.expect(&mut fetch(), 0, &["verified"]);
}
