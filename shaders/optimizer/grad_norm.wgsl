// Global norm: out = [sqrt(sum partials), clip coefficient min(1, clip / (norm + 1e-6)) or 1, ok, m scale, v scale, z, clipped].
// ok = 0 when the norm is not finite: the optimizer then leaves everything unchanged. One workgroup of 256, shares ascending.
// SPAM: the norm enters the queue (slot step % 100); z = (norm - mean) / population deviation of the others, 0 below 10 norms; past
// the threshold the scales are 0.5 and 0.9 (soft reset), else 1. clipped = sum of spam_clip's counts. Twin: src/optim/spam.ts.
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
//#if SPAM
    let slot = scalars.step % ${QUEUE}u;
    let known = min(scalars.step + 1u, ${QUEUE}u);
    if (finite) { queue_set(0u, slot, norm); }
    var norms = 0.0;
    for (var q = 0u; q < known; q++) { norms += select(queue(0u, q), 0.0, q == slot); }
    let mean = norms / max(1.0, f32(known) - 1.0);
    var square = 0.0;
    for (var q = 0u; q < known; q++) {
      let d = queue(0u, q) - mean;
      square += select(d * d, 0.0, q == slot);
    }
    let deviation = sqrt(square / max(1.0, f32(known) - 1.0));
    let score = select(0.0, (norm - mean) / deviation, finite && known >= ${MIN_QUEUE}u && deviation > 0.0);
    let spike = scalars.spam_z > 0.0 && score > scalars.spam_z;
    var changed = 0.0;
    for (var b = 0u; b < ${N}u; b++) { changed += clipped(0u, b); }
    out_set(0u, 3u, select(1.0, ${SOFT_M}, spike));
    out_set(0u, 4u, select(1.0, ${SOFT_V}, spike));
    out_set(0u, 5u, score);
    out_set(0u, 6u, changed);
//#end
  }
}
