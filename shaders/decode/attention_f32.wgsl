// One decoded token's attention, the plain f32 baseline of the decode lane.
//
//   q, out [L, B, H, D]     k, v [L, B, H, T, D]     all row-major, f32
//   out = softmax(q k^T / sqrt(D)) v
//
// One workgroup a (head, sequence, layer); invocation i takes tokens i, i + GROUP, ... with a running maximum and sum
// (Milakov and Gimelshein 2018), then the GROUP partial results are combined in workgroup memory in ascending order.
// Bytes that must move: 2 T D 4 a workgroup, each read once.
const T: u32 = {{context}}u;
const D: u32 = {{dim}}u;
const GROUP: u32 = {{group}}u;

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

var<workgroup> maxima: array<f32, GROUP>;
var<workgroup> sums: array<f32, GROUP>;
var<workgroup> partials: array<f32, GROUP * D>;

@compute @workgroup_size({{group}})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (group.z * groups.y + group.y) * groups.x + group.x;
  let query = row * D;
  let cache = row * T * D;
  var m = -3.4e38;
  var sum = 0.0;
  var acc: array<f32, D>;
  for (var t = lane; t < T; t += GROUP) {
    var score = 0.0;
    for (var d = 0u; d < D; d++) { score += q[query + d] * k[cache + t * D + d]; }
    score *= {{scale}};
    let next = max(m, score);
    let keep = exp(m - next);
    let weight = exp(score - next);
    sum = sum * keep + weight;
    for (var d = 0u; d < D; d++) { acc[d] = acc[d] * keep + weight * v[cache + t * D + d]; }
    m = next;
  }
  maxima[lane] = m;
  sums[lane] = sum;
  for (var d = 0u; d < D; d++) { partials[lane * D + d] = acc[d]; }
  workgroupBarrier();
  if (lane < D) {
    var top = maxima[0];
    for (var i = 1u; i < GROUP; i++) { top = max(top, maxima[i]); }
    var total = 0.0;
    var value = 0.0;
    for (var i = 0u; i < GROUP; i++) {
      let share = exp(maxima[i] - top);
      total += sums[i] * share;
      value += partials[i * D + lane] * share;
    }
    out[query + lane] = value / total;
  }
}
