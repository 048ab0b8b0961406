//! Puts together what is said of the mix, writes its files, and prints it.

use super::super::args::{Global, MixArgs};
use super::super::exit::{Failure, NOT_MET, OK, UNEXPECTED};
use super::super::finish::{tell, write_files};
use super::super::output;
use super::forge::label_of;
use super::picture;
use super::prove::{self, Proof};
use super::search::{Chosen, Search};
use super::setting::Setting;
use crate::data::VariantInfo;
use crate::gguf::GgmlType;
use crate::mix::Sensitivities;
use crate::plan::Profile;
use crate::report::{emit_variant, mix_json, MixChoice, MixLimits, MixReport, MixRow, MixSensitivity, MixWeighing};
use std::path::{Path, PathBuf};

pub struct Answer<'a> {
    pub setting: &'a Setting,
    pub search: &'a Search<'a>,
    pub known: &'a Sensitivities,
    pub chosen: &'a Chosen,
    pub mix: &'a (VariantInfo, PathBuf),
    pub proof: &'a Proof,
    pub seconds: f64,
}

impl Answer<'_> {
    /// Writes the files, prints the answer, and gives the exit code.
    pub fn tell(&self, args: &MixArgs, global: &Global, out: &Path) -> Result<u8, Failure> {
        let report = self.report(out);
        let json = mix_json(&report).map_err(|e| Failure::new(UNEXPECTED, e))?;
        let matrices = &self.search.forge.matrices;
        let svg = picture::svg(matrices, &self.chosen.recipe, &self.mix.0.id);
        let types = self.chosen.recipe.lines(matrices).join("\n") + "\n";
        let files = [
            ("mix.md", &*report.md(global.lang)),
            ("mix.json", &*json),
            ("charts/mix.svg", &*svg),
            ("tensor-types.txt", &*types),
        ];
        let files = write_files(Some(out), &files)?;
        let text = match args.emit {
            Some(program) => {
                let variant = report.recommended();
                let path = self.path_of(variant).display().to_string();
                emit_variant(program, &self.proof.model, variant, &path)
            }
            None if global.json => json,
            None => report.text(global.lang, output::of_stdout(global)),
        };
        tell(&text, &files, global)?;
        Ok(if report.is_met() { OK } else { NOT_MET })
    }

    fn path_of(&self, id: &str) -> PathBuf {
        let own = self.setting.files.all.variants.iter().find(|(info, _)| info.id == id);
        let path = own.map_or(&self.mix.1, |(_, path)| path);
        std::path::absolute(path).unwrap_or_else(|_| path.clone())
    }

    fn report(&self, out: &Path) -> MixReport {
        let Setting { target, files, .. } = self.setting;
        let matrices = &self.search.forge.matrices;
        let like = target.like.as_ref().and_then(|like| files.size(like));
        let recipe = &self.chosen.recipe;
        let named = recipe.0.iter().map(|(name, ty)| (name.clone(), ty.name().to_owned()));
        MixReport {
            model: files.all.info.name.clone(),
            label: self.mix.0.id.clone(),
            file: self.path_of(&self.mix.0.id).display().to_string(),
            reference: files.reference.0.id.clone(),
            rival: target.like.clone().unwrap_or_else(|| "Q4_K_M".to_owned()),
            given: files.given.clone(),
            limits: MixLimits {
                max_size: target.max_size,
                size_limit: target.max_size.or(like),
                max_kld: target.max_kld,
                min_decode: target.min_decode,
            },
            choice: self.choice(),
            n_chunks: self.proof.n_chunks(&self.mix.0.id),
            rows: self.rows(),
            recipe: named.collect(),
            kinds: picture::kinds(matrices, recipe),
            sensitivities: self.sensitivities(),
            llama_quantize: self.command(),
            proof: out.join("report.md").display().to_string(),
            seconds: self.seconds,
        }
    }

    fn choice(&self) -> MixChoice {
        let Setting {
            calibration,
            weighing,
            profile,
            files,
            config,
            ..
        } = self.setting;
        let chosen = self.chosen;
        let speed = |profile: &Profile| profile.predict(&files.all.info, &self.mix.0, config, prove::N_DEPTH, 1);
        MixChoice {
            calibration: calibration.name.clone(),
            calibration_sha256: calibration.sha256.clone(),
            n_chunks_of_choice: chosen.n_chunks,
            predicted_kld: chosen.predicted.loss,
            whole_kld: chosen.whole,
            predicted_tps: profile.as_ref().and_then(speed).map(|speed| 1e9 / speed.decode_ns),
            is_corrected: chosen.is_corrected,
            n_unmeasured: self.search.n_unmeasured,
            n_matrices: self.search.forge.matrices.len(),
            imatrix: weighing.as_ref().map(|weighing| MixWeighing {
                matrix: weighing.what.clone(),
                n_known: self.search.forge.n_weighed(),
            }),
        }
    }

    fn rows(&self) -> Vec<MixRow> {
        let (proof, mix) = (self.proof, self.mix.0.id.as_str());
        let all = self.setting.files.all.variants.iter().chain([self.mix]);
        let row = |(info, path): &(VariantInfo, PathBuf)| MixRow {
            variant: info.id.clone(),
            file_bytes: path.metadata().map_or(0, |m| m.len()),
            kld: proof.kld(&info.id),
            ppl: proof.ppl(&info.id),
            decode_tps: proof.decode_tps(&info.id),
            mix_kld_ratio: proof.kld_ratio(mix, &info.id).filter(|_| info.id != mix),
            mix_decode_ratio: proof.decode_ratio(mix, &info.id).filter(|_| info.id != mix),
        };
        all.map(row).collect()
    }

    fn sensitivities(&self) -> Vec<MixSensitivity> {
        let matrices = &self.search.forge.matrices;
        let groups = self.search.groups.iter().zip(&self.known.0);
        let of_group = groups.flat_map(|(group, candidates)| {
            let chosen = group
                .members
                .first()
                .and_then(|&m| self.chosen.recipe.0.get(&matrices[m].name));
            let measured = candidates.iter().filter(|c| c.loss().is_finite());
            measured.map(move |c| MixSensitivity {
                group: group.name.clone(),
                ggml_type: c.ty.name(),
                bytes: c.bytes,
                kld: c.loss(),
                n_chunks: c.kld.len(),
                is_chosen: chosen == Some(&c.ty),
            })
        });
        of_group.collect()
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
        let weighing = self.setting.weighing.as_ref();
        let imatrix = weighing.map_or(String::new(), |w| format!(" \\\n  --imatrix '{}'", w.path.display()));
        format!(
            "llama-quantize --allow-requantize{imatrix}{types} \\\n  '{}' '{}.gguf' {}",
            forge.reference.display(),
            self.mix.0.id,
            label_of(main)
        )
    }
}
