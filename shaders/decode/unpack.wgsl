// A quantised cache written out as f32, the first of the two steps that attention then does in one: y[r] = unpacked row r.
//
// Layouts   cache [B*T, P] (src/graph/kv-format.ts), y [B*T, W]. One invocation eight columns of a row; rows that no sequence has
//           reached are left alone.
${MAIN}
  let r = i / ${UNITS}u;
  let w = (i % ${UNITS}u) * 8u;
  let base = x_base(r, w);
${ROWS}
  y4_w_set(r, 0u, w, xx0_0);
  y4_w_set(r, 1u, w, xx0_1);
}
