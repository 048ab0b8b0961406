//! A recipe: the type of each matrix; as text for a file's metadata, as flags of llama-quantize, and back.

use super::{Group, Matrix};
use crate::gguf::GgmlType;
use std::collections::BTreeMap;

/// Tensor to type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recipe(pub BTreeMap<String, GgmlType>);

impl Recipe {
    /// Every matrix of a group in the type chosen for it.
    pub fn of(matrices: &[Matrix], groups: &[Group], types: &[GgmlType]) -> Recipe {
        let pairs = groups.iter().zip(types);
        let of_group = |(group, ty): (&Group, &GgmlType)| {
            let names = group.members.iter().map(|&i| matrices[i].name.clone());
            names.map(|name| (name, *ty)).collect::<Vec<_>>()
        };
        Recipe(pairs.flat_map(of_group).collect())
    }

    /// Bytes of the matrices, and of this recipe's text in the metadata.
    pub fn bytes(&self, matrices: &[Matrix]) -> u64 {
        let of = |m: &Matrix| m.bytes(self.0.get(&m.name).copied().unwrap_or(m.source));
        matrices.iter().map(of).sum()
    }

    /// `PATTERN=TYPE`, one for each kind and type, in the order of the matrices: what llama-quantize takes as --tensor-type.
    pub fn lines(&self, matrices: &[Matrix]) -> Vec<String> {
        let mut lines: Vec<(&str, bool, GgmlType, Vec<u32>)> = Vec::new();
        for m in matrices {
            let Some(&ty) = self.0.get(&m.name) else { continue };
            let is_same = |line: &&mut (&str, bool, GgmlType, Vec<u32>)| {
                (line.0, line.1, line.2) == (m.kind.as_str(), m.layer.is_some(), ty)
            };
            match lines.iter_mut().find(is_same) {
                Some(line) => line.3.extend(m.layer),
                None => lines.push((&m.kind, m.layer.is_some(), ty, m.layer.into_iter().collect())),
            }
        }
        let pattern = |(kind, is_in_layer, ty, layers): (&str, bool, GgmlType, Vec<u32>)| {
            let kind = kind.replace('.', "\\.");
            let numbers: Vec<String> = layers.iter().map(u32::to_string).collect();
            match is_in_layer {
                true => format!("^blk\\.({})\\.{kind}\\.weight$={}", numbers.join("|"), ty.name()),
                false => format!("^{kind}\\.weight$={}", ty.name()),
            }
        };
        lines.into_iter().map(pattern).collect()
    }

    /// As text for the metadata: `kind:type` outside of layers, `kind:type*3,type` from the first layer on.
    pub fn text(&self, matrices: &[Matrix]) -> String {
        let mut kinds: Vec<(&str, Vec<GgmlType>)> = Vec::new();
        for m in matrices {
            let Some(&ty) = self.0.get(&m.name) else { continue };
            match kinds.iter_mut().find(|(kind, _)| *kind == m.kind) {
                Some((_, types)) => types.push(ty),
                None => kinds.push((&m.kind, vec![ty])),
            }
        }
        let runs = |types: &[GgmlType]| {
            let runs = types.chunk_by(|a, b| a == b).map(|run| match run.len() {
                1 => run[0].name().to_owned(),
                n => format!("{}*{n}", run[0].name()),
            });
            runs.collect::<Vec<_>>().join(",")
        };
        let kinds = kinds.iter().map(|(kind, types)| format!("{kind}:{}", runs(types)));
        kinds.collect::<Vec<_>>().join(" ")
    }

    /// The type that holds most numbers: llama-quantize is asked for its file type, and all tensors get types of their own.
    pub fn main_type(&self, matrices: &[Matrix]) -> Option<GgmlType> {
        let mut sums: BTreeMap<GgmlType, u64> = BTreeMap::new();
        for m in matrices {
            if let Some(ty) = self.0.get(&m.name).filter(|ty| ty.is_quantized()) {
                *sums.entry(*ty).or_default() += m.n_elements;
            }
        }
        sums.into_iter().max_by_key(|(_, n)| *n).map(|(ty, _)| ty)
    }
}

#[cfg(test)]
mod tests {
    use super::super::groups::tests::matrix;
    use super::super::{groups, Grouping};
    use super::*;

    #[test]
    fn a_recipe_is_text_and_flags() {
        let names = [
            "token_embd.weight",
            "blk.0.attn_v.weight",
            "blk.1.attn_v.weight",
            "blk.2.attn_v.weight",
        ];
        let all: Vec<Matrix> = names.iter().map(|name| matrix(name, 256)).collect();
        let groups = groups(&all, Grouping::Fine);
        let types = [GgmlType::Q8_0, GgmlType::Q4K, GgmlType::Q6K, GgmlType::Q6K];
        let recipe = Recipe::of(&all, &groups, &types);
        assert_eq!(recipe.text(&all), "token_embd:q8_0 attn_v:q4_k,q6_k*2");
        assert_eq!(
            recipe.lines(&all),
            [
                r"^token_embd\.weight$=q8_0",
                r"^blk\.(0)\.attn_v\.weight$=q4_k",
                r"^blk\.(1|2)\.attn_v\.weight$=q6_k"
            ]
        );
        assert_eq!(recipe.main_type(&all), Some(GgmlType::Q6K));
        assert_eq!(recipe.bytes(&all[..1]), 256 * 34);
    }
}
