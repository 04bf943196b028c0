// Second half of split-K attention: out = sum_i e^(m_i - m) o_i / sum_i e^(m_i - m) l_i over the shares of one query, in
// ascending order. Their number stands beside the first share's m and l: the halves need not agree on it beforehand.
// One invocation four columns of one (row, head).
//
// Layouts   parts [B*S*H*ROOM, 4 (NVV + 1)] as attention_split.wgsl leaves them; out [B*S, H*DV].
//#let NVV = (DV + 3) / 4
${MAIN}
  let c = i % ${NVV}u;
  let query = i / ${NVV}u;
  let first = query * ${ROOM}u;
  let end = first + u32(parts4_w(first, ${NVV}u, 0u).z);
  var top = -1e30;
  for (var p = first; p < end; p++) { top = max(top, parts4_w(p, ${NVV}u, 0u).x); }
  var total = 0.0;
  var sum = vec4f(0.0);
  for (var p = first; p < end; p++) {
    let ml = parts4_w(p, ${NVV}u, 0u);
    let weight = exp(ml.x - top);
    total += weight * ml.y;
    sum += weight * parts4_w(p, c, 0u);
  }
  out4_w_set(query / ${H}u, c, (query % ${H}u) * ${DV}u, sum / total);
}
