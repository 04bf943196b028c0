// Token links: for each position the next position with the same id (row 0; -1 where none) and whether it is the first with
// its id (row 1). They make the embedding's scatter-add deterministic: one owner a vocabulary row, positions ascending.
${MAIN}
  let id = ids(0u, i);
  var next = -1;
  for (var j = i + 1u; j < ${ROWS}u; j++) {
    if (ids(0u, j) == id) { next = i32(j); break; }
  }
  var first = 1;
  for (var j = 0u; j < i; j++) {
    if (ids(0u, j) == id) { first = 0; break; }
  }
  links_set(0u, i, next);
  links_set(1u, i, first);
}
