// scale[t] = RMS of tensor t's clipped gradient over the RMS of its direction (0 for a zero direction), from the block sums.
// Tensors at words AT of the table: first block, blocks.
${MAIN}
  let first = table(0u, ${AT}u + 2u * i);
  let n = table(0u, ${AT}u + 2u * i + 1u);
  var before_sum = 0.0;
  var after_sum = 0.0;
  for (var b = first; b < first + n; b++) {
    before_sum += before(0u, b);
    after_sum += after(0u, b);
  }
  scale_set(0u, i, select(0.0, norm(0u, 1u) * sqrt(before_sum / after_sum), after_sum > 0.0));
}
