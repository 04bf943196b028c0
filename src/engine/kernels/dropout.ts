/**
 * Dropout masks are functions of counters, never stored: element `index` of site `site` in micro-step `dropout_stream`.
 * Philox4x32-10 with key (seed, purpose) and counter (index / 4, stream, site, 0); word index % 4 becomes a uniform in (0, 1).
 */
export const PURPOSE = { BATCH: 2, DROPOUT: 3, SAMPLE: 4 } as const;

export const DROPOUT_WGSL = `fn dropout_uniform(site: u32, index: u32) -> f32 {
  let words = philox4x32(vec4u(index / 4u, scalars.dropout_stream, site, 0u), vec2u(scalars.seed, ${PURPOSE.DROPOUT}u));
  return (f32(words[index % 4u] >> 8u) + 0.5) * 5.9604644775390625e-8;
}
`;
