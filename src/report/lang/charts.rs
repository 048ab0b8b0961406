//! Titles, subtitles and axes of charts, and what their marks say.

use super::{texts, Lang};

texts! {
    c_decode(model) { "{model}: decode speed against context", "{model}: velocidad de decodificación según el contexto" }
    c_decode_sub() {
        "Higher is better. Median and its 95 % interval; arms stand side by side at each depth.",
        "Más es mejor. Mediana con su intervalo del 95 %; los brazos están lado a lado en cada profundidad.",
    }
    c_prefill(model) {
        "{model}: prefill speed against prompt length",
        "{model}: velocidad de prefill según la longitud del prompt",
    }
    c_prefill_sub() {
        "Higher is better. Median and its 95 % interval; arms stand side by side at each length.",
        "Más es mejor. Mediana con su intervalo del 95 %; los brazos están lado a lado en cada longitud.",
    }
    c_ttft(model) { "{model}: time to first token", "{model}: tiempo hasta el primer token" }
    c_ttft_sub() {
        "Lower is better. Median and its 95 % interval; both axes are logarithmic.",
        "Menos es mejor. Mediana con su intervalo del 95 %; ambos ejes son logarítmicos.",
    }
    c_reuse(model) {
        "{model}: one more token, with and without KV reuse",
        "{model}: un token más, con y sin reutilización de KV",
    }
    c_reuse_sub() {
        "Lower is better. Both axes are logarithmic; hollow marks are extrapolated from prefill.",
        "Menos es mejor. Ambos ejes son logarítmicos; las marcas huecas se extrapolan del prefill.",
    }
    c_kld_size(model) { "{model}: divergence against size", "{model}: divergencia según el tamaño" }
    c_kld_sub() {
        "Lower is closer to the baseline. Mean and its 95 % interval over windows; both axes are logarithmic.",
        "Menos es más cerca de la referencia. Media e intervalo del 95 % sobre ventanas; ejes logarítmicos.",
    }
    c_kld_position(model, n_ctx) {
        "{model}: divergence by position in a window of {n_ctx}",
        "{model}: divergencia según la posición en una ventana de {n_ctx}",
    }
    c_pareto(model) { "{model}: speed, divergence and size", "{model}: velocidad, divergencia y tamaño" }
    c_pareto_sub() {
        "Right and down is better. The area of a mark is the size of its file; the line joins what nothing else beats.",
        "A la derecha y abajo es mejor. El área de una marca es el tamaño del archivo; la línea une lo que nada supera.",
    }
    a_decode_at(work) { "decode, tokens per second ({work})", "decodificación, tokens por segundo ({work})" }
    pareto_label(arm, mib) { "{arm}, {mib} MiB", "{arm}, {mib} MiB" }
    pareto_tip(arm, mib, x, y, n) {
        "{arm}\ndecode: {x} t/s\nKLD: {y} nats\nfile: {mib} MiB\nn = {n}",
        "{arm}\ndecodificación: {x} t/s\nKLD: {y} nats\narchivo: {mib} MiB\nn = {n}",
    }
    rounds_and_windows(rounds, windows) { "{rounds}, {windows}", "{rounds}, {windows}" }
    c_rounds(model) {
        "{model}: every round, relative to the median",
        "{model}: cada ronda, respecto a la mediana",
    }
    c_rounds_sub(work) {
        "Speed of {work} and of the machine's own kernels, 100 is each one's median. What moves together is drift.",
        "Velocidad de {work} y de los núcleos de la máquina, 100 es su mediana. Lo que se mueve junto es deriva.",
    }
    a_relative() { "per cent of the median", "por ciento de la mediana" }
    c_memory(model) { "{model}: resident memory", "{model}: memoria residente" }
    c_memory_sub() {
        "Lower is better. Each arm in a process of its own; the mark is the peak.",
        "Menos es mejor. Cada brazo en un proceso propio; la marca es el máximo.",
    }
    a_cached() { "tokens in the cache", "tokens en la caché" }
    a_tps() { "tokens per second", "tokens por segundo" }
    a_prompt() { "prompt tokens", "tokens del prompt" }
    a_ms() { "milliseconds", "milisegundos" }
    a_before() { "tokens before it", "tokens anteriores" }
    a_ms_per_token() { "milliseconds per token", "milisegundos por token" }
    a_size() { "model file, MiB", "archivo del modelo, MiB" }
    a_kld() { "mean KL divergence, nats", "divergencia KL media, nats" }
    a_before_predicted() { "tokens before the predicted one", "tokens antes del predicho" }
    a_round() { "round", "ronda" }
    p_file() { "model file (RssFile)", "archivo del modelo (RssFile)" }
    p_kv() { "KV cache", "caché KV" }
    p_other() { "other (RssAnon less KV)", "otros (RssAnon sin KV)" }
    p_peak() { "peak", "máximo" }
    series_kv(variant, kv) { "{variant}, KV {kv}", "{variant}, KV {kv}" }
    series_with(variant) { "{variant} with", "{variant} con" }
    series_without(variant) { "{variant} without", "{variant} sin" }
    one_window() { "1 window", "1 ventana" }
    n_windows(n) { "{n} windows", "{n} ventanas" }
    tip(series, x_label, x, y_label, y, n) {
        "{series}\n{x_label}: {x}\n{y_label}: {y}\nn = {n}",
        "{series}\n{x_label}: {x}\n{y_label}: {y}\nn = {n}",
    }
    tip_round(series, x_label, x, y_label, y) {
        "{series}\n{x_label}: {x}\n{y_label}: {y}",
        "{series}\n{x_label}: {x}\n{y_label}: {y}",
    }
    tip_extrapolated(tip) { "{tip}, extrapolated from prefill", "{tip}, extrapolado del prefill" }
}

impl Lang {
    /// `1 window`, `8 windows`.
    pub(in crate::report) fn windows(self, n: u32) -> String {
        if n == 1 {
            self.one_window()
        } else {
            self.n_windows(n)
        }
    }
}
