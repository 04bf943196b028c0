// Gradient sum over the flat arena: grad[e] = (micro > 0 ? grad[e] : 0) + sum_s slab_s[e], s ascending; parameters whose
// gradient was written in place (no slabs) are only read. Each block also emits the sum of squares of its gradient.
//
// Blocks of at most BLOCK elements never cross a parameter. Table entry of block b, 4 words at 4 b:
//   first element, elements, first slab element (0xffffffff: in place), slabs;  slab stride = word STRIDES + b.
// One invocation a block: no workgroup memory, the sum of squares in a fixed order. MASKED: gradients of pruned weights (one keep
// bit an element) become 0, also those written in place.
${MAIN}
  let first = table(0u, 4u * i);
  let n = table(0u, 4u * i + 1u);
  let slab = table(0u, 4u * i + 2u);
  let slabs_n = table(0u, 4u * i + 3u);
  var square = vec4f(0.0);
  for (var e = 0u; e < n; e += 4u) {
    var g = grad4_w(0u, (first + e) / 4u, 0u);
//#if SLABS
    if (slab != 0xffffffffu) {
      let stride = table(0u, ${STRIDES}u + i);
      g = select(vec4f(0.0), g, scalars.micro > 0u);
      for (var s = 0u; s < slabs_n; s++) {
        let at = slab + s * stride + e;
        let live = vec4u(e, e + 1u, e + 2u, e + 3u) < vec4u(n);
        g += select(vec4f(0.0), vec4f(slabs(0u, at), slabs(0u, at + 1u), slabs(0u, at + 2u), slabs(0u, at + 3u)), live);
      }
//#if !MASKED
      grad4_w_set(0u, (first + e) / 4u, 0u, g);
//#end
    }
//#end
//#if MASKED
    let quad = (first + e) / 4u;
    let live = (vec4u(mask(0u, quad / 8u) >> ((quad % 8u) * 4u)) & vec4u(1u, 2u, 4u, 8u)) != vec4u(0u);
    g = select(vec4f(0.0), g, live);
    grad4_w_set(0u, quad, 0u, g);
//#end
    square += g * g;
  }
  partials_set(0u, i, (square.x + square.y) + (square.z + square.w));
}
