//! llama-bench's flags for `kvant compare`: `-ctk f16,q8_0` and its like become kvant's own before clap sees them, which knows only short
//! flags of one letter. In: the command line as typed. Out: one that clap can parse, and how to name its flags in errors.

use std::ffi::OsString;

/// A flag of llama-bench, under all its names, and what it is here.
struct Flag(&'static [&'static str], Here);

enum Here {
    Same(&'static str),
    /// The same for lengths of tests, where 0 means none of them: then the workload is left out.
    Tests(&'static str, &'static str),
    /// On or off, or 1 or 0; `auto` is what kvant does unless told otherwise.
    OnOff(&'static str),
    /// The opposite of a flag of kvant.
    OffOn(&'static str),
    /// A model: it has no flag here.
    Model(&'static str),
    CacheK,
    CacheV,
    /// What kvant does not have, with what it has.
    Missing(&'static str),
}

const FLAGS: &[Flag] = &[
    Flag(&["-m", "--model"], Here::Model("")),
    Flag(&["-hf", "-hfr", "--hf-repo"], Here::Model("hf:")),
    Flag(&["-p"], Here::Tests("--n-prompt", "prefill")),
    Flag(&["-n"], Here::Tests("--n-gen", "decode")),
    Flag(&["-d", "--n-depth"], Here::Same("--depths")),
    Flag(&["-t"], Here::Same("--threads")),
    Flag(&["-b", "--batch-size"], Here::Same("--n-batch")),
    Flag(&["-ub", "--ubatch-size"], Here::Same("--n-ubatch")),
    Flag(&["-ngl"], Here::Same("--n-gpu-layers")),
    Flag(&["-sm"], Here::Same("--split-mode")),
    Flag(&["-dev"], Here::Same("--device")),
    Flag(&["-rpc"], Here::Same("--rpc")),
    Flag(&["-fa"], Here::OnOff("--flash-attn")),
    Flag(&["-nkvo", "--no-kv-offload"], Here::OffOn("--kv-offload")),
    Flag(&["-ctk", "--cache-type-k"], Here::CacheK),
    Flag(&["-ctv", "--cache-type-v"], Here::CacheV),
    Flag(&["-r", "--repetitions"], Here::Same("--rounds")),
    Flag(
        &["-pg"],
        Here::Missing("a request of prompt and answer is --for, e.g. --for 512+128"),
    ),
    Flag(
        &["-o", "--output"],
        Here::Missing("use --format llama-bench, or --json; every run writes llama-bench.jsonl and .sql"),
    ),
    Flag(&["-mg", "--main-gpu"], Here::Missing("name the device: -dev CUDA1")),
    Flag(
        &["-hff", "--hf-file"],
        Here::Missing("name the file behind the repository: hf:owner/repo:file.gguf"),
    ),
    Flag(
        &[
            "-C", "-ts", "-ot", "-ncmoe", "-nopo", "-lm", "-lzm", "-embd", "-mmp", "-oe", "-fitt", "-fitc", "-hft",
            "-v",
        ],
        Here::Missing("leave it out"),
    ),
];

/// The command line for clap, and the flags in it that were typed under another name: (kvant's, as typed).
#[derive(Debug, Default)]
pub struct Translated {
    pub args: Vec<OsString>,
    renamed: Vec<(&'static str, String)>,
}

impl Translated {
    /// An error of clap's with its flags as they were typed; nothing where all are kvant's own.
    pub fn as_typed(&self, error: &str) -> Option<String> {
        let mut error = error.to_owned();
        for (here, typed) in &self.renamed {
            for end in [" <", "'"] {
                error = error.replace(&format!("'{here}{end}"), &format!("'{typed}{end}"));
            }
        }
        (!self.renamed.is_empty()).then_some(error)
    }
}

/// Translates llama-bench's flags of a `compare`; any other command line stays as it is.
///
/// # Errors
/// On a flag of llama-bench that kvant does not have, or that has no value.
pub fn translated(typed: impl IntoIterator<Item = OsString>) -> Result<Translated, String> {
    let mut rest = typed.into_iter();
    let mut out = Translated::default();
    while let Some(arg) = rest.next() {
        let is_compare = arg == "compare";
        let takes_value = ["--catalog", "--color", "--lang"].iter().any(|flag| arg == *flag);
        let is_option = out.args.is_empty() || arg.to_string_lossy().starts_with('-');
        out.args.push(arg);
        if takes_value {
            out.args.extend(rest.next());
        } else if is_compare {
            return compare(out, rest);
        } else if !is_option {
            break;
        }
    }
    out.args.extend(rest);
    Ok(out)
}

fn compare(mut out: Translated, mut rest: impl Iterator<Item = OsString>) -> Result<Translated, String> {
    let (mut cache_k, mut cache_v) = (None, None);
    let mut without = Vec::new();
    let mut behind = Vec::new();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            behind.push(arg);
            behind.extend(rest);
            break;
        }
        let Some(Flag(_, here)) = FLAGS
            .iter()
            .find(|Flag(names, _)| names.iter().any(|name| arg == *name))
        else {
            out.args.push(arg);
            continue;
        };
        let name = arg.to_string_lossy().into_owned();
        if let Here::Missing(instead) = here {
            return Err(format!("{name}: kvant has no such flag of llama-bench; {instead}"));
        }
        let Some(value) = rest.next() else {
            return Err(format!(
                "{name}: a value is missing; write e.g. {name} {}",
                example(here)
            ));
        };
        let mut push = |flag: &'static str, value: OsString| {
            out.renamed.push((flag, name.clone()));
            out.args.extend([flag.into(), value]);
        };
        match here {
            Here::Model(prefix) => {
                let mut model = OsString::from(prefix);
                model.push(value);
                out.args.push(model);
            }
            Here::Tests(_, workload) if value == "0" => without.push(*workload),
            Here::Same(flag) | Here::Tests(flag, _) => push(flag, value),
            Here::OnOff(_) if value == "auto" => {}
            Here::OnOff(flag) => push(flag, on_off(value, ["off", "on"])),
            Here::OffOn(flag) => push(flag, on_off(value, ["on", "off"])),
            Here::CacheK => cache_k = Some((name, value)),
            Here::CacheV => cache_v = Some((name, value)),
            Here::Missing(_) => {}
        }
    }
    out.caches(cache_k, cache_v)?;
    out.works(&without)?;
    out.args.extend(behind);
    Ok(out)
}

fn example(here: &Here) -> &'static str {
    match here {
        Here::Model("") => "model.gguf",
        Here::Model(_) => "owner/repo",
        Here::CacheK | Here::CacheV => "f16,q8_0",
        Here::OnOff(_) | Here::OffOn(_) => "1",
        Here::Same("--device") => "CUDA0",
        Here::Same("--rpc") => "host:50052",
        Here::Same("--split-mode") => "layer",
        Here::Same(_) | Here::Tests(..) | Here::Missing(_) => "128",
    }
}

/// llama-bench takes 0 and 1 as well.
fn on_off(value: OsString, [zero, one]: [&str; 2]) -> OsString {
    match value.to_str() {
        Some("0" | "off") => zero.into(),
        Some("1" | "on") => one.into(),
        _ => value,
    }
}

impl Translated {
    /// Every type of K with every type of V, as llama-bench has them; the side that is not named is f16.
    fn caches(&mut self, k: Option<(String, OsString)>, v: Option<(String, OsString)>) -> Result<(), String> {
        let typed: Vec<String> = [&k, &v].into_iter().flatten().map(|(name, _)| name.clone()).collect();
        if typed.is_empty() {
            return Ok(());
        }
        if self.has("--kv") {
            return Err(format!("{}: --kv says the same; give one of them", typed.join(" and ")));
        }
        let types = |side: Option<(String, OsString)>| match side {
            None => vec!["f16".to_owned()],
            Some((_, types)) => types.to_string_lossy().split(',').map(str::to_owned).collect(),
        };
        let (k, v) = (types(k), types(v));
        let pairs: Vec<String> = k
            .iter()
            .flat_map(|k| v.iter().map(move |v| format!("{k}/{v}")))
            .collect();
        self.renamed.push(("--kv", typed.join(" and ")));
        self.args.extend(["--kv".into(), pairs.join(",").into()]);
        Ok(())
    }

    fn has(&self, flag: &str) -> bool {
        let name = |arg: &OsString| arg.to_string_lossy().split('=').next() == Some(flag);
        self.args.iter().any(name)
    }

    /// `-p 0` and `-n 0` leave a kind of test out.
    fn works(&mut self, without: &[&str]) -> Result<(), String> {
        if without.is_empty() || self.has("--workloads") {
            return Ok(());
        }
        let works: Vec<&str> = ["prefill", "decode"]
            .into_iter()
            .filter(|work| !without.contains(work))
            .collect();
        if works.is_empty() {
            return Err("-p 0 -n 0: nothing is left to measure; give one of them a length".to_owned());
        }
        self.args.extend(["--workloads".into(), works.join(",").into()]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command, CompareArgs};
    use super::{translated, FLAGS};
    use clap::Parser;
    use std::ffi::OsString;

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    fn compare(line: &str) -> CompareArgs {
        let line = translated(words(line)).expect("it translates");
        match Cli::try_parse_from(line.args).expect("it parses").command {
            Command::Compare(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    fn complaint(line: &str) -> String {
        match translated(words(line)) {
            Err(why) => why,
            Ok(line) => {
                let error = Cli::try_parse_from(&line.args).expect_err("it is refused");
                line.as_typed(&error.to_string()).expect("a flag was renamed")
            }
        }
    }

    #[test]
    fn a_line_of_llama_bench_is_one_of_kvants() {
        let bench = "kvant compare -m model.gguf -p 512 -n 128 -d 512,4096 -t 4,8 -b 256 -ub 128 -ngl 99 -fa 1 -ctk f16,q8_0 -ctv f16 -r 5";
        let own = "kvant compare model.gguf --n-prompt 512 --n-gen 128 --depths 512,4096 --threads 4,8 --n-batch 256 --n-ubatch 128 \
                   --n-gpu-layers 99 --flash-attn on --kv f16/f16,q8_0/f16 --rounds 5";
        assert_eq!(compare(bench), compare(own));
        assert_eq!(compare("kvant --color never -q compare -hf a/b -n 0 -nkvo 1"), {
            compare("kvant compare hf:a/b --workloads prefill --kv-offload off")
        });
    }

    #[test]
    fn both_sides_of_the_cache_are_crossed_and_an_unnamed_one_is_f16() {
        let kv = |flags: &str| compare(&format!("kvant compare m.gguf {flags}")).kv;
        assert_eq!(kv("-ctk q8_0,q4_0"), kv("--kv q8_0/f16,q4_0/f16"));
        assert_eq!(kv("-ctk f16,q8_0 -ctv f16,q8_0"), kv("--kv f16,f16/q8_0,q8_0/f16,q8_0"));
    }

    #[test]
    fn errors_name_what_was_typed() {
        let has = |line: &str, words: &[&str]| {
            let why = complaint(&format!("kvant compare m.gguf {line}"));
            assert!(words.iter().all(|word| why.contains(word)), "{line}: {why}");
            assert!(!why.contains("--kv ") || line.contains("--kv "), "{why}");
        };
        has("-ctk q9_9", &["-ctk", "q9_9"]);
        has("-ub 0", &["-ub"]);
        has("-d 0,4096", &["-d", "0,4096", "1 or more"]);
        has("-n 128,256", &["-n", "128,256"]);
        has("-ctk", &["-ctk", "f16,q8_0"]);
        has("-pg 512,128", &["-pg", "--for"]);
        has("-ctk q8_0 --kv f16", &["-ctk", "--kv"]);
        has("-p 0 -n 0", &["-p 0 -n 0"]);
    }

    #[test]
    fn other_commands_and_what_stands_behind_two_dashes_are_left_alone() {
        for line in ["kvant diff -p a b", "kvant report compare -p", "kvant compare -- -p"] {
            assert_eq!(translated(words(line)).expect("nothing to do").args, words(line));
        }
    }

    #[test]
    fn no_flag_of_kvants_own_is_taken_away() {
        use clap::CommandFactory;
        let cli = Cli::command();
        let compare = cli.find_subcommand("compare").expect("it is there");
        for arg in compare.get_arguments().chain(cli.get_arguments()) {
            let long = arg.get_long().map(|name| format!("--{name}"));
            let short = arg.get_short().map(|name| format!("-{name}"));
            for name in [long, short].into_iter().flatten() {
                assert!(!FLAGS.iter().any(|flag| flag.0.contains(&name.as_str())), "{name}");
            }
        }
    }
}
