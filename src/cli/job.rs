//! A run that is to be measured: what is settled before the first worker starts, and how it is measured.

use super::args::{CompareArgs, Global};
use super::builds::{self, Build};
use super::desk::Desk;
use super::exit::{Failure, BAD_INPUT, DOES_NOT_FIT, JOURNAL, UNEXPECTED};
use super::profile::{self, Needs};
use super::runs::JOURNAL_NAME;
use super::sources::Sources;
use super::values::WorkloadChoice;
use super::warnings::warnings;
use super::{home, lock, output, resolve, scores, show_plan, texts};
use crate::catalog::ModelFiles;
use crate::corpus::{self, Corpus};
use crate::data::{DraftInfo, Plan, Record, RunHeader, Shards, VariantInfo, Warning, Workload, JOURNAL_FORMAT};
use crate::engine;
use crate::journal::{self, Journal, Writer};
use crate::plan::{Prediction, Settings};
use crate::report::{Lang, ReportModel};
use crate::runner::{self, Interim, MemoryTurn, ModelFile, RunConfig};
use crate::{host, plan, quality, units};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bytes of text made for each token that a prompt needs: on average no tokenizer's tokens are as long.
const BYTES_PER_TOKEN: usize = 12;

/// Asked for by its name: then it is a row with the reason where nothing can draft.
const SPECULATIVE: WorkloadChoice = WorkloadChoice::One(Workload::Speculative);

/// Everything that is settled before the first worker starts.
pub(super) struct Job {
    /// Absent: one of [`RUNS`].
    pub(super) dir: Option<PathBuf>,
    pub(super) header: RunHeader,
    files: ModelFiles,
    draft: Option<PathBuf>,
    text: String,
    texts: Vec<String>,
    prediction: Prediction,
    warnings: Vec<Warning>,
    deadline_max: Option<Duration>,
    builds: Vec<Build>,
    pub(super) memory: MemoryTurn,
}

impl Job {
    /// Finds what else is needed and checks that the plan fits this machine.
    pub(super) fn prepare(
        args: &CompareArgs,
        mut settings: Settings,
        (mut plan, shards): (Plan, Option<Box<Shards>>),
        files: ModelFiles,
        desk: &Desk<'_>,
    ) -> Result<Job, Failure> {
        let (host, engine) = (&desk.host, &desk.engine);
        // All shards of a sweep have the same texts, whatever they need of them.
        let whole = shards.as_ref().map_or(&plan, |s| &s.whole);
        let (texts, text_infos) = texts::read(args, whole.quality.as_ref())?;
        let draft = draft(args, &plan, &files, &desk.sources)?;
        let is_undrafted = draft.is_none() && drafts(&plan) && !args.workloads.contains(&SPECULATIVE);
        // The plan of a run that is resumed stands, and so does that of a sweep.
        let is_undrafted = is_undrafted && !args.resume && shards.is_none();
        if is_undrafted {
            settings.workloads.retain(|w| *w != Workload::Speculative);
            plan = plan::build(&settings)?;
        }
        desk.live.clear();
        let variants = infos(&files);
        let needs = Needs::of(&files.info, &variants, &settings.kv);
        let n_threads = settings.n_threads.first().copied().unwrap_or(1);
        let profile = profile::cached(desk, n_threads, &needs);
        let prediction = Prediction::of(
            &plan,
            &files.info,
            &variants,
            draft.as_ref().map_or(0, |(info, _)| info.file_bytes),
            host,
            &engine.system_info,
            profile.as_ref(),
        );
        if let Some((name, bytes)) = prediction.does_not_fit() {
            let text = format!(
                "{name} needs about {} and {} are available; lower --depths and --n-prompt, or compare smaller variants with --variants",
                units::bytes(bytes),
                units::bytes(prediction.available_bytes)
            );
            return Err(Failure::msg(DOES_NOT_FIT, text));
        }
        let all_cells = shards.as_ref().map_or(&plan, |s| &s.whole).cells.iter();
        let n_tokens = all_cells.map(|c| c.spec.shape().n_text).max().unwrap_or(1) as usize;
        let text = Corpus::new(args.text_seed, &args.salt).text(n_tokens * BYTES_PER_TOKEN);
        let mut warnings = warnings(args, &plan, &files, desk, &prediction);
        warnings.extend(is_undrafted.then_some(Warning::NothingDrafts));
        let started_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let (draft_info, draft) = draft.unzip();
        let mut run_id = run_id(&files.info.name, &started_at);
        if let Some(shard) = args.shard {
            // Shards may start in the same second, on machines that share a folder.
            run_id.push_str(&format!("-shard-{}-of-{}", shard.index, shard.count));
        }
        let header = RunHeader {
            format: JOURNAL_FORMAT,
            run_id,
            started_at,
            command: std::iter::once("kvant".to_owned())
                .chain(std::env::args().skip(1))
                .collect(),
            tool_version: env!("CARGO_PKG_VERSION").into(),
            llama_cpp: engine.version.clone(),
            system_info: engine.system_info.clone(),
            plan_sha256: sha256_of_plan(&plan),
            salt: args.salt.clone(),
            text_seed: Some(args.text_seed),
            corpus_sha256: corpus::sha256_hex(&text),
            texts: text_infos,
            host: host.clone(),
            model: files.info.clone(),
            variants,
            draft: draft_info,
            builds: Vec::new(),
            gate: Vec::new(),
            goal: resolve::goal(args),
            price_per_hour: args.price_per_hour,
            predicted: prediction.of_arms(&plan),
            left_out: Vec::new(),
            plan,
            shards,
        };
        let goal = header.goal.unwrap_or_default();
        let limits_memory = goal.max_ram_bytes.is_some() || goal.max_vram_bytes.is_some() || goal.n_ctx.is_some();
        let memory = if header.plan.pace.keeps_all || limits_memory {
            MemoryTurn::First
        } else {
            MemoryTurn::Last
        };
        Ok(Job {
            dir: args.out.clone(),
            header,
            files,
            draft,
            text,
            texts,
            prediction,
            warnings,
            deadline_max: args.deadline.map(Duration::from_nanos),
            builds: Vec::new(),
            memory,
        })
    }

