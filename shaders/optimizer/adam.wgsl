// Adam and its descendants over the flat arenas, one dispatch; one invocation four elements.
//   ADAM      g += wd w on decayed windows (coupled)          others   w (1 - lr wd) first (decoupled)
//   m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  AMSGRAD: peak = max(peak, v) replaces v below
//   w -= step_size m / (sqrt(v) inv_sqrt_c2 + eps)
// g is the gradient times the clip coefficient. SPAM scales the old moments first: soft reset from the norm kernel, 0 at a
// periodic reset; SPAM == 2 clears peak too. Decay is one bit a window of 64 elements (parameters start on such boundaries).
// MASKED: one keep bit an element, 32 a word; pruned weights become exactly 0, with MASK_MOMENTS m and v, with MASK_PEAK peak.
// RATED: lr and step_size times the factor of the window (f32 bits in the table).
// Nothing is written when the gradient norm is not finite. Slow twin: src/optim/adam.ts, adamw.ts, adamwadv.ts.
${MAIN}
  if (norm(0u, 2u) == 0.0) { return; }
  let window = i / 16u;
  let decayed = ((table(0u, ${DECAY}u + window / 32u) >> (window % 32u)) & 1u) == 1u;
  let weight = w4_w(0u, i, 0u);
//#if COUPLED
  let g = g4_w(0u, i, 0u) * norm(0u, 1u) + select(0.0, scalars.weight_decay, decayed) * weight;
//#else
  let g = g4_w(0u, i, 0u) * norm(0u, 1u);
//#end
//#if SPAM
  let m_old = m4_w(0u, i, 0u) * (norm(0u, 3u) * scalars.moment_keep);
  let v_old = v4_w(0u, i, 0u) * (norm(0u, 4u) * scalars.moment_keep);
//#else
  let m_old = m4_w(0u, i, 0u);
  let v_old = v4_w(0u, i, 0u);
//#end
  let m = scalars.beta1 * m_old + (1.0 - scalars.beta1) * g;
  let v = scalars.beta2 * v_old + (1.0 - scalars.beta2) * g * g;
//#if AMSGRAD && SPAM == 2
  let denominator = max(peak4_w(0u, i, 0u) * scalars.moment_keep, v);
//#elif AMSGRAD
  let denominator = max(peak4_w(0u, i, 0u), v);
//#else
  let denominator = v;
//#end
//#if RATED
  let rate = bitcast<f32>(table(0u, ${RATES}u + window));
  let lr = scalars.lr * rate;
  let step_size = scalars.step_size * rate;
//#else
  let lr = scalars.lr;
  let step_size = scalars.step_size;
//#end
  let moved = step_size * m / (sqrt(denominator) * scalars.inv_sqrt_c2 + scalars.adam_eps);
//#if COUPLED
  let updated = weight - moved;
//#else
  // Not w (1 - lr wd): rounding that factor once is a bias of 3e-8 a step, 3e-6 after 100.
  let updated = weight - (select(0.0, lr * scalars.weight_decay, decayed) * weight + moved);
//#end
//#if MASKED
  let live = (vec4u(mask(0u, i / 8u) >> ((i % 8u) * 4u)) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u);
//#if MASK_MOMENTS
  m4_w_set(0u, i, 0u, select(vec4f(0.0), m, live));
  v4_w_set(0u, i, 0u, select(vec4f(0.0), v, live));
//#else
  m4_w_set(0u, i, 0u, m);
  v4_w_set(0u, i, 0u, v);
//#end
  w4_w_set(0u, i, 0u, select(vec4f(0.0), updated, live));
//#if AMSGRAD && MASK_PEAK
  peak4_w_set(0u, i, 0u, select(vec4f(0.0), denominator, live));
//#elif AMSGRAD
  peak4_w_set(0u, i, 0u, denominator);
//#end
//#else
  m4_w_set(0u, i, 0u, m);
  v4_w_set(0u, i, 0u, v);
  w4_w_set(0u, i, 0u, updated);
//#if AMSGRAD
  peak4_w_set(0u, i, 0u, denominator);
//#end
//#end
}
