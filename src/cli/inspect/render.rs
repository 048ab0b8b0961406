//! The facts as text for people.

use super::against::{Errors, TensorError};
use super::facts::{Facts, Fallback};
use crate::cli::output::{lines, table};
use crate::units;

pub fn text(facts: &Facts) -> String {
    let mut out = format!("{}\n\n", facts.file);
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not told".into());
    let mut line = |name: &str, value: String| out.push_str(&format!("{name:<14}{value}\n"));
    if let Some(part) = &facts.part {
        let whole = match part.missing.as_slice() {
            [] => "what follows is of the whole".to_owned(),
            missing => format!("{} missing, and what follows is of this part alone", missing.join(", ")),
        };
        line(
            "part",
            format!("{} of {} of a split model; {whole}", part.index, part.count),
        );
    }
    line("name", or_unknown(&facts.name));
    line("architecture", or_unknown(&facts.architecture));
    match (&facts.shape, &facts.no_shape) {
        (Some(s), _) => {
            let head = s.n_embd_k_gqa / s.n_head_kv.max(1);
            line(
                "shape",
                format!(
                    "{} layers, n_embd {}, {} heads of {head} ({} for KV), vocabulary {}",
                    s.n_layer,
                    s.n_embd,
                    s.n_head,
                    s.n_head_kv,
                    units::count(s.n_vocab)
                ),
            );
            line("n_ctx_train", units::count(s.n_ctx_train));
        }
        (None, Some(why)) => line("shape", format!("none: {why}")),
        (None, None) => {}
    }
    line("parameters", units::count(facts.model_n_params));
    line("license", or_unknown(&facts.license));
    line("file type", file_type(facts));
    if !facts.quantization.is_empty() {
        let told: Vec<_> = facts
            .quantization
            .iter()
            .map(|(key, value)| format!("{key} {value}"))
            .collect();
        line("quantization", told.join(", "));
    }
    line("tokenizer", or_unknown(&facts.tokenizer));
    let template = facts.chat_template.as_ref().map(|template| {
        let first: String = template
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(48)
            .collect();
        format!(
            "{} characters, \"{}...\"",
            units::count(template.chars().count() as u64),
            first.escape_debug()
        )
    });
    line("chat template", template.unwrap_or_else(|| "none".into()));
    out.push('\n');
    out.push_str(&tensors(facts));
    if !facts.kv.is_empty() {
        out.push('\n');
        out.push_str(&kv(facts));
    }
    if let Some(errors) = &facts.errors {
        out.push('\n');
        out.push_str(&table_of_errors(errors));
    }
    out
}

fn file_type(facts: &Facts) -> String {
    let label = match (facts.ftype, facts.ftype_by_tensors) {
        (Some(label), Some(real)) if label != real => format!("{label} by its label, {real} by its tensors"),
        (Some(label), _) => label.to_owned(),
        (None, Some(real)) => format!("{real} (by its tensors, it has no label)"),
        (None, None) => "not told".to_owned(),
    };
    format!(
        "{label}, {:.2} bits per weight, {} of tensors",
        facts.bpw,
        units::bytes(facts.model_size)
    )
}

fn tensors(facts: &Facts) -> String {
    let mut types = table(&["tensor type", "tensors", "size", "share"], |i| i > 0);
    for share in &facts.tensor_types {
        types.add_row([
            share.ggml_type.clone(),
            share.n_tensors.to_string(),
            units::bytes(share.bytes),
            units::percent(share.bytes as f64 / facts.model_size.max(1) as f64),
        ]);
    }
    let mut out = lines(&types);
    if facts.n_fallback > 0 {
        let parts: Vec<_> = facts.fallbacks.iter().map(fallback).collect();
        out.push_str(&format!(
            "{} of {} tensors fell back: {}. Blocks of 256 do not divide their rows.\n",
            facts.n_fallback,
            facts.n_tensors,
            parts.join("; ")
        ));
    }
    out
}

fn fallback(group: &Fallback) -> String {
    match group.instead_of {
        Some(wanted) => format!(
            "{} are {} instead of {wanted} (rows of {})",
            group.n_tensors, group.ggml_type, group.n_row
        ),
        None => format!("{} are {} (rows of {})", group.n_tensors, group.ggml_type, group.n_row),
    }
}

fn kv(facts: &Facts) -> String {
    let mut costs = table(&["KV cache", "bytes per token", "largest n_ctx here"], |i| i > 0);
    for cost in &facts.kv {
        costs.add_row([
            cost.kv_type.to_owned(),
            units::count(cost.bytes_per_token),
            units::or_na(cost.n_ctx_max, units::count),
        ]);
    }
    let memory = units::or_na(facts.memory_available_bytes, units::bytes);
    lines(&costs) + &format!("With {memory} available now, beside the weights; at most n_ctx_train.\n")
}

fn table_of_errors(errors: &Errors) -> String {
    let mut head = vec!["tensor", "type", "bpw", "RMSE", "worst block", "SNR dB"];
    head.extend(errors.textbook.iter().map(String::as_str));
    let mut rows = table(&head, |i| i > 0);
    for tensor in errors.tensors.iter().chain(std::iter::once(&errors.total)) {
        rows.add_row(error_row(tensor));
    }
    let mut out = format!("Error against {}\n\n", errors.reference);
    out.push_str(&lines(&rows));
    out.push_str(
        "\nSNR in dB: the power of the weights over that of the error, higher is better, 6 dB for each bit. The last eight\n\
         columns round the reference as textbooks do: 8 or 4 bits, symmetric or asymmetric, one scale per tensor or row.\n",
    );
    out.push_str(&format!("{} tensors are the same in both files.\n", errors.n_exact));
    if !errors.not_decodable.is_empty() {
        out.push_str(&format!("Not decodable here: {}.\n", errors.not_decodable.join(", ")));
    }
    out
}

fn error_row(tensor: &TensorError) -> Vec<String> {
    let small = |x: f64| format!("{x:.3e}");
    let db = |x: f64| format!("{x:.1}");
    let mut row = vec![
        tensor.name.chars().flat_map(char::escape_debug).collect(),
        tensor.ggml_type.clone(),
        format!("{:.2}", tensor.bpw),
        units::or_na(tensor.rmse, small),
        tensor
            .worst_block
            .as_ref()
            .map_or_else(String::new, |block| small(block.rmse)),
        units::or_na(tensor.snr_db, db),
    ];
    row.extend(tensor.textbook_snr_db.iter().map(|snr| units::or_na(*snr, db)));
    row
}
