// ties[chunk] = keys of the chunk that equal its domain's threshold. One workgroup a chunk.
var<workgroup> equal: atomic<u32>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first_key = chunks(0u, 6u * chunk + 1u);
  let n = chunks(0u, 6u * chunk + 2u);
  let threshold = selection(0u, 3u * chunks(0u, 6u * chunk + 3u));
  var count = 0u;
  for (var e = lane; e < n; e += 256u) { count += select(0u, 1u, keys(0u, first_key + e) == threshold); }
  atomicAdd(&equal, count);
  workgroupBarrier();
  if (lane == 0u) { ties_set(0u, chunk, atomicLoad(&equal)); }
}
