// Causal flash attention, forward: O_i = sum_{j<=i} P_ij v_j with an online softmax; lse_i = log sum_j exp(scale q_i.k_j).
//
// Tile      one invocation owns TQ query rows of one (batch, head): q, o and the running maximum and sum stay in registers;
//           four keys a turn, so a row's scores are one vec4. Key blocks wholly in the future are never visited.
// Layouts   q, k [B*T, H*D], v, o [B*T, H*DV] with row strides; lse [B*H*T].
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
  var m_${R} = -1e30;
  var l_${R} = 0.0;
//#for C in 0..NV
  let q_${R}_${C} = q4_w(base + row_${R}, ${C}u, w) * ${SCALE};
//#end
//#for C in 0..NVV
  var o_${R}_${C} = vec4f(0.0);
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
    let keys = vec4u(j, j + 1u, j + 2u, j + 3u);
//#for R in 0..TQ
    let s_${R} = select(vec4f(-1e30), s_${R}_${NV - 1}, keys <= vec4u(row_${R}));
    let m_new_${R} = max(m_${R}, max(max(s_${R}.x, s_${R}.y), max(s_${R}.z, s_${R}.w)));
    let fix_${R} = exp(m_${R} - m_new_${R});
    var p_${R} = exp(s_${R} - m_new_${R});
    m_${R} = m_new_${R};
    l_${R} = l_${R} * fix_${R} + (p_${R}.x + p_${R}.y + p_${R}.z + p_${R}.w);
//#if DROPOUT
    p_${R} *= dropout4(bh * ${T}u + row_${R}, j);
//#end
//#end
//#for C in 0..NVV
    {
      let v0 = v4_w(base + j, ${C}u, wv);
      let v1 = v4_w(base + j1, ${C}u, wv);
      let v2 = v4_w(base + j2, ${C}u, wv);
      let v3 = v4_w(base + j3, ${C}u, wv);
//#for R in 0..TQ
      o_${R}_${C} = o_${R}_${C} * fix_${R} + p_${R}.x * v0 + p_${R}.y * v1 + p_${R}.z * v2 + p_${R}.w * v3;
//#end
    }
//#end
  }
//#for R in 0..TQ
  if (first + ${R}u < ${T}u) {
    let scale_${R} = 1.0 / l_${R};
//#for C in 0..NVV
    o4_w_set(base + row_${R}, ${C}u, wv, o_${R}_${C} * scale_${R});
//#end
    lse_set(0u, bh * ${T}u + row_${R}, m_${R} + log(l_${R}));
  }
//#end
}
