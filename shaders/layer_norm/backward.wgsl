// Layer norm backward: dx = rstd (dy w - mean_c(dy w) - xhat mean_c(dy w xhat)) (+ add_to), xhat = (x - mean) rstd.
// Invocations 0 .. ROWS-1 own a row of dx; the next P * C/4 own four columns of one slab of dweight and dbias, the sums over
// a block of BLOCK rows (grad_reduce adds the slabs). No workgroup memory: mean and rstd were kept by the forward pass.
${MAIN}
  if (i < ${ROWS}u) {
    let mu = mean(0u, i);
    let inv = rstd(0u, i);
    var s1 = vec4f(0.0);
    var s2 = vec4f(0.0);
    for (var c = 0u; c < ${NV}u; c++) {
      let d = dy4_w(i, c, 0u) * weight4_w(0u, c, 0u);
      s1 += d;
      s2 += d * (x4_w(i, c, 0u) - mu) * inv;
    }
    let m1 = (s1.x + s1.y + s1.z + s1.w) / ${C}.0;
    let m2 = (s2.x + s2.y + s2.z + s2.w) / ${C}.0;
    for (var c = 0u; c < ${NV}u; c++) {
      let xhat = (x4_w(i, c, 0u) - mu) * inv;
      dx4_w_set(i, c, 0u, inv * (dy4_w(i, c, 0u) * weight4_w(0u, c, 0u) - m1 - xhat * m2)${ADD ? ' + add_to4_w(i, c, 0u)' : ''});
    }
  } else {
    let slab = (i - ${ROWS}u) / ${NV}u;
    let c = (i - ${ROWS}u) % ${NV}u;
    let begin = slab * ${BLOCK}u;
    let end = min(begin + ${BLOCK}u, ${ROWS}u);
    var dw = vec4f(0.0);
    var db = vec4f(0.0);
    for (var r = begin; r < end; r++) {
      let d = dy4_w(r, c, 0u);
      dw += d * (x4_w(r, c, 0u) - mean(0u, r)) * rstd(0u, r);
      db += d;
    }
    dweight4_w_set(slab, c, 0u, dw);
//#if BIAS
    dbias4_w_set(slab, c, 0u, db);
//#end
  }
}
