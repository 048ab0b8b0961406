use super::parse::*;
use super::*;
use std::collections::BTreeSet;

const XEON: &str = "processor\t: 0\nmodel name\t: Intel(R) Xeon(R) Processor\nphysical id\t: 0\ncore id\t\t: 0\nflags\t\t: fpu pni ssse3 fma f16c avx avx2 bmi2 avx512f avx512vbmi avx512_vnni avx512_bf16 avx_vnni amx_int8 hypervisor\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t\t: 0\n\nprocessor\t: 2\nphysical id\t: 0\ncore id\t\t: 1\n\nprocessor\t: 3\nphysical id\t: 1\ncore id\t\t: 0\n";
const PI: &str = "processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd fphp asimddp i8mm\nCPU implementer\t: 0x41\nCPU part\t: 0xd0b\n\nprocessor\t: 1\n\nModel\t\t: Raspberry Pi 5 Model B\n";

#[test]
fn cpuinfo_of_two_machines() {
    assert_eq!(cpu_model(XEON).as_deref(), Some("Intel(R) Xeon(R) Processor"));
    assert_eq!(cpu_model(PI).as_deref(), Some("Raspberry Pi 5 Model B"));
    assert_eq!(cpu_model(""), None);
    assert_eq!(physical_cores(XEON, &BTreeSet::new()), Some(3));
    assert_eq!(physical_cores(XEON, &BTreeSet::from([0, 1])), Some(1));
    assert_eq!(physical_cores(PI, &BTreeSet::new()), None);
}

#[test]
fn flags_become_ggmls_names() {
    let names = |text| super::isa::names(&cpu_flags(text)).join(" ");
    assert_eq!(
        names(XEON),
        "SSE3 SSSE3 AVX AVX_VNNI AVX2 F16C FMA BMI2 AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16 AMX_INT8"
    );
    assert_eq!(names(PI), "NEON FP16_VA DOTPROD MATMUL_INT8");
}

#[test]
fn lists_of_cpus() {
    assert_eq!(cpu_list("0-2,5\n"), Some(BTreeSet::from([0, 1, 2, 5])));
    assert_eq!(cpu_list("3-1"), None);
    assert_eq!(cpu_list("0-4294967295"), None);
    assert_eq!(
        allowed_cpus("Name:\tx\nCpus_allowed_list:\t4-5\n"),
        Some(BTreeSet::from([4, 5]))
    );
}

#[test]
fn quotas_of_both_cgroup_versions() {
    assert_eq!(cpu_max("150000 100000\n"), Some(1.5));
    assert_eq!(cpu_max("max 100000\n"), None);
    assert_eq!(cpu_max("nonsense"), None);
    assert_eq!(cfs_quota("-1\n", "100000\n"), None);
    assert_eq!(cfs_quota("400000\n", "100000\n"), Some(4.0));
}

#[test]
fn memory_limits_of_both_cgroup_versions() {
    assert_eq!(memory_limit("max\n"), None);
    assert_eq!(memory_limit("9223372036854771712\n"), None);
    assert_eq!(memory_limit("2147483648\n"), Some(2 << 30));
    assert_eq!(stat_field("anon 5\ninactive_file 70\n", "inactive_file"), Some(70));
    assert_eq!(stat_field("total_inactive_file 9\n", "inactive_file"), None);
}

#[test]
fn own_cgroup_of_both_versions() {
    assert_eq!(cgroup_path("0::/user.slice/a:b\n", ""), Some("/user.slice/a:b"));
    let v1 = "4:memory:/job/7\n2:cpu,cpuacct:/\n0::/\n";
    assert_eq!(cgroup_path(v1, "memory"), Some("/job/7"));
    assert_eq!(cgroup_path(v1, "cpu"), Some("/"));
    assert_eq!(cgroup_path(v1, "pids"), None);
}

#[test]
fn small_texts() {
    assert_eq!(
        kib_field("MemTotal:  100 kB\nMemAvailable:   24 kB\n", "MemAvailable"),
        Some(24 * 1024)
    );
    assert_eq!(kib_field("MemTotal: x\n", "MemTotal"), None);
    assert_eq!(load_percent("3.20 3.92 2.45 3/106 19026\n"), Some(320));
    assert_eq!(
        os_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n").as_deref(),
        Some("Debian GNU/Linux 13 (trixie)")
    );
    assert_eq!(container("0::/docker/abc"), Some("docker"));
}

#[test]
fn this_machine_is_described_without_failing() {
    let host = gather();
    assert!(host.n_cpus >= 1 && host.n_cores >= 1 && !host.cpu.is_empty() && !host.os.is_empty());
    let threads = default_threads(&host);
    assert!(threads >= 1 && threads <= host.n_cpus && threads <= host.n_cores.max(1));
    assert!(host.memory_available_bytes <= host.memory_bytes || host.memory_bytes == 0);
}

#[test]
fn programs_that_run_models_are_known_by_their_names() {
    for name in [
        "llama-server",
        "llama-bench",
        "ollama",
        "kvant",
        "LM Studio",
        "koboldcpp.exe",
    ] {
        assert!(neighbours::is_llama(name), "{name}");
    }
    for name in ["llamas", "bash", "kvantum", "python3"] {
        assert!(!neighbours::is_llama(name), "{name}");
    }
    assert!(llama_processes()
        .iter()
        .all(|process| process.pid != std::process::id()));
}
