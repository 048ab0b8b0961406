//! The answer: what was found, in words; the recipe as a table and a picture; the proof; the commands.

use super::super::args::{Global, MixArgs};
use super::super::exit::{Failure, NOT_MET, OK, UNEXPECTED};
use super::super::look;
use super::super::report::unwritten;
use super::forge::label_of;
use super::imatrix::Weighing;
use super::picture;
use super::prove::Proof;
use super::search::{Chosen, Search};
use super::setting::{Calibration, Files};
use super::target::Target;
use crate::data::VariantInfo;
use crate::gguf::GgmlType;
use crate::mix::Sensitivities;
use crate::report::{emit_file, write_file, Lang};
use crate::stats::Interval;
use crate::units;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Version of the JSON. Changes:
/// 1: first version.
const SCHEMA: &str = "kvant.mix/1";

/// Everything that the answer is made of.
pub struct Answer<'a> {
    pub target: &'a Target,
    pub files: &'a Files,
    pub search: &'a Search<'a>,
    pub known: &'a Sensitivities,
    pub chosen: &'a Chosen,
    pub weighing: Option<&'a Weighing>,
    pub calibration: &'a Calibration,
    pub mix: &'a (VariantInfo, PathBuf),
    pub proof: &'a Proof,
    pub seconds: f64,
    pub lang: Lang,
}

/// A file of the proof.
#[derive(Debug, Serialize)]
struct Row {
    variant: String,
    file_bytes: u64,
    kld: Option<[f64; 3]>,
    ppl: Option<[f64; 3]>,
    decode_tps: Option<[f64; 3]>,
    /// Divergence of the mix as a share of this one's.
    mix_kld_ratio: Option<[f64; 3]>,
    /// Decode of the mix relative to this one.
    mix_decode_ratio: Option<[f64; 3]>,
}

#[derive(Serialize)]
struct Wire<'a> {
    schema: &'static str,
    model: &'a str,
    label: &'a str,
    file: String,
    recommended: &'a str,
    is_met: bool,
    conclusion: Vec<String>,
    recipe: &'a std::collections::BTreeMap<String, String>,
    imatrix: Option<&'a str>,
    calibration: &'a str,
    calibration_sha256: &'a str,
    n_chunks_of_choice: u32,
    predicted_kld: f64,
    whole_kld: f64,
    is_corrected: bool,
    n_unmeasured: usize,
    n_chunks: usize,
    rows: &'a [Row],
    sensitivities: Vec<Sensitivity<'a>>,
    llama_quantize: String,
    seconds: f64,
}

#[derive(Serialize)]
struct Sensitivity<'a> {
    group: &'a str,
    ggml_type: &'static str,
    bytes: u64,
    kld: f64,
    n_chunks: usize,
    is_chosen: bool,
}

fn triple(i: Interval) -> [f64; 3] {
    [i.lo, i.estimate, i.hi]
}

