// Stream read: the sum of two buffers of N rows of eight vec4, each invocation PER rows on end. Bytes moved: 2 * 128 * N. The sum goes
// where nobody looks, behind a comparison that fails, so that no read can be left out.
@group(0) @binding(0) var<storage, read_write> x: array<array<vec4f, 8>, ${N}>;
@group(0) @binding(1) var<storage, read_write> y: array<array<vec4f, 8>, ${N}>;
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3u) {
  var a = vec4f(0.0);
  var b = vec4f(0.0);
  let end = min(${N}u, (id.x + 1u) * ${PER}u);
  for (var i = id.x * ${PER}u; i < end; i++) {
    let s = x[i];
    let t = y[i];
//#for C in 0..8
    a += s[${C}];
    b += t[${C}];
//#end
  }
  let sum = dot(a + b, vec4f(1.0));
  if (sum == 1.2345678e38) { x[0][0].x = sum; }
}
