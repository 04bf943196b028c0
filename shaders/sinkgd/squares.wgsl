// after[b] = sum of squares of x over block b of the optimizer's block table.
${MAIN}
  let first = table(0u, 4u * i);
  let n = table(0u, 4u * i + 1u);
  var sum = 0.0;
  for (var e = first; e < first + n; e++) { sum += x(0u, e) * x(0u, e); }
  after_set(0u, i, sum);
}
