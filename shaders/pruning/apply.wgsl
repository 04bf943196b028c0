// The new mask takes effect: weights and optimizer state of pruned elements become exactly 0. One workgroup a chunk.
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first = chunks(0u, 6u * chunk);
  let n = chunks(0u, 6u * chunk + 2u);
  if (32u * lane < n) { mask_set(0u, first / 32u + lane, fresh(0u, first / 32u + lane)); }
  for (var e = lane; e < n; e += 256u) {
    let at = first + e;
    if (((fresh(0u, at / 32u) >> (at % 32u)) & 1u) == 1u) { continue; }
//#for A in 0..ARENAS
    arena${A}_set(0u, at, 0.0);
//#end
  }
}
