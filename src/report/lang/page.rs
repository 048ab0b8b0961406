//! What only the page says: its controls, and the line under its title.

use super::texts;

texts! {
    pg_skip() { "Skip to the report", "Ir al informe" }
    pg_sections() { "Sections", "Secciones" }
    pg_theme() { "Light / dark", "Claro / oscuro" }
    pg_filter() { "Filter rows", "Filtrar filas" }
    pg_filter_of(title) { "Filter rows: {title}", "Filtrar filas: {title}" }
    pg_where(cpu, rounds, launches, started) {
        "{cpu}. {rounds} in {launches}, {started}.",
        "{cpu}. {rounds} en {launches}, {started}.",
    }
    pg_made_by(version, run) {
        "Made by kvant {version} from the journal of run {run}. Charts: point at a mark, or press Tab and the arrow keys, for its interval and n.",
        "Hecho por kvant {version} a partir del diario de la ejecución {run}. Gráficos: señale una marca, o pulse Tab y las flechas, para ver su intervalo y n.",
    }
}
