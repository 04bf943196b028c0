// GEMM through workgroup memory, for hardware: C[M,N] = op(A)[M,K] op(B)[K,N], then the epilogue.
//
// Layouts   A [M,K] or, TRANS_A, [K,M]; B [K,N] or, TRANS_B, [N,K]; row strides LDA, LDB, LDC in elements.
// Tile      a workgroup of WX x WY invocations computes BM = TM WY rows by BN = TN WX columns; a slice of KB values of k is staged
//           as vec4: tile_a[k][row / 4], tile_b[k][col / 4]. One invocation stages 4 x 4 blocks, transposed in registers where
//           the operand is contiguous along k, so that no two invocations ever write parts of one vec4.
// Order     fma in ascending k, one accumulator an element: the bits of register.wgsl. Values beyond an edge are zero.
// Split     slab s = workgroup z covers k in [s KS, min(K, (s + 1) KS)) and writes C + s M LDC.
//#let NV = TN / 4
//#let MV = TM / 4
//#let BM = TM * WY
//#let BN = TN * WX
//#let BLOCKS_A = BM * KB / 16
//#let BLOCKS = (BM + BN) * KB / 16
${DECLARATIONS}
${LIBRARY}

var<workgroup> tile_a: array<vec4f, ${BM * KB / 4}>;
var<workgroup> tile_b: array<vec4f, ${BN * KB / 4}>;

// Line `line` of an operand from `at`: four neighbours; zero at or beyond `end`, and where there is no such line.
fn read_a(line: u32, lines: u32, at: u32, end: u32) -> vec4f {
  if (line >= lines || at >= end) { return vec4f(0.0); }
  let base = ${OFF_A}u + line * ${LDA}u + at;
//#if VEC_A
  return ${A}[base / 4u];
//#else
  return vec4f(load_a(base), select(0.0, load_a(base + select(0u, 1u, at + 1u < end)), at + 1u < end),
    select(0.0, load_a(base + select(0u, 2u, at + 2u < end)), at + 2u < end), select(0.0, load_a(base + select(0u, 3u, at + 3u < end)), at + 3u < end));
//#end
}

fn read_b(line: u32, lines: u32, at: u32, end: u32) -> vec4f {
  if (line >= lines || at >= end) { return vec4f(0.0); }
  let base = ${OFF_B}u + line * ${LDB}u + at;
//#if VEC_B
  return ${B}[base / 4u];
//#else
  return vec4f(load_b(base), select(0.0, load_b(base + select(0u, 1u, at + 1u < end)), at + 1u < end),
    select(0.0, load_b(base + select(0u, 2u, at + 2u < end)), at + 2u < end), select(0.0, load_b(base + select(0u, 3u, at + 3u < end)), at + 3u < end));
//#end
}

// Stages one 4 x 4 block of the slice that starts at k.
fn stage_a(block: u32, k: u32, k_end: u32, row: u32) {
//#if TRANS_A
  let m = 4u * (block % ${BM / 4}u);
  let p = 4u * (block / ${BM / 4}u);
//#for Q in 0..4
  tile_a[(p + ${Q}u) * ${BM / 4}u + m / 4u] = read_a(k + p + ${Q}u, k_end, row + m, ${M}u);
//#end
//#else
  let p = 4u * (block % ${KB / 4}u);
  let m = 4u * (block / ${KB / 4}u);
  let v = transpose(mat4x4f(
    read_a(row + m, ${M}u, k + p, k_end), read_a(row + m + 1u, ${M}u, k + p, k_end),
    read_a(row + m + 2u, ${M}u, k + p, k_end), read_a(row + m + 3u, ${M}u, k + p, k_end)));
//#for Q in 0..4
  tile_a[(p + ${Q}u) * ${BM / 4}u + m / 4u] = v[${Q}];
//#end
//#end
}

