// sample[i] = key of every STRIDE-th prunable element, for score quantiles.
${MAIN}
  sample_set(0u, i, keys(0u, i * ${STRIDE}u));
}
