// Embedding: y[r] = wte[ids[r]] (+ wpe[r mod SEQ], behind positions[r / SEQ] earlier tokens in a decoder, at most the last row).
// One invocation four columns of a row.
${MAIN}
  let r = i / ${NV}u;
  let c = i % ${NV}u;
  y4_w_set(r, c, 0u, wte4_w(ids(0u, r), c, 0u)${POS ? ' + wpe4_w(' + ROW + ', c, 0u)' : ''});
}
