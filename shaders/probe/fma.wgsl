// FMA probe: CHAINS independent vec4 accumulators an invocation, 4 ITERATIONS rounds of acc = acc a + b (as `fma` where FUSED).
// 8 CHAINS FLOPs a round and invocation. a and b come from memory and the sum is stored, so that nothing can be folded.
@group(0) @binding(0) var<storage, read_write> data: array<vec4f>;
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let a = data[id.x];
  let b = data[id.x + ${N}u];
//#for C in 0..CHAINS
  var acc_${C} = b * ${C + 1}.0;
//#end
  for (var i = 0u; i < ${ITERATIONS}u; i++) {
//#for U in 0..4
//#for C in 0..CHAINS
    acc_${C} = ${FUSED ? 'fma(acc_' + C + ', a, b)' : 'acc_' + C + ' * a + b'};
//#end
//#end
  }
  data[id.x] = acc_0${REST};
}
