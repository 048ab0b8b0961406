//! Other programs that would disturb a measurement.

use std::fs;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Its name, as the kernel has it (15 bytes).
    pub(crate) name: String,
}

/// Programs that run models with llama.cpp, besides this process: llama.cpp's own tools, Ollama, LM Studio, KoboldCpp,
/// and other kvants. Empty where the system does not tell.
pub(crate) fn llama_processes() -> Vec<Process> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<Process> = entries
        .filter_map(|entry| process(&entry.path()))
        .filter(|process| process.pid != own && is_llama(&process.name))
        .collect();
    found.sort_by_key(|process| process.pid);
    found
}

fn process(folder: &Path) -> Option<Process> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let name = fs::read_to_string(folder.join("comm")).ok()?;
    Some(Process {
        pid,
        name: name.trim().to_owned(),
    })
}

pub(super) fn is_llama(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["llama", "ollama", "kvant", "koboldcpp", "lm studio", "lm-studio", "lms"]
        .iter()
        .any(|known| {
            name == *known
                || name
                    .strip_prefix(known)
                    .is_some_and(|rest| rest.starts_with(['-', '_', '.', ' ']))
        })
}
