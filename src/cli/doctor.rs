//! `kvant doctor`: what this machine is, and whether it is quiet enough; each problem with what to do.

use super::args::Global;
use super::exit::{Failure, OK};
use super::output;
use super::warnings::BUSY_PERCENT;
use crate::catalog::{free_at, Hub, Store, Web, DEFAULT_MODEL};
use crate::data::{EngineInfo, GpuReading, HostInfo};
use crate::engine::DeviceInfo;
use crate::{engine, host, units};
use serde::Serialize;
use serde_json::json;

/// Version of the JSON. Changes:
/// 1: first version.
const SCHEMA: &str = "kvant.doctor/1";
/// Below this a default run of a small model does not fit.
const LITTLE_MEMORY: u64 = 2 << 30;
/// Below this the default model and its variants do not fit.
const LITTLE_DISK: u64 = 2 << 30;

#[derive(Debug, Serialize)]
struct Finding {
    topic: &'static str,
    found: String,
    /// What is wrong, and what to do; absent when nothing is.
    problem: Option<String>,
}

/// Looks and prints. Problems are advice, not failures: the exit code is 0.
pub fn run(global: &Global) -> Result<u8, Failure> {
    let host = host::gather();
    let engine = engine::info();
    let mut findings = machine(&host, &engine);
    findings.extend(gpus(&engine::devices(), &host::gpus()));
    findings.extend(quiet(&host));
    findings.extend(folders(global)?);
    let json = json!({"schema": SCHEMA, "findings": findings});
    output::print_either(global, &json, || render(&findings))?;
    Ok(OK)
}

fn finding(topic: &'static str, found: impl Into<String>, problem: Option<String>) -> Finding {
    Finding {
        topic,
        found: found.into(),
        problem,
    }
}

fn machine(host: &HostInfo, engine: &EngineInfo) -> Vec<Finding> {
    let used: Vec<&str> = engine::used_instructions(&engine.system_info).collect();
    let unused = engine::unused_instructions(&host.instructions, &engine.system_info);
    let is_real = cfg!(feature = "llama");
    let unused = (is_real && !unused.is_empty()).then(|| {
        format!(
            "{} of the CPU go unused; rebuild on this machine with `just build`, without SOURCE_DATE_EPOCH and a RUSTFLAGS of your own",
            unused.join(", ")
        )
    });
    let no_engine = (!is_real)
        .then(|| "this build has no llama.cpp: it measures nothing; build it with the feature 'llama'".to_owned());
    let threads = host::default_threads(host);
    let memory = format!(
        "{} available of {}",
        units::bytes(host.memory_available_bytes),
        units::bytes(host.memory_bytes)
    );
    let little = (host.memory_available_bytes < LITTLE_MEMORY)
        .then(|| "models of more than a few hundred million parameters will not fit; close other programs".to_owned());
    let mut findings = vec![
        finding("cpu", host.cpu.clone(), None),
        finding(
            "cores",
            format!(
                "{} physical, {} CPUs usable here; kvant uses {threads} threads",
                host.n_cores, host.n_cpus
            ),
            None,
        ),
        finding("instructions", used.join(" "), unused),
        finding("llama.cpp", engine.version.clone(), no_engine),
        finding("memory", memory, little),
        finding("system", host.os.clone(), None),
    ];
    if let Some(kind) = &host.virtualization {
        let note =
            "neighbours on the same hardware may steal time; trust the intervals, and use more rounds (--level full)";
        findings.push(finding("virtual", kind.clone(), Some(note.to_owned())));
    }
    findings
}

/// Every device that llama.cpp can use, under the name that `--device` takes, then what the driver tells of them.
fn gpus(devices: &[DeviceInfo], told: &[GpuReading]) -> Vec<Finding> {
    let of = |d: &DeviceInfo| {
        let (free, total) = (units::bytes(d.free_bytes), units::bytes(d.total_bytes));
        finding(
            "gpu",
            format!("{}: {}, {free} free of {total}", d.name, d.description),
            None,
        )
    };
    let mut findings: Vec<Finding> = devices.iter().map(of).collect();
    if devices.is_empty() {
        let none = match cfg!(any(
            feature = "cuda",
            feature = "vulkan",
            feature = "metal",
            feature = "rocm"
        )) {
            true => "none that this build can use; is the driver there, and as new as the build's toolkit?",
            false => "none in this build; docs/gpu.md says how to build for one",
        };
        findings.push(finding("gpu", none, None));
    }
    findings.extend(told.iter().map(|gpu| finding("gpu driver", gpu.to_string(), None)));
    findings
}

