//! The recommendation in words.

use super::{texts, Lang};
use crate::data::WhyLeftOut;
use crate::decide::{Check, Exactness, Limit, Seen, WinsIf};
use crate::stats::Interval;

texts! {
    which_one() { "Which one to run", "Cuál usar" }
    which_intro_fastest(limits) {
        "Sought: the fastest in decode of those that keep to the limits: {limits}.",
        "Se busca la que más rápido decodifica de las que respetan los límites: {limits}.",
    }
    which_intro_exact(limits) {
        "Sought: the most exact of those that keep to the limits ({limits}); of equally exact ones the fastest in decode.",
        "Se busca la más exacta de las que respetan los límites ({limits}); entre igual de exactas, la que más rápido decodifica.",
    }
    no_limits() { "none but fitting into memory", "ninguno, salvo caber en la memoria" }
    together_note() {
        "The intervals of the speeds against it hold all together at 95 %, so each is wider than elsewhere in this report.",
        "Los intervalos de las velocidades frente a ella valen todos juntos al 95 %, así que cada uno es más ancho que en el resto del informe.",
    }
    composed_note() {
        "Quality marked with + was put together from that of the weights and that of the KV types, each measured alone: its interval is a bound.",
        "La calidad marcada con + se compone de la de los pesos y la de los tipos de KV, medidas por separado: su intervalo es una cota.",
    }
    predicted_intro() {
        "Predicted before the run, from each file's tensor types and what this machine does with such weights, beside what was measured:",
        "Previsto antes de medir, por los tipos de tensores de cada archivo y lo que esta máquina hace con esos pesos, junto a lo medido:",
    }
    h_predicted_tps() { "t/s predicted", "t/s previstos" }
    h_measured_tps() { "t/s measured", "t/s medidos" }
    h_predicted_peak() { "peak predicted", "pico previsto" }
    h_measured_peak() { "peak measured", "pico medido" }
    off_by(value, percent) { "{value} ({percent})", "{value} ({percent})" }
    left_out_intro() { "Not measured, by what was predicted:", "Sin medir, por lo previsto:" }
    h_why() { "why", "motivo" }
    out_does_not_fit(needed, there) { "needs about {needed} and {there} are available", "necesita unos {needed} y hay {there} libres" }
    out_over_limit(needed, limit) { "needs about {needed}, far more than {limit}", "necesita unos {needed}, mucho más que {limit}" }
    out_too_slow(rate, least) { "decodes at about {rate} t/s, far less than {least}", "decodifica a unos {rate} t/s, mucho menos que {least}" }
    out_no_time(time) { "{time} s were too short for it", "{time} s eran pocos para ella" }
    take(arm, facts) { "Use {arm}: {facts}.", "Use {arm}: {facts}." }
    cant_tell_which(rivals) { "Which one to use cannot be told yet: {rivals}.", "Aún no se puede saber cuál usar: {rivals}." }
    until_then(arm, facts) { "Until then take {arm}: {facts}.", "Mientras tanto, use {arm}: {facts}." }
    none_meets() { "No variant keeps to the limits.", "Ninguna variante respeta los límites." }
    closest_is(arm, missed) { "{arm} comes closest: {missed}.", "{arm} es la que más se acerca: {missed}." }
    rival_speed(arm, ratio, lead) { "{arm} runs at {ratio} the speed of {lead}", "{arm} va a {ratio} la velocidad de {lead}" }
    rivals_more(n) { "{n} more likewise", "y otras {n}" }
    rival_open(arm, checks) { "{arm} may keep to the limits or not: {checks}", "{arm} puede respetar los límites o no: {checks}" }
    fact_decode(rate, n_depth) { "{rate} t/s in decode at depth {n_depth}", "{rate} t/s al decodificar a profundidad {n_depth}" }
    fact_users(rate, n) { "{rate} t/s for each of {n} users", "{rate} t/s para cada uno de {n} usuarios" }
    fact_ratio(ratio, baseline) { "{ratio} the speed of {baseline}", "{ratio} la velocidad de {baseline}" }
    fact_ram(bytes) { "{bytes} of memory at its peak", "{bytes} de memoria como máximo" }
    fact_quality(change, kld, baseline) {
        "perplexity {change} and KLD {kld} against {baseline}",
        "perplejidad {change} y KLD {kld} frente a {baseline}",
    }
    fact_baseline() { "the reference of quality", "la referencia de calidad" }
    fact_unscored() { "quality not measured", "calidad sin medir" }
    lim_decode(n) { "at least {n} t/s in decode", "al menos {n} t/s al decodificar" }
    lim_ttft(ms) { "first token within {ms} ms", "primer token en {ms} ms" }
    lim_ram(bytes) { "at most {bytes} of memory", "como máximo {bytes} de memoria" }
    lim_vram(bytes) { "at most {bytes} on the device", "como máximo {bytes} en el dispositivo" }
    lim_context(n) { "a context of {n} tokens", "un contexto de {n} tokens" }
    lim_ppl(percent) { "at most {percent} more perplexity", "como máximo {percent} más de perplejidad" }
    lim_kld(nats) { "a KLD of at most {nats} nats", "una KLD de como máximo {nats} nats" }
    limit_of_users(n) { "{n} users at once", "{n} usuarios a la vez" }
    seen_decode(seen, n) { "decode {seen} t/s against {n}", "decodificación {seen} t/s frente a {n}" }
    seen_ttft(seen, ms) { "first token {seen} ms against {ms}", "primer token {seen} ms frente a {ms}" }
    seen_memory(seen, bytes) { "memory {seen} against {bytes}", "memoria {seen} frente a {bytes}" }
    seen_context(seen, n) { "room for {seen} tokens against {n}", "sitio para {seen} tokens frente a {n}" }
    seen_ppl(seen, percent) { "perplexity {seen} against {percent}", "perplejidad {seen} frente a {percent}" }
    seen_kld(seen, nats) { "KLD {seen} against {nats}", "KLD {seen} frente a {nats}" }
    not_seen() { "not measured", "sin medir" }
    w_loss(percent) { "{percent} more perplexity were acceptable", "se aceptara {percent} más de perplejidad" }
    w_kld(nats) { "a KLD of {nats} nats were acceptable", "se aceptara una KLD de {nats} nats" }
    w_ram(bytes) { "memory were limited to {bytes}", "la memoria se limitara a {bytes}" }
    w_vram(bytes) { "memory of the device were limited to {bytes}", "la memoria del dispositivo se limitara a {bytes}" }
    w_decode(n) { "{n} t/s were enough", "bastaran {n} t/s" }
    h_speed_against(lead) { "speed against {lead}", "velocidad frente a {lead}" }
    h_quality_loss() { "KLD, nats", "KLD, nats" }
    h_limits() { "limits", "límites" }
    h_choice_if() { "the choice if", "la elegida si" }
    l_met() { "kept", "respetados" }
    the_choice() { "the choice", "la elegida" }
    best_guess() { "best guess", "la más probable" }
    context_that_fits(arm, n) {
        "The largest context of {arm} that fits into the memory available at the start: {n} tokens.",
        "El mayor contexto de {arm} que cabe en la memoria disponible al empezar: {n} tokens.",
    }
    beyond_training(n) { " The model was trained with {n}.", " El modelo se entrenó con {n}." }
    would_win(arm, condition, speed) {
        "{arm} ({speed}) would be the choice if {condition}.",
        "{arm} ({speed}) sería la elegida si {condition}.",
    }
    to_run_it() { "To run it:", "Para usarla:" }
}

