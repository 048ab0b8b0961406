//! The recommendation as commands and settings of the programs that run models.

use super::text::quoted;
use super::{DecisionReport, ReportModel};
use crate::data::named_enum;
use crate::data::{ArmConfig, FlashAttn, Goal};
use serde::{Deserialize, Serialize};

named_enum! {
    /// A program that runs models.
    Program, "program", {
        /// llama.cpp's server.
        LlamaServer = "llama-server",
        /// llama.cpp on the command line.
        LlamaCli = "llama-cli",
        /// A Modelfile of Ollama.
        Ollama = "ollama",
        /// Settings of LM Studio.
        LmStudio = "lmstudio",
    }
}

/// The configuration of the choice as one runs it: with the context that was asked for, else with that of the model as far as it fits here.
/// What was measured needs far less.
fn of_choice(model: &ReportModel, report: &DecisionReport, choice: usize) -> ArmConfig {
    let config = &report.arms[choice].config;
    let trained = model.header.model.n_ctx_train;
    let fits = report.candidates[choice]
        .n_ctx_max
        .map_or(config.n_ctx, |n| u32::try_from(n).unwrap_or(u32::MAX));
    let n_ctx = report.goal.n_ctx.unwrap_or_else(|| trained.min(fits));
    ArmConfig {
        n_ctx: n_ctx.max(config.n_ctx),
        ..config.clone()
    }
}

/// What makes `program` run the choice of a run, which lies in `file`; empty where there is none. Ends in a line feed.
pub fn emit_choice(program: Program, model: &ReportModel, file: impl Fn(&str) -> String) -> String {
    model.choice().map_or_else(String::new, |(report, choice)| {
        let config = of_choice(model, report, choice.arm);
        emit(program, &config, &report.goal, &file(&report.arms[choice.arm].variant))
    })
}

/// What makes `program` run a variant of a run, which lies in `file`, whether it is the choice or not; empty where there is none of that
/// name. Ends in a line feed.
pub fn emit_variant(program: Program, model: &ReportModel, variant: &str, file: &str) -> String {
    let of_report = |report: &DecisionReport| {
        let at = report.arms.iter().position(|arm| arm.variant == variant)?;
        Some(emit(program, &of_choice(model, report, at), &report.goal, file))
    };
    let as_measured = || {
        let arm = model.arms().find(|arm| arm.variant == variant)?;
        Some(emit(program, &arm.config, &Goal::default(), file))
    };
    let decided = model.decision.as_ref().and_then(of_report);
    decided.or_else(as_measured).unwrap_or_default()
}

/// What makes `program` run `file` as it was measured. Ends in a line feed.
fn emit(program: Program, config: &ArmConfig, goal: &Goal, file: &str) -> String {
    let text = match program {
        Program::LlamaServer => llama_server(config, goal, file),
        Program::LlamaCli => {
            let flags = llama_flags(config, config.n_ctx);
            format!("{}llama-cli -m {} {flags}", llama_switches(config), shell_path(file))
        }
        Program::Ollama => modelfile(config, file),
        Program::LmStudio => lm_studio(config, file),
    };
    text + "\n"
}

/// The command for llama.cpp's server: every user has the whole context.
fn llama_server(config: &ArmConfig, goal: &Goal, file: &str) -> String {
    let n_ctx = config.n_ctx.saturating_mul(goal.users());
    let users = match goal.users() {
        1 => String::new(),
        n => format!(" -np {n}"),
    };
    let flags = llama_flags(config, n_ctx);
    format!(
        "{}llama-server -m {} {flags}{users}",
        llama_switches(config),
        shell_path(file)
    )
}

/// A path as a word of a shell, which puts the home in place of a `~` that is not quoted.
fn shell_path(file: &str) -> String {
    match file.strip_prefix("~/") {
        Some(inside) => format!("~/{}", quoted(inside)),
        None => quoted(file),
    }
}

/// What llama.cpp takes from its environment.
fn llama_switches(config: &ArmConfig) -> &'static str {
    if config.has_kv_rotation {
        ""
    } else {
        "LLAMA_ATTN_ROT_DISABLE=1 "
    }
}

/// Layers on a device, as llama.cpp counts: more than there are is all of them.
fn layers(config: &ArmConfig) -> i32 {
    if config.n_gpu_layers < 0 {
        999
    } else {
        config.n_gpu_layers
    }
}

fn llama_flags(config: &ArmConfig, n_ctx: u32) -> String {
    let device = match layers(config) {
        0 => String::new(),
        n => format!(" -ngl {n}"),
    };
    format!(
        "-c {n_ctx} -t {} -b {} -ub {} -fa {} -ctk {} -ctv {}{device}",
        config.n_threads, config.n_batch, config.n_ubatch, config.flash_attn, config.type_k, config.type_v
    )
}

/// A Modelfile, which `ollama create` takes; flash attention and the type of the cache are the server's.
fn modelfile(config: &ArmConfig, file: &str) -> String {
    let attention = u8::from(config.flash_attn == FlashAttn::On);
    let kv = if config.type_k == config.type_v {
        format!(" OLLAMA_KV_CACHE_TYPE={}", config.type_k)
    } else {
        String::new()
    };
    format!(
        "# OLLAMA_FLASH_ATTENTION={attention}{kv} ollama serve\n\
         # ollama create NAME -f Modelfile && ollama run NAME\n\
         FROM {file}\nPARAMETER num_ctx {}\nPARAMETER num_thread {}\nPARAMETER num_batch {}\nPARAMETER num_gpu {}",
        config.n_ctx,
        config.n_threads,
        config.n_ubatch,
        layers(config)
    )
}

/// `lms import` would move the file; settings have the names of LM Studio's own window.
fn lm_studio(config: &ArmConfig, file: &str) -> String {
    let layers = match config.n_gpu_layers {
        n if n < 0 => "max".to_owned(),
        n => n.to_string(),
    };
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".gguf");
    format!(
        "lms import --symbolic-link --user-repo {} {}\n\
         # LM Studio: Context Length {}, GPU Offload {layers}, CPU Thread Pool Size {},\n\
         # Evaluation Batch Size {}, Flash Attention {}, K Cache Quantization Type {}, V Cache Quantization Type {}",
        quoted(&format!("kvant/{name}")),
        shell_path(file),
        config.n_ctx,
        config.n_threads,
        config.n_batch,
        config.flash_attn,
        config.type_k,
        config.type_v
    )
}
