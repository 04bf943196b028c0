// Embedding backward: dwte[id] += sum of dy over the positions that hold id, ascending along the links. The invocation of an
// id's first position owns its row (four columns each); all others return. Rows of absent ids keep what they hold.
${MAIN}
  let r = i / ${NV}u;
  let c = i % ${NV}u;
  if (links(1u, r) == 0) { return; }
  var sum = dy4_w(r, c, 0u);
  for (var j = links(0u, r); j >= 0; j = links(0u, u32(j))) { sum += dy4_w(u32(j), c, 0u); }
  let id = ids(0u, r);
  dwte4_w_set(id, c, 0u, dwte4_w(id, c, 0u) + sum);
}
