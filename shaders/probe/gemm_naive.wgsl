// The bottom rung of the GEMM ladder: C[N,N] = A B, one invocation an element, scalar loads, k ascending in one accumulator.
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${N}u || id.y >= ${N}u) { return; }
  var sum = 0.0;
  for (var k = 0u; k < ${N}u; k++) { sum = fma(a[id.y * ${N}u + k], b[k * ${N}u + id.x], sum); }
  c[id.y * ${N}u + id.x] = sum;
}
