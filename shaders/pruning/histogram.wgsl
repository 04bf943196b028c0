// Digit SHIFT / 8 of the radix selection: for each domain, how many of its keys that agree with the prefix found so far have each
// value of the next 8 bits. One workgroup a chunk, 256 bins in workgroup memory, integer atomics: the order does not matter.
// Chunks as in score.wgsl. selection[domain] = [prefix, elements still to prune, ...] (3 words).
var<workgroup> bins: array<atomic<u32>, 256>;
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first_key = chunks(0u, 6u * chunk + 1u);
  let n = chunks(0u, 6u * chunk + 2u);
  let domain = chunks(0u, 6u * chunk + 3u);
//#if SHIFT < 24
  let prefix = selection(0u, 3u * domain) >> ${SHIFT + 8}u;
//#end
  for (var e = lane; e < n; e += 256u) {
    let key = keys(0u, first_key + e);
//#if SHIFT < 24
    if ((key >> ${SHIFT + 8}u) != prefix) { continue; }
//#end
    atomicAdd(&bins[(key >> ${SHIFT}u) & 255u], 1u);
  }
  workgroupBarrier();
  let count = atomicLoad(&bins[lane]);
  if (count > 0u) { atomicAdd(&b_counts[256u * domain + lane], count); }
}
