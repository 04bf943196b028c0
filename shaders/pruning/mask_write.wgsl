// Keep bits: 0 for keys below the threshold and for the first `rest` keys equal to it, in index order. One workgroup a chunk of at
// most 8192 elements, one invocation a word of 32; chunks start on word boundaries. Bits beyond the chunk are 1. ALL_TIES: every key
// equal to the threshold goes (sampled thresholds).
//#if ALL_TIES == 0
var<workgroup> equal: array<u32, 256>;
//#end
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first = chunks(0u, 6u * chunk);
  let first_key = chunks(0u, 6u * chunk + 1u);
  let n = chunks(0u, 6u * chunk + 2u);
  let domain = chunks(0u, 6u * chunk + 3u);
  let threshold = selection(0u, 3u * domain);
  let rest = selection(0u, 3u * domain + 1u);
  let begin = 32u * lane;
  let end = min(begin + 32u, n);
  var low = 0u;
  var same = 0u;
  for (var e = begin; e < end; e++) {
    let key = keys(0u, first_key + e);
    low |= select(0u, 1u, key < threshold) << (e - begin);
    same |= select(0u, 1u, key == threshold) << (e - begin);
  }
//#if ALL_TIES == 1
  if (rest > 0u) { low |= same; }
//#else
  equal[lane] = countOneBits(same);
  workgroupBarrier();
  if (lane == 0u) {
    var sum = ties(0u, chunk);
    for (var l = 0u; l < 256u; l++) {
      let count = equal[l];
      equal[l] = sum;
      sum += count;
    }
  }
  workgroupBarrier();
  // The lowest `left` set bits of `same` go too.
  var left = select(0u, rest - equal[lane], equal[lane] < rest);
  for (; left > 0u && same != 0u; left--) {
    let bit = same & (~same + 1u);
    low |= bit;
    same ^= bit;
  }
//#end
  if (begin < n) { fresh_set(0u, first / 32u + lane, ~low); }
}
