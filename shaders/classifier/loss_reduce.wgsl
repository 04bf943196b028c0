// Mean loss: out = (micro > 0 ? out : 0) + grad_scale loss_scale sum_r loss_rows[r]. One workgroup of 64: each invocation sums
// a contiguous share in ascending order, the first adds the 64 partial sums in order. Deterministic for a given row count.
var<workgroup> partial: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  let begin = lane * ${SHARE}u;
  let end = min(begin + ${SHARE}u, ${ROWS}u);
  var sum = 0.0;
  for (var r = begin; r < end; r++) { sum += loss_rows(0u, r); }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var p = 0u; p < 64u; p++) { total += partial[p]; }
    let before = select(0.0, out(0u, 0u), scalars.micro > 0u);
    out_set(0u, 0u, before + total * loss_scale(0u, 0u) * scalars.grad_scale);
  }
}
