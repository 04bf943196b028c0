// Keys of the scores, one workgroup a chunk; counts of non-finite scores and of v < eps. SCORE is a number (src/pruning/kernels.ts);
// the formulas are those of src/pruning/scores.ts, in f32.
//
// Chunk c, 6 words: first arena element, first key, elements, domain, sigma (f32 bits), tensor. A key keeps the order of the score: the
// sign bit flipped for positive numbers, all bits for negative ones; non-finite scores get the largest key. UNSIGNED scores give
// pruned weights key 0, below every score, so that they stay pruned. counts: [non-finite, v < eps], atomically (integers).
var<workgroup> odd: atomic<u32>;
var<workgroup> saturated: atomic<u32>;
fn fourth_root(x: f32) -> f32 { return sqrt(sqrt(x)); }
@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let chunk = group.y * groups.x + group.x;
  if (chunk >= ${CHUNKS}u) { return; }
  let first = chunks(0u, 6u * chunk);
  let first_key = chunks(0u, 6u * chunk + 1u);
  let n = chunks(0u, 6u * chunk + 2u);
  let sigma = bitcast<f32>(chunks(0u, 6u * chunk + 4u));
  let eps = scalars.prune_eps;
  var bad = 0u;
  var small = 0u;
  for (var e = lane; e < n; e += 256u) {
    let at = first + e;
//#if SCORE == 'random'
    var key = philox4x32(vec4u(first_key + e, 0u, 0u, 0u), vec2u(scalars.seed, ${PURPOSE}u)).x;
//#else
    let weight = w(0u, at);
    let size = abs(weight);
//#if NEEDS_M
    let m = exp_avg(0u, at);
//#end
//#if NEEDS_V
    let v = exp_avg_sq(0u, at);
    small += select(0u, 1u, v < eps);
//#end
//#if SCORE == 'magnitude' || SCORE == 'bitter1' || SCORE == 'bitter2'
    let score = size;
//#elif SCORE == 'movement'
    let score = moved(0u, at);
//#elif SCORE == 'movementRepo'
    let score = weight * (weight - initial(0u, at));
//#elif SCORE == 'bitter0'
    let score = weight * weight * abs(m) / (sqrt(v) + eps);
//#elif SCORE == 'bitter3' || SCORE == 'bitter4'
    let score = size * sqrt(abs(m) + eps);
//#elif SCORE == 'bitter5'
    let score = sign(weight) * m / (sqrt(v) + eps) + 0.1 * size;
//#elif SCORE == 'bitter6'
    let score = size * sqrt(abs(m) + eps) * sqrt(m * m / (v + eps));
//#elif SCORE == 'bitter7'
    let score = size * fourth_root(abs(v) + eps);
//#elif SCORE == 'bitter8' || SCORE == 'bitter9'
    let score = size * inverseSqrt(inverseSqrt(abs(v) + eps));
//#elif SCORE == 'bitter7s'
    let score = size * (fourth_root(v) + eps);
//#elif SCORE == 'bitter8m'
    let score = size * sqrt(abs(m / scalars.correction1) + eps);
//#elif SCORE == 'bitter8r'
    let score = sigma * size * sqrt(abs(m) + eps);
//#elif SCORE == 'bitter9r'
    let score = sigma * size * (fourth_root(v) + eps);
//#elif SCORE == 'bitter10z'
    let score = size * sqrt(abs(m)) * abs(m) / (sqrt(v) + eps);
//#elif SCORE == 'genericV'
    let score = size * pow(v + eps, scalars.prune_q);
//#elif SCORE == 'genericVhat'
    let score = size * pow(v / scalars.correction2 + eps, scalars.prune_q);
//#elif SCORE == 'genericM2'
    let score = size * pow(m * m + eps, scalars.prune_q);
//#end
    let raw = bitcast<u32>(score);
    let bits = select(raw, 0u, raw == 0x80000000u);
    var key = select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
    let finite = (bits & 0x7f800000u) != 0x7f800000u;
    key = select(0xffffffffu, key, finite);
    bad += select(1u, 0u, finite);
//#end
//#if UNSIGNED
    if (((mask(0u, at / 32u) >> (at % 32u)) & 1u) == 0u) { key = 0u; }
//#end
    keys_set(0u, first_key + e, key);
  }
  if (bad > 0u) { atomicAdd(&odd, bad); }
  if (small > 0u) { atomicAdd(&saturated, small); }
  workgroupBarrier();
  if (lane == 0u) {
    stats_set(0u, 8u * chunk, atomicLoad(&odd));
    stats_set(0u, 8u * chunk + 1u, atomicLoad(&saturated));
  }
}
