// Position gradient: dwpe[t] = sum_b dy[b, t]; rows t >= SEQ are zero. One invocation four columns of a row.
${MAIN}
  let t = i / ${NV}u;
  let c = i % ${NV}u;
  var sum = vec4f(0.0);
  if (t < ${SEQ}u) {
    for (var b = 0u; b < ${BATCH}u; b++) { sum += dy4_w(b * ${SEQ}u + t, c, 0u); }
  }
  dwpe4_w_set(t, c, 0u, sum);
}
