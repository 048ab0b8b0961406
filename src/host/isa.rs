//! The CPU's flags in ggml's names.

use std::collections::BTreeSet;

/// Kernel's flag, ggml's name (as in `llama_print_system_info`). x86 first, then ARM.
const NAMES: &[(&str, &str)] = &[
    ("pni", "SSE3"),
    ("ssse3", "SSSE3"),
    ("avx", "AVX"),
    ("avx_vnni", "AVX_VNNI"),
    ("avx2", "AVX2"),
    ("f16c", "F16C"),
    ("fma", "FMA"),
    ("bmi2", "BMI2"),
    ("avx512f", "AVX512"),
    ("avx512vbmi", "AVX512_VBMI"),
    ("avx512_vnni", "AVX512_VNNI"),
    ("avx512_bf16", "AVX512_BF16"),
    ("amx_int8", "AMX_INT8"),
    ("asimd", "NEON"),
    ("fphp", "FP16_VA"),
    ("asimddp", "DOTPROD"),
    ("i8mm", "MATMUL_INT8"),
    ("sve", "SVE"),
    ("sme", "SME"),
];

/// Names of the flags that ggml can use, in ggml's order.
pub(super) fn names(flags: &BTreeSet<&str>) -> Vec<String> {
    NAMES
        .iter()
        .filter(|(flag, _)| flags.contains(flag))
        .map(|(_, name)| (*name).to_owned())
        .collect()
}
