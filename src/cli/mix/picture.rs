//! A recipe as rows and as a picture: kinds of tensors by layers.

use crate::gguf::GgmlType;
use crate::mix::{Matrix, Recipe};

/// Width and height of a layer's cell, and room for the names of kinds.
const CELL: (usize, usize) = (22, 20);
const NAMES: usize = 120;

/// Each kind with its types from the first layer on, runs of one type together.
pub fn kinds(matrices: &[Matrix], recipe: &Recipe) -> Vec<(String, String)> {
    let text = recipe.text(matrices);
    let lines = text.split(' ').filter_map(|line| line.split_once(':'));
    lines
        .map(|(kind, types)| (kind.to_owned(), types.replace(',', ", ").replace('*', " × ")))
        .collect()
}

/// Kinds down, layers across; darker is more bits.
pub fn svg(matrices: &[Matrix], recipe: &Recipe, title: &str) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for m in matrices {
        if !kinds.contains(&m.kind.as_str()) {
            kinds.push(&m.kind);
        }
    }
    let n_layer = matrices
        .iter()
        .filter_map(|m| m.layer)
        .max()
        .map_or(1, |last| last as usize + 1);
    let mut types: Vec<GgmlType> = recipe.0.values().copied().collect();
    types.sort_by(|a, b| a.bpw().total_cmp(&b.bpw()).then(a.cmp(b)));
    types.dedup();
    let (width, height) = (
        NAMES + n_layer.max(8) * CELL.0 + 90,
        40 + (kinds.len() + 2).max(types.len() + 1) * CELL.1,
    );
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n<text x=\"8\" y=\"20\" font-size=\"14\">{title}</text>\n"
    );
    for (k, kind) in kinds.iter().enumerate() {
        let y = 32 + k * CELL.1;
        text.push_str(&format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{kind}</text>\n",
            NAMES - 6,
            y + 14
        ));
        for m in matrices.iter().filter(|m| m.kind == *kind) {
            let Some(ty) = recipe.0.get(&m.name) else { continue };
            let (x, w) = match m.layer {
                Some(layer) => (NAMES + layer as usize * CELL.0, CELL.0 - 2),
                None => (NAMES, n_layer * CELL.0 - 2),
            };
            text.push_str(&format!(
                "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{}\" fill=\"{}\"><title>{} {}</title></rect>\n",
                CELL.1 - 2,
                color(*ty),
                m.name,
                ty.name()
            ));
        }
    }
    let y = 32 + kinds.len() * CELL.1 + 14;
    for layer in (0..n_layer).step_by(if n_layer > 12 { 5 } else { 1 }) {
        let x = NAMES + layer * CELL.0 + CELL.0 / 2;
        text.push_str(&format!(
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{layer}</text>\n"
        ));
    }
    text + &legend(&types, width - 80) + "</svg>\n"
}

/// The colours of types, those of fewer bits first.
fn legend(types: &[GgmlType], x: usize) -> String {
    let one = |(i, ty): (usize, &GgmlType)| {
        let y = 32 + i * CELL.1;
        format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"16\" height=\"{}\" fill=\"{}\"/>\n<text x=\"{}\" y=\"{}\">{}</text>\n",
            CELL.1 - 4,
            color(*ty),
            x + 22,
            y + 13,
            ty.name()
        )
    };
    types.iter().enumerate().map(one).collect()
}

/// From light to dark by bits per weight; types of equal size differ in hue.
fn color(ty: GgmlType) -> String {
    let share = ((ty.bpw() - 2.0) / 7.0).clamp(0.0, 1.0);
    let is_old = ty.block().0 == 32;
    let hue = if is_old { 28 } else { 215 };
    format!("hsl({hue}, 70%, {}%)", (88.0 - 60.0 * share).round())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::{groups, Grouping};

    #[test]
    fn every_matrix_is_in_the_picture() {
        let matrix = |name: &str, kind: &str, layer| Matrix {
            name: name.into(),
            kind: kind.into(),
            layer,
            source: GgmlType::F16,
            n_row: 256,
            n_elements: 256,
            read_share: 1.0,
        };
        let all = [
            matrix("token_embd.weight", "token_embd", None),
            matrix("blk.0.attn_v.weight", "attn_v", Some(0)),
            matrix("blk.1.attn_v.weight", "attn_v", Some(1)),
        ];
        let types = [GgmlType::Q8_0, GgmlType::Q4K, GgmlType::Q6K];
        let recipe = Recipe::of(&all, &groups(&all, Grouping::Fine), &types);
        let svg = svg(&all, &recipe, "mix-1MiB");
        for m in &all {
            assert!(svg.contains(&m.name));
        }
        let types = kinds(&all, &recipe);
        assert!(
            types.contains(&("attn_v".to_owned(), "q4_k, q6_k".to_owned())),
            "{types:?}"
        );
    }
}
