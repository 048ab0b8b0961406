//! Which instructions of the CPU a build of llama.cpp leaves unused.
//!
//! In: the names the host has (ggml's own, e.g. `AVX512_VNNI`) and `llama_print_system_info()`. Out: the names missing
//! in the latter. llama.cpp reports only what it was compiled with, so what is not reported is not used.

/// Names in `host_flags` that `system_info` does not list as `NAME = 1`, in the order given.
pub(crate) fn unused_instructions(host_flags: &[String], system_info: &str) -> Vec<String> {
    let used: Vec<&str> = used_instructions(system_info).collect();
    let unused = host_flags.iter().filter(|flag| !used.contains(&flag.as_str()));
    unused.cloned().collect()
}

/// `A` and `B` of `CPU : A = 1 | B = 1 | C = 0 | `.
pub(crate) fn used_instructions(system_info: &str) -> impl Iterator<Item = &str> {
    let parts = system_info.split(['|', ':']).filter_map(|part| part.split_once('='));
    parts
        .filter(|(_, value)| value.trim() == "1")
        .map(|(name, _)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::unused_instructions;

    #[test]
    fn only_what_the_build_does_not_report_is_unused() {
        let host = ["AVX2", "AVX512", "AVX512_VNNI", "F16C"].map(str::to_owned);
        let info = "CPU : SSE3 = 1 | AVX2 = 1 | F16C = 1 | AVX512 = 0 | OPENMP = 1 | ";
        assert_eq!(unused_instructions(&host, info), ["AVX512", "AVX512_VNNI"]);
        assert!(unused_instructions(&host[..1], info).is_empty());
        assert_eq!(unused_instructions(&host, "").len(), 4);
        assert!(unused_instructions(&["AVX2".to_owned()], "CUDA : ARCHS = 900 | CPU : AVX2 = 1 | ").is_empty());
    }
}
