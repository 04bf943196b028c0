// SGD with momentum over the flat arenas: b = momentum b + (g + wd w on decayed windows);  w -= lr b. g is the gradient times the
// clip coefficient; one invocation four elements; decay bits and masks as in adam.wgsl. Slow twin: src/optim/sgd.ts.
${MAIN}
  if (norm(0u, 2u) == 0.0) { return; }
  let window = i / 16u;
  let decayed = ((table(0u, ${DECAY}u + window / 32u) >> (window % 32u)) & 1u) == 1u;
  let weight = w4_w(0u, i, 0u);
  let g = g4_w(0u, i, 0u) * norm(0u, 1u) + select(0.0, scalars.weight_decay, decayed) * weight;
  let b = scalars.momentum * mom4_w(0u, i, 0u) + g;
  let updated = weight - scalars.lr * b;
//#if MASKED
  let live = (vec4u(mask(0u, i / 8u) >> ((i % 8u) * 4u)) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u);
//#if MASK_MOMENTS
  mom4_w_set(0u, i, 0u, select(vec4f(0.0), b, live));
//#else
  mom4_w_set(0u, i, 0u, b);
//#end
  w4_w_set(0u, i, 0u, select(vec4f(0.0), updated, live));
//#else
  mom4_w_set(0u, i, 0u, b);
  w4_w_set(0u, i, 0u, updated);
//#end
}
