// Attention of few queries to a long cache as the textbook has it: the greatest score first, then weights and sum. The slow twin of
// attention_split.wgsl, with its layouts; it leaves one share that holds everything.
//
//   m = max_j s_j,  l = sum_j exp(s_j - m),  o = sum_j exp(s_j - m) v_j,  s_j = scale q.k_j,  j < keys = min(positions[b] + s + 1, T)
//
// Tile      one invocation a (row, head).
//#let NV = (D + 3) / 4
//#let NVV = (DV + 3) / 4
${MAIN}
  let row = i / ${H}u;
  let h = i % ${H}u;
  let b = row / ${S}u;
  let keys = min(positions(0u, b) + row % ${S}u + 1u, ${T}u);
  let w = h * ${D}u;
  let wk = ${KV_SHARE == 1 ? 'w' : 'h / ' + KV_SHARE + 'u * ' + D + 'u'};
  let wv = ${KV_SHARE == 1 ? 'h' : '(h / ' + KV_SHARE + 'u)'} * ${DV}u;
  var m = -1e30;
  for (var j = 0u; j < keys; j++) {
    let k0 = k_base(b * ${T}u + j, wk);
${K_ROWS}
    var s = 0.0;
//#for C in 0..NV
    s += dot(q4_w(row, ${C}u, w), kk0_${C});
//#end
    m = max(m, s * ${SCALE});
  }
  var l = 0.0;
//#for C in 0..NVV
  var o_${C} = vec4f(0.0);
//#end
  for (var j = 0u; j < keys; j++) {
    let k0 = k_base(b * ${T}u + j, wk);
    let v0 = v_base(b * ${T}u + j, wv);
${K_ROWS}
    var s = 0.0;
//#for C in 0..NV
    s += dot(q4_w(row, ${C}u, w), kk0_${C});
//#end
    let p = exp(s * ${SCALE} - m);
    l += p;
${V_ROWS}
//#for C in 0..NVV
    o_${C} += p * vv0_${C};
//#end
  }
//#for C in 0..NVV
  parts4_w_set(i * ${ROOM}u, ${C}u, 0u, o_${C});
//#end
  parts4_w_set(i * ${ROOM}u, ${NVV}u, 0u, vec4f(m, l, 1.0, 0.0));
}
