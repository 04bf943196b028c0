// out[c] = sum_r x[r, c]: one invocation four columns, rows ascending.
${MAIN}
  var sum = vec4f(0.0);
  for (var r = 0u; r < ${ROWS}u; r++) { sum += x4_w(r, i, 0u); }
  out4_w_set(0u, i, 0u, sum);
}
