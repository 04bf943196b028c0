// Attention of few queries to a long cache, first half of split-K: the keys of one query are dealt to SPLITS shares, and each
// share leaves its running maximum m, sum l and unnormalised output o; attention_combine.wgsl joins them.
//
//   o = sum_j exp(s_j - m) v_j,  l = sum_j exp(s_j - m),  s_j = scale q.k_j,  j < keys = min(positions[b] + s + 1, T)
//
// Tile      LANES neighbouring invocations a (row, head, share), each every LANES-th vec4 of a row; KEYS keys a turn, in registers.
// Shares    GANG neighbouring shares walk one stretch of keys together, key by key in turn. GANG 1: a stretch each; GANG SPLITS: all
//           of them side by side through the whole cache.
// Order     HEADS_FIRST: neighbouring invocations are the heads of one share, so that they read one row of the cache. Else they
//           are the shares of one head, whose stretches lie a power of two apart and meet in the same sets of a cache.
// Layouts   q [B*S, H*D], k [B*T, K*D], v [B*T, K*DV] with row strides, head h reads head h / KV_SHARE of K, or k and v packed (src/graph/kv-format.ts) and unpacked
//           here in registers, K_ROWS and V_ROWS (src/engine/kernels/kv-rows.ts); parts [B*S*H*ROOM, 4 (NVV + 1)], SPLITS <= ROOM
//           used: o, then (m, l, SPLITS, 0).
//#let NV = (D + 3) / 4 / LANES
//#let NVV = (DV + 3) / 4 / LANES
//#let END = (DV + 3) / 4
${MAIN}
//#if LANES > 1
  let lane_of = i % ${LANES}u;
  let item = i / ${LANES}u;
//#else
  let item = i;
//#end
//#if HEADS_FIRST
  let h = item % ${H}u;
  let share = (item / ${H}u) % ${SPLITS}u;
//#else
  let share = item % ${SPLITS}u;
  let h = (item / ${SPLITS}u) % ${H}u;
//#end
  let row = item / ${SPLITS * H}u;
  let b = row / ${S}u;
  let keys = min(positions(0u, b) + row % ${S}u + 1u, ${T}u);
  let base = b * ${T}u;
  let w = h * ${D}u;
  let wk = ${KV_SHARE == 1 ? 'w' : 'h / ' + KV_SHARE + 'u * ' + D + 'u'};
  let wv = ${KV_SHARE == 1 ? 'h' : '(h / ' + KV_SHARE + 'u)'} * ${DV}u;
  var m = -1e30;
  var l = 0.0;
//#for C in 0..NV
  let q_${C} = q4_w(row, ${C * LANES}u${LANES > 1 ? ' + lane_of' : ''}, w) * ${SCALE};
//#end
//#for C in 0..NVV
  var o_${C} = vec4f(0.0);
//#end
  let stretch = ${GANG == 1 ? '' : GANG + 'u * '}((keys + ${SPLITS - 1}u) / ${SPLITS}u);
  let begin = ${GANG == 1 ? 'share * stretch' : '(share / ' + GANG + 'u) * stretch + share % ' + GANG + 'u'};
  let end = min(keys, ${GANG == 1 ? '(share + 1u)' : '(share / ' + GANG + 'u + 1u)'} * stretch);
  for (var j0 = begin; j0 < end; j0 += ${KEYS * GANG}u) {
//#for I in 1..KEYS
    let j${I} = j0 + ${I * GANG}u;
//#end
//#for I in 0..KEYS
    let k${I} = k_base(base + ${I == 0 ? 'j0' : 'min(j' + I + ', end - 1u)'}, wk);
    let v${I} = v_base(base + ${I == 0 ? 'j0' : 'min(j' + I + ', end - 1u)'}, wv);
//#end
${K_ROWS}
//#for C in 0..NV
//#for I in 0..KEYS
    let s${I}_${C} = ${C > 0 ? 's' + I + '_' + (C - 1) + ' + ' : ''}dot(q_${C}, ${K_PLAIN ? 'k4_at(k' + I + ', ' + C * LANES + 'u' + (LANES > 1 ? ' + lane_of' : '') + ')' : 'kk' + I + '_' + C});
//#end
//#end
//#for I in 0..KEYS
    let s${I} = ${I == 0 ? '' : 'select(-1e30, '}sum_of_lanes(s${I}_${NV - 1})${I == 0 ? '' : ', j' + I + ' < end)'};
    let top${I} = max(${I > 0 ? 'top' + (I - 1) : 'm'}, s${I});
//#end
    let top = top${KEYS - 1};
    let fix = exp(m - top);
    m = top;
//#for I in 0..KEYS
    let p${I} = ${I == 0 ? 'exp(s0 - top)' : 'select(0.0, exp(s' + I + ' - top), j' + I + ' < end)'};
    let l${I} = ${I > 0 ? 'l' + (I - 1) : 'l * fix'} + p${I};
//#end
    l = l${KEYS - 1};
${V_ROWS}
//#for C in 0..NVV
//#for I in 0..KEYS
    let o${I}_${C} = ${I > 0 ? 'o' + (I - 1) + '_' + C : 'o_' + C + ' * fix'} + p${I} * ${V_PLAIN ? 'v4_at(v' + I + ', ' + C * LANES + 'u' + (LANES > 1 ? ' + lane_of' : '') + ')' : 'vv' + I + '_' + C};
//#end
    o_${C} = o${KEYS - 1}_${C};
//#end
  }
  let part = (row * ${H}u + h) * ${ROOM}u + share;
//#for C in 0..NVV
  parts4_w_set(part, ${C * LANES}u${LANES > 1 ? ' + lane_of' : ''}, 0u, o_${C});
//#end
//#if LANES > 1
  if (lane_of > 0u) { return; }
//#end
  parts4_w_set(part, ${END}u, 0u, vec4f(m, l, ${SPLITS}.0, 0.0));
}
