//! Texts of the notebook, its comments and its axes.

use super::texts;

texts! {
    nb_title(model) { "# {model}: notebook of the run", "# {model}: cuaderno de la ejecución" }
    nb_intro() {
        "Everything below comes from `results.json` beside this file; its fields are described in `docs/results.schema.json` of kvant. Run all cells from top to bottom: pandas and matplotlib are all they need.",
        "Todo lo que sigue viene de `results.json`, junto a este archivo; sus campos se describen en `docs/results.schema.json` de kvant. Ejecute todas las celdas de arriba abajo: solo hacen falta pandas y matplotlib.",
    }
    nb_conclusion() { "## What the report says", "## Lo que dice el informe" }
    nb_variants() { "## Variants", "## Variantes" }
    nb_speed() {
        "## Speed\n\nMedians in tokens per second with 95 % intervals; ratios are paired within rounds, above 1 is faster than the baseline.",
        "## Velocidad\n\nMedianas en tokens por segundo con intervalos del 95 %; las razones se emparejan dentro de cada ronda, por encima de 1 es más rápida que la referencia.",
    }
    nb_decode() { "## Decode speed against context", "## Velocidad de decodificación según el contexto" }
    nb_reuse() { "## What a token costs without KV reuse", "## Lo que cuesta un token sin reutilizar KV" }
    nb_memory() { "## Memory", "## Memoria" }
    nb_quality() {
        "## Quality\n\nMean KL divergence from the baseline and change in perplexity; intervals are over windows of text.",
        "## Calidad\n\nDivergencia KL media respecto a la referencia y cambio de perplejidad; los intervalos son sobre ventanas de texto.",
    }
    nb_samples() {
        "## Samples round by round\n\nAll arms of a round share what the machine did then: lines that move together are drift, not differences between arms.",
        "## Muestras ronda a ronda\n\nTodos los brazos de una ronda comparten lo que hizo la máquina entonces: líneas que se mueven juntas son deriva, no diferencias entre brazos.",
    }
    nb_own() {
        "## Your conclusions\n\n*Which variant, with which KV cache, on this machine? What does it cost in quality? How sure are you, and what could this run not tell?*\n\n1. \n2. \n3. ",
        "## Sus conclusiones\n\n*¿Qué variante, con qué caché KV, en esta máquina? ¿Qué cuesta en calidad? ¿Con cuánta certeza, y qué no pudo decir esta ejecución?*\n\n1. \n2. \n3. ",
    }
    nb_none() { "nothing measured", "nada medido" }
}
