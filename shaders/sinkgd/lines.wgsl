// One round's half of SinkGD: each line of x (a row, a column or a vector) divided by its L1 norm, in place; TANH: then tanh(x / TAU).
// Lines at words AT of the table: first element, stride, length. One invocation a line, sums ascending. FROM_G: x starts as the
// clipped gradient. Slow twin: src/optim/sinkgd.ts.
${MAIN}
  let first = table(0u, ${AT}u + 3u * i);
  let stride = table(0u, ${AT}u + 3u * i + 1u);
  let n = table(0u, ${AT}u + 3u * i + 2u);
  var sum = 1e-20;
  for (var e = 0u; e < n; e++) {
//#if FROM_G
    let value = g(0u, first + e * stride) * norm(0u, 1u);
    x_set(0u, first + e * stride, value);
    sum += abs(value);
//#else
    sum += abs(x(0u, first + e * stride));
//#end
  }
  for (var e = 0u; e < n; e++) {
    let value = x(0u, first + e * stride) / sum;
//#if TANH
    x_set(0u, first + e * stride, tanh(clamp(value * 10.0, -20.0, 20.0)));
//#else
    x_set(0u, first + e * stride, value);
//#end
  }
}
