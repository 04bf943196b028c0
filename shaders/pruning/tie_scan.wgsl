// One invocation a domain: ties[chunk] becomes the number of ties in the domain's earlier chunks.
${MAIN}
  var sum = 0u;
  for (var chunk = 0u; chunk < ${CHUNKS}u; chunk++) {
    if (chunks(0u, 6u * chunk + 3u) != i) { continue; }
    let count = ties(0u, chunk);
    ties_set(0u, chunk, sum);
    sum += count;
  }
}
