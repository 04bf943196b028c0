// One invocation a domain: finds the bin that holds the k-th smallest key, appends its 8 bits to the prefix and takes the keys below
// it off k; clears the bins for the next digit. SHIFT == 24 starts from budget[domain]. After SHIFT == 0 the prefix is the k-th
// key and the rest is how many keys equal to it go. k = 0 leaves prefix and rest 0: nothing goes.
${MAIN}
//#if SHIFT == 24
  var rest = budget(0u, i);
  var prefix = 0u;
//#else
  var rest = selection(0u, 3u * i + 1u);
  var prefix = selection(0u, 3u * i);
//#end
  var below = 0u;
  var found = false;
  for (var bin = 0u; bin < 256u; bin++) {
    let count = counts(0u, 256u * i + bin);
    counts_set(0u, 256u * i + bin, 0u);
    if (!found && below + count >= rest) {
      found = true;
      prefix |= bin << ${SHIFT}u;
      rest -= below;
    }
    if (!found) { below += count; }
  }
  selection_set(0u, 3u * i, prefix);
  selection_set(0u, 3u * i + 1u, rest);
}
