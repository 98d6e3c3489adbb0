//! What the outputs of each CUDA task are, in f64 and by definition: nothing here is taken from the kernels, so that it
//! can judge the references. Buffers are row-major; integers are exact, fp16 inputs arrive rounded.

use std::collections::BTreeMap;

/// The outputs (and buffers written in place) of `task` for these inputs, by buffer name.
///
/// # Panics
/// If the task is unknown, or a shape symbol, scalar or buffer of it is missing or too small.
pub fn expected(
    task: &str,
    shapes: &BTreeMap<String, i64>,
    scalars: &BTreeMap<String, f64>,
    inputs: &BTreeMap<String, Vec<f64>>,
) -> BTreeMap<String, Vec<f64>> {
    let size = |symbol: &str| usize::try_from(shapes[symbol]).unwrap();
    let input = |name: &str| inputs[name].as_slice();
    let outputs = match task {
        "vector_add" => vec![("c", input("a").iter().zip(input("b")).map(|(a, b)| a + b).collect())],
        "saxpy" => {
            let alpha = scalars["alpha"];
            vec![("y", input("x").iter().zip(input("y")).map(|(x, y)| alpha * x + y).collect())]
        }
        "transpose" => vec![("y", transpose(input("x"), size("rows"), size("cols")))],
        "reduce_sum" => vec![("total", vec![input("x").iter().sum()])],
        "prefix_sum" => vec![("y", prefix_sums(input("x")))],
        "histogram" => vec![("counts", histogram(input("x"), size("bins")))],
        "softmax" => vec![("y", input("x").chunks(size("cols")).flat_map(softmax).collect())],
        "layernorm" => {
            let (gamma, beta, eps) = (input("gamma"), input("beta"), scalars["eps"]);
            vec![("y", input("x").chunks(size("cols")).flat_map(|row| layernorm(row, gamma, beta, eps)).collect())]
        }
        "rmsnorm" => {
            let (gamma, eps) = (input("gamma"), scalars["eps"]);
            vec![("y", input("x").chunks(size("cols")).flat_map(|row| rmsnorm(row, gamma, eps)).collect())]
        }
        "gelu_bias" => {
            vec![("y", input("x").iter().zip(input("bias").iter().cycle()).map(|(x, b)| gelu(x + b)).collect())]
        }
        "matmul" | "matmul_f16" => vec![("c", matmul(input("a"), input("b"), size("n"), size("k")))],
        "batched_matmul" => {
            let n = size("n");
            let pairs = input("a").chunks(n * n).zip(input("b").chunks(n * n));
            vec![("c", pairs.flat_map(|(a, b)| matmul(a, b, n, n)).collect())]
        }
        "gemv" => vec![("y", matmul(input("a"), input("x"), 1, size("cols")))],
        "conv2d" => {
            let plane = size("height") * size("width");
            let convolve = |image: &[f64]| conv2d(image, input("w"), size("cin"), size("height"), size("width"));
            vec![("y", input("x").chunks(size("cin") * plane).flat_map(convolve).collect())]
        }
        "depthwise_conv" => {
            let (height, width) = (size("height"), size("width"));
            let planes = input("x").chunks(height * width).zip(input("w").chunks(9).cycle());
            vec![("y", planes.flat_map(|(plane, filter)| conv2d(plane, filter, 1, height, width)).collect())]
        }
        "max_pool" => {
            let (height, width) = (size("height"), size("width"));
            let planes = input("x").chunks(height * width);
            vec![("y", planes.flat_map(|plane| max_pool(plane, height, width)).collect())]
        }
        "attention" => {
            let (seq, dim) = (size("seq"), size("dim"));
            let heads =
                input("q").chunks(seq * dim).zip(input("k").chunks(seq * dim)).zip(input("v").chunks(seq * dim));
            vec![("out", heads.flat_map(|((q, k), v)| attention(q, k, v, seq, dim)).collect())]
        }
        "top_k" => {
            let rows = input("x").chunks(size("cols")).map(|row| top_k(row, size("k")));
            let (values, indices): (Vec<_>, Vec<_>) = rows.flatten().unzip();
            vec![("values", values), ("indices", indices)]
        }
        "embedding" => {
            let rows: Vec<&[f64]> = input("table").chunks(size("dim")).collect();
            vec![("y", input("ids").iter().flat_map(|id| rows[*id as usize].to_vec()).collect())]
        }
        "cross_entropy" => {
            let rows = input("logits").chunks(size("cols")).zip(input("labels"));
            let total: f64 = rows.map(|(row, label)| log_sum_exp(row) - row[*label as usize]).sum();
            vec![("loss", vec![total / size("rows") as f64])]
        }
        "matmul_int8" => {
            let (n, k) = (size("n"), size("k"));
            let products = matmul(input("a"), &transpose(input("b"), n, k), n, k);
            vec![("c", products.iter().zip(input("scale").iter().cycle()).map(|(p, scale)| p * scale).collect())]
        }
        unknown => panic!("no definition of the task {unknown}"),
    };
    outputs.into_iter().map(|(name, values)| (name.to_string(), values)).collect()
}

