// Attention of few queries to a long cache, first half of split-K: the keys of one query are dealt to SPLITS shares, and each
// share leaves its running maximum m, sum l and unnormalised output o; attention_combine.wgsl joins them.
//
//   o = sum_j exp(s_j - m) v_j,  l = sum_j exp(s_j - m),  s_j = scale q.k_j,  j < keys = min(positions[b] + s + 1, T)
//
// Tile      one invocation a (row, head, share), KEYS keys a turn, all in registers; no workgroup memory.
// Shares    KEYS 1: ceil(keys / SPLITS) neighbouring keys each. A CPU adapter walks through memory in order and has no registers
//           for more keys. KEYS 4: share, share + SPLITS, ..., so that neighbouring invocations read neighbouring keys.
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
//#if KEYS == 1
  let chunk = (keys + ${SPLITS - 1}u) / ${SPLITS}u;
  let end = min(keys, (share + 1u) * chunk);
  for (var j0 = share * chunk; j0 < end; j0++) {
    let k0 = k_base(base + j0, w);
    let v0 = v_base(base + j0, wv);
//#else
  for (var j0 = share; j0 < keys; j0 += ${KEYS * SPLITS}u) {
//#for I in 1..KEYS
    let j${I} = j0 + ${I * SPLITS}u;
//#end
//#for I in 0..KEYS
    let k${I} = k_base(base + min(j${I}, keys - 1u), w);
    let v${I} = v_base(base + min(j${I}, keys - 1u), wv);
//#end
//#end
${K_ROWS}
//#for C in 0..NV
//#for I in 0..KEYS
    let s${I}_${C} = ${C > 0 ? 's' + I + '_' + (C - 1) + ' + ' : ''}dot(q_${C}, ${K_PLAIN ? 'k4_at(k' + I + ', ' + C + 'u)' : 'kk' + I + '_' + C});
//#end
//#end
//#for I in 0..KEYS
    let s${I} = ${KEYS == 1 ? 's0_' + (NV - 1) : 'select(-1e30, s' + I + '_' + (NV - 1) + ', j' + I + ' < keys)'};
    let top${I} = max(${I > 0 ? 'top' + (I - 1) : 'm'}, s${I});
//#end
    let top = top${KEYS - 1};
    let fix = exp(m - top);
    m = top;
//#for I in 0..KEYS
    let p${I} = ${KEYS == 1 ? 'exp(s0 - top)' : 'select(0.0, exp(s' + I + ' - top), j' + I + ' < keys)'};
    let l${I} = ${I > 0 ? 'l' + (I - 1) : 'l * fix'} + p${I};
//#end
    l = l${KEYS - 1};
${V_ROWS}
//#for C in 0..NVV
//#for I in 0..KEYS
    let o${I}_${C} = ${I > 0 ? 'o' + (I - 1) + '_' + C : 'o_' + C + ' * fix'} + p${I} * ${V_PLAIN ? 'v4_at(v' + I + ', ' + C + 'u)' : 'vv' + I + '_' + C};
//#end
    o_${C} = o${KEYS - 1}_${C};
//#end
  }
//#for C in 0..NVV
  parts4_w_set(i, ${C}u, 0u, o_${C});
//#end
  parts4_w_set(i, ${NVV}u, 0u, vec4f(m, l, 0.0, 0.0));
}