impl Lang {
    /// A limit in words.
    pub(in crate::report) fn limit(self, limit: Limit) -> String {
        match limit {
            Limit::Decode(n) => self.lim_decode(self.rate(n)),
            Limit::Ttft(ns) => self.lim_ttft(self.time(ns as f64)),
            Limit::Ram(bytes) => self.lim_ram(self.bytes(bytes)),
            Limit::Vram(bytes) => self.lim_vram(self.bytes(bytes)),
            Limit::Context(n) => self.lim_context(n),
            Limit::Ppl(most) => self.lim_ppl(self.percent(most)),
            Limit::Kld(most) => self.lim_kld(self.nats(most)),
        }
    }

    /// What was seen against a limit: `decode 14.6 [13.8, 15.3] t/s against 15`.
    pub(in crate::report) fn check(self, check: &Check) -> String {
        let seen = |show: &dyn Fn(f64) -> String| match check.seen {
            Seen::Interval(i) => self.with_ends(&i, show),
            Seen::Exact(n) => show(n as f64),
            Seen::Baseline => self.fact_baseline(),
            Seen::Nothing => self.not_seen(),
        };
        let bytes = |n: f64| self.bytes(n as u64);
        match check.limit {
            Limit::Decode(n) => self.seen_decode(seen(&|x| self.rate(x)), self.rate(n)),
            Limit::Ttft(ns) => self.seen_ttft(seen(&|x| self.time(x)), self.time(ns as f64)),
            Limit::Ram(most) | Limit::Vram(most) => self.seen_memory(seen(&bytes), self.bytes(most)),
            Limit::Context(n) => self.seen_context(seen(&|x| x.to_string()), n),
            Limit::Ppl(most) => self.seen_ppl(seen(&|x| self.signed_percent(x)), self.percent(most)),
            Limit::Kld(most) => self.seen_kld(seen(&|x| self.nats(x)), self.nats(most)),
        }
    }

    /// Why a candidate was not measured.
    pub(in crate::report) fn why_left_out(self, why: WhyLeftOut) -> String {
        match why {
            WhyLeftOut::DoesNotFit {
                needed_bytes,
                available_bytes,
            } => self.out_does_not_fit(self.bytes(needed_bytes), self.bytes(available_bytes)),
            WhyLeftOut::OverLimit {
                needed_bytes,
                limit_bytes,
            } => self.out_over_limit(self.bytes(needed_bytes), self.bytes(limit_bytes)),
            WhyLeftOut::TooSlow { decode_tps, least_tps } => {
                self.out_too_slow(self.rate(decode_tps), self.rate(least_tps))
            }
            WhyLeftOut::NoTime { budget_ns } => self.out_no_time(budget_ns / 1_000_000_000),
        }
    }

    /// An arm's quality in a clause.
    pub(in crate::report) fn exactness(self, quality: &Exactness, baseline: &str) -> String {
        match quality {
            Exactness::Baseline => self.fact_baseline(),
            Exactness::Known { ln_ratio, kld } => {
                let change = self.with_ends(ln_ratio, |x| self.signed_percent(x.exp_m1()));
                self.fact_quality(change, self.kld(kld), baseline)
            }
            Exactness::Unknown => self.fact_unscored(),
        }
    }

    /// What would make an arm the choice.
    pub(in crate::report) fn wins_if(self, what: WinsIf) -> String {
        match what {
            WinsIf::PplLoss(loss) => self.w_loss(self.percent(loss)),
            WinsIf::Kld(kld) => self.w_kld(self.nats(kld)),
            WinsIf::Ram(bytes) => self.w_ram(self.bytes(bytes)),
            WinsIf::Vram(bytes) => self.w_vram(self.bytes(bytes)),
            WinsIf::Decode(tps) => self.w_decode(self.rate(tps)),
        }
    }

    /// A divergence with its interval.
    pub(in crate::report) fn kld(self, kld: &Interval) -> String {
        self.with_ends(kld, |x| self.nats(x))
    }
}