    /// Arms name these executables.
    pub(super) fn measure_with(&mut self, builds: Vec<Build>) {
        let is_scripted = builds.iter().any(|b| b.info.engine.name == "fake");
        if is_scripted && !self.warnings.contains(&Warning::FakeEngine) {
            self.warnings.insert(0, Warning::FakeEngine);
        }
        self.header.builds = builds.iter().map(|b| b.info.clone()).collect();
        self.builds = builds;
    }

    pub(super) fn tell(&self, global: &Global) {
        if let Some(warning) = self
            .warnings
            .iter()
            .find(|w| matches!(w, Warning::BuiltinInstead { .. }))
        {
            // Even with -q: who asked for nothing must not take this for what kvant would measure otherwise.
            output::say(show_plan::notice(&Lang::default().warning(warning)).trim_end());
        }
        if !global.quiet {
            let plan = show_plan::show(
                &self.header.plan,
                &self.header.model,
                &self.header.variants,
                &self.prediction,
                &self.warnings,
            );
            output::say(plan.trim_end());
        }
    }

    /// Measures when no other kvant does.
    pub(super) fn measure_alone(self, past: Option<Journal>, desk: &Desk<'_>) -> Result<Measured, Failure> {
        let lock = lock::wait_for_machine(&desk.live, &desk.stop)?;
        let dir = self.dir.clone();
        let dir = dir.unwrap_or_else(|| unused(Path::new(RUNS), &self.header.run_id));
        self.measure(&dir, past, desk)?;
        let journal = journal::read(&dir.join(JOURNAL_NAME))?;
        Ok(Measured {
            dir,
            journal,
            _lock: lock,
        })
    }

    pub(super) fn measure(self, dir: &Path, past: Option<Journal>, desk: &Desk<'_>) -> Result<(), Failure> {
        let path = dir.join(JOURNAL_NAME);
        let (mut journal, past) = match past {
            Some(journal) => {
                self.check_same(&journal)?;
                let (writer, journal) = Writer::resume(&path)?;
                (writer, journal.records)
            }
            None => (self.create(dir, &path)?, Vec::new()),
        };
        let store = desk.sources.store().root();
        let (tokens, scored) = scores::read(store, &self.header);
        let (header, seen) = (self.header.clone(), path.clone());
        let kld_max = self
            .header
            .plan
            .quality
            .as_ref()
            .map_or(Vec::new(), |plan| quality::kld_max(plan, &self.header.variants));
        let text_names = self.header.texts.iter().map(|t| format!("--text {}", t.name)).collect();
        let exe = std::env::current_exe().map_err(|e| Failure::new(UNEXPECTED, e))?;
        let config = RunConfig {
            plan: self.header.plan,
            files: self
                .files
                .variants
                .into_iter()
                .map(|(info, path)| (info.id, ModelFile::new(path, info.sha256)))
                .collect(),
            draft: self.draft,
            text: self.text,
            texts: self.texts,
            text_names,
            kld_max,
            command: builds::command(exe, builds::files(&self.builds), &dir.join("logs")),
            prediction: self.prediction,
            n_cpus: self.header.host.n_cpus,
            has_probe: !engine::is_scripted(),
            deadline_max: self.deadline_max,
            tokens,
            scored,
            memory: self.memory,
            early_stop: Box::new(move |n_launches| interim(&seen, n_launches)),
        };
        let end = runner::run(&config, &past, &mut journal, &mut &desk.live, |handle| {
            desk.stop.wake(handle);
        });
        desk.live.clear();
        end?;
        if let Ok(journal) = journal::read(&path) {
            scores::keep(store, &header, &journal.records);
        }
        Ok(())
    }

