// Attention of few queries to a long cache, first half of split-K: the keys of one query are dealt to SPLITS shares, and each
// share leaves its running maximum m, sum l and unnormalised output o; attention_combine.wgsl joins them.
//
//   o = sum_j exp(s_j - m) v_j,  l = sum_j exp(s_j - m),  s_j = scale q.k_j,  j = share, share + SPLITS, ... < positions[b] + s + 1
//
// Tile      one invocation a (row, head, share), four keys a turn, all in registers. Neighbouring invocations read
//           neighbouring keys.
// Layouts   q [B*S, H*D], k [B*T, H*D], v [B*T, H*DV] with row strides, or k and v packed (src/graph/kv-format.ts) and unpacked
//           here in registers, K_ROWS and V_ROWS (src/engine/kernels/kv-rows.ts); parts [B*S*H*SPLITS, 4 (NVV + 1)]: o, then (m, l, 0, 0).
//#let NV = (D + 3) / 4
//#let NVV = (DV + 3) / 4
${MAIN}
  let share = i % ${SPLITS}u;
  let row = i / ${SPLITS * H}u;
  let h = (i / ${SPLITS}u) % ${H}u;
  let b = row / ${S}u;
  let keys = min(positions(0u, b) + row % ${S}u + 1u, ${T}u);
  let base = b * ${T}u;
  let w = h * ${D}u;
  let wv = h * ${DV}u;
  var m = -1e30;
  var l = 0.0;
//#for C in 0..NV
  let q_${C} = q4_w(row, ${C}u, w) * ${SCALE};
//#end
//#for C in 0..NVV
  var o_${C} = vec4f(0.0);
//#end
  for (var j = share; j < keys; j += ${4 * SPLITS}u) {
    let js = vec4u(j, j + ${SPLITS}u, j + ${2 * SPLITS}u, j + ${3 * SPLITS}u);
    let rows = base + min(js, vec4u(keys - 1u));
//#for I in 0..4
    let k${I} = k_base(rows[${I}], w);
    let v${I} = v_base(rows[${I}], wv);
//#end
${K_ROWS}
//#for C in 0..NV
    let s_${C} = ${C > 0 ? 's_' + (C - 1) + ' + ' : ''}vec4f(dot(q_${C}, kk0_${C}), dot(q_${C}, kk1_${C}), dot(q_${C}, kk2_${C}), dot(q_${C}, kk3_${C}));
//#end
    let s = select(vec4f(-1e30), s_${NV - 1}, js < vec4u(keys));
    let top = max(m, max(max(s.x, s.y), max(s.z, s.w)));
    let fix = exp(m - top);
    let p = select(vec4f(0.0), exp(s - top), js < vec4u(keys));
    m = top;
    l = l * fix + (p.x + p.y + p.z + p.w);
${V_ROWS}
//#for C in 0..NVV
    o_${C} = o_${C} * fix + p.x * vv0_${C} + p.y * vv1_${C} + p.z * vv2_${C} + p.w * vv3_${C};
//#end
  }
//#for C in 0..NVV
  parts4_w_set(i, ${C}u, 0u, o_${C});
//#end
  parts4_w_set(i, ${NVV}u, 0u, vec4f(m, l, 0.0, 0.0));
}
