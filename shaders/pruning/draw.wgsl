// drawn[i] = key of a random element of the chunk, with replacement: the sample that a threshold is taken from. One workgroup a chunk.
// Chunks as in score.wgsl; draws is a table of the same form over `drawn`. Element ((r >> 16) n) >> 16 for a random word r, n <= 8192:
// Philox counter (draw, step, 1, 0), so that a resumed run draws the same.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first_key = chunks(0u, 6u * chunk + 1u);
  let n = chunks(0u, 6u * chunk + 2u);
  let first = draws(0u, 6u * chunk + 1u);
  let count = draws(0u, 6u * chunk + 2u);
  for (var e = first + lane; e < first + count; e += 256u) {
    let r = philox4x32(vec4u(e, scalars.step, 1u, 0u), vec2u(scalars.seed, ${PURPOSE}u)).x;
    drawn_set(0u, e, keys(0u, first_key + (((r >> 16u) * n) >> 16u)));
  }
}