fn transpose(x: &[f64], rows: usize, cols: usize) -> Vec<f64> {
    (0..cols).flat_map(|col| (0..rows).map(move |row| x[row * cols + col])).collect()
}

fn prefix_sums(x: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    x.iter()
        .map(|value| {
            sum += value;
            sum
        })
        .collect()
}

fn histogram(x: &[f64], bins: usize) -> Vec<f64> {
    (0..bins).map(|bin| x.iter().filter(|value| **value == bin as f64).count() as f64).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value * value).collect()
}

fn log_sum_exp(row: &[f64]) -> f64 {
    let top = largest(row);
    top + row.iter().map(|value| (value - top).exp()).sum::<f64>().ln()
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let normaliser = log_sum_exp(row);
    row.iter().map(|value| (value - normaliser).exp()).collect()
}

fn layernorm(row: &[f64], gamma: &[f64], beta: &[f64], eps: f64) -> Vec<f64> {
    let centre = mean(row);
    let centred: Vec<f64> = row.iter().map(|value| value - centre).collect();
    rmsnorm(&centred, gamma, eps).iter().zip(beta).map(|(value, shift)| value + shift).collect()
}

fn rmsnorm(row: &[f64], gamma: &[f64], eps: f64) -> Vec<f64> {
    let deviation = (mean(&squares(row)) + eps).sqrt();
    row.iter().zip(gamma).map(|(value, gain)| value / deviation * gain).collect()
}

/// GELU in its tanh form.
fn gelu(v: f64) -> f64 {
    let slope = (2.0 / std::f64::consts::PI).sqrt();
    0.5 * v * (1.0 + (slope * (v + 0.044715 * v.powi(3))).tanh())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// `a[m, k]` times `b[k, n]`, whatever `m` is.
fn matmul(a: &[f64], b: &[f64], n: usize, k: usize) -> Vec<f64> {
    let columns = transpose(b, k, n);
    a.chunks(k).flat_map(|row| columns.chunks(k).map(|column| dot(row, column)).collect::<Vec<_>>()).collect()
}

/// One image with `channels` planes; `w[filters, channels, 3, 3]` gives as many output planes as it has filters.
fn conv2d(image: &[f64], w: &[f64], channels: usize, height: usize, width: usize) -> Vec<f64> {
    let pixel = |channel: usize, row: usize, col: usize| {
        // `row` and `col` count from the padding, one before the image.
        let inside = (1..=height).contains(&row) && (1..=width).contains(&col);
        if inside { image[(channel * height + row - 1) * width + col - 1] } else { 0.0 }
    };
    let mut out = Vec::new();
    for filter in w.chunks(channels * 9) {
        for row in 0..height {
            for col in 0..width {
                let window: Vec<f64> = (0..channels * 9).map(|i| pixel(i / 9, row + i % 9 / 3, col + i % 3)).collect();
                out.push(dot(&window, filter));
            }
        }
    }
    out
}

fn max_pool(plane: &[f64], height: usize, width: usize) -> Vec<f64> {
    let mut out = Vec::new();
    for row in 0..height / 2 {
        for col in 0..width / 2 {
            let corner = 2 * row * width + 2 * col;
            out.push(largest(&[corner, corner + 1, corner + width, corner + width + 1].map(|i| plane[i])));
        }
    }
    out
}

/// One head: `q`, `k` and `v` are `[seq, dim]`.
fn attention(q: &[f64], k: &[f64], v: &[f64], seq: usize, dim: usize) -> Vec<f64> {
    let scale = (dim as f64).sqrt();
    let weights: Vec<f64> = q
        .chunks(dim)
        .flat_map(|query| softmax(&k.chunks(dim).map(|key| dot(query, key) / scale).collect::<Vec<_>>()))
        .collect();
    matmul(&weights, v, dim, seq)
}

/// The `k` largest values with their places, descending; of equal values the first comes first.
fn top_k(row: &[f64], k: usize) -> Vec<(f64, f64)> {
    let mut ranked: Vec<usize> = (0..row.len()).collect();
    // A stable sort: equal values keep their order.
    ranked.sort_by(|a, b| row[*b].partial_cmp(&row[*a]).unwrap());
    ranked.iter().take(k).map(|&i| (row[i], i as f64)).collect()
}
