//! Every fused operation against candle's own primitive steps: values and gradients.

use super::loss::IGNORED;
use super::*;
use crate::rng::Rng;
use candle_core::{DType, Device, Var, D};

fn random(seed: u64, shape: &[usize]) -> Var {
    let mut rng = Rng::new(seed);
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.normal()).collect();
    Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
}

fn assert_close(what: &str, a: &Tensor, b: &Tensor) {
    let (a, b) = (
        a.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
        b.flatten_all().unwrap().to_vec1::<f32>().unwrap(),
    );
    assert_eq!(a.len(), b.len(), "{what}");
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        assert!((a - b).abs() < 2e-5 * (1.0 + b.abs()), "{what}: {a} against {b} at {i}");
    }
}

/// Values, and gradients of the sum of `value * weights`, agree for all `vars`.
fn assert_same(what: &str, fused: &Tensor, plain: &Tensor, vars: &[&Var]) {
    assert_close(what, fused, plain);
    let weights = random(99, fused.dims());
    let of = |t: &Tensor| {
        (t * weights.as_tensor())
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap()
    };
    let (fused, plain) = (of(fused), of(plain));
    for var in vars {
        assert_close(
            &format!("gradient of {what}"),
            fused.get(var).unwrap(),
            plain.get(var).unwrap(),
        );
    }
}

#[test]
fn rms_norm_is_the_plain_one() {
    let (x, w) = (random(1, &[5, 48]), random(2, &[48]));
    let rms = (x.sqr().unwrap().mean_keepdim(1).unwrap() + 1e-5)
        .unwrap()
        .sqrt()
        .unwrap();
    let plain = x.broadcast_div(&rms).unwrap().broadcast_mul(&w).unwrap();
    assert_same("rms_norm", &rms_norm(&x, &w, 1e-5).unwrap(), &plain, &[&x, &w]);
}

#[test]
fn swiglu_is_silu_times_up() {
    let (gate, up) = (random(3, &[7, 33]), random(4, &[7, 33]));
    let plain = (gate.silu().unwrap() * up.as_tensor()).unwrap();
    assert_same("swiglu", &swiglu(&gate, &up).unwrap(), &plain, &[&gate, &up]);
}

#[test]
fn causal_softmax_sees_the_past_of_both_stacked_heads() {
    let n_tokens = 19;
    let x = random(5, &[3, 2 * n_tokens, n_tokens]);
    let mask: Vec<f32> = (0..2 * n_tokens)
        .flat_map(|row| (0..n_tokens).map(move |col| if col <= row % n_tokens { 0.0 } else { -1e9 }))
        .collect();
    let mask = Tensor::from_vec(mask, (1, 2 * n_tokens, n_tokens), &Device::Cpu).unwrap();
    let scaled = (x.as_tensor() * 0.125).unwrap().broadcast_add(&mask).unwrap();
    let plain = candle_nn::ops::softmax(&scaled, D::Minus1).unwrap();
    assert_same(
        "causal_softmax",
        &causal_softmax(&x, 0.125, n_tokens, 0).unwrap(),
        &plain,
        &[&x],
    );
}

#[test]
fn a_block_of_rows_is_those_rows_of_the_whole() {
    let x = random(10, &[2, 20, 20]);
    let whole = causal_softmax(&x, 0.5, 20, 0).unwrap();
    let rows = x
        .narrow(1, 12, 6)
        .unwrap()
        .narrow(2, 0, 18)
        .unwrap()
        .contiguous()
        .unwrap();
    let want = whole
        .narrow(1, 12, 6)
        .unwrap()
        .narrow(2, 0, 18)
        .unwrap()
        .contiguous()
        .unwrap();
    assert_same("a block", &causal_softmax(&rows, 0.5, 6, 12).unwrap(), &want, &[&x]);
}

#[test]
fn cross_entropy_skips_what_is_ignored() {
    let logits = random(6, &[4, 50]);
    let fused = cross_entropy(&logits, Arc::new(vec![3, IGNORED, 49, 0])).unwrap();
    let kept = logits
        .index_select(&Tensor::new(&[0_u32, 2, 3], &Device::Cpu).unwrap(), 0)
        .unwrap();
    let plain = candle_nn::loss::cross_entropy(&kept, &Tensor::new(&[3_u32, 49, 0], &Device::Cpu).unwrap()).unwrap();
    assert_same("cross_entropy", &fused, &plain, &[&logits]);
}

#[test]
fn heads_come_back_as_they_went() {
    let x = random(7, &[2 * 5, 3 * 8]);
    let plain = x
        .reshape((2, 5, 3, 8))
        .unwrap()
        .transpose(1, 2)
        .unwrap()
        .contiguous()
        .unwrap();
    let split = split_heads(&x, 2, 3, None).unwrap();
    assert_same("split_heads", &split, &plain, &[&x]);
    assert_close("merge_heads", &merge_heads(&split).unwrap(), &x);
}

#[test]
fn rotation_turns_adjacent_pairs_by_the_position() {
    let x = random(8, &[6, 8]);
    let positions = [0, 1, 2, 3, 40, 2047];
    let rotation = Arc::new(Rotation::new(&positions, 8, 10_000.0));
    let (mut cos, mut sin) = (vec![], vec![]);
    for p in positions {
        for pair in 0..4 {
            let angle = f64::from(p) * 10_000_f64.powf(-2.0 * f64::from(pair) / 8.0);
            cos.push(angle.cos() as f32);
            sin.push(angle.sin() as f32);
        }
    }
    let plain = candle_nn::rotary_emb::rope_i_slow(
        &x.reshape((1, 1, 6, 8)).unwrap(),
        &Tensor::from_vec(cos, (6, 4), &Device::Cpu).unwrap(),
        &Tensor::from_vec(sin, (6, 4), &Device::Cpu).unwrap(),
    )
    .unwrap();
    assert_same("rope", &split_heads(&x, 1, 1, Some(&rotation)).unwrap(), &plain, &[&x]);
}

#[test]
fn exp_and_log_sum_exp_are_those_of_f64() {
    for i in -870..880 {
        let x = i as f32 / 10.0;
        let want = f64::from(x).exp();
        assert!(
            (f64::from(exp(x)) / want - 1.0).abs() < 3e-7,
            "exp({x}) = {}, not {want}",
            exp(x)
        );
    }
    let row = random(9, &[100])
        .as_tensor()
        .to_dtype(DType::F32)
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    let want = row.iter().map(|x| f64::from(*x).exp()).sum::<f64>().ln();
    assert!((f64::from(log_sum_exp(&row)) - want).abs() < 1e-5);
    let large: Vec<f32> = row.iter().map(|x| x + 1000.0).collect();
    assert!((f64::from(log_sum_exp(&large)) - want - 1000.0).abs() < 1e-3);
}