    fn create(&self, dir: &Path, path: &Path) -> Result<Writer, Failure> {
        std::fs::create_dir_all(dir).map_err(|e| {
            Failure::msg(
                JOURNAL,
                format!("cannot make {} ({e}); choose another folder with --out", dir.display()),
            )
        })?;
        let mut writer = Writer::create(path, &self.header)?;
        for warning in &self.warnings {
            writer.append(&Record::Warning(warning.clone()))?;
        }
        Ok(writer)
    }

    /// A resumed run must continue what was begun: same files, same texts, same engine.
    fn check_same(&self, journal: &Journal) -> Result<(), Failure> {
        let old = &journal.header;
        let hashes = |header: &RunHeader| -> Vec<String> { header.variants.iter().map(|v| v.sha256.clone()).collect() };
        let what = if hashes(old) != hashes(&self.header) {
            "the model files"
        } else if old.draft != self.header.draft {
            "the draft"
        } else if old.texts != self.header.texts {
            "a text to score"
        } else if old.corpus_sha256 != self.header.corpus_sha256 {
            "the text (another kvant?)"
        } else if old.llama_cpp != self.header.llama_cpp || old.system_info != self.header.system_info {
            "llama.cpp or its build"
        } else if old.build_hashes() != self.header.build_hashes() {
            "an executable of --worker"
        } else if old.host.cpu != self.header.host.cpu || old.shards.as_ref().is_some_and(|s| s.node != host::node()) {
            "the machine"
        } else {
            return Ok(());
        };
        let text = format!(
            "--resume: {what} changed since {}; start a new run with another --out",
            old.started_at
        );
        Err(Failure::msg(BAD_INPUT, text))
    }
}

/// What was measured; until this is dropped no other kvant measures.
pub(super) struct Measured {
    pub(super) dir: PathBuf,
    pub(super) journal: Journal,
    pub(super) _lock: Option<File>,
}

/// Folder of runs that no other place was named for.
const RUNS: &str = "reports";

/// A name in the folder that no run has: two may begin in the same second.
pub(super) fn unused(folder: &Path, run_id: &str) -> PathBuf {
    let names = (2..).map(|n| format!("{run_id}-{n}"));
    let mut names = std::iter::once(run_id.to_owned())
        .chain(names)
        .map(|name| folder.join(name));
    names.find(|dir| !dir.exists()).unwrap_or_else(|| folder.join(run_id))
}

fn drafts(plan: &Plan) -> bool {
    plan.cells.iter().any(|c| c.spec.needs_draft())
}

/// What drafts, where something is to be drafted: the file of `--draft`, or the smallest variant if it is smaller than the baseline.
fn draft(
    args: &CompareArgs,
    plan: &Plan,
    files: &ModelFiles,
    sources: &Sources,
) -> Result<Option<(DraftInfo, PathBuf)>, Failure> {
    if !drafts(plan) {
        return Ok(None);
    }
    if let Some(path) = &args.draft {
        return Ok(Some((sources.draft(path, &mut |_| {})?, path.clone())));
    }
    let size = |id: &str| {
        files
            .variants
            .iter()
            .find(|(info, _)| info.id == id)
            .map(|(info, _)| info.model_size)
    };
    let target = plan.arms.first().and_then(|arm| size(&arm.variant));
    let smallest = files.variants.iter().min_by_key(|(info, _)| info.model_size);
    Ok(smallest
        .filter(|(info, _)| Some(info.model_size) < target)
        .map(|(info, path)| {
            let draft = DraftInfo {
                name: info.id.clone(),
                sha256: info.sha256.clone(),
                file_bytes: info.model_size,
            };
            (draft, path.clone())
        }))
}

/// What is known of each file, and where it lies.
fn infos(files: &ModelFiles) -> Vec<VariantInfo> {
    let info = |(info, path): &(VariantInfo, PathBuf)| VariantInfo {
        path: Some(home::shortened(path)),
        ..info.clone()
    };
    files.variants.iter().map(info).collect()
}

/// A look at the journal so far. One that cannot be read changes nothing.
fn interim(path: &Path, n_launches: u32) -> Interim {
    let Ok(journal) = journal::read(path) else {
        return Interim::default();
    };
    let (ids, is_decided) = ReportModel::interim(&journal.header, &journal.records, n_launches);
    let arms = journal.header.plan.arms.iter().enumerate();
    Interim {
        dropped: arms
            .filter(|(_, arm)| ids.contains(&arm.id))
            .map(|(index, _)| index)
            .collect(),
        is_decided,
    }
}

fn run_id(model: &str, started_at: &str) -> String {
    let name: String = model
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' })
        .collect();
    let time: String = started_at.chars().filter(char::is_ascii_digit).collect();
    let (day, clock) = time.split_at(time.len().min(8));
    format!("{}-{day}-{clock}", name.trim_matches(['-', '.']))
}

pub fn sha256_of_plan(plan: &Plan) -> String {
    // A plan is made of strings and numbers: it always serialises.
    corpus::sha256_hex(&serde_json::to_string(plan).unwrap_or_default())
}
