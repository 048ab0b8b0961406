//! Titles, introductions and column heads of the sections.

use super::texts;

texts! {
    title(model) { "{model}: which variant, with which KV cache", "{model}: qué variante, con qué caché KV" }
    conclusion() { "Conclusion", "Conclusión" }

    // Heads of columns.
    h_variant() { "variant", "variante" }
    h_kv() { "KV", "KV" }
    h_size() { "size, MiB", "tamaño, MiB" }
    h_compression() { "compression", "compresión" }
    h_ppl_change() { "change in PPL", "cambio de PPL" }
    h_ppl_window(n_ctx) { "PPL (window {n_ctx})", "PPL (ventana {n_ctx})" }
    h_decode_tps(work) { "decode, t/s ({work})", "decodificación, t/s ({work})" }
    h_prefill_tps(work) { "prefill, t/s ({work})", "prefill, t/s ({work})" }
    h_ttft(work) { "TTFT, ms ({work})", "TTFT, ms ({work})" }
    h_peak() { "peak memory, MiB", "memoria máxima, MiB" }
    h_holds() { "holds", "contiene" }
    h_bpw() { "bits per weight", "bits por peso" }
    h_prefill_ratio() { "prefill ratio", "razón de prefill" }
    h_decode_ratio() { "decode ratio", "razón de decodificación" }
    h_decode_verdict() { "verdict on decode", "veredicto de decodificación" }
    h_weights() { "weights", "pesos" }
    h_kv_type() { "KV type", "tipo de KV" }
    h_kv_mib() { "KV cache, MiB", "caché KV, MiB" }
    h_mean_kld() { "mean KLD, nats", "KLD media, nats" }
    h_kld_median() { "KLD median", "KLD mediana" }
    h_kld_p99() { "KLD p99", "KLD p99" }
    h_kld_p999() { "KLD p99.9", "KLD p99,9" }
    h_same_top() { "same top token", "mismo token más probable" }
    h_dp_rms() { "RMS delta-p", "RMS delta-p" }
    h_verdict() { "verdict", "veredicto" }
    h_tokens() { "tokens", "tokens" }
    h_not_measured() { "not measured", "sin medir" }
    h_arm() { "arm", "brazo" }
    h_window() { "window", "ventana" }
    h_outcome() { "outcome", "resultado" }
    h_reason() { "reason", "motivo" }
    h_work() { "work", "trabajo" }
    h_before() { "text before", "texto anterior" }
    h_next() { "the text goes on", "el texto sigue con" }
    h_expects(own, other) { "{own} expects (in {other})", "{own} espera (en {other})" }
    h_tps() { "t/s", "t/s" }
    h_n_prompt() { "n_prompt", "n_prompt" }
    h_depth() { "depth", "profundidad" }
    h_ttft_ms() { "TTFT, ms", "TTFT, ms" }
    h_itl() { "gap between tokens, ms: p50", "pausa entre tokens, ms: p50" }
    device_memory(measured, predicted) { "{measured} (predicted {predicted})", "{measured} (previsto {predicted})" }
    h_gpu_joule_per_token() { "J per token (GPU)", "J por token (GPU)" }
    h_ratio() { "ratio to baseline", "razón con la referencia" }
    h_with_reuse() { "with reuse, ms per token", "con reutilización, ms por token" }
    h_without_reuse() { "without, ms per token", "sin ella, ms por token" }
    h_times_longer() { "times longer", "veces más" }
    h_no_reuse_kind() { "without reuse", "sin reutilización" }
    h_buffers() { "weights by buffer", "pesos por búfer" }
    h_kv_cache() { "KV cache", "caché KV" }
    h_compute() { "compute", "cálculo" }
    h_peak_resident() { "peak resident", "máximo residente" }
    h_predicted() { "predicted", "previsto" }
    h_n_ctx_fits() { "n_ctx that fits", "n_ctx que cabe" }
    h_device() { "device", "dispositivo" }
    h_file() { "file", "archivo" }
    h_label() { "its own label", "su propia etiqueta" }
    h_tensors() { "tensors by type", "tensores por tipo" }
    h_fallback() { "fallback", "sustituidos" }
    h_params() { "parameters", "parámetros" }
    h_origin() { "origin", "origen" }
    h_question() { "question", "pregunta" }
    h_answer() { "answer", "respuesta" }
    of(n, all) { "{n} of {all}", "{n} de {all}" }
    reference() { "reference", "referencia" }

    // One table.
    one_table() { "In one table", "En una tabla" }
    one_table_intro(kv) {
        "KV type {kv} throughout, with [95 % intervals].",
        "Tipo de KV {kv} en todo, con [intervalos del 95 %].",
    }
    variants() { "F16, 8 bits, 4 bits", "F16, 8 bits y 4 bits" }
    variants_intro(kv, baseline) {
        "KV type {kv} throughout. Values are medians with [95 % intervals]; ratios are paired within rounds, against {baseline}: above 1 is faster.",
        "Tipo de KV {kv} en todo. Los valores son medianas con [intervalos del 95 %]; las razones se emparejan dentro de cada ronda, frente a {baseline}: por encima de 1 es más rápida.",
    }
    kv_types() { "KV cache types", "Tipos de caché KV" }
    kv_types_intro(reference, n_ctx) {
        "Speed relative to the same weights with a KV cache of {reference}, at the same flash-attention setting: above 1 is faster; prefill of a prompt as \
         long as the depth. KV cache and peak memory are those of a context of {n_ctx} tokens. Quality is against the baseline, in the window \
         nearest to the depth.",
        "Velocidad relativa a los mismos pesos con una caché KV de tipo {reference} y el mismo ajuste de flash attention: por encima de 1 es más rápida; prefill de un prompt tan \
         largo como la profundidad. La caché KV y la memoria máxima son las de un contexto de {n_ctx} tokens. La calidad se mide frente a la referencia, en la ventana \
         más cercana a la profundidad.",
    }

    // Quality.
    quality() { "Quality", "Calidad" }
    quality_intro() {
        "The second half of each window of text is predicted, token by token, as llama-perplexity does; intervals are over \
         windows, since neighbouring tokens are not independent. KLD: how far the probabilities are from the baseline's, 0 is \
         equal. Indistinguishable: KLD below 0.01 and the same top token in 98 % of places; inside that zone nothing is ranked.",
        "La segunda mitad de cada ventana de texto se predice, token a token, como hace llama-perplexity; los intervalos son \
         sobre ventanas, porque los tokens vecinos no son independientes. KLD: cuánto se apartan las probabilidades de las de \
         la referencia, 0 es igual. Indistinguible: KLD menor que 0,01 y el mismo token más probable en el 98 % de los \
         lugares; dentro de esa zona nada se ordena.",
    }
    windows_of(n) { "Windows of {n} tokens", "Ventanas de {n} tokens" }
    ended_because(why) { "Ended because {why}.", "Terminó porque {why}." }
    scored_text(name, n, sha) { "{name} ({n} tokens, SHA-256 {sha})", "{name} ({n} tokens, SHA-256 {sha})" }
    texts_scored(list) { "Text: {list}.", "Texto: {list}." }
    with_bos() { "Each window begins with the vocabulary's BOS token.", "Cada ventana empieza con el token BOS del vocabulario." }
    without_bos() {
        "Each window does not begin with the vocabulary's BOS token.",
        "Las ventanas no empiezan con el token BOS del vocabulario.",
    }
    first_chunk(arm) { "{arm} (first chunk)", "{arm} (primer fragmento)" }
    precise_after(tokens, n) { "{tokens} (precise after {n})", "{tokens} (precisa tras {n})" }
    not_scored() { "Not scored:", "Sin evaluar:" }
    no_time_to_score() {
        "there was no time for it, or the text has fewer than two such windows; --level full or a larger --budget",
        "no hubo tiempo, o el texto tiene menos de dos ventanas así; use --level full o un --budget mayor",
    }
    arm_left() {
        "it cannot become the choice, and left before its first sample",
        "no puede ser la elegida, y salió antes de su primera muestra",
    }
    no_round_completed() {
        "the run ended before its first complete round",
        "la ejecución terminó antes de su primera ronda completa",
    }
    parts_from(arm, baseline) { "Where {arm} parts from {baseline}", "Dónde {arm} se aparta de {baseline}" }
    but_indistinguishable(arm) { "{arm}, indistinguishable on the whole", "{arm}, indistinguible en conjunto," }
    parts_intro() {
        "Places with the largest divergence, with the probability of each token in its own model and in the other.",
        "Los lugares de mayor divergencia, con la probabilidad de cada token en su propio modelo y en el otro.",
    }

    // Context, reuse, memory, files.
    context() { "Latency and throughput against context", "Latencia y velocidad según el contexto" }
    decode() { "Decode", "Decodificación" }
    prefill() { "Prefill", "Prefill" }
    reuse() { "KV reuse on and off", "Con y sin reutilización de KV" }
    reuse_intro() {
        "What one more token costs with the KV cache, and when every token recomputes the whole prefix (as `use_cache=False` does).",
        "Lo que cuesta un token más con la caché KV, y cuando cada token recalcula todo el prefijo (como hace `use_cache=False`).",
    }
    extrapolated_note() {
        "Extrapolated: recomputation was not timed at this depth; the time to prefill that many tokens stands in for it.",
        "Extrapolado: el recálculo no se cronometró a esta profundidad; lo representa el tiempo de prefill de esos tokens.",
    }
    not_measured() { "not measured", "sin medir" }
    extrapolated() { "extrapolated", "extrapolado" }
    timed() { "timed", "medido" }
    memory() { "Memory", "Memoria" }
    memory_intro() {
        "MiB, each arm in a process of its own. RssFile is the mapped model file (the system may drop and reread it), \
         RssAnon the rest: KV cache, compute buffers and repacked weights. \
         The compute buffer is what llama.cpp reserves; parts that nothing uses yet are not resident. Predicted: the peak, before the run. \
         n_ctx that fits: into the memory that was available at the start, by the measured peak; the model may have been trained with less.",
        "MiB, cada brazo en un proceso propio. RssFile es el archivo del modelo mapeado (el sistema puede soltarlo y releerlo), \
         RssAnon el resto: caché KV, búferes de cálculo y pesos reempaquetados. \
         El búfer de cálculo es lo que llama.cpp reserva; lo que nada usa todavía no está residente. Previsto: el máximo, antes de medir. \
         n_ctx que cabe: en la memoria disponible al empezar, según el máximo medido; el modelo puede estar entrenado con menos.",
    }
    energy() { "Energy and cost", "Energía y coste" }
    energy_intro() {
        "Joules: what the processor packages (and memory, where it has a counter) used while tokens were timed, whatever else ran there; n/a where this machine \
         does not tell.",
        "Julios: lo que consumieron los paquetes del procesador (y la memoria, si tiene contador) mientras se medían los tokens, junto con todo lo demás que corría allí; n/d si esta \
         máquina no lo dice.",
    }
    cost_intro(price) {
        "Cost: of the time that a million tokens take, at {price} per hour and one request at a time.",
        "Coste: del tiempo que tardan un millón de tokens, a {price} por hora y con una sola petición a la vez.",
    }
    h_joule(work) { "J per token ({work})", "J por token ({work})" }
    h_cost(work) { "cost per million tokens ({work})", "coste por millón de tokens ({work})" }
    files() { "Files", "Archivos" }
    files_intro() {
        "Read from the files themselves, not from their names. SHA-256 in full in results.json.",
        "Leído de los propios archivos, no de sus nombres. SHA-256 completo en results.json.",
    }
    made_from(file, ftype) { "made from {file} ({ftype})", "hecho a partir de {file} ({ftype})" }
    made_from_quantized(file, ftype) {
        "made from {file} ({ftype}, itself quantized)",
        "hecho a partir de {file} ({ftype}, ya cuantizado)",
    }
    n_parts(n) { "{n} parts", "{n} partes" }
    as_given() { "as given", "tal como se dio" }
    failures() { "Cells that were not measured", "Celdas que no se midieron" }

    // How sure.
    how_sure() { "How sure are we", "Cuánta certeza hay" }
    q_noise() { "The same thing measured twice", "Lo mismo medido dos veces" }
    q_smallest() { "Smallest difference it could have seen", "Menor diferencia que habría visto" }
    q_rounds() { "Rounds", "Rondas" }
    q_disturbed() { "Disturbed", "Perturbaciones" }
    q_drift() { "Drift of the machine", "Deriva de la máquina" }
    no_control() {
        "there was no control, so the noise of this run is not known",
        "no hubo control, así que el ruido de esta ejecución no se conoce",
    }
    noise_excludes(ratio) {
        "the baseline against itself: {ratio}; what of that is bias beyond doubt is in every interval",
        "la referencia contra sí misma: {ratio}; lo que de eso es sesgo seguro está en todos los intervalos",
    }
    noise_includes(ratio) {
        "the baseline against itself: {ratio}; as it should be, 1 is inside",
        "la referencia contra sí misma: {ratio}; como debe ser, el 1 está dentro",
    }
    smallest_seen(median, worst) {
        "{median} in the median comparison of two variants, {worst} in the least certain one",
        "{median} en la comparación mediana de dos variantes, {worst} en la menos segura",
    }
    one_process_set() { "1 set of fresh processes", "1 grupo de procesos nuevos" }
    n_process_sets(n) { "{n} sets of fresh processes", "{n} grupos de procesos nuevos" }
    rounds_ended(rounds, sets, why) {
        "{rounds} in {sets}; it ended because {why}",
        "{rounds} en {sets}; terminó porque {why}",
    }
    none_void() { "no block (all arms of a work, back to back) was void", "ningún bloque (todas las configuraciones de un trabajo, seguidas) quedó anulado" }
    void_blocks(n, first) {
        "blocks void and run again: {n} (first: {first})",
        "bloques anulados y repetidos: {n} (primero: {first})",
    }
    kept_disturbed(samples, rounds, first) {
        "; {samples} in {rounds} stayed in (first: {first})",
        "; {samples} en {rounds} se quedaron (primera: {first})",
    }
    memory_reads() { "memory reads", "lectura de memoria" }
    matrix_products() { "matrix products", "productos de matrices" }
    drifted(name, slowest, fastest) {
        "{name} {slowest} to {fastest} around its median",
        "{name} de {slowest} a {fastest} respecto a su mediana",
    }
    paused_for(time) { "; paused for {time} to wait for it", "; se esperó {time}" }
    drift_for_all(halves, paused) {
        "{halves}{paused}; all arms of a round share it",
        "{halves}{paused}; todos los brazos de una ronda la comparten",
    }

    // How it was measured.
    how_measured() { "How it was measured", "Cómo se midió" }
    f_machine() { "Machine", "Máquina" }
    f_memory() { "Memory", "Memoria" }
    f_system() { "System", "Sistema" }
    f_devices() { "Devices", "Dispositivos" }
    f_versions() { "Versions", "Versiones" }
    f_system_info() { "System info of llama.cpp", "Información de sistema de llama.cpp" }
    f_rounds() { "Rounds", "Rondas" }
    f_control() { "Control (the baseline against itself)", "Control (la referencia contra sí misma)" }
    f_verdicts() { "Verdicts", "Veredictos" }
    f_time() { "Time", "Tiempo" }
    f_overhead() {
        "Wall time of scoring over the bare forward passes",
        "Tiempo de evaluación respecto a las pasadas solas",
    }
    f_share() {
        "Share of the time after loading inside timed samples and warm-up",
        "Parte del tiempo tras la carga dentro de muestras y calentamiento",
    }
    f_ended() { "Ended because", "Terminó porque" }
    f_model() { "Model", "Modelo" }
    f_configuration() { "Configuration", "Configuración" }
    f_seed() { "Seed and salt", "Semilla y sal" }
    f_corpus() { "Corpus SHA-256", "SHA-256 del corpus" }
    f_plan() { "Plan SHA-256", "SHA-256 del plan" }
    f_level() { "Level", "Nivel" }
    f_started() { "Started", "Comenzó" }
    machine(cpu, cores, cpus) {
        "{cpu}, {cores} cores, {cpus} logical CPUs usable",
        "{cpu}, {cores} núcleos, {cpus} CPU lógicas utilizables",
    }
    memory_at_start(all, available) {
        "{all}, {available} available at the start",
        "{all}, {available} disponibles al empezar",
    }
    virtualization(name) { "; virtualization {name}", "; virtualización {name}" }
    governor(name) { "; governor {name}", "; gobernador {name}" }
    load_at_start(os, load) { "{os}; load at the start {load}", "{os}; carga al empezar {load}" }
    cpu_only() { "CPU only", "solo CPU" }
    versions(kvant, llama) {
        "kvant {kvant}; llama.cpp through {llama}",
        "kvant {kvant}; llama.cpp mediante {llama}",
    }
    rounds_complete(rounds, launches, unused) {
        "{rounds} complete in {launches}; every round runs every cell once, in a seeded, counter-balanced order{unused}",
        "{rounds} completas en {launches}; cada ronda ejecuta cada celda una vez, en un orden sembrado y contrabalanceado{unused}",
    }
    not_used(samples) {
        "; {samples} outside complete rounds not used",
        "; no se usan {samples} fuera de rondas completas",
    }
    over_all_cells(ratio) {
        "{ratio} over all prefill and decode cells",
        "{ratio} sobre todas las celdas de prefill y decodificación",
    }
    verdict_rule(region, alpha) {
        "same: interval within {region} of 1; faster or slower: the whole interval outside it; each by itself at {alpha}",
        "igual: intervalo a menos de {region} de 1; más rápida o más lenta: todo el intervalo fuera de esa zona; cada una por sí sola al {alpha}",
    }
    times(wall, loading, timed, warmup, quality) {
        "{wall} in all, {loading} of it loading; timed samples {timed}, warm-up {warmup}, quality {quality}",
        "{wall} en total, {loading} de carga; muestras {timed}, calentamiento {warmup}, calidad {quality}",
    }
    heads(heads, kv_heads) { "{heads} heads, {kv_heads} KV heads", "{heads} cabezas, {kv_heads} cabezas KV" }
    shape(arch, layers, embd, heads, vocab, ctx) {
        "{arch}, {layers} layers of {embd}, {heads}, vocabulary {vocab}, trained with {ctx} tokens of context",
        "{arch}, {layers} capas de {embd}, {heads}, vocabulario de {vocab}, entrenado con {ctx} tokens de contexto",
    }
    configuration(device, sizes, fa) {
        "device {device}, {sizes}, flash attention {fa}",
        "dispositivo {device}, {sizes}, flash attention {fa}",
    }
    seed_and(seed) { "{seed} and ", "{seed} y " }
    repeat() { "To repeat it", "Para repetirlo" }
    data() { "Data", "Datos" }
    d_results() { ": every figure, with raw samples", ": todas las cifras, con las muestras en bruto" }
    d_csv() { ": one row per cell", ": una fila por celda" }
    d_notebook() {
        ": the same tables and charts in Python, with room for conclusions",
        ": las mismas tablas y gráficos en Python, con sitio para conclusiones",
    }
    d_quality() { ": one row per scored arm and window", ": una fila por brazo y ventana evaluados" }
    d_bench() {
        ": rows for compare-llama-bench.py and what else reads llama-bench",
        ": filas para compare-llama-bench.py y lo demás que lee llama-bench",
    }
    d_bench_sql() { ": the same, for SQLite", ": las mismas, para SQLite" }
    d_journal() { ": what was recorded; ", ": lo que se registró; " }
    d_journal_again() { " renders it again", " vuelve a generar el informe" }
    d_chart(name) { "chart {name}: ", "gráfico {name}: " }
}
