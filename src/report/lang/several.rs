//! Several runs on one page.

use super::texts;

texts! {
    s_title(n) { "{n} runs beside each other", "{n} ejecuciones, una junto a otra" }
    s_said(number, model, cpu, said) {
        "Run {number}, {model} on {cpu}: {said}",
        "Ejecución {number}, {model} en {cpu}: {said}",
    }
    s_untested() {
        "Between runs nothing is tested: they were measured at different times. For two of them, kvant diff gives ratios with intervals.",
        "Entre ejecuciones no se contrasta nada: se midieron en momentos distintos. Para dos de ellas, kvant diff da razones con intervalos.",
    }
    s_runs() { "The runs", "Las ejecuciones" }
    s_h_number() { "no.", "n.º" }
    s_h_run() { "run", "ejecución" }
    s_h_control() { "A/A control", "control A/A" }
    s_variants() { "Variants", "Variantes" }
    s_variants_intro() {
        "KV type of each run's baseline, medians with [95 % intervals]. Ratios and verdicts are those within a run, against its own baseline.",
        "Tipo de KV de la referencia de cada ejecución, medianas con [intervalos del 95 %]. Razones y veredictos son los de dentro de una ejecución, frente a su propia referencia.",
    }
    s_speed_intro() {
        "Tokens per second of what at least two runs measured, one column per run.",
        "Tokens por segundo de lo que midieron al menos dos ejecuciones, una columna por ejecución.",
    }
    s_h_tps(number) { "{number}, t/s", "{number}, t/s" }
    s_chart() { "Decode speed against context", "Velocidad de decodificación según el contexto" }
    s_chart_sub() {
        "Higher is better. Medians with 95 % intervals; a colour per run, by its number.",
        "Más es mejor. Medianas con intervalos del 95 %; un color por ejecución, según su número.",
    }
    s_line(number, variant) { "{number}: {variant}", "{number}: {variant}" }
}
