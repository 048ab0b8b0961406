//! Two runs beside each other, and rows of llama-bench.

use super::{texts, Lang};

texts! {
    d_title(a, b) { "{b} against {a}", "{b} frente a {a}" }
    d_unpaired(a, b) {
        "Ratios are the speed of B ({b}) over the speed of A ({a}), above 1 is faster. They are not paired: the two were measured at different times, so what else changed on the machine is in the ratio and not in its interval.",
        "Las razones son la velocidad de B ({b}) entre la de A ({a}); por encima de 1 es más rápida. No están emparejadas: se midieron en momentos distintos, así que lo demás que cambió en la máquina está en la razón y no en su intervalo.",
    }
    d_no_significance(name) {
        "{name} comes from llama-bench, which measures one arm after the other: its spread says little of how far the machine moved meanwhile, so no interval and no verdict is given.",
        "{name} viene de llama-bench, que mide un brazo tras otro: su dispersión dice poco de cuánto se movió la máquina entretanto, así que no se da ningún intervalo ni veredicto.",
    }
    d_other_machine() {
        "The two ran on different machines: ratios compare machines as well.",
        "Se ejecutaron en máquinas distintas: las razones comparan también las máquinas.",
    }
    d_incomplete(name) { "{name} did not run to its end.", "{name} no llegó a su fin." }
    d_config() { "What changed in the configuration", "Qué cambió en la configuración" }
    d_config_same(n) {
        "Nothing changed among the {n} settings compared.",
        "Nada cambió entre los {n} ajustes comparados.",
    }
    d_config_others(n) { "{n} further settings are the same.", "Otros {n} ajustes son iguales." }
    d_speed() { "Speed", "Velocidad" }
    d_only(name) { "Only in {name}: ", "Solo en {name}: " }
    d_nothing_shared() {
        "The two have no measured cell in common: no variant with the same KV type did the same work in both.",
        "No tienen ninguna celda medida en común: ninguna variante con el mismo tipo de KV hizo el mismo trabajo en ambas.",
    }
    d_h_setting() { "setting", "ajuste" }
    d_h_a(name) { "A: {name}", "A: {name}" }
    d_h_b(name) { "B: {name}", "B: {name}" }
    d_h_a_tps() { "A, t/s", "A, t/s" }
    d_h_b_tps() { "B, t/s", "B, t/s" }
    d_h_ratio() { "B over A", "B entre A" }
    d_h_n() { "n (A, B)", "n (A, B)" }
    d_counts(all, faster, slower, same, open) {
        "Of {all} cells in both, B is faster in {faster}, slower in {slower} and the same in {same}; for {open} it cannot be told.",
        "De {all} celdas presentes en ambas, B es más rápida en {faster}, más lenta en {slower} e igual en {same}; de {open} no se puede saber.",
    }
    d_counts_bare(all) {
        "{all} cells are in both; no verdicts.",
        "{all} celdas están en ambas; sin veredictos.",
    }
    d_worst(arm, work, ratio) {
        "Largest loss: {arm} in {work}, {ratio}.",
        "Mayor pérdida: {arm} en {work}, {ratio}.",
    }
    d_best(arm, work, ratio) {
        "Largest gain: {arm} in {work}, {ratio}.",
        "Mayor ganancia: {arm} en {work}, {ratio}.",
    }
    d_quality_intro() {
        "Perplexities are those of all windows a run scored; their change is paired by window, over those that both scored, with a 95 % interval over windows. KLD is the divergence from each run's own baseline.",
        "Las perplejidades son las de todas las ventanas que puntuó una ejecución; su cambio está emparejado por ventana, sobre las que ambas puntuaron, con un intervalo del 95 % sobre ventanas. La KLD es la divergencia respecto a la referencia de cada ejecución.",
    }
    d_other_texts() {
        "The two scored other texts, or split them otherwise: their perplexities are not compared.",
        "Puntuaron textos distintos, o los dividieron de otro modo: sus perplejidades no se comparan.",
    }
    d_ppl_counts(n, lower, higher) {
        "Of {n} perplexities in both, B's is lower (better) in {lower} and higher in {higher} by more than its interval; the rest shows no such change.",
        "De {n} perplejidades presentes en ambas, la de B es menor (mejor) en {lower} y mayor en {higher} por más que su intervalo; el resto no muestra tal cambio.",
    }
    d_h_a_ppl() { "A, PPL", "A, PPL" }
    d_h_b_ppl() { "B, PPL", "B, PPL" }
    d_h_ppl_change() { "PPL, B to A", "PPL, B frente a A" }
    d_h_a_kld() { "A, KLD", "A, KLD" }
    d_h_b_kld() { "B, KLD", "B, KLD" }
    d_h_n_windows() { "windows (A, B, both)", "ventanas (A, B, ambas)" }
    d_s_model() { "model", "modelo" }
    d_s_sha(variant) { "SHA-256 of {variant}", "SHA-256 de {variant}" }
    d_s_cores() { "cores / CPUs", "núcleos / CPU" }
    d_s_memory() { "memory", "memoria" }
    d_s_os() { "system", "sistema" }
    d_s_virtualization() { "virtualization", "virtualización" }
    d_s_governor() { "governor", "gobernador" }
    d_s_level() { "level", "nivel" }
    d_s_seed() { "seed", "semilla" }
    d_s_rounds() { "rounds", "rondas" }
    d_s_launches() { "launches", "lanzamientos" }
    d_s_started() { "started", "comenzó" }
    d_s_absent() { "none", "ninguno" }
    d_fail_on(limit, arm, work, ratio) {
        "--fail-on {limit}: {arm} in {work} is at {ratio} of its speed",
        "--fail-on {limit}: {arm} en {work} está a {ratio} de su velocidad",
    }
    h_kvant() { "Made by kvant.", "Hecho por kvant." }
    b_title(name) { "llama-bench: {name}", "llama-bench: {name}" }
    b_rows() { "Rows of llama-bench", "Filas de llama-bench" }
    b_note() {
        "Measured by llama-bench, one arm after the other: mean and standard deviation of its repetitions. Differences between rows are not tested, because the machine may have moved between them.",
        "Medido por llama-bench, un brazo tras otro: media y desviación típica de sus repeticiones. Las diferencias entre filas no se contrastan, porque la máquina pudo moverse entre ellas.",
    }
    b_h_model() { "model", "modelo" }
    b_h_threads() { "threads", "hilos" }
    b_one_row() { "1 row", "1 fila" }
    b_n_rows(n) { "{n} rows", "{n} filas" }
    b_conclusion(rows, models, cpu) {
        "{rows} of {models} on {cpu}; llama-bench gives no basis for saying which is faster.",
        "{rows} de {models} en {cpu}; llama-bench no da base para decir cuál es más rápida.",
    }
}

impl Lang {
    /// `1 row`, `8 rows`.
    pub(in crate::report) fn rows(self, n: usize) -> String {
        if n == 1 {
            self.b_one_row()
        } else {
            self.b_n_rows(n)
        }
    }
}