impl Answer<'_> {
    /// Writes the files, prints the answer, and gives the exit code.
    pub fn tell(&self, args: &MixArgs, global: &Global, out: &Path) -> Result<u8, Failure> {
        let rows = self.rows();
        let (recommended, mut conclusion, is_met) = self.conclusion(&rows);
        conclusion.push(self.provenance());
        let text = self.text(&rows, &conclusion, out);
        let json = self.json(&rows, &conclusion, (&recommended, is_met))?;
        let svg = picture::svg(&self.search.forge.matrices, &self.chosen.recipe, &self.mix.0.id);
        let types = self.chosen.recipe.lines(&self.search.forge.matrices).join("\n") + "\n";
        for (name, text) in [
            ("mix.md", &text),
            ("mix.json", &json),
            ("mix.svg", &svg),
            ("tensor-types.txt", &types),
        ] {
            write_file(&out.join(name), text).map_err(unwritten)?;
        }
        if let Some(program) = args.emit {
            let path = self.path_of(&recommended);
            let config = &self.proof.model.header.plan.arms[0].config;
            look::print(&emit_file(program, config, &path.display().to_string()))?;
        } else if global.json {
            look::print(&json)?;
        } else {
            look::print(&text)?;
            if !global.quiet {
                look::say(format!("report: {}", out.join("mix.md").display()));
            }
        }
        Ok(if is_met { OK } else { NOT_MET })
    }

    fn path_of(&self, id: &str) -> PathBuf {
        let own = self.files.all.variants.iter().find(|(info, _)| info.id == id);
        let path = own.map_or(&self.mix.1, |(_, path)| path);
        std::path::absolute(path).unwrap_or_else(|_| path.clone())
    }

    fn rows(&self) -> Vec<Row> {
        let proof = self.proof;
        let mix = self.mix.0.id.as_str();
        let all = self.files.all.variants.iter().chain([self.mix]);
        let row = |(info, path): &(VariantInfo, PathBuf)| Row {
            variant: info.id.clone(),
            file_bytes: path.metadata().map_or(0, |m| m.len()),
            kld: proof.kld(&info.id).map(triple),
            ppl: proof.ppl(&info.id).map(triple),
            decode_tps: proof.decode_tps(&info.id).map(triple),
            mix_kld_ratio: proof.kld_ratio(mix, &info.id).filter(|_| info.id != mix).map(triple),
            mix_decode_ratio: proof.decode_ratio(mix, &info.id).filter(|_| info.id != mix).map(triple),
        };
        all.map(row).collect()
    }

    /// The file to use, what may be said, and whether the target is met.
    fn conclusion(&self, rows: &[Row]) -> (String, Vec<String>, bool) {
        let es = self.lang == Lang::Es;
        let mut said = Vec::new();
        let mix = self.mix.0.id.as_str();
        let own = rows.iter().find(|r| r.variant == mix);
        let own_bytes = own.map_or(0, |r| r.file_bytes);
        let rival_id = self.target.like.as_deref().unwrap_or("Q4_K_M");
        let rival = rows.iter().find(|r| r.variant == rival_id);
        let mut is_met = true;
        if let Some(size) = self.target.max_size.filter(|size| own_bytes > *size) {
            is_met = false;
            said.push(match es {
                false => format!(
                    "{mix} is {} and not at most {}.",
                    units::bytes(own_bytes),
                    units::bytes(size)
                ),
                true => format!(
                    "{mix} ocupa {} y no {} como máximo.",
                    units::bytes(own_bytes),
                    units::bytes(size)
                ),
            });
        }
        if let Some((r, ratio)) = rival.and_then(|r| Some((r, r.mix_kld_ratio?))) {
            said.push(self.against(r, ratio, own_bytes));
        }
        if let (Some(most), Some(kld)) = (self.target.max_kld, own.and_then(|r| r.kld)) {
            if kld[2] > most {
                is_met = kld[0] <= most && is_met;
                said.push(match es {
                    false => format!("Its divergence, {}, is not shown to be at most {most}.", interval(kld)),
                    true => format!(
                        "No queda demostrado que su divergencia, {}, sea como máximo {most}.",
                        interval(kld)
                    ),
                });
            }
        }
        if let (Some(least), Some(tps)) = (self.target.min_decode, own.and_then(|r| r.decode_tps)) {
            if tps[1] < least {
                is_met = false;
                said.push(match es {
                    false => format!(
                        "It decodes {:.1} t/s, not {least}: no file that was found does, and this one is the nearest.",
                        tps[1]
                    ),
                    true => format!(
                        "Decodifica {:.1} t/s y no {least}: ningún archivo hallado lo hace, y este es el más próximo.",
                        tps[1]
                    ),
                });
            }
        }
        let recommended = self.given(rows, own_bytes, &mut said).unwrap_or_else(|| mix.to_owned());
        (recommended, said, is_met)
    }

    /// The mix against what it was to match: only what the interval shows.
    fn against(&self, rival: &Row, ratio: [f64; 3], own_bytes: u64) -> String {
        let es = self.lang == Lang::Es;
        let mix = &self.mix.0.id;
        let share = 100.0 * own_bytes as f64 / rival.file_bytes.max(1) as f64;
        let [lo, estimate, hi] = ratio;
        let n = self.proof.n_chunks(mix);
        let verdict = match (hi < 1.0, lo > 1.0, es) {
            (true, _, false) => "loses less",
            (_, true, false) => "loses more",
            (_, _, false) => "is not shown to lose less or more",
            (true, _, true) => "pierde menos",
            (_, true, true) => "pierde más",
            (_, _, true) => "no se demuestra que pierda menos ni más",
        };
        match es {
            false => format!(
                "{mix} {verdict} than {}: {estimate:.3} [{lo:.3}, {hi:.3}] of its divergence from {} at {share:.1} % of its size, on {n} chunks of text that nothing was chosen with.",
                rival.variant, self.files.reference.0.id
            ),
            true => format!(
                "{mix}: {verdict} que {}: {estimate:.3} [{lo:.3}, {hi:.3}] de su divergencia respecto a {} con el {share:.1} % de su tamaño, en {n} fragmentos de un texto con el que no se eligió nada.",
                rival.variant, self.files.reference.0.id
            ),
        }
    }

    /// A source that was quantized: the given file lies on its own grid, and is recommended where nothing made from it is shown to be better.
    fn given(&self, rows: &[Row], own_bytes: u64, said: &mut Vec<String>) -> Option<String> {
        let es = self.lang == Lang::Es;
        let given = self.files.given.as_ref()?;
        let row = rows.iter().find(|r| r.variant == *given)?;
        let ratio = row.mix_kld_ratio?;
        let reference = &self.files.reference.0.id;
        said.push(match es {
            false => format!(
                "The source is quantized already: {reference} was made from its {given} and lies on that grid, so {given} hardly loses anything against it, and every other comparison of types of 4 bits is skewed."
            ),
            true => format!(
                "La fuente ya está cuantizada: {reference} se hizo a partir de su {given} y está en esa rejilla, así que {given} apenas pierde frente a él y toda otra comparación de tipos de 4 bits queda sesgada."
            ),
        });
        let limit = self
            .target
            .max_size
            .or_else(|| self.target.like.as_ref().and_then(|l| self.files.size(l)));
        let fits = limit.is_none_or(|limit| row.file_bytes <= limit);
        let size = units::bytes(row.file_bytes);
        if !fits {
            said.push(match es {
                false => format!("{given} itself, {size}, is larger than was asked for."),
                true => format!("El propio {given}, {size}, es mayor de lo pedido."),
            });
            return None;
        }
        // A mix is better where it is shown to lose less, or is smaller and not shown to lose more.
        let is_better = ratio[2] < 1.0 || (own_bytes < row.file_bytes && ratio[0] <= 1.0);
        if is_better {
            return None;
        }
        said.push(match es {
            false => format!("Use {given} itself ({size}): nothing made from it is shown to be better at this size."),
            true => format!("Use el propio {given} ({size}): no se demuestra que nada hecho a partir de él sea mejor con este tamaño."),
        });
        Some(given.clone())
    }

    fn provenance(&self) -> String {
        let es = self.lang == Lang::Es;
        let off = 100.0 * (self.chosen.whole / self.chosen.predicted.loss - 1.0);
        let sum = match es {
            false => format!(
                "The sum of the groups' divergences alone predicted {:.5} nats on {} chunks of {}; the whole has {:.5} ({off:+.0} %)",
                self.chosen.predicted.loss, self.chosen.n_chunks, self.calibration.name, self.chosen.whole
            ),
            true => format!(
                "La suma de las divergencias de los grupos por separado predijo {:.5} nats en {} fragmentos de {}; el conjunto tiene {:.5} ({off:+.0} %)",
                self.chosen.predicted.loss, self.chosen.n_chunks, self.calibration.name, self.chosen.whole
            ),
        };
        let again = match (self.chosen.is_corrected, es) {
            (false, _) => "",
            (true, false) => ", after groups were measured again around a first choice",
            (true, true) => ", tras medir de nuevo los grupos en torno a una primera elección",
        };
        let matrix = match (self.weighing, es) {
            (None, false) => "no importance matrix".to_owned(),
            (None, true) => "sin matriz de importancia".to_owned(),
            (Some(w), false) => format!(
                "importance matrix of {}, {} of {} matrices",
                w.what,
                self.search.forge.n_weighed(),
                self.search.forge.matrices.len()
            ),
            (Some(w), true) => format!(
                "matriz de importancia de {}, {} de {} matrices",
                w.what,
                self.search.forge.n_weighed(),
                self.search.forge.matrices.len()
            ),
        };
        let unmeasured = match (self.search.n_unmeasured, es) {
            (0, _) => String::new(),
            (n, false) => format!(
                "; {n} candidates were not measured within the budget, but expected by the errors of their weights"
            ),
            (n, true) => format!(
                "; {n} candidatos no se midieron dentro del presupuesto: se estimaron por los errores de sus pesos"
            ),
        };
        format!("{sum}{again}; {matrix}{unmeasured}.")
    }

    fn json(
        &self,
        rows: &[Row],
        conclusion: &[String],
        (recommended, is_met): (&str, bool),
    ) -> Result<String, Failure> {
        let recipe = self
            .chosen
            .recipe
            .0
            .iter()
            .map(|(name, ty)| (name.clone(), ty.name().to_owned()));
        let groups = self.search.groups.iter().zip(&self.known.0);
        let sensitivities = groups.flat_map(|(group, candidates)| {
            candidates.iter().filter(|c| c.loss().is_finite()).map(|c| Sensitivity {
                group: &group.name,
                ggml_type: c.ty.name(),
                bytes: c.bytes,
                kld: c.loss(),
                n_chunks: c.kld.len(),
                is_chosen: group
                    .members
                    .first()
                    .is_some_and(|&m| self.chosen.recipe.0.get(&self.search.forge.matrices[m].name) == Some(&c.ty)),
            })
        });
        let wire = Wire {
            schema: SCHEMA,
            model: &self.files.all.info.name,
            label: &self.mix.0.id,
            file: self.path_of(&self.mix.0.id).display().to_string(),
            recommended,
            is_met,
            conclusion: conclusion.to_vec(),
            recipe: &recipe.collect(),
            imatrix: self.weighing.map(|w| w.what.as_str()),
            calibration: &self.calibration.name,
            calibration_sha256: &self.calibration.sha256,
            n_chunks_of_choice: self.chosen.n_chunks,
            predicted_kld: self.chosen.predicted.loss,
            whole_kld: self.chosen.whole,
            is_corrected: self.chosen.is_corrected,
            n_unmeasured: self.search.n_unmeasured,
            n_chunks: self.proof.n_chunks(&self.mix.0.id),
            rows,
            sensitivities: sensitivities.collect(),
            llama_quantize: self.command(),
            seconds: self.seconds,
        };
        let text = serde_json::to_string_pretty(&wire).map_err(|e| Failure::new(UNEXPECTED, e))?;
        Ok(text + "\n")
    }

    /// What makes the same tensors with llama.cpp's tool.
    fn command(&self) -> String {
        let forge = &self.search.forge;
        let lines = self.chosen.recipe.lines(&forge.matrices);
        let types: String = lines
            .iter()
            .map(|line| format!(" \\\n  --tensor-type '{line}'"))
            .collect();
        let main = self.chosen.recipe.main_type(&forge.matrices).unwrap_or(GgmlType::Q8_0);
        let imatrix = self
            .weighing
            .map_or(String::new(), |w| format!(" \\\n  --imatrix '{}'", w.path.display()));
        format!(
            "llama-quantize --allow-requantize{imatrix}{types} \\\n  '{}' '{}.gguf' {}",
            forge.reference.display(),
            self.mix.0.id,
            label_of(main)
        )
    }

    fn text(&self, rows: &[Row], conclusion: &[String], out: &Path) -> String {
        let es = self.lang == Lang::Es;
        let mut text = format!("# {}: {}\n\n", self.files.all.info.name, self.mix.0.id);
        conclusion.iter().for_each(|line| text.push_str(&format!("{line}\n\n")));
        let head = match es {
            false => "| file | size | KLD (nats) | PPL | decode t/s | the mix's KLD / its | the mix's decode / its |",
            true => "| archivo | tamaño | KLD (nats) | PPL | decodificación t/s | KLD de la mezcla / la suya | decodificación de la mezcla / la suya |",
        };
        text.push_str(&format!("{head}\n|---|---|---|---|---|---|---|\n"));
        for row in rows {
            let cells = [
                row.kld.map(interval),
                row.ppl.map(|i| format!("{:.4}", i[1])),
                row.decode_tps.map(|i| format!("{:.1}", i[1])),
                row.mix_kld_ratio.map(interval),
                row.mix_decode_ratio.map(interval),
            ];
            let cells = cells.map(|cell| cell.unwrap_or_else(|| "n/a".to_owned())).join(" | ");
            text.push_str(&format!(
                "| {} | {} | {cells} |\n",
                row.variant,
                units::bytes(row.file_bytes)
            ));
        }
        let title = if es { "Receta" } else { "Recipe" };
        text.push_str(&format!(
            "\n## {title}\n\n{}\n",
            picture::table(&self.search.forge.matrices, &self.chosen.recipe)
        ));
        text.push_str("![](mix.svg)\n");
        let (same, file, run) = match es {
            false => ("The same tensors with llama.cpp", "File", "run of the proof"),
            true => ("Los mismos tensores con llama.cpp", "Archivo", "medición que lo prueba"),
        };
        text.push_str(&format!("\n## {same}\n\n```sh\n{}\n```\n\n", self.command()));
        let path = self.path_of(&self.mix.0.id);
        text.push_str(&format!(
            "{file}: {}\n{run}: {}\n",
            path.display(),
            out.join("report.md").display()
        ));
        text
    }
}

/// `0.0123 [0.0119, 0.0127]`, to three significant digits.
fn interval([lo, estimate, hi]: [f64; 3]) -> String {
    let digits = |x: f64| {
        let decimals = match x.abs() {
            x if x >= 100.0 || x == 0.0 => 1,
            x => (2 - x.log10().floor() as i32).clamp(1, 8),
        };
        format!("{x:.*}", decimals as usize)
    };
    format!("{} [{}, {}]", digits(estimate), digits(lo), digits(hi))
}
