//! `--device` and `--rpc`: from what the user wrote to llama.cpp's names; and `kvant rpc-server`.

use super::args::RpcServerArgs;
use super::exit::{Failure, BAD_INPUT};
use crate::engine;
use crate::host;

/// llama.cpp's names for what was asked for, separated by commas, or `cpu`; `known` are the devices that this build sees.
///
/// A family (`cuda`, `vulkan`) is all of its devices, `cuda:1` the second of them, anything else the name of a device. Case does not
/// matter.
pub fn resolve(asked: &str, rpc: &[String], known: &[String]) -> Result<String, Failure> {
    let mut names: Vec<String> = rpc.iter().map(|endpoint| format!("rpc:{endpoint}")).collect();
    let only = |what: &str| asked.trim().eq_ignore_ascii_case(what);
    if only("auto") {
        // Servers hold what no device here can: with them, their memory is what was asked for.
        if rpc.is_empty() {
            names.extend(known.iter().cloned());
        }
    } else if !only("cpu") {
        for part in asked.split(',').map(str::trim) {
            let found = matching(part, known);
            if found.is_empty() {
                return Err(no_device(part, known));
            }
            names.extend(found);
        }
    } else if !rpc.is_empty() {
        let why = "--device cpu: with --rpc the model goes to the servers; leave --device out";
        return Err(Failure::msg(BAD_INPUT, why));
    }
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            return Err(Failure::msg(
                BAD_INPUT,
                format!("--device: {name} is named twice; name each once"),
            ));
        }
    }
    Ok(if names.is_empty() {
        "cpu".to_owned()
    } else {
        names.join(",")
    })
}

/// The devices that a word names, in llama.cpp's spelling.
fn matching(word: &str, known: &[String]) -> Vec<String> {
    let same = |name: &String, other: &str| name.eq_ignore_ascii_case(other);
    let family = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    let wanted = match word.to_ascii_lowercase().split_once(':') {
        Some((family, index)) => format!("{family}{index}"),
        None => word.to_owned(),
    };
    let exact: Vec<String> = known.iter().filter(|name| same(name, &wanted)).cloned().collect();
    if !exact.is_empty() {
        return exact;
    }
    let of_family = known.iter().filter(|name| family(name) == word.to_ascii_lowercase());
    of_family.cloned().collect()
}

fn no_device(word: &str, known: &[String]) -> Failure {
    let list = std::iter::once("cpu")
        .chain(known.iter().map(String::as_str))
        .collect::<Vec<_>>()
        .join(", ");
    let next = match known.is_empty() {
        true => "this build or this machine has no GPU that llama.cpp can use (kvant doctor tells more; docs/gpu.md says how to build for one)",
        false => "kvant doctor tells more of them",
    };
    Failure::msg(
        BAD_INPUT,
        format!("--device {word}: there is no such device; there is {list}; {next}"),
    )
}

/// Every RPC server must answer before anything is measured.
pub fn check_servers(rpc: &[String]) -> Result<(), Failure> {
    for endpoint in rpc {
        engine::check_server(endpoint).map_err(|why| {
            let next = "start `kvant rpc-server` there, or llama.cpp's own of the same version";
            Failure::msg(BAD_INPUT, format!("--rpc {endpoint}: {why}; {next}"))
        })?;
    }
    Ok(())
}

/// `kvant rpc-server`: serves until it is ended.
pub fn serve(args: &RpcServerArgs) -> Result<u8, Failure> {
    let device = resolve(&args.device, &[], &engine::info().devices)?;
    let n_threads = args.threads.unwrap_or_else(|| host::default_threads(&host::gather()));
    let endpoint = format!("{}:{}", args.host, args.port);
    let error = engine::serve_rpc(&endpoint, &device, n_threads);
    error.map(|()| super::exit::OK).map_err(|e| Failure::new(BAD_INPUT, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<String> {
        ["CUDA0", "CUDA1", "Vulkan0"].map(str::to_owned).to_vec()
    }

    fn found(asked: &str, rpc: &[&str]) -> Result<String, String> {
        let rpc: Vec<String> = rpc.iter().map(|s| (*s).to_owned()).collect();
        resolve(asked, &rpc, &known()).map_err(|e| e.to_string())
    }

    #[test]
    fn families_numbers_and_names_lead_to_devices() {
        let ok = |asked: &str| found(asked, &[]).expect("there");
        assert_eq!(ok("CPU"), "cpu");
        assert_eq!(ok("cuda"), "CUDA0,CUDA1");
        assert_eq!(ok("Cuda:1"), "CUDA1");
        assert_eq!(ok("vulkan0"), "Vulkan0");
        assert_eq!(ok("cuda1,cuda0"), "CUDA1,CUDA0", "the order is the user's");
        assert_eq!(ok("auto"), "CUDA0,CUDA1,Vulkan0");
        assert_eq!(resolve("auto", &[], &[]).expect("the CPU is always there"), "cpu");
    }

    #[test]
    fn servers_come_first() {
        assert_eq!(found("auto", &["a:1", "b:2"]), Ok("rpc:a:1,rpc:b:2".to_owned()));
        assert_eq!(found("cuda:0", &["a:1"]), Ok("rpc:a:1,CUDA0".to_owned()));
        assert!(found("cpu", &["a:1"]).is_err_and(|e| e.contains("leave --device out")));
    }
}
