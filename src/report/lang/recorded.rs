//! What a run recorded as typed values: warnings, disturbances, why scoring ended.

use super::{texts, Lang};
use crate::data::{Disturbance, FileKind, PassedOver, Quantization, Warning};
use crate::report::model::QualityEnd;

texts! {
    ended_precise() { "every arm reached the target precision", "todos los brazos alcanzaron la precisión buscada" }
    ended_all() { "all planned chunks were scored", "se evaluaron todos los fragmentos previstos" }
    ended_spent() { "the time or the text was spent", "se agotó el tiempo o el texto" }
}

impl Lang {
    /// What a file tells of how it was quantized.
    pub(in crate::report) fn quantization(self, told: &Quantization) -> String {
        if self == Lang::En {
            return told.to_string();
        }
        let mut matrix: Vec<String> = Vec::new();
        matrix.extend(told.imatrix_file.clone());
        matrix.extend(told.imatrix_dataset.as_ref().map(|text| format!("de {text}")));
        matrix.extend(told.imatrix_chunks.map(|n| format!("{n} fragmentos")));
        matrix.extend(told.imatrix_entries.map(|n| format!("{n} entradas")));
        let matrix = (!matrix.is_empty()).then(|| format!("matriz de importancia {}", matrix.join(", ")));
        let by = told.by.as_ref().map(|by| format!("por {by}"));
        by.into_iter().chain(matrix).collect::<Vec<_>>().join("; ")
    }

    /// A warning of the journal: what, and what to do.
    pub(in crate::report) fn warning(self, warning: &Warning) -> String {
        match self {
            Lang::En => warning.to_string(),
            Lang::Es => aviso(warning),
        }
    }

    /// What disturbed a sample.
    pub(in crate::report) fn disturbance(self, what: Disturbance) -> String {
        let percent = |share: f64| (share * 100.0).round();
        match (self, what) {
            (Lang::En, _) => what.to_string(),
            (_, Disturbance::CpuShare { share }) => {
                format!("otros programas le dejaron el {} % de su tiempo de CPU", percent(share))
            }
            (_, Disturbance::Steal { share }) => {
                format!(
                    "el hipervisor retuvo el {} % del tiempo de CPU de la máquina",
                    percent(share)
                )
            }
            (_, Disturbance::Throttled { share }) => {
                format!("la cuota de CPU la frenó el {} % del tiempo", percent(share))
            }
            (_, Disturbance::Suspended { ns }) => {
                let seconds = self.number(format!("{:.1}", ns as f64 / 1e9));
                format!("la máquina estuvo suspendida {seconds} s")
            }
            (_, Disturbance::MajorFaults { n }) => format!("{n} fallos de página se leyeron de un disco"),
        }
    }

    /// Why scoring a window ended.
    pub(in crate::report) fn quality_end(self, end: QualityEnd) -> String {
        match end {
            QualityEnd::Precision => self.ended_precise(),
            QualityEnd::AllChunks => self.ended_all(),
            QualityEnd::Spent => self.ended_spent(),
        }
    }
}

fn omitido(file: &PassedOver) -> String {
    let what = match file.kind {
        FileKind::Model => "un modelo de lenguaje",
        FileKind::Projector => "la parte de visión o audio de un modelo",
        FileKind::Imatrix => "una matriz de importancia",
        FileKind::Adapter => "un adaptador LoRA",
        FileKind::Draft => "un modelo borrador",
        FileKind::Heads => "capas de un modelo sin el resto",
        FileKind::Vocabulary => "un vocabulario",
        FileKind::Encoder => "un modelo que no genera texto",
        FileKind::OtherModel => "otro modelo",
        FileKind::PartsMissing => "un modelo dividido e incompleto",
        FileKind::Unusable => "no se puede usar",
        FileKind::Other => "no es un archivo GGUF",
    };
    match &file.detail {
        Some(detail) => format!("{} ({what}: {detail})", file.file),
        None => format!("{} ({what})", file.file),
    }
}

