// Attention backward for keys and values: dv_j = sum_{i>=j} P_ij dO_i, dk_j = scale sum_{i>=j} dS_ij q_i.
// One invocation owns TQ keys of one (batch, head) with k, v, dk and dv in registers; four queries a turn, from the first
// that may see the tile. lse and delta come from the forward and the dq kernel. No atomics: every key has one owner.
//#let NV = (D + 3) / 4
//#let NVV = (DV + 3) / 4
${MAIN}
  let bh = i / ${TILES}u;
  let first = (i % ${TILES}u) * ${TQ}u;
  let base = (bh / ${H}u) * ${T}u;
  let w = (bh % ${H}u) * ${D}u;
  let wv = (bh % ${H}u) * ${DV}u;
//#for R in 0..TQ
  let key_${R} = min(first + ${R}u, ${T - 1}u);
//#for C in 0..NV
  let k_${R}_${C} = k4_w(base + key_${R}, ${C}u, w) * ${SCALE};
  var dk_${R}_${C} = vec4f(0.0);
//#end
//#for C in 0..NVV
  let v_${R}_${C} = v4_w(base + key_${R}, ${C}u, wv);
  var dv_${R}_${C} = vec4f(0.0);
//#end
//#end
  for (var q = first / 4u * 4u; q < ${T}u; q += 4u) {
    let q1 = min(q + 1u, ${T - 1}u);
    let q2 = min(q + 2u, ${T - 1}u);
    let q3 = min(q + 3u, ${T - 1}u);
//#for C in 0..NV
    let qq0_${C} = q4_w(base + q, ${C}u, w);
    let qq1_${C} = q4_w(base + q1, ${C}u, w);
    let qq2_${C} = q4_w(base + q2, ${C}u, w);
    let qq3_${C} = q4_w(base + q3, ${C}u, w);
//#for R in 0..TQ
    let s_${R}_${C} = ${C > 0 ? 's_' + R + '_' + (C - 1) + ' + ' : ''}vec4f(dot(k_${R}_${C}, qq0_${C}), dot(k_${R}_${C}, qq1_${C}), dot(k_${R}_${C}, qq2_${C}), dot(k_${R}_${C}, qq3_${C}));
//#end
//#end
//#for C in 0..NVV
    let dd0_${C} = dout4_w(base + q, ${C}u, wv);
    let dd1_${C} = dout4_w(base + q1, ${C}u, wv);
    let dd2_${C} = dout4_w(base + q2, ${C}u, wv);
    let dd3_${C} = dout4_w(base + q3, ${C}u, wv);
//#for R in 0..TQ
    let dp_${R}_${C} = ${C > 0 ? 'dp_' + R + '_' + (C - 1) + ' + ' : ''}vec4f(dot(v_${R}_${C}, dd0_${C}), dot(v_${R}_${C}, dd1_${C}), dot(v_${R}_${C}, dd2_${C}), dot(v_${R}_${C}, dd3_${C}));
//#end
//#end
    let at = bh * ${T}u;
    let rows = vec4u(q, q + 1u, q + 2u, q + 3u);
    let lses = vec4f(lse(0u, at + q), lse(0u, at + q1), lse(0u, at + q2), lse(0u, at + q3));
    let deltas = vec4f(delta(0u, at + q), delta(0u, at + q1), delta(0u, at + q2), delta(0u, at + q3));
//#for R in 0..TQ
    let live_${R} = (rows >= vec4u(first + ${R}u)) & (rows < vec4u(${T}u));
    let p_${R} = select(vec4f(0.0), exp(s_${R}_${NV - 1} - lses), live_${R});
//#if DROPOUT
    let mask_${R} = vec4f(dropout1(at + q, key_${R}), dropout1(at + q1, key_${R}), dropout1(at + q2, key_${R}), dropout1(at + q3, key_${R}));
    let pv_${R} = p_${R} * mask_${R};
    let ds_${R} = p_${R} * (dp_${R}_${NVV - 1} * mask_${R} - deltas) * ${SCALE};
//#else
    let pv_${R} = p_${R};
    let ds_${R} = p_${R} * (dp_${R}_${NVV - 1} - deltas) * ${SCALE};
//#end
//#end
//#for C in 0..NVV
//#for R in 0..TQ
    dv_${R}_${C} += pv_${R}.x * dd0_${C} + pv_${R}.y * dd1_${C} + pv_${R}.z * dd2_${C} + pv_${R}.w * dd3_${C};
//#end
//#end
//#for C in 0..NV
//#for R in 0..TQ
    dk_${R}_${C} += ds_${R}.x * qq0_${C} + ds_${R}.y * qq1_${C} + ds_${R}.z * qq2_${C} + ds_${R}.w * qq3_${C};
//#end
//#end
  }
//#for R in 0..TQ
  if (first + ${R}u < ${T}u) {
//#for C in 0..NV
    dk4_w_set(base + key_${R}, ${C}u, w, dk_${R}_${C});
//#end
//#for C in 0..NVV
    dv4_w_set(base + key_${R}, ${C}u, wv, dv_${R}_${C});
//#end
  }
//#end
}
