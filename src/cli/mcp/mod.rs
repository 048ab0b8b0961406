//! `kvant mcp`: a Model Context Protocol server on stdin and stdout, so that an assistant can ask for a measured answer.
//!
//! Every tool runs this very program once, as a user would; its output is the answer, its errors are told to the client.

mod lines;

use super::args::Global;
use super::exit::{Failure, INCOMPLETE, NOT_MET, OK, UNEXPECTED};
use lines::Lines;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{Implementation, ServerCapabilities, ServerConfig};
use rmcp::{schemars, tool, tool_handler, tool_router, ServerHandler, ServiceExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Stdio;

pub fn run(global: &Global) -> Result<u8, Failure> {
    let exe = std::env::current_exe().map_err(|e| Failure::new(UNEXPECTED, e))?;
    let mut flags = Vec::new();
    if global.offline {
        flags.push("--offline".to_owned());
    }
    if let Some(catalog) = &global.catalog {
        flags.extend(["--catalog".to_owned(), catalog.display().to_string()]);
    }
    let server = Server {
        exe,
        flags,
        tool_router: Server::tool_router(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Failure::new(UNEXPECTED, e))?;
    let lines = Lines::begin().map_err(Failure::no_thread)?;
    let served = runtime.block_on(async {
        let service = server.serve(lines).await.map_err(|e| e.to_string())?;
        service.waiting().await.map_err(|e| e.to_string())
    });
    // A writer that still blocks must not keep the program alive.
    runtime.shutdown_background();
    match served {
        Ok(_) => Ok(OK),
        Err(why) => {
            let text = format!(
                "the client ended the conversation: {why}; kvant mcp is started by an MCP client (docs/triage.md)"
            );
            Err(Failure::msg(UNEXPECTED, text))
        }
    }
}

#[derive(Clone)]
struct Server {
    exe: PathBuf,
    flags: Vec<String>,
    tool_router: ToolRouter<Server>,
}

/// No arguments: a name that is none of a tool's is refused, since a limit with a slip of the pen would be no limit.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Inspected {
    /// A .gguf file, a folder of them, a name of kvant's models.toml, or hf:owner/repo[:variant]
    model: String,
    /// Which variant of a model, e.g. Q4_K_M
    variant: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A .gguf file, a folder of them, a name of kvant's models.toml, or hf:owner/repo; SmolLM2-135M-Instruct when absent
    model: Option<String>,
    /// Instead of a model: measure random weights in the shape of this one (file, hf:owner/repo or known name)
    shape: Option<String>,
    /// Minimum decode speed in tokens per second, for each user
    min_decode: Option<f64>,
    /// Minimum prefill speed in tokens per second
    min_prefill: Option<f64>,
    /// Maximum time to the first token, e.g. 2s
    max_ttft: Option<String>,
    /// Maximum resident memory, e.g. 4GiB
    max_ram: Option<String>,
    /// Maximum memory of the device, e.g. 8GiB
    max_vram: Option<String>,
    /// Maximum loss of quality: 1% of perplexity, or kld:0.02
    max_quality_loss: Option<String>,
    /// Context to hold, in tokens
    n_ctx: Option<u32>,
    /// Users at once
    users: Option<u32>,
    /// KV-cache types that are candidates with every variant, e.g. f16,q8_0 (the default) or q8_0/f16 for K and V
    kv: Option<String>,
    /// Tokens in the cache while decode is measured; 512 when absent
    depth: Option<u32>,
    /// Tokens of the prompt whose first token is waited for; 128 when absent
    n_prompt: Option<u32>,
    /// Time for measuring, e.g. 60s
    budget: Option<String>,
    /// Measure again, even if the answer is kept
    #[serde(default)]
    fresh: bool,
    /// Only predict memory and speed of each variant from headers, without fetching or measuring any
    #[serde(default)]
    dry_run: bool,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Reported {
    /// Folder of a run of kvant
    run: String,
}

/// A command line with every field as the flag of its name, and the model behind them.
fn line(command: &[&str], asked: &impl Serialize) -> Vec<String> {
    let mut line: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
    let fields = serde_json::to_value(asked).unwrap_or_default();
    for (name, value) in fields
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "model")
    {
        let flag = format!("--{}", name.replace('_', "-"));
        match value {
            Value::Null | Value::Bool(false) => {}
            Value::Bool(true) => line.push(flag),
            Value::String(text) => line.push(format!("{flag}={text}")),
            other => line.push(format!("{flag}={other}")),
        }
    }
    line.extend(
        fields["model"]
            .as_str()
            .into_iter()
            .flat_map(|model| ["--".to_owned(), model.to_owned()]),
    );
    line
}

#[tool_router]
impl Server {
    /// What this machine is: processor, memory, devices, and whether it is quiet enough to measure. JSON.
    #[tool]
    async fn hardware(&self, Parameters(Nothing {}): Parameters<Nothing>) -> Result<String, String> {
        self.kvant(&["doctor".into(), "--json".into()]).await
    }

    /// What a GGUF file or model holds: shape, true tensor types, bits per weight, KV bytes per token; reads its header only, also on the Hub. JSON.
    #[tool]
    async fn inspect(&self, Parameters(asked): Parameters<Inspected>) -> Result<String, String> {
        self.kvant(&line(&["inspect", "--json"], &asked)).await
    }

    /// Measures in about a minute which variant of a model to run on this machine, with which KV cache, against limits; "cannot be told yet" is an
    /// answer. The same question is answered at once from what was measured before. JSON: the decision with its evidence.
    #[tool]
    async fn triage(&self, Parameters(asked): Parameters<Asked>) -> Result<String, String> {
        let args = line(&["triage", "--json", "--quiet"], &asked);
        let results: Value = serde_json::from_str(&self.kvant(&args).await?).map_err(|e| e.to_string())?;
        Ok(if asked.dry_run { &results } else { &results["decision"] }.to_string())
    }

    /// The summary of an earlier run of kvant, in text.
    #[tool]
    async fn report(&self, Parameters(asked): Parameters<Reported>) -> Result<String, String> {
        self.kvant(&["report".to_owned(), "--".to_owned(), asked.run]).await
    }

    /// Runs this program; what it says on stderr is the error when it gives no answer.
    async fn kvant(&self, args: &[String]) -> Result<String, String> {
        let mut command = tokio::process::Command::new(&self.exe);
        command
            .args(&self.flags)
            .args(args)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = command.output().await.map_err(|e| e.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let is_answer = |code: i32| [OK, INCOMPLETE, NOT_MET].map(i32::from).contains(&code);
        match output.status.code() {
            Some(code) if is_answer(code) && !output.stdout.is_empty() => Ok(text(&output.stdout)),
            _ => Err(text(&output.stderr)),
        }
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("kvant", env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "kvant measures which GGUF variant of a language model to run on this machine, and how sure that is.",
            )
    }
}
