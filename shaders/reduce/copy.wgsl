// y[r, c] = x[r, c] between row-strided matrices; one invocation an element.
${MAIN}
  y_set(i / ${C}u, i % ${C}u, x(i / ${C}u, i % ${C}u));
}
