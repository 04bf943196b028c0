// What changed, one workgroup a chunk: stats[chunk][2..6] = pruned now, changed bits, regrown, pruned by magnitude, pruned by both.
// Words as in mask_write.wgsl; bits beyond the chunk are 1 in every mask.
var<workgroup> sums: array<atomic<u32>, 5>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let n = chunks(0u, 6u * chunk + 2u);
  if (32u * lane < n) {
    let word = chunks(0u, 6u * chunk) / 32u + lane;
    let before = mask(0u, word);
    let now = fresh(0u, word);
    let size = magnitude(0u, word);
    atomicAdd(&sums[0], countOneBits(~now));
    atomicAdd(&sums[1], countOneBits(now ^ before));
    atomicAdd(&sums[2], countOneBits(now & ~before));
    atomicAdd(&sums[3], countOneBits(~size));
    atomicAdd(&sums[4], countOneBits(~now & ~size));
  }
  workgroupBarrier();
  if (lane < 5u) { stats_set(0u, 8u * chunk + 2u + lane, atomicLoad(&sums[lane])); }
}
