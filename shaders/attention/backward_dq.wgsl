// Attention backward for the queries: dq_i = scale sum_{j<=i} dS_ij k_j, dS_ij = P_ij (dO_i.v_j - delta_i), with
// P_ij = exp(scale q_i.k_j - lse_i) recomputed and delta_i = dO_i.o_i, which is also stored for the key and value kernel.
// One invocation owns TQ rows of one (batch, head); four keys a turn; future blocks are never visited.
//#let NV = (D + 3) / 4
//#let NVV = (DV + 3) / 4
${MAIN}
  let bh = i / ${TILES}u;
  let first = (i % ${TILES}u) * ${TQ}u;
  let base = (bh / ${H}u) * ${T}u;
  let w = (bh % ${H}u) * ${D}u;
  let wv = (bh % ${H}u) * ${DV}u;
//#for R in 0..TQ
  let row_${R} = min(first + ${R}u, ${T - 1}u);
  let lse_${R} = lse(0u, bh * ${T}u + row_${R});
  var delta_${R} = 0.0;
//#for C in 0..NV
  let q_${R}_${C} = q4_w(base + row_${R}, ${C}u, w) * ${SCALE};
  var dq_${R}_${C} = vec4f(0.0);
//#end
//#for C in 0..NVV
  let dout_${R}_${C} = dout4_w(base + row_${R}, ${C}u, wv);
  delta_${R} += dot(dout_${R}_${C}, o4_w(base + row_${R}, ${C}u, wv));
//#end
//#end
  let last = min(first + ${TQ}u, ${T}u);
  for (var j = 0u; j < last; j += 4u) {
    let j1 = min(j + 1u, ${T - 1}u);
    let j2 = min(j + 2u, ${T - 1}u);
    let j3 = min(j + 3u, ${T - 1}u);
//#for C in 0..NV
    let kk0_${C} = k4_w(base + j, ${C}u, w);
    let kk1_${C} = k4_w(base + j1, ${C}u, w);
    let kk2_${C} = k4_w(base + j2, ${C}u, w);
    let kk3_${C} = k4_w(base + j3, ${C}u, w);
//#for R in 0..TQ
    let s_${R}_${C} = ${C > 0 ? 's_' + R + '_' + (C - 1) + ' + ' : ''}vec4f(dot(q_${R}_${C}, kk0_${C}), dot(q_${R}_${C}, kk1_${C}), dot(q_${R}_${C}, kk2_${C}), dot(q_${R}_${C}, kk3_${C}));
//#end
//#end
//#for C in 0..NVV
    let vv0_${C} = v4_w(base + j, ${C}u, wv);
    let vv1_${C} = v4_w(base + j1, ${C}u, wv);
    let vv2_${C} = v4_w(base + j2, ${C}u, wv);
    let vv3_${C} = v4_w(base + j3, ${C}u, wv);
//#for R in 0..TQ
    let dp_${R}_${C} = ${C > 0 ? 'dp_' + R + '_' + (C - 1) + ' + ' : ''}vec4f(dot(dout_${R}_${C}, vv0_${C}), dot(dout_${R}_${C}, vv1_${C}), dot(dout_${R}_${C}, vv2_${C}), dot(dout_${R}_${C}, vv3_${C}));
//#end
//#end
    let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
//#for R in 0..TQ
    let p_${R} = select(vec4f(0.0), exp(s_${R}_${NV - 1} - lse_${R}), keys <= vec4u(row_${R}));
//#if DROPOUT
    let dp_${R} = dp_${R}_${NVV - 1} * dropout4(bh * ${T}u + row_${R}, j);
//#else
    let dp_${R} = dp_${R}_${NVV - 1};
//#end
    let ds_${R} = p_${R} * (dp_${R} - delta_${R}) * ${SCALE};
//#end
//#for C in 0..NV
//#for R in 0..TQ
    dq_${R}_${C} += ds_${R}.x * kk0_${C} + ds_${R}.y * kk1_${C} + ds_${R}.z * kk2_${C} + ds_${R}.w * kk3_${C};
//#end
//#end
  }
//#for R in 0..TQ
  if (first + ${R}u < ${T}u) {
//#for C in 0..NV
    dq4_w_set(base + row_${R}, ${C}u, w, dq_${R}_${C});
//#end
    delta_set(0u, bh * ${T}u + row_${R}, delta_${R});
  }
//#end
}