fn quiet(host: &HostInfo) -> Vec<Finding> {
    let governor = host.governor.clone();
    let slow = governor.as_ref().filter(|name| *name != "performance").map(|name| {
        format!("the governor {name} lets the clock wander; `sudo cpupower frequency-set -g performance` holds it")
    });
    let busy = (host.load_percent > BUSY_PERCENT * host.n_cpus)
        .then(|| "other programs are computing; stop them before a measurement".to_owned());
    let load = format!("{}.{:02}", host.load_percent / 100, host.load_percent % 100);
    let swap = host::swap_used_bytes();
    let swapped = swap
        .filter(|&bytes| bytes > 64 << 20)
        .map(|_| "memory was short: pages that come back from swap cost milliseconds; close programs, then `sudo swapoff -a && sudo swapon -a`".to_owned());
    let others = host::llama_processes();
    let names: Vec<String> = others.iter().map(|p| format!("{} ({})", p.name, p.pid)).collect();
    let rivals = (!others.is_empty())
        .then(|| "other programs run models on this machine; stop them before a measurement".to_owned());
    let none = |names: Vec<String>| match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    vec![
        finding(
            "governor",
            governor.unwrap_or_else(|| "not told (usual in virtual machines)".into()),
            slow,
        ),
        finding("load", load, busy),
        finding("swap used", units::or_na(swap, units::bytes), swapped),
        finding("other models", none(names), rivals),
    ]
}

fn folders(global: &Global) -> Result<Vec<Finding>, Failure> {
    let store = Store::from_env()?;
    let hub = Hub::from_env(&store, &Web::new(global.offline, |_| {}, || false))?;
    let unreachable = hub.check_reachable().err().map(|why| {
        format!("{why}; files that are here still work, HF_ENDPOINT names a mirror, and {DEFAULT_MODEL} also comes from the package index")
    });
    let state = if unreachable.is_some() {
        "not reachable"
    } else {
        "reachable"
    };
    let unwritable = store.check_writable().err().map(|e| e.to_string());
    let space = |dir: &std::path::Path| {
        let free = free_at(dir);
        let little = free.filter(|&free| free < LITTLE_DISK);
        let problem = little.map(|_| "the default model and its variants need about 1 GiB; free some space".to_owned());
        (
            format!("{}, {} free", dir.display(), units::or_na(free, units::bytes)),
            problem,
        )
    };
    let (stored, little) = space(store.root());
    let (cached, full) = space(hub.cache_dir());
    Ok(vec![
        finding("hub", format!("{} {state}", hub.host()), unreachable),
        finding("hub cache", cached, full),
        finding("store", stored, unwritable.or(little)),
    ])
}

fn render(findings: &[Finding]) -> String {
    let mut out = String::new();
    for finding in findings {
        out.push_str(&format!("{:<14}{}\n", finding.topic, finding.found));
        if let Some(problem) = &finding.problem {
            out.push_str(&format!("{:<14}! {problem}\n", ""));
        }
    }
    let n_problems = findings.iter().filter(|finding| finding.problem.is_some()).count();
    out.push_str(&match n_problems {
        0 => "\nnothing to complain of: this machine is ready to measure\n".to_owned(),
        1 => "\n1 thing to look at, marked with !\n".to_owned(),
        n => format!("\n{n} things to look at, marked with !\n"),
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_comes_with_its_advice() {
        let mut host = host::gather();
        host.load_percent = 10_000;
        host.governor = Some("powersave".into());
        let findings = quiet(&host);
        let problem = |topic: &str| {
            findings
                .iter()
                .find(|f| f.topic == topic)
                .and_then(|f| f.problem.clone())
        };
        assert!(problem("load").is_some_and(|text| text.contains("stop them")));
        assert!(problem("governor").is_some_and(|text| text.contains("performance")));
        host.load_percent = 0;
        host.governor = Some("performance".into());
        assert!(quiet(&host).iter().take(2).all(|finding| finding.problem.is_none()));
        assert!(render(&findings).contains("marked with !"));
    }
}
