//! Contexts of several sequences.

use super::*;
use crate::data::ArmConfig;
use crate::engine::Layout;
use crate::worker::speed::AtOnceContext;

impl Bench<'_> {
    /// Opens a context for a work of several sequences; `None` where there is one.
    pub(super) fn open_at_once(&mut self, work: Work) -> Result<Option<ContextId>, EngineError> {
        let of = self.id;
        let Some(needed) = work.shape().at_once else {
            return Ok(None);
        };
        if self.speed.at_once.iter().any(|b| b.serves(of, &work)) {
            return Ok(None);
        }
        let config = self.config()?;
        let layout = Layout {
            n_seq: needed.n_seq,
            is_unified: needed.is_unified,
            ..Layout::single(config)
        };
        let config = ArmConfig {
            n_ctx: needed.n_ctx,
            ..config.clone()
        };
        let (id, context) = self.engine.open(&config, &layout)?;
        let (n_seq, n_batch) = (needed.n_seq, context.n_batch);
        if n_seq > n_batch {
            let why = format!("{n_seq} sequences do not fit into a pass of {n_batch} tokens; use a larger --n-batch");
            return Err(EngineError::Refused(why));
        }
        self.speed.at_once.push(AtOnceContext { id, of, work, n_batch });
        Ok(Some(id))
    }

    /// The context for a work of several sequences, and how many tokens a pass of it can have.
    pub(super) fn at_once(&self, work: Work) -> Result<(ContextId, u32), EngineError> {
        let found = self.speed.at_once.iter().find(|b| b.serves(self.id, &work));
        let found = found.map(|b| (b.id, b.n_batch));
        found.ok_or_else(|| EngineError::Refused(format!("{work} was not prepared in context {}", self.id.0)))
    }
}
