//! Split models: `split.*` of the metadata, and the header over all parts.

use super::header::shown;
use super::{Gguf, GgufProblem};
use std::collections::BTreeSet;

impl Gguf {
    /// Which part of a split model this file is, from 1, and of how many; `None` for a whole model.
    pub fn part(&self) -> Option<(u64, u64)> {
        let count = self.u64("split.count").filter(|&n| n > 1)?;
        Some((self.u64("split.no").unwrap_or(0).saturating_add(1), count))
    }

    /// The header of a model over all its parts, given in order: the metadata of the first, the tensors of all.
    pub fn join(parts: Vec<Gguf>) -> Result<Gguf, GgufProblem> {
        let count = parts.len() as u64;
        let mut parts = parts.into_iter().enumerate();
        let Some((_, mut whole)) = parts.next() else {
            return Err(GgufProblem::Empty);
        };
        let damaged = |why: String| Err(GgufProblem::Damaged(why));
        let check = |part: &Gguf, index: usize| match part.part() {
            found if found == Some((index as u64 + 1, count)) => Ok(()),
            Some((no, of)) => damaged(format!(
                "part {} of {count} says that it is part {no} of {of}",
                index + 1
            )),
            None => damaged(format!("part {} of {count} says that it is a whole model", index + 1)),
        };
        check(&whole, 0)?;
        for (index, part) in parts {
            check(&part, index)?;
            whole.file_bytes = whole.file_bytes.saturating_add(part.file_bytes);
            let tensors = part.tensors.into_iter();
            whole.tensors.extend(tensors.map(|mut t| {
                t.part = index as u32;
                t
            }));
            whole.n_parts += 1;
        }
        let mut names = BTreeSet::new();
        if let Some(twice) = whole.tensors.iter().find(|t| !names.insert(t.name.as_str())) {
            damaged(format!("tensor {} is there twice", shown(&twice.name)))?;
        }
        let n_tensors = whole.tensors.len() as u64;
        if let Some(n) = whole.u64("split.tensors.count").filter(|&n| n != n_tensors) {
            damaged(format!("its parts hold {n_tensors} tensors instead of {n}"))?;
        }
        Ok(whole)
    }
}
