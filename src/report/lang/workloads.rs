//! The workloads that are measured on request: sections, charts and sentences.

use super::{texts, Lang};
use crate::report::Threshold;
use crate::units;

texts! {
    first_token_of(n_prompt, n_shared) {
        "first token of {n_prompt} with {n_shared} in the cache",
        "primer token de {n_prompt} con {n_shared} en la caché",
    }
    restoring_state(n) { "restoring the state of {n} tokens", "restauración del estado de {n} tokens" }
    decode_of(n_seq, n_depth) {
        "decode of {n_seq} sequences at depth {n_depth}",
        "decodificación de {n_seq} secuencias a profundidad {n_depth}",
    }

    requests_of(n_users, n_prompt, n_gen) {
        "requests of {n_users} users ({n_prompt} tokens, answered with {n_gen})",
        "peticiones de {n_users} usuarios ({n_prompt} tokens, respuestas de {n_gen})",
    }
    speculative_at(n) {
        "speculative decoding at depth {n}",
        "decodificación especulativa a profundidad {n}",
    }

    // Prefix reuse.
    prefix_reuse() { "Prefix reuse", "Reutilización de un prefijo" }
    prefix_intro() {
        "The first token of a follow-up prompt. Cold: the whole prompt is processed. Warm: the cache holds its beginning, and only the \
         rest is processed.",
        "El primer token de un prompt que continúa otro. En frío: se procesa todo el prompt. En caliente: la caché tiene su principio y solo \
         se procesa el resto.",
    }
    h_cached() { "of these in the cache", "de ellos en la caché" }
    share_of(n, percent) { "{n} ({percent})", "{n} ({percent})" }
    h_cold() { "TTFT cold, ms", "TTFT en frío, ms" }
    h_warm() { "TTFT warm, ms", "TTFT en caliente, ms" }
    h_times_sooner() { "times sooner", "veces antes" }
    prefix_sooner(n_prompt, n_shared, variant, factor, warm, cold) {
        "A follow-up prompt of {n_prompt} tokens, {n_shared} of them in the cache, gets its first token from {variant} {factor} sooner: {warm} ms instead of {cold}.",
        "Con un prompt de {n_prompt} tokens, {n_shared} de ellos en la caché, {variant} da el primer token {factor} antes: {warm} ms en lugar de {cold}.",
    }
    c_prefix(model, n_prompt) {
        "{model}: first token of {n_prompt}, by what is not in the cache",
        "{model}: primer token de {n_prompt}, según lo que no está en la caché",
    }
    c_prefix_sub() {
        "Lower is better. Median and its 95 % interval; both axes are logarithmic; at the right end nothing is cached.",
        "Menos es mejor. Mediana con su intervalo del 95 %; ejes logarítmicos; a la derecha no hay nada en la caché.",
    }
    a_left() { "prompt tokens left to process", "tokens del prompt por procesar" }

    // Several sequences at once.
    batched() { "Several sequences at once", "Varias secuencias a la vez" }
    batched_intro() {
        "Every step decodes one token of each sequence. Own: each sequence has its own prompt and its own part of the cache. Shared: one prompt \
         for all, which is in the cache once.",
        "Cada paso decodifica un token de cada secuencia. Propio: cada secuencia tiene su prompt y su parte de la caché. Común: un prompt \
         para todas, que está una sola vez en la caché.",
    }
    h_prompt() { "prompt", "prompt" }
    h_sequences() { "sequences", "secuencias" }
    h_tps_all() { "t/s in all", "t/s en total" }
    h_tps_each() { "t/s each", "t/s cada una" }
    h_against_one() { "in all, against one", "en total, frente a una" }
    own() { "own", "propio" }
    shared() { "shared", "común" }
    batch_gain(n_seq, gain, variant, total, each) {
        "{n_seq} sequences at once get {gain} as many tokens per second from {variant} as one does: {total} in all, {each} each.",
        "Con {n_seq} secuencias a la vez, {variant} da {gain} los tokens por segundo de una sola: {total} en total, {each} cada una.",
    }
    c_batched(model) {
        "{model}: decode speed of all sequences together",
        "{model}: velocidad de decodificación de todas las secuencias juntas",
    }
    c_batched_sub() {
        "Higher is better. Median and its 95 % interval; dashed: one prompt for all.",
        "Más es mejor. Mediana con su intervalo del 95 %; a trazos: un prompt para todas.",
    }
    a_sequences() { "sequences at once", "secuencias a la vez" }
    series_own(arm) { "{arm}, own prompts", "{arm}, propios" }
    series_shared(arm) { "{arm}, shared", "{arm}, común" }

    // States.
    states() { "Saving and restoring states", "Guardar y restaurar estados" }
    states_intro() {
        "What the state of a sequence costs to compute from its tokens, to save and to restore. Saving to disk includes waiting until the file is there; \
         restoring from disk reads the file (the system was asked to forget it), checks that it belongs to this model file and configuration, and restores it.",
        "Lo que cuesta calcular el estado de una secuencia a partir de sus tokens, guardarlo y restaurarlo. Guardarlo en disco incluye esperar a que el archivo esté allí; \
         restaurarlo de disco lee el archivo (se pidió al sistema que lo olvidara), comprueba que es de este archivo de modelo y esta configuración, y lo restaura.",
    }
    h_compute_ms() { "compute, ms", "calcularlo, ms" }
    h_save_memory() { "save to memory, ms", "guardar en memoria, ms" }
    h_restore_memory() { "restore from memory, ms", "restaurar de memoria, ms" }
    h_save_disk() { "save to disk, ms", "guardar en disco, ms" }
    h_restore_disk() { "restore from disk, ms", "restaurar de disco, ms" }
    h_times_faster() { "times faster", "veces más rápido" }
    state_pays(arm, memory, disk) {
        "{arm}: restoring is faster than computing again {memory} from memory, {disk} from disk.",
        "{arm}: restaurar es más rápido que volver a calcular {memory} desde memoria, {disk} desde disco.",
    }
    wins_everywhere(from) {
        "at every depth measured (from {from} tokens on)",
        "a toda profundidad medida (desde {from} tokens)",
    }
    wins_between(open, from) {
        "from somewhere between {open} and {from} tokens on",
        "a partir de algún punto entre {open} y {from} tokens",
    }
    wins_nowhere(up_to) {
        "at no depth measured (up to {up_to} tokens)",
        "a ninguna profundidad medida (hasta {up_to} tokens)",
    }
    state_restored(n, mib, variant, memory, disk, even) {
        "Restoring the state of {n} tokens ({mib} MiB) of {variant} is {memory} faster than computing it from memory, {disk} from disk; from disk it is faster {even}.",
        "Restaurar el estado de {n} tokens ({mib} MiB) de {variant} es {memory} más rápido que calcularlo desde memoria, {disk} desde disco; desde disco es más rápido {even}.",
    }
    c_state(model) {
        "{model}: computing a state, or restoring it",
        "{model}: calcular un estado, o restaurarlo",
    }
    c_state_sub() {
        "Lower is better. The baseline; median and its 95 % interval; both axes are logarithmic.",
        "Menos es mejor. La referencia; mediana con su intervalo del 95 %; ambos ejes son logarítmicos.",
    }
    a_state_tokens() { "tokens in the state", "tokens en el estado" }
    series_computed() { "computed", "calculado" }
    series_from_disk() { "from disk", "desde disco" }
    series_from_memory() { "from memory", "desde memoria" }

    // Speculative decoding.
    speculative() { "Speculative decoding", "Decodificación especulativa" }
    speculative_intro(draft, mib, n) {
        "{draft} ({mib} MiB) drafts {n} tokens; one pass of the target checks them all and keeps those that it would have chosen itself, and gives \
         one more. Always the most likely token; every round has prompts of its own. Accepted: share of the drafted tokens, and of the first, the second and \
         so on (what follows a rejected one is rejected). Needed: the share at which both would be equally fast. Other tokens: where the target alone, after the same text, chooses another. A pass of \
         several tokens rounds differently: ties are those whose two logits are no further apart than such passes moved the likely tokens of these texts \
         against each other, at most (rounding).",
        "{draft} ({mib} MiB) propone {n} tokens; una pasada del modelo objetivo los comprueba todos, conserva los que él mismo habría elegido y da uno \
         más. Siempre el token más probable; cada ronda tiene prompts propios. Aceptados: parte de los tokens propuestos, y del primero, del segundo, etc. \
         (lo que sigue a uno rechazado se rechaza). Necesario: la parte con la que ambos serían igual de rápidos. Tokens distintos: donde el objetivo solo, tras el mismo texto, elige otro. Una pasada \
         de varios tokens redondea de otra manera: son empates si sus dos logits no distan más de lo que tales pasadas movieron los tokens probables de \
         estos textos unos respecto a otros, como máximo (redondeo).",
    }
    no_draft() { "no model", "ningún modelo" }
    h_alone() { "alone, ms per token", "solo, ms por token" }
    h_drafted() { "with the draft", "con borrador" }
    h_speed_up() { "speed-up", "aceleración" }
    h_accepted() { "accepted", "aceptados" }
    h_by_place() { "by place", "por posición" }
    h_needed() { "needed", "necesario" }
    h_per_pass() { "tokens per pass", "tokens por pasada" }
    h_in_draft() { "time in the draft", "tiempo en el borrador" }
    h_other() { "other tokens", "tokens distintos" }
    h_rounding() { "rounding, logits", "redondeo, logits" }
    others(n, ties, all) { "{n} of {all} (ties: {ties})", "{n} de {all} (empates: {ties})" }
    none_would_do() { "no share would do", "ninguna parte bastaría" }
    speculative_pays(draft, target, n_depth, factor, verdict) {
        "With {draft} as its draft, {target} generates at depth {n_depth} at {factor} the speed of {target} alone: {verdict}.",
        "Con {draft} como borrador, {target} genera a profundidad {n_depth} a {factor} la velocidad de {target} solo: {verdict}.",
    }
    draft_accepted(accepted, per_pass, needed) {
        "The target accepts {accepted} of the drafted tokens, {per_pass} tokens a pass; needed: {needed}.",
        "Acepta el {accepted} de los tokens propuestos, {per_pass} tokens por pasada; necesario: {needed}.",
    }
    c_speculative(model) {
        "{model}: greedy generation with a draft",
        "{model}: generación con un borrador",
    }
    c_speculative_sub(draft) {
        "Lower is better. Draft: {draft}. Median and its 95 % interval; both axes are logarithmic.",
        "Menos es mejor. Borrador: {draft}. Mediana con su intervalo del 95 %; ambos ejes son logarítmicos.",
    }
    // Requests.
    requests() { "Users and their requests", "Usuarios y sus peticiones" }
    requests_intro(n_prompt, n_gen) {
        "Each user sends a request of {n_prompt} tokens, waits for the whole answer of {n_gen} tokens, and sends the next at once. All share one cache, and each pass \
         of the model takes the next token of every answer and the prompts that wait, as llama-server does. Latency: from sending a request to the end \
         of its answer; TTFT: to its first token. Percentiles are over all requests of all rounds, their intervals over rounds; n/a where too few requests lie beyond.",
        "Cada usuario envía una petición de {n_prompt} tokens, espera la respuesta completa de {n_gen} tokens y envía enseguida la siguiente. Todos comparten una caché, y cada pasada \
         del modelo toma el siguiente token de cada respuesta y los prompts que esperan, como hace llama-server. Latencia: desde que se envía una petición hasta el final \
         de su respuesta; TTFT: hasta su primer token. Los percentiles son sobre todas las peticiones de todas las rondas, sus intervalos sobre rondas; n/d si hay demasiado pocas más allá.",
    }
    h_users() { "users", "usuarios" }
    h_per_minute() { "requests per minute", "peticiones por minuto" }
    h_latency(quantile) { "latency {quantile}, ms", "latencia {quantile}, ms" }
    h_request_ttft(quantile) { "TTFT {quantile}, ms", "TTFT {quantile}, ms" }
    h_requests() { "requests timed", "peticiones medidas" }
    requests_answered(variant, n_prompt, n_gen, n_users, per_minute, latency) {
        "{variant} answers {per_minute} requests per minute ({n_prompt} tokens, answered with {n_gen}) to {n_users} users at once{latency}.",
        "{variant} responde {per_minute} peticiones por minuto ({n_prompt} tokens, respuestas de {n_gen}) a {n_users} usuarios a la vez{latency}.",
    }
    half_within(ms) {
        "; half of the answers take no longer than {ms} ms",
        "; la mitad de las respuestas no tarda más de {ms} ms",
    }
    c_requests(model) { "{model}: requests per minute", "{model}: peticiones por minuto" }
    c_requests_sub(n_prompt, n_gen) {
        "Higher is better. {n_prompt} tokens, answered with {n_gen}; all users together; median and its 95 % interval.",
        "Más es mejor. {n_prompt} tokens, respuestas de {n_gen}; todos los usuarios juntos; mediana con su intervalo del 95 %.",
    }
    c_latency(model) { "{model}: time to a whole answer", "{model}: tiempo hasta la respuesta completa" }
    c_latency_sub(n_prompt, n_gen) {
        "Lower is better. {n_prompt} tokens, answered with {n_gen}; half of the requests take no longer; with its 95 % interval.",
        "Menos es mejor. {n_prompt} tokens, respuestas de {n_gen}; la mitad no tarda más; con su intervalo del 95 %.",
    }
    a_users() { "users at once", "usuarios a la vez" }
    a_latency() { "p50 of latency, ms", "p50 de la latencia, ms" }
    series_alone(variant) { "{variant} alone", "{variant} solo" }
    series_drafted(variant) { "{variant}, drafted", "{variant}, borrador" }
}

impl Lang {
    /// The acceptance at which a draft begins to pay.
    pub(in crate::report) fn needed(self, share: Option<f64>) -> String {
        match share {
            Some(share) if share > 1.0 => self.none_would_do(),
            _ => self.or_na(share, |share| self.percent(share)),
        }
    }

    /// Where restoring begins to beat computing: `at every depth measured (from 128 tokens on)`.
    pub(in crate::report) fn threshold(self, threshold: &Threshold) -> String {
        let count = |n: u32| units::count(u64::from(n));
        match (threshold.open_from, threshold.wins_from) {
            (None, Some(from)) => self.wins_everywhere(count(from)),
            (Some(open), Some(from)) => self.wins_between(count(open), count(from)),
            (Some(open), None) => self.wins_nowhere(count(open)),
            (None, None) => self.na(),
        }
    }
}
