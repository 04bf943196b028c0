// Movement scores (Sanh et al.): moved -= g w with the clipped gradient, before the weights move. Slow twin: src/pruning/reference.ts.
${MAIN}
  if (norm(0u, 2u) == 0.0) { return; }
  moved4_w_set(0u, i, 0u, moved4_w(0u, i, 0u) - g4_w(0u, i, 0u) * norm(0u, 1u) * w4_w(0u, i, 0u));
}
