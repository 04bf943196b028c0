// Stream copy: y = x over N vec4, each invocation a strided walk. Bytes moved: 2 * 16 * N.
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3u) {
  for (var i = id.x; i < ${N}u; i += ${STRIDE}u) { y[i] = x[i]; }
}
