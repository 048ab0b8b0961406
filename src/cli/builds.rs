//! `--worker NAME=PATH`: executables that arms are measured with. Each is asked what it is before anything else is done.

use super::device;
use super::exit::{Failure, BAD_INPUT};
use super::home;
use super::values::BuildArg;
use crate::catalog::sha256_of;
use crate::corpus::sha256_hex;
use crate::data::{is_server, BuildInfo};
use crate::plan::PlannedBuild;
use crate::runner::{ModelFile, WorkerCommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Setting up a GPU's driver takes seconds.
const DEADLINE: Duration = Duration::from_secs(60);
/// Where the program lies in an archive of `just dist`.
const IN_ARCHIVE: &str = "bin/kvant";

#[derive(Debug, Clone)]
pub struct Build {
    pub info: BuildInfo,
    exe: PathBuf,
}

/// Starts each of them once. A server (`--server`) is measured beside them, or beside this executable.
pub fn read(asked: &[BuildArg], server: Option<&str>) -> Result<Vec<Build>, Failure> {
    let mut found = asked.iter().map(one).collect::<Result<Vec<Build>, Failure>>()?;
    if let Some(url) = server {
        let own = BuildArg {
            name: "kvant".to_owned(),
            path: std::env::current_exe().unwrap_or_default(),
        };
        if found.is_empty() {
            found.push(one(&own)?);
        }
        let engine =
            crate::worker::server_info(url).map_err(|why| Failure::msg(BAD_INPUT, format!("--server: {why}")))?;
        found.push(Build {
            exe: own.path,
            info: BuildInfo {
                name: "server".to_owned(),
                path: url.to_owned(),
                sha256: sha256_hex(&format!("{url} {}", engine.version)),
                engine,
            },
        });
    }
    Ok(found)
}

fn one(asked: &BuildArg) -> Result<Build, Failure> {
    let failed = |why: String| {
        let next = "name an executable of kvant, or a folder that `just dist` or `just worker` made";
        let flag = format!("--worker {}={}", asked.name, asked.path.display());
        Failure::msg(BAD_INPUT, format!("{flag}: {why}; {next}"))
    };
    let exe = match asked.path.is_dir() {
        true => asked.path.join(IN_ARCHIVE),
        false => asked.path.clone(),
    };
    // Workers are started in this folder, but a bare name would be looked for in PATH.
    let exe = std::path::absolute(&exe).unwrap_or(exe);
    let sha256 = sha256_of(&exe).map_err(|e| failed(format!("{}: {e}", exe.display())))?;
    let logs = tempfile::tempdir().map_err(|e| failed(e.to_string()))?;
    let engine = command(exe.clone(), BTreeMap::new(), logs.path()).hello(&asked.name, DEADLINE);
    let info = BuildInfo {
        name: asked.name.clone(),
        path: home::shortened(&exe),
        sha256,
        engine: engine.map_err(failed)?,
    };
    Ok(Build { info, exe })
}

/// How workers are started, with these executables for the arms that name them.
pub fn command(exe: PathBuf, builds: BTreeMap<String, ModelFile>, logs: &Path) -> WorkerCommand {
    WorkerCommand {
        exe,
        builds,
        env: vec![(crate::worker::PARENT_ENV.into(), std::process::id().to_string().into())],
        log_dir: logs.to_owned(),
    }
}

/// The executables, to be started by their names.
pub fn files(builds: &[Build]) -> BTreeMap<String, ModelFile> {
    let file = |build: &Build| ModelFile::new(build.exe.clone(), build.info.sha256.clone());
    builds.iter().map(|b| (b.info.name.clone(), file(b))).collect()
}

/// What the plan needs of them. Each runs on those of its devices that were asked for.
pub fn planned(builds: &[Build], asked: &str, rpc: &[String]) -> Result<Vec<PlannedBuild>, Failure> {
    let one = |build: &Build| {
        let device = match is_server(&build.info.path) {
            true => Ok(build.info.path.clone()),
            false => device::resolve(asked, rpc, &build.info.engine.devices),
        };
        Ok(PlannedBuild {
            name: build.info.name.clone(),
            device: device.map_err(|e| e.of(&format!("--worker {}", build.info.name)))?,
        })
    };
    builds.iter().map(one).collect()
}