fn stage_b(block: u32, k: u32, k_end: u32, col: u32) {
//#if TRANS_B
  let p = 4u * (block % ${KB / 4}u);
  let n = 4u * (block / ${KB / 4}u);
  let v = transpose(mat4x4f(
    read_b(col + n, ${N}u, k + p, k_end), read_b(col + n + 1u, ${N}u, k + p, k_end),
    read_b(col + n + 2u, ${N}u, k + p, k_end), read_b(col + n + 3u, ${N}u, k + p, k_end)));
//#for Q in 0..4
  tile_b[(p + ${Q}u) * ${BN / 4}u + n / 4u] = v[${Q}];
//#end
//#else
  let n = 4u * (block % ${BN / 4}u);
  let p = 4u * (block / ${BN / 4}u);
//#for Q in 0..4
  tile_b[(p + ${Q}u) * ${BN / 4}u + n / 4u] = read_b(k + p + ${Q}u, k_end, col + n, ${N}u);
//#end
//#end
}

@compute @workgroup_size(${WX}, ${WY}, 1)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * ${BM}u;
  let first_col = group.x * ${BN}u;
  let row = first_row + local.y * ${TM}u;
  let col = first_col + local.x * ${TN}u;
  let k_begin = group.z * ${KS}u;
  let k_end = min(${K}u, k_begin + ${KS}u);
//#for J in 0..NV
  let inside_${J} = col + ${4 * J}u < ${N}u;
//#if COL_SUM
  var sum_${J} = vec4f(0.0);
//#end
//#if BIAS
  let bias_${J} = load_bias(0u, select(0u, col + ${4 * J}u, inside_${J}));
//#end
//#end
  // Bias and accumulation are where the accumulators start.
//#for I in 0..TM
  let row_${I} = min(row + ${I}u, ${M - 1}u);
//#for J in 0..NV
  var acc_${I}_${J} = ${BIAS ? 'bias_' + J : 'vec4f(0.0)'}${ACCUMULATE ? ' + load_c(group.z * ' + M + 'u + row_' + I + ', select(0u, col + ' + (4 * J) + 'u, inside_' + J + '))' : ''};
//#end
//#end
  for (var k = k_begin; k < k_end; k += ${KB}u) {
    for (var block = lane; block < ${BLOCKS}u; block += ${WX * WY}u) {
      if (block < ${BLOCKS_A}u) { stage_a(block, k, k_end, first_row); } else { stage_b(block - ${BLOCKS_A}u, k, k_end, first_col); }
    }
    workgroupBarrier();
    // Beyond the end of k only zeros are staged; a multiply-add with them would turn -0 into 0, so they are left out.
    let count = min(${KB}u, k_end - k);
    for (var p = 0u; p < count; p++) {
//#for I in 0..MV
      let a_${I} = tile_a[p * ${BM / 4}u + local.y * ${MV}u + ${I}u];
//#end
//#for J in 0..NV
      let b_${J} = tile_b[p * ${BN / 4}u + local.x * ${NV}u + ${J}u];
//#if COL_SUM
      sum_${J} += b_${J};
//#end
//#end
//#for I in 0..MV
//#for Q in 0..4
//#let C = Q == 0 ? 'x' : Q == 1 ? 'y' : Q == 2 ? 'z' : 'w'
//#for J in 0..NV
      acc_${4 * I + Q}_${J} = fma(vec4f(a_${I}.${C}), b_${J}, acc_${4 * I + Q}_${J});
//#end
//#end
//#end
    }
    workgroupBarrier();
  }
//#for I in 0..TM
  if (row + ${I}u < ${M}u) {
//#for J in 0..NV
    if (inside_${J}) { store_c(group.z * ${M}u + row + ${I}u, col + ${4 * J}u, acc_${I}_${J}); }
//#end
  }
//#end
//#if FINISH
  for (var i = 0u; i < ${TM}u; i++) {
    for (var j = 0u; j < ${TN}u; j += 4u) { finish(row + i, col + j); }
  }
//#end
//#if COL_SUM
  if (row == 0u) {
//#for J in 0..NV
//#for Q in 0..4
//#let C = Q == 0 ? 'x' : Q == 1 ? 'y' : Q == 2 ? 'z' : 'w'
    if (col + ${4 * J + Q}u < ${N}u) { ${SUM}[${OFF_SUM}u + group.z * ${N}u + col + ${4 * J + Q}u] = sum_${J}.${C}; }
//#end
//#end
  }
//#end
}

${FINISH_CODE}
