// AdamW over the flat arenas, one dispatch: w (1 - lr wd) on decayed windows first, then the moments of the clipped gradient,
// then w -= step_size m / (sqrt(v) inv_sqrt_c2 + eps). One invocation four elements; decay is one bit a window of 64 elements
// (parameters start on such boundaries). Nothing is written when the gradient norm is not finite.
${MAIN}
  if (norm(0u, 2u) == 0.0) { return; }
  let window = i / 16u;
  let decayed = (table(0u, ${DECAY}u + window / 32u) >> (window % 32u)) & 1u;
  let g = g4_w(0u, i, 0u) * norm(0u, 1u);
  let m = scalars.beta1 * m4_w(0u, i, 0u) + (1.0 - scalars.beta1) * g;
  let v = scalars.beta2 * v4_w(0u, i, 0u) + (1.0 - scalars.beta2) * g * g;
  let keep = select(1.0, 1.0 - scalars.lr * scalars.weight_decay, decayed == 1u);
  m4_w_set(0u, i, 0u, m);
  v4_w_set(0u, i, 0u, v);
  w4_w_set(0u, i, 0u, w4_w(0u, i, 0u) * keep - scalars.step_size * m / (sqrt(v) * scalars.inv_sqrt_c2 + scalars.adam_eps));
}
