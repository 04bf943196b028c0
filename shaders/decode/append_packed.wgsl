// New rows into a quantised cache (src/graph/kv-format.ts): row positions[b] + s packed from x[b, s].
//
//   symmetric   s = f16(a / TOP), q = clamp(round(x / s), -HALF, HALF - 1) + HALF, a = min(max|x|, CAP mean of smaller |x|)
//   asymmetric  s = f16((max - min) / TOP), z = f16(min), q = clamp(round((x - z) / s), 0, TOP)
//
// Tile      one invocation two groups of G columns of a row, because two symmetric scales share a word.
// Layouts   x [B*S, W] with a row stride; cache [B*T, P]: W BITS / 32 words of codes, then the scales.
//#let NV = G / 4
//#let PER = 32 / BITS
fn half_away(v: vec4f) -> vec4f { return sign(v) * floor(abs(v) + 0.5); }

${MAIN}
  let r = i / ${PAIRS}u;
  let pair = i % ${PAIRS}u;
  let b = r / ${S}u;
  let at = positions(0u, b) + r % ${S}u;
  if (at >= ${T}u) { return; }
  let row = b * ${T}u + at;
//#if BITS == 16
  // Floats: a "group" is G columns without a scale.
  for (var g = 2u * pair; g < min(2u * pair + 2u, ${GROUPS}u); g++) {
    for (var c = 0u; c < ${NV}u; c++) {
      let v = x4_w(r, g * ${NV}u + c, 0u);
      cache_set(row, (g * ${NV}u + c) * 2u, pack2x16float(v.xy));
      cache_set(row, (g * ${NV}u + c) * 2u + 1u, pack2x16float(v.zw));
    }
  }
//#else
  var scales = vec2u(0u);
  for (var k = 0u; k < 2u; k++) {
    let g = 2u * pair + k;
    if (g >= ${GROUPS}u) { break; }
    var low = x4_w(r, g * ${NV}u, 0u);
    var high = low;
    var size = abs(low);
    for (var c = 1u; c < ${NV}u; c++) {
      let v = x4_w(r, g * ${NV}u + c, 0u);
      low = min(low, v);
      high = max(high, v);
      size = max(size, abs(v));
    }
//#if ASYMMETRIC
    let z = min(min(low.x, low.y), min(low.z, low.w));
    let span = max(max(high.x, high.y), max(high.z, high.w)) - z;
    let word = pack2x16float(vec2f(span / ${TOP}.0, z));
    cache_set(row, ${CODES}u + g, word);
    let scale = unpack2x16float(word).x;
    let zero = unpack2x16float(word).y;
//#else
    let top = max(max(size.x, size.y), max(size.z, size.w));
    var held = top;
//#if CAP
    var sum = 0.0;
    var count = 0.0;
    for (var c = 0u; c < ${NV}u; c++) {
      let v = abs(x4_w(r, g * ${NV}u + c, 0u));
      let smaller = select(vec4f(0.0), vec4f(1.0), v < vec4f(top));
      sum += dot(smaller, v);
      count += dot(smaller, vec4f(1.0));
    }
    if (sum > 0.0) { held = min(top, ${CAP} * sum / count); }
//#end
    let word = pack2x16float(vec2f(held / ${TOP}.0, 0.0));
    scales[k] = word & 0xffffu;
    let scale = unpack2x16float(word).x;
    let zero = 0.0;
//#end
    for (var w = 0u; w < ${G / PER}u; w++) {
      var code = 0u;
      for (var c = 0u; c < ${PER / 4}u; c++) {
        let v = x4_w(r, g * ${NV}u + w * ${PER / 4}u + c, 0u) - zero;
        let q = clamp(half_away(v / select(scale, 1.0, scale == 0.0)), vec4f(-${HALF}.0), vec4f(${LAST}.0 - ${HALF}.0));
        let u = vec4u(vec4i(select(q, vec4f(0.0), scale == 0.0)) + ${HALF}) << (vec4u(0u, ${BITS}u, ${2 * BITS}u, ${3 * BITS}u) + 4u * ${BITS}u * c);
        code |= u.x | u.y | u.z | u.w;
      }
      cache_set(row, g * ${G / PER}u + w, code);
    }
  }
//#if !ASYMMETRIC
  cache_set(row, ${CODES}u + pair, scales.x | (scales.y << 16u));
//#end
//#end
}
