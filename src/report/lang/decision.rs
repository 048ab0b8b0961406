//! The recommendation in words.

use super::{texts, Lang};
use crate::data::{Plan, WhyLeftOut};
use crate::decide::{Check, Exactness, Known, Limit, Seen, WinsIf};

texts! {
    which_one() { "Which one to run", "Cuál usar" }
    which_intro_fastest(request, limits) {
        "Sought: the fastest {request} of those that keep to the limits: {limits}.",
        "Se busca la más rápida {request} de las que respetan los límites: {limits}.",
    }
    which_intro_exact(request, limits) {
        "Sought: the most exact of those that keep to the limits ({limits}); of equally exact ones the fastest {request}.",
        "Se busca la más exacta de las que respetan los límites ({limits}); entre igual de exactas, la más rápida {request}.",
    }
    no_limits() { "none but fitting into memory", "ninguno, salvo caber en la memoria" }
    regret_note(n_launches, n_rounds) {
        "The bound holds at 95 % for all candidates together, from {n_launches} of fresh processes and {n_rounds}; the ratios in the table hold at 95 % each by itself.",
        "La cota vale al 95 % para todas las candidatas juntas, con {n_launches} de procesos nuevos y {n_rounds}; las razones de la tabla valen al 95 % cada una por sí sola.",
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
    take(arm, percent, request) {
        "Use {arm}: no other candidate that keeps to the limits is more than {percent} faster {request}.",
        "Use {arm}: ninguna otra candidata que respete los límites es más de un {percent} más rápida {request}.",
    }
    take_fastest(arm, request) {
        "Use {arm}: no other candidate that keeps to the limits is faster {request}.",
        "Use {arm}: ninguna otra candidata que respete los límites es más rápida {request}.",
    }
    take_only(arm) {
        "Use {arm}: it is the only candidate that keeps to the limits.",
        "Use {arm}: es la única candidata que respeta los límites.",
    }
    take_alone(arm) { "Use {arm}: it is the only candidate.", "Use {arm}: es la única candidata." }
    take_unmeasured(arm) {
        "Use {arm}: it seems to be the fastest, but it was not measured beside all the others.",
        "Use {arm}: parece la más rápida, pero no se midió junto a todas las demás.",
    }
    take_unsettled(arm, percent, request, more) {
        "Use {arm}: it may be up to {percent} slower than the best {request}{more}.",
        "Use {arm}: puede ser hasta un {percent} más lenta que la mejor {request}{more}.",
    }
    more_brings(time, percent) {
        "; measuring {time} more would bring that to about {percent} (kvant triage --more)",
        "; midiendo {time} más quedaría en torno al {percent} (kvant triage --more)",
    }
    in_decode() { "in decode", "al decodificar" }
    for_request(n_prompt, n_gen) { "at requests of {n_prompt} + {n_gen} tokens", "con peticiones de {n_prompt} + {n_gen} tokens" }
    for_purpose(n_prompt, n_gen, purpose) {
        "at requests of {n_prompt} + {n_gen} tokens ({purpose})",
        "con peticiones de {n_prompt} + {n_gen} tokens ({purpose})",
    }
    good(names) { "As good: {names}.", "Igual de buenas: {names}." }
    good_prompt(names) { "As good: {names}; its prompts take less time.", "Igual de buenas: {names}; sus prompts tardan menos." }
    good_quality(names) {
        "As good: {names}; it diverges least from the reference.",
        "Igual de buenas: {names}; es la que menos diverge de la referencia.",
    }
    good_memory(names) { "As good: {names}; it takes the least memory.", "Igual de buenas: {names}; es la que menos memoria ocupa." }
    limit_open(checks) {
        "Whether it keeps to the limits cannot be told yet: {checks}.",
        "Aún no se puede saber si respeta los límites: {checks}.",
    }
    others_open(list) {
        "Of others it is open whether they keep to the limits: {list}.",
        "De otras queda por saber si respetan los límites: {list}.",
    }
    waits(arm, checks) { "{arm} ({checks})", "{arm} ({checks})" }
    fact_sentence(facts) { "It gave {facts}.", "Dio {facts}." }
    alternative(arm, facts, wins) { "{arm}: {facts}{wins}.", "{arm}: {facts}{wins}." }
    choice_with(flag) { "; the choice with {flag}", "; la elegida con {flag}" }
    less_memory(bytes) { "{bytes} less memory", "{bytes} menos de memoria" }
    more_memory(bytes) { "{bytes} more memory", "{bytes} más de memoria" }
    bytes_less(bytes) { "{bytes} less", "{bytes} menos" }
    bytes_more(bytes) { "{bytes} more", "{bytes} más" }
    terminal_other(flag, arm, facts) { "With {flag}: {arm} ({facts}).", "Con {flag}: {arm} ({facts})." }
    percent_faster(percent) { "{percent} faster", "un {percent} más rápida" }
    percent_slower(percent) { "{percent} slower", "un {percent} más lenta" }
    about_as_fast() { "about as fast", "casi igual de rápida" }
    kld_of(nats) { "KLD {nats}", "KLD {nats}" }
    flips(n) { "one top token in {n} differs", "difiere uno de cada {n} tokens más probables" }
    other_purpose(purpose, request, arm, why) {
        "For {purpose} ({request} tokens) the choice is {arm}: against it, {why}.",
        "Para {purpose} ({request} tokens) la elegida es {arm}: frente a ella, {why}.",
    }
    prefills_at(factor) { "prompts run at {factor}", "los prompts van a {factor}" }
    decodes_at(factor) { "decode runs at {factor}", "la decodificación va a {factor}" }
    purposes_intro() {
        "The choice for each usual kind of request, tokens of prompt + answer:",
        "La elegida para cada tipo habitual de petición, tokens de prompt + respuesta:",
    }
    purposes_between() {
        "Times marked with ~ take the prompt's from the two lengths around it that were measured.",
        "Los tiempos marcados con ~ toman el del prompt de las dos longitudes medidas a su alrededor.",
    }
    h_purpose() { "use", "uso" }
    h_request() { "request", "petición" }
    h_choice() { "choice", "elegida" }
    h_regret() { "another may be faster by", "otra puede ser más rápida en" }
    h_request_time() { "time of a request", "tiempo de una petición" }
    no_choice() { "none keeps to the limits", "ninguna respeta los límites" }
    up_to(percent) { "up to {percent}", "hasta un {percent}" }
    approximately(time) { "~ {time}", "~ {time}" }
    none_meets() { "No variant keeps to the limits.", "Ninguna variante respeta los límites." }
    closest_is(arm, missed) { "{arm} comes closest: {missed}.", "{arm} es la que más se acerca: {missed}." }
    fact_decode(rate, n_depth) { "{rate} t/s in decode at depth {n_depth}", "{rate} t/s al decodificar a profundidad {n_depth}" }
    fact_users(rate, n) { "{rate} t/s for each of {n} users", "{rate} t/s para cada uno de {n} usuarios" }
    fact_ratio(ratio, baseline) { "{ratio} the speed of {baseline}", "{ratio} la velocidad de {baseline}" }
    fact_ram(bytes) { "{bytes} of memory at its peak", "{bytes} de memoria como máximo" }
    fact_quality(change, kld, baseline) {
        "perplexity {change} and KLD {kld} against {baseline}",
        "perplejidad {change} y KLD {kld} frente a {baseline}",
    }
    fact_baseline() { "the reference of quality", "la referencia de calidad" }
    fact_unscored() { "quality not measured (--quality off)", "calidad sin medir (--quality off)" }
    fact_open() { "quality still open (no text was scored)", "calidad por saber (no se evaluó ningún texto)" }
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
    too_few(value) { "{value} (too few chunks for an interval)", "{value} (muy pocos fragmentos para un intervalo)" }
    h_speed_against(lead) { "speed against {lead}", "velocidad frente a {lead}" }
    h_quality_loss() { "KLD, nats", "KLD, nats" }
    h_limits() { "limits", "límites" }
    h_choice_if() { "the choice with", "la elegida con" }
    l_broken() { "broken", "dañado" }
    l_met() { "kept", "respetados" }
    the_choice() { "the choice", "la elegida" }
    context_that_fits(arm, n) {
        "The largest context of {arm} that fits into the memory available at the start: {n} tokens.",
        "El mayor contexto de {arm} que cabe en la memoria disponible al empezar: {n} tokens.",
    }
    beyond_training(n) { " The model was trained with {n}.", " El modelo se entrenó con {n}." }
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
            Seen::Point(x) => self.too_few(show(x)),
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
            Exactness::Scored { ln_ratio, kld } => {
                let change = self.known(ln_ratio, |x| self.signed_percent(x.exp_m1()));
                self.fact_quality(change, self.kld(kld), baseline)
            }
            Exactness::Unscored => self.fact_open(),
        }
    }

    /// Why nothing is known of an arm's quality.
    pub(in crate::report) fn unscored(self, plan: &Plan) -> String {
        match plan.quality {
            Some(_) => self.fact_open(),
            None => self.fact_unscored(),
        }
    }

    /// The flag that would make an arm the choice.
    pub(in crate::report) fn wins_flag(self, what: WinsIf) -> String {
        let mib = |bytes: u64| format!("{}MiB", bytes >> 20);
        match what {
            WinsIf::PplLoss(loss) => format!("--max-quality-loss {}%", short(loss * 100.0)),
            WinsIf::Kld(kld) => format!("--max-quality-loss kld:{}", short(kld)),
            WinsIf::Ram(bytes) => format!("--max-ram {}", mib(bytes)),
            WinsIf::Vram(bytes) => format!("--max-vram {}", mib(bytes)),
        }
    }

    /// A figure with its interval, or bare.
    pub(in crate::report) fn known(self, known: &Known, show: impl Fn(f64) -> String) -> String {
        match known {
            Known::Interval(i) => self.with_ends(i, show),
            Known::Point(x) => self.too_few(show(*x)),
        }
    }

    /// A divergence with its interval.
    pub(in crate::report) fn kld(self, kld: &Known) -> String {
        self.known(kld, |x| self.nats(x))
    }
}

/// A number as a flag takes it, without the noise of binary fractions.
fn short(x: f64) -> String {
    let text = format!("{x:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
