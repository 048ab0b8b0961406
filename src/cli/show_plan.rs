//! The plan in words, before the work starts.

use crate::data::{ModelInfo, Plan, VariantInfo, Warning};
use crate::plan::Prediction;
use crate::report::Lang;
use crate::units;

/// A few lines for stderr: what, how often, how long, how much memory, and the warnings.
pub fn show(
    plan: &Plan,
    model: &ModelInfo,
    variants: &[VariantInfo],
    prediction: &Prediction,
    warnings: &[Warning],
) -> String {
    let names: Vec<String> = variants
        .iter()
        .map(|v| {
            let made = v.derived_from.as_ref().filter(|from| from.is_requantized);
            let made = made.map_or(String::new(), |from| format!(", made from {}", from.ftype));
            format!("{} ({}{made})", v.id, units::bytes(v.model_size))
        })
        .collect();
    let mut threads: Vec<u32> = plan.arms.iter().map(|a| a.config.n_threads).collect();
    threads.sort_unstable();
    threads.dedup();
    let threads: Vec<String> = threads.iter().map(u32::to_string).collect();
    let threads = threads.join(" and ");
    let device = plan.arms.first().map_or("", |a| a.config.device.as_str());
    let stop = &plan.stop;
    let time = match plan.pace.n_rounds_asked {
        Some(n) => {
            let round_ns = prediction
                .execution_ns
                .iter()
                .map(|&ns| ns.max(plan.sample_ns_min))
                .sum::<u64>();
            format!(
                "about {}",
                units::duration(round_ns.saturating_mul(u64::from(n + stop.n_launches_min)))
            )
        }
        None => format!("at most {}", units::duration(stop.budget_ns)),
    };
    let rounds = match (plan.pace.n_rounds_asked, plan.pace.n_rounds) {
        (Some(1), _) => "1 round".to_owned(),
        (Some(n), _) => format!("{n} rounds"),
        (None, 1) => "a round each".to_owned(),
        (None, n) => format!("up to {n} rounds each"),
    };
    let memory: u64 = if prediction.is_resident() {
        prediction.worker_bytes.values().sum()
    } else {
        prediction.worker_bytes.values().copied().max().unwrap_or(0)
    };
    let mut text = format!(
        "{}: {}\n{} cells in {} arms on {device} with {threads} threads, {} launches, {rounds}: {time}, about {}\n",
        model.name,
        names.join(", "),
        plan.cells.len(),
        plan.arms.len(),
        stop.n_launches_min,
        units::bytes(memory),
    );
    if let Some(quality) = &plan.quality {
        let windows: Vec<String> = quality.windows.iter().map(|w| w.n_ctx.to_string()).collect();
        let time = match quality.stop.budget_ns {
            u64::MAX => "however long it takes".to_owned(),
            ns => format!("at most {}", units::duration(ns)),
        };
        text.push_str(&format!(
            "first quality: {} arms in windows of {} tokens, {time}\n",
            quality.arms.iter().filter(|a| !a.is_control).count(),
            windows.join(" and ")
        ));
    }
    for warning in warnings.iter().filter(|warning| warning.is_urgent()) {
        text.push_str(&format!("warning: {}\n", Lang::default().warning(warning)));
    }
    text
}

/// A notice between rules, that nobody overlooks.
pub fn notice(text: &str) -> String {
    let rule = "=".repeat(80);
    let mut lines = vec![String::new()];
    for word in "NOTICE:".split_whitespace().chain(text.split_whitespace()) {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 80 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    format!("{rule}\n{}\n{rule}\n", lines.join("\n"))
}
