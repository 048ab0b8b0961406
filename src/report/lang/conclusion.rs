//! The answer in words: conclusion, banners, closing sentences, the terminal's table.

use super::texts;

texts! {
    cut_short_banner() {
        "The run was cut short: its figures come from the rounds that are complete. Continue it with --resume.",
        "La ejecución quedó cortada: sus cifras vienen de las rondas completas. Continúela con --resume.",
    }
    interrupted_banner() {
        "The run was interrupted: its figures come from the rounds that are complete. Continue it with --resume.",
        "La ejecución se interrumpió: sus cifras vienen de las rondas completas. Continúela con --resume.",
    }
    broken_banner(arms, reason) {
        "Broken, and so never the answer: {arms} ({reason}).",
        "Dañado, y por eso nunca la respuesta: {arms} ({reason}).",
    }
    quality_not_measured() {
        "What the smaller types cost in quality was not measured in this run.",
        "Lo que los tipos menores cuestan en calidad no se midió en esta ejecución.",
    }
    quality_said(name, verdict, ppl, kld, same) {
        "{name} {verdict} (PPL {ppl}, KLD {kld}, same top token {same})",
        "{name} {verdict} (PPL {ppl}, KLD {kld}, mismo token más probable {same})",
    }
    kv_named(kv) { "{kv} KV", "KV {kv}" }
    quality_of_variants(baseline, n_ctx, list) {
        "Quality against {baseline}, in windows of {n_ctx} tokens: {list}.",
        "Calidad frente a {baseline}, en ventanas de {n_ctx} tokens: {list}.",
    }
    quality_of_kv(baseline, n_ctx, list) {
        "Quality of KV types with {baseline}, in windows of {n_ctx} tokens: {list}.",
        "Calidad de los tipos de KV con {baseline}, en ventanas de {n_ctx} tokens: {list}.",
    }
    nothing_measured_failed(n, cells) {
        "Nothing was measured: {n} of {cells} failed.",
        "No se midió nada: fallaron {n} de {cells}.",
    }
    nothing_measured() {
        "Nothing was measured: no round was completed.",
        "No se midió nada: no se completó ninguna ronda.",
    }
    peak_of(bytes) { ", {bytes} of memory at its peak", ", {bytes} de memoria como máximo" }
    size_of(variant, bytes, bpw, peak) {
        "{variant} {bytes} ({bpw} bits per weight{peak})",
        "{variant} {bytes} ({bpw} bits por peso{peak})",
    }
    sizes(list) { "Size: {list}.", "Tamaño: {list}." }
    kv_ratio(ratio, variant, verdict) {
        "{ratio} for {variant} ({verdict})",
        "{ratio} con {variant} ({verdict})",
    }
    kv_effect(kv, size, n_depth, effects) {
        "A {kv} KV cache{size} changes the decode speed at depth {n_depth} to {effects}.",
        "Una caché KV {kv}{size} cambia la velocidad de decodificación a profundidad {n_depth} a {effects}.",
    }
    kv_size(own, f16) { " takes {own} instead of {f16} and", " ocupa {own} en lugar de {f16} y" }
    control_excludes(baseline, ratio, bias) {
        "Control: {baseline} against itself gave {ratio}. At least {bias} of that is bias of this run: every interval is that much wider to both sides.",
        "Control: {baseline} contra sí misma dio {ratio}. Al menos {bias} de eso es sesgo de esta ejecución: todos los intervalos son así de anchos de más a ambos lados.",
    }
    control_includes(baseline, ratio) {
        "Control: {baseline} against itself gave {ratio}, which includes 1, as it should.",
        "Control: {baseline} contra sí misma dio {ratio}, que incluye el 1, como debe ser.",
    }
    moves_one(arm, work, slowest, fastest, with) {
        "{arm} in {work} is {slowest}x when the machine was slowest ({with}) and {fastest}x when it was fastest",
        "{arm} en {work} es {slowest}x cuando la máquina fue más lenta ({with}) y {fastest}x cuando fue más rápida",
    }
    moving(list) {
        "Not the same on this machine at all times: {list}. The ratios here are those of the machine as it was.",
        "No es igual en esta máquina en todo momento: {list}. Las razones de aquí son las de la máquina tal como estaba.",
    }
    open_one(arm, work, ratio) { "{arm} in {work} ({ratio})", "{arm} en {work} ({ratio})" }
    open_others(n) { ", and {n} more", " y {n} más" }
    would_settle(rounds, time, what) {
        "; {rounds}{time} would settle {what}",
        "; {rounds}{time} bastarían para {what}",
    }
    settle_it() { "it", "saberlo" }
    settle_half() { "half of them", "saber la mitad" }
    unsettled(list, others, settle) {
        "Could not be told: {list}{others}{settle}.",
        "No se pudo saber: {list}{others}{settle}.",
    }
    one_not_measured(cells) {
        "1 of {cells} was not measured; the reasons are below.",
        "1 de {cells} no se midió; los motivos están más abajo.",
    }
    n_not_measured(n, cells) {
        "{n} of {cells} were not measured; the reasons are below.",
        "{n} de {cells} no se midieron; los motivos están más abajo.",
    }
    at_prompt(n) { "for {n} tokens", "con {n} tokens" }
    at_depth(n) { "at depth {n}", "a profundidad {n}" }
    ratio_here(ratio, place) { "{ratio} {place}", "{ratio} {place}" }
    decodes_fastest(name, ratios, baseline, rate, place) {
        "By the estimates {name} decodes fastest in every context: {ratios} faster than {baseline}; {rate} t/s {place}.",
        "Según las estimaciones, {name} es la que más rápido decodifica en todos los contextos: {ratios} la velocidad de {baseline}; {rate} t/s {place}.",
    }
    prefills_fastest(name, ratios, baseline, rate, place) {
        "By the estimates {name} prefills fastest in every context: {ratios} faster than {baseline}; {rate} t/s {place}.",
        "Según las estimaciones, {name} es la que más rápido hace el prefill con cualquier longitud: {ratios} la velocidad de {baseline}; {rate} t/s {place}.",
    }
    pair_here(ratio, place, verdict) { "{ratio} {place} ({verdict})", "{ratio} {place} ({verdict})" }
    against_next_everywhere(name, second, pairs) {
        "{name} against {second}, the next one: {pairs}.",
        "{name} frente a {second}, la siguiente: {pairs}.",
    }
    place_prompt(n) { "For a prompt of {n} tokens", "Con un prompt de {n} tokens" }
    place_depth(n) { "At depth {n}", "A profundidad {n}" }
    nobody_ahead(place, baseline, next) {
        "{place}, no variant comes out ahead of {baseline}: {next}.",
        "{place}, ninguna variante supera a {baseline}: {next}.",
    }
    leads(place, lead, rate, runner_up) {
        "{place}, {lead} ({rate} t/s){runner_up}.",
        "{place}, {lead} ({rate} t/s){runner_up}.",
    }
    against_next(second, ratio, verdict) {
        "; against {second}, the next one: {ratio} ({verdict})",
        "; frente a {second}, la siguiente: {ratio} ({verdict})",
    }
    decodes() { "decodes", "decodifica" }
    prefills() { "prefills", "hace el prefill" }
    is_faster(name, verb, ratio, baseline) {
        "{name} {verb} {ratio} faster than {baseline}",
        "{name} {verb} a {ratio} la velocidad de {baseline}, más rápida",
    }
    is_slower(name, verb, ratio, baseline) {
        "{name} {verb} at {ratio} the speed of {baseline}, slower",
        "{name} {verb} a {ratio} la velocidad de {baseline}, más lenta",
    }
    is_same(name, verb, ratio, baseline) {
        "{name} {verb} at {ratio} the speed of {baseline}: the same",
        "{name} {verb} a {ratio} la velocidad de {baseline}: igual",
    }
    is_unknown(name, verb, ratio, baseline) {
        "{name} {verb} at {ratio} the speed of {baseline}: whether that is a difference cannot be told",
        "{name} {verb} a {ratio} la velocidad de {baseline}: no se puede saber si eso es una diferencia",
    }
    warning_line(text) { "warning: {text}", "aviso: {text}" }
    not_measured_line(what, kind, reason) {
        "not measured: {what} ({kind}): {reason}",
        "sin medir: {what} ({kind}): {reason}",
    }
    terminal_intro(work) {
        "Tokens per second; the ratio is that of {work}.",
        "Tokens por segundo; la razón es la de {work}.",
    }
    terminal_composed() {
        " +: a bound, not scored.",
        " +: cota, sin evaluar.",
    }
    terminal_control(baseline, ratio) {
        "How sure: {baseline} against itself gave {ratio}, where 1 is right.",
        "Seguridad: {baseline} contra sí misma dio {ratio}; lo justo es 1.",
    }
    terminal_bias(baseline, ratio, bias) {
        "How sure: {baseline} against itself gave {ratio}; every interval is {bias} wider for it.",
        "Seguridad: {baseline} contra sí misma dio {ratio}; cada intervalo es un {bias} más ancho.",
    }
    terminal_launches(n_launches, n_rounds) {
        "How sure: intervals of 95 %, from {n_launches} and {n_rounds}.",
        "Seguridad: intervalos del 95 %, de {n_launches} y {n_rounds}.",
    }
    terminal_run_triage() {
        "To run it: the same command with --emit llama-server.",
        "Para usarla: la misma orden con --emit llama-server.",
    }
    terminal_run_report() {
        "To run it: kvant report RUN --emit llama-server.",
        "Para usarla: kvant report RUN --emit llama-server.",
    }
    terminal_one_more_arm() { " The report has one more arm.", " El informe tiene un brazo más." }
    terminal_more_arms(n) { " The report has {n} more arms.", " El informe tiene {n} brazos más." }
    terminal_untold(n) { " The report has {n} more to mind.", " El informe avisa de {n} más." }
    terminal_versus(baseline) { "vs {baseline} [95 %]", "vs {baseline} [95 %]" }
}
