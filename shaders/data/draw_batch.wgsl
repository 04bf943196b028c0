// Draws a batch from the corpus on the GPU. Row r (absolute row ABS = row_offset + r) of `stream` at `step` starts at
//   window:  mulhi(word, N - SEQ)                     covering tokens [start, start + SEQ]
//   rows:    mulhi(word, N / (SEQ + 1)) (SEQ + 1)     one example of SEQ + 1 tokens
// with word = philox4x32(counter = (ABS, step, stream, 0), key = (seed, BATCH)).x. Bit 31 of a token marks a target that is
// not counted (-1). loss_scale = 1 / counted targets, by an integer count in one workgroup: exact, so deterministic.
//
// One workgroup of 256 walks all BATCH * SEQ positions.
var<workgroup> counted: atomic<u32>;
fn row_start(r: u32) -> u32 {
  let word = philox4x32(vec4u(scalars.row_offset + r, scalars.step, scalars.stream, 0u), vec2u(scalars.seed, ${PURPOSE}u)).x;
//#if WINDOW
  return philox_mulhi(word, ${N - SEQ}u);
//#else
  return philox_mulhi(word, ${N / (SEQ + 1)}u) * ${SEQ + 1}u;
//#end
}
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < ${BATCH * SEQ}u; i += 256u) {
    let at = row_start(i / ${SEQ}u) + i % ${SEQ}u;
    inputs_set(0u, i, corpus(0u, at) & 0x7fffffffu);
    let next = corpus(0u, at + 1u);
    let live = (next & 0x80000000u) == 0u;
    targets_set(0u, i, select(-1, i32(next), live));
    if (live) { atomicAdd(&counted, 1u); }
  }
  workgroupBarrier();
  if (lane == 0u) {
    let n = atomicLoad(&counted);
    loss_scale_set(0u, 0u, select(0.0, 1.0 / f32(n), n > 0u));
  }
}
