// FMA probe: CHAINS independent vec4 accumulators an invocation, ITERATIONS rounds of acc = acc * a + b. 8 CHAINS ITERATIONS
// FLOPs an invocation. The result is stored so that nothing is removed; a and b come from memory so that nothing is folded.
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
    acc_${C} = acc_${C} * a + b;
//#end
//#end
  }
  data[id.x] = acc_0${REST};
}
