// Global norm: out = [sqrt(sum partials), clip coefficient min(1, clip / (norm + 1e-6)) or 1, ok]. ok = 0 when the norm is not
// finite: AdamW then leaves everything unchanged. One workgroup of 256, shares in ascending order.
var<workgroup> partial: array<f32, 256>;
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  let begin = lane * ${SHARE}u;
  let end = min(begin + ${SHARE}u, ${N}u);
  var sum = 0.0;
  for (var i = begin; i < end; i++) { sum += partials(0u, i); }
  partial[lane] = sum;
  workgroupBarrier();
  if (lane == 0u) {
    var total = 0.0;
    for (var p = 0u; p < 256u; p++) { total += partial[p]; }
    let norm = sqrt(total);
    // NaN comparisons are unspecified in WGSL: look at the exponent bits.
    let finite = (bitcast<u32>(total) & 0x7f800000u) != 0x7f800000u;
    out_set(0u, 0u, norm);
    out_set(0u, 1u, select(1.0, min(1.0, scalars.grad_clip / (norm + 1e-6)), scalars.grad_clip > 0.0));
    out_set(0u, 2u, select(0.0, 1.0, finite));
  }
}
