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
//#for R in 0..TQ
    var s_${R} = vec4f(0.0);
    var dp_${R} = vec4f(0.0);
//#end
//#for C in 0..NV
    {
      let x0 = q4_w(base + q, ${C}u, w);
      let x1 = q4_w(base + q1, ${C}u, w);
      let x2 = q4_w(base + q2, ${C}u, w);
      let x3 = q4_w(base + q3, ${C}u, w);
//#for R in 0..TQ
      s_${R} += vec4f(dot(k_${R}_${C}, x0), dot(k_${R}_${C}, x1), dot(k_${R}_${C}, x2), dot(k_${R}_${C}, x3));
//#end
    }
//#end
//#for C in 0..NVV
    {
      let x0 = dout4_w(base + q, ${C}u, wv);
      let x1 = dout4_w(base + q1, ${C}u, wv);
      let x2 = dout4_w(base + q2, ${C}u, wv);
      let x3 = dout4_w(base + q3, ${C}u, wv);
//#for R in 0..TQ
      dp_${R} += vec4f(dot(v_${R}_${C}, x0), dot(v_${R}_${C}, x1), dot(v_${R}_${C}, x2), dot(v_${R}_${C}, x3));
//#end
    }
//#end
    let at = bh * ${T}u;
    let rows = vec4u(q, q + 1u, q + 2u, q + 3u);
    let lses = vec4f(lse(0u, at + q), lse(0u, at + q1), lse(0u, at + q2), lse(0u, at + q3));
    let deltas = vec4f(delta(0u, at + q), delta(0u, at + q1), delta(0u, at + q2), delta(0u, at + q3));
//#for R in 0..TQ
    let live_${R} = (rows >= vec4u(first + ${R}u)) & (rows < vec4u(${T}u));
    let p_${R} = select(vec4f(0.0), exp(s_${R} - lses), live_${R});
//#if DROPOUT
    let mask_${R} = vec4f(dropout1(at + q, key_${R}), dropout1(at + q1, key_${R}), dropout1(at + q2, key_${R}), dropout1(at + q3, key_${R}));
    let pv_${R} = p_${R} * mask_${R};
    let ds_${R} = p_${R} * (dp_${R} * mask_${R} - deltas) * ${SCALE};
//#else
    let pv_${R} = p_${R};
    let ds_${R} = p_${R} * (dp_${R} - deltas) * ${SCALE};
//#end
//#end
//#for C in 0..NVV
    {
      let x0 = dout4_w(base + q, ${C}u, wv);
      let x1 = dout4_w(base + q1, ${C}u, wv);
      let x2 = dout4_w(base + q2, ${C}u, wv);
      let x3 = dout4_w(base + q3, ${C}u, wv);
//#for R in 0..TQ
      dv_${R}_${C} += pv_${R}.x * x0 + pv_${R}.y * x1 + pv_${R}.z * x2 + pv_${R}.w * x3;
//#end
    }
//#end
//#for C in 0..NV
    {
      let x0 = q4_w(base + q, ${C}u, w);
      let x1 = q4_w(base + q1, ${C}u, w);
      let x2 = q4_w(base + q2, ${C}u, w);
      let x3 = q4_w(base + q3, ${C}u, w);
//#for R in 0..TQ
      dk_${R}_${C} += ds_${R}.x * x0 + ds_${R}.y * x1 + ds_${R}.z * x2 + ds_${R}.w * x3;
//#end
    }
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
