// Layer norm: y = (x - mean) rstd weight (+ bias), per row of C columns; mean and rstd [rows] are kept for the backward pass.
// One invocation a row; two passes for the variance (the one-pass form cancels in f32).
${MAIN}
  var sum = vec4f(0.0);
  for (var c = 0u; c < ${NV}u; c++) { sum += x4_w(i, c, 0u); }
  let mu = (sum.x + sum.y + sum.z + sum.w) / ${C}.0;
  var square = vec4f(0.0);
  for (var c = 0u; c < ${NV}u; c++) {
    let d = (x4_w(i, c, 0u) - mu)${TAIL};
    square += d * d;
  }
  let inv = inverseSqrt((square.x + square.y + square.z + square.w) / ${C}.0 + ${EPS});
  mean_set(0u, i, mu);
  rstd_set(0u, i, inv);
  for (var c = 0u; c < ${NV}u; c++) {
    y4_w_set(i, c, 0u, (x4_w(i, c, 0u) - mu) * inv * weight4_w(0u, c, 0u)${BIAS ? ' + bias4_w(0u, c, 0u)' : ''});
  }
}
