// w = w (1 - lr wd) - lr scale[t] x over the optimizer's blocks; block b belongs to tensor table[AT + b]. MASKED: pruned weights
// become 0. Nothing is written when the gradient norm is not finite.
${MAIN}
  if (norm(0u, 2u) == 0.0) { return; }
  let first = table(0u, 4u * i);
  let n = table(0u, 4u * i + 1u);
  let step = scalars.lr * scale(0u, sink(0u, ${AT}u + i));
  let window = first / 64u;
  let decayed = ((table(0u, ${DECAY}u + window / 32u) >> (window % 32u)) & 1u) == 1u;
  let keep = select(1.0, 1.0 - scalars.lr * scalars.weight_decay, decayed);
  for (var e = first; e < first + n; e++) {
    let updated = w(0u, e) * keep - step * x(0u, e);
//#if MASKED
    w_set(0u, e, select(0.0, updated, ((mask(0u, e / 32u) >> (e % 32u)) & 1u) == 1u));
//#else
    w_set(0u, e, updated);
//#end
  }
}
