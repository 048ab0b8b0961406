//! What works are timed with: the prompt tokens, and the contexts of the arms with their states.

use super::conditions::Counters;
use super::state_file::StateFiles;
use crate::data::{ArmConfig, Work, WorkFields};
use crate::engine::ContextId;
use crate::protocol::CachedState;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

/// The tokens and the kept states of all contexts of a worker.
pub(super) struct Speed {
    pub tokens: Vec<i32>,
    pub files: StateFiles,
    pub counters: Counters,
    pub states: BTreeMap<(usize, u32), Vec<u8>>,
    /// Where the states of a context are kept for other workers, by depth.
    cached: BTreeMap<(usize, u32), File>,
    pub configs: BTreeMap<usize, ArmConfig>,
    pub at_once: Vec<AtOnceContext>,
    pub draft: Option<PathBuf>,
    /// Context of the draft, by context.
    pub drafts: BTreeMap<usize, ContextId>,
}

/// A context of several sequences, for all works of its kind that have no more sequences.
pub(super) struct AtOnceContext {
    pub id: ContextId,
    /// Context of the arm it belongs to.
    pub of: ContextId,
    pub work: Work,
    /// Tokens that a pass can have.
    pub n_batch: u32,
}

impl AtOnceContext {
    pub fn serves(&self, of: ContextId, work: &Work) -> bool {
        let (own, other) = (self.work.fields(), work.fields());
        let kind = |fields: &WorkFields| (fields.workload, fields.n_prompt, fields.n_depth, fields.is_pp_shared);
        (self.of, kind(&own)) == (of, kind(&other)) && own.n_seq >= other.n_seq && own.n_gen >= other.n_gen
    }
}

impl Speed {
    pub fn new(tokens: Vec<i32>, files: StateFiles, draft: Option<PathBuf>) -> Self {
        Self {
            tokens,
            files,
            counters: Counters::find(),
            states: BTreeMap::new(),
            cached: BTreeMap::new(),
            configs: BTreeMap::new(),
            at_once: Vec::new(),
            draft,
            drafts: BTreeMap::new(),
        }
    }

    /// Reads what the GPUs at these addresses draw with every sample.
    pub fn watch_gpus(&mut self, addresses: Vec<String>) {
        self.counters.interference.watch_gpus(addresses);
    }

    /// Remembers how a context was opened (works on several sequences open further ones like it), and where its states are kept.
    pub fn opened(&mut self, id: ContextId, config: ArmConfig, cached: &[CachedState]) {
        self.configs.insert(id.0, config);
        for state in cached {
            let path = format!("/dev/fd/{}", state.fd);
            // What cannot be opened is computed by every worker anew.
            if let Ok(file) = File::options().read(true).write(true).open(path) {
                self.cached.insert((id.0, state.n_tokens), file);
            }
        }
    }

    /// Whether a work of the arm starts from this depth.
    pub fn is_wanted(&self, id: ContextId, depth: u32) -> bool {
        self.cached.contains_key(&(id.0, depth))
    }

    /// Whether the state is here, or another worker left it.
    pub fn has_state(&mut self, id: ContextId, depth: u32) -> bool {
        let key = (id.0, depth);
        if self.states.contains_key(&key) {
            return true;
        }
        let (Some(file), Some(config)) = (self.cached.get_mut(&key), self.configs.get(&id.0)) else {
            return false;
        };
        let found = self.files.get(file, config);
        found.is_ok_and(|state| self.states.insert(key, state).is_none())
    }

    /// Keeps a state, here and for other workers.
    pub fn put_state(&mut self, id: ContextId, depth: u32, state: Vec<u8>) {
        let key = (id.0, depth);
        if let (Some(file), Some(config)) = (self.cached.get_mut(&key), self.configs.get(&id.0)) {
            // Without room for it every worker computes it anew; a part of it is known by its length and not taken over.
            let _ = self.files.put(file, config, depth, &state);
        }
        self.states.insert(key, state);
    }
}
