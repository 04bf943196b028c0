// New rows into a cache: cache[b, positions[b] + s] = x[b, s]; rows behind the capacity T are dropped.
//
// Layouts   x [B*S, W] with a row stride, cache [B*T, W], positions [B]. One invocation four columns of a row.
${MAIN}
  let r = i / ${NV}u;
  let c = i % ${NV}u;
  let b = r / ${S}u;
  let at = positions(0u, b) + r % ${S}u;
  if (at < ${T}u) { cache4_w_set(b * ${T}u + at, c, 0u, x4_w(r, c, 0u)); }
}