fn aviso(warning: &Warning) -> String {
    match warning {
        Warning::UnusedInstructions { names } => format!(
            "este binario no usa {} de la CPU y las velocidades son menores de lo posible; compílelo de nuevo con RUSTFLAGS=\"-C target-cpu=native\" y sin SOURCE_DATE_EPOCH",
            names.join(", ")
        ),
        Warning::WorkersNotResident { needed_bytes, limit_bytes } => format!(
            "todos los modelos juntos necesitan {} MiB y pueden usarse {} MiB, así que cada ronda los carga por turnos; cierre otros programas o compare menos variantes para tener cifras más estables",
            needed_bytes >> 20,
            limit_bytes >> 20
        ),
        Warning::BeyondTrainedContext { n_depth, n_ctx_train } => format!(
            "la profundidad {n_depth} supera los {n_ctx_train} tokens con los que se entrenó el modelo y su texto puede ser malo allí; use --depths para quedar por debajo"
        ),
        Warning::RequantizedBaseline { variant, from } => format!(
            "{variant} se hizo a partir de un archivo {from}: su calidad es la de {from}, no la de {variant} publicada; dé el archivo publicado para comparar calidad"
        ),
        Warning::Requantized { variants, from } => format!(
            "{} se hicieron a partir de un archivo {from}, y nada hecho de él puede ser más exacto; no son las variantes publicadas: dé esas para compararlas",
            variants.join(", ")
        ),
        Warning::PassedOver { files } => {
            let shown: Vec<String> = files.iter().take(6).map(omitido).collect();
            let more = match files.len().saturating_sub(6) {
                0 => String::new(),
                n => format!(" y {n} más"),
            };
            format!("se omitieron {}{more}; nombre un archivo para medirlo", shown.join(", "))
        }
        Warning::BusyMachine { load_percent, n_cpus } => format!(
            "la máquina estaba ocupada al empezar (carga {},{:02} en {n_cpus} CPU) y los intervalos pueden ser anchos; cierre otros programas y repita",
            load_percent / 100,
            load_percent % 100
        ),
        Warning::TooManyThreads { n_threads, n_cpus } => format!(
            "{n_threads} hilos comparten {n_cpus} CPU, y cada operación de llama.cpp espera al último de sus hilos, así que estas velocidades quedan muy por debajo de lo que la máquina puede; use --threads {n_cpus} o menos"
        ),
        Warning::RandomWeights { shape } => format!(
            "los pesos son aleatorios, con la forma de {shape}: velocidad y memoria son las del modelo, su texto no significa nada y su calidad no se mide"
        ),
        Warning::FakeEngine => {
            "estas cifras vienen del motor de pruebas de kvant, no de un modelo; no las use".to_owned()
        }
        Warning::Handicap { share } => format!(
            "el control se frenó adrede en {share} para calibrar kvant; sus cifras no son mediciones"
        ),
        Warning::BuiltinInstead { model, why } => format!(
            "este es el modelo diminuto incluido en kvant, no {model}, que no se pudo obtener ({why}); sus cifras dicen poco de otros modelos: resuélvalo y repita, o nombre un archivo .gguf"
        ),
        Warning::NothingRotated { kv, heads: (k, v) } => format!(
            "llama.cpp no rota nada en una caché de este modelo, con {kv} o sin ella (solo cabezas cuantizadas de un múltiplo de 64 elementos; aquí K tiene {k} y V {v}), así que son lo mismo; omítala"
        ),
        Warning::NothingDrafts => {
            "nada puede proponer tokens a la referencia y se omitió la decodificación especulativa; compare también una variante menor, o nombre un archivo con --draft".to_owned()
        }
        Warning::OneClientPerServer => {
            "un servidor RPC de llama.cpp atiende a un cliente a la vez, así que cada ronda carga los modelos por turnos, por la red; déle tiempo con --budget".to_owned()
        }
        Warning::ShardGaps { count, missing, unfinished } => {
            let list = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let mut said = Vec::new();
            if !missing.is_empty() {
                said.push(format!(
                    "de {count} partes faltan estas: {}; lo que contienen no está en este informe: ejecútelas y vuelva a unir",
                    list(missing)
                ));
            }
            if !unfinished.is_empty() {
                said.push(format!(
                    "de {count} partes se interrumpieron estas: {}; complételas con --resume y vuelva a unir",
                    list(unfinished)
                ));
            }
            said.join("; y ")
        }
        Warning::FallbackTensors { variant, n_fallback, n_tensors } => format!(
            "{n_fallback} de {n_tensors} tensores de {variant} tienen otro tipo que el de la etiqueta, porque sus filas no caben en sus bloques; júzguela por sus bits por peso"
        ),
    }
}
