// GEMM, register tiles, no workgroup memory: C[M,N] = op(A)[M,K] op(B)[K,N], then the epilogue.
//
// Layouts   A [M,K] or, TRANS_A, [K,M]; B [K,N] or, TRANS_B, [N,K]; row strides LDA, LDB, LDC in elements.
// Tile      one invocation computes TM rows by TN columns in named vec4 accumulators acc_<row>_<column/4>; a workgroup is
//           WX x WY invocations. k advances by 4; tails in k, m and n are guarded unless known not to exist.
// Loads     vec4 along the contiguous dimension (VEC_A, VEC_B) or scalar. Transposed operands are transposed in registers.
// Order     fma in ascending k, one accumulator an element: all tile sizes, and subgroup4.wgsl, give equal bits. The four
//           steps are one expression: every store to a `var` costs a masked read-modify-write on SwiftShader.
// Split     slab s = workgroup z covers k in [s KS, min(K, (s + 1) KS)) and writes C + s M LDC.
//
// Runtime indexing of a vector component halves the speed (2026-11-21, SwiftShader): components are template constants.
//#let NV = TN / 4
${DECLARATIONS}
${LIBRARY}

@compute @workgroup_size(${WX}, ${WY}, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let col = id.x * ${TN}u;
  let row = id.y * ${TM}u;
  if (row >= ${M}u || col >= ${N}u) { return; }
  let k_begin = id.z * ${KS}u;
  let k_end = min(${K}u, k_begin + ${KS}u);
//#if COL_SUM
//#for J in 0..NV
  var sum_${J} = vec4f(0.0);
//#end
//#end
  // Rows and columns beyond the edge are clamped: they compute a copy of the last one.
//#for I in 0..TM
//#if TRANS_A && VEC_A && EDGE_M
  let r_${I} = min(row + ${I / 4 * 4}u, ${M - 4}u) + ${I % 4}u;
//#else
  let r_${I} = ${EDGE_M ? 'min' : ''}(row + ${I}u${EDGE_M ? ', ' + (M - 1) + 'u' : ''});
//#end
//#if TRANS_A == 0
  let a_row_${I} = ${OFF_A}u + r_${I} * ${LDA}u;
//#end
//#end
//#for J in 0..NV
  let c_${J} = ${N % 4 == 0 && EDGE_N ? 'min' : ''}(col + ${4 * J}u${N % 4 == 0 && EDGE_N ? ', ' + (N - 4) + 'u' : ''});
//#if BIAS
  let bias_${J} = load_bias(0u, c_${J});
//#end
//#if TRANS_B
//#for Q in 0..4
  let b_row_${4 * J + Q} = ${OFF_B}u + min(c_${J} + ${Q}u, ${N - 1}u) * ${LDB}u;
//#end
//#end
//#end
  // Bias and accumulation are where the accumulators start.
//#for I in 0..TM
//#for J in 0..NV
  var acc_${I}_${J} = ${BIAS ? 'bias_' + J : 'vec4f(0.0)'}${ACCUMULATE ? ' + load_c(id.z * ' + M + 'u + r_' + I + ', c_' + J + ')' : ''};
//#end
//#end
  for (var k = k_begin; k < k_end; k += 4u) {
//#if EDGE_K
    let k1 = min(k + 1u, k_end - 1u);
    let k2 = min(k + 2u, k_end - 1u);
    let k3 = min(k + 3u, k_end - 1u);
    let live = vec4f(1.0, select(0.0, 1.0, k + 1u < k_end), select(0.0, 1.0, k + 2u < k_end), select(0.0, 1.0, k + 3u < k_end));
//#else
    let k1 = k + 1u;
    let k2 = k + 2u;
    let k3 = k + 3u;
//#end
    // A: a_<row> holds the row's values at k .. k+3.
//#if TRANS_A
//#for I in 0..TM/4
//#for P in 0..4
//#let KP = P == 0 ? 'k' : 'k' + P
//#if VEC_A
    let at_${I}_${P} = ${A}[(${OFF_A}u + ${KP} * ${LDA}u + ${EDGE_M ? 'min' : ''}(row + ${4 * I}u${EDGE_M ? ', ' + (M - 4) + 'u' : ''})) / 4u];
//#else
    let at_${I}_${P} = vec4f(
      load_a(${OFF_A}u + ${KP} * ${LDA}u + min(row + ${4 * I}u, ${M - 1}u)), load_a(${OFF_A}u + ${KP} * ${LDA}u + min(row + ${4 * I + 1}u, ${M - 1}u)),
      load_a(${OFF_A}u + ${KP} * ${LDA}u + min(row + ${4 * I + 2}u, ${M - 1}u)), load_a(${OFF_A}u + ${KP} * ${LDA}u + min(row + ${4 * I + 3}u, ${M - 1}u)));
//#end
//#end
//#for Q in 0..4
//#let C = Q == 0 ? 'x' : Q == 1 ? 'y' : Q == 2 ? 'z' : 'w'
    let a_${4 * I + Q} = vec4f(at_${I}_0.${C}, at_${I}_1.${C}, at_${I}_2.${C}, at_${I}_3.${C})${EDGE_K ? ' * live' : ''};
//#end
//#end
//#else
//#for I in 0..TM
//#if VEC_A
    let a_${I} = ${A}[(a_row_${I} + k) / 4u]${EDGE_K ? ' * live' : ''};
//#else
    let a_${I} = vec4f(load_a(a_row_${I} + k), load_a(a_row_${I} + k1), load_a(a_row_${I} + k2), load_a(a_row_${I} + k3))${EDGE_K ? ' * live' : ''};
//#end
//#end
//#end
    // B: b_<p>_<j> holds four columns at k + p.
//#if TRANS_B
//#for J in 0..NV
//#for Q in 0..4
//#if VEC_B
    let bt_${J}_${Q} = ${B}[(b_row_${4 * J + Q} + k) / 4u];
//#else
    let bt_${J}_${Q} = vec4f(load_b(b_row_${4 * J + Q} + k), load_b(b_row_${4 * J + Q} + k1), load_b(b_row_${4 * J + Q} + k2), load_b(b_row_${4 * J + Q} + k3));
//#end
//#end
//#end
//#end
//#for P in 0..4
//#let C = P == 0 ? 'x' : P == 1 ? 'y' : P == 2 ? 'z' : 'w'
//#let KP = P == 0 ? 'k' : 'k' + P
//#for J in 0..NV
//#if TRANS_B
    let b_${P}_${J} = vec4f(bt_${J}_0.${C}, bt_${J}_1.${C}, bt_${J}_2.${C}, bt_${J}_3.${C});
//#elif VEC_B
    let b_${P}_${J} = ${B}[(${OFF_B}u + ${KP} * ${LDB}u + ${EDGE_N ? 'min' : ''}(col + ${4 * J}u${EDGE_N ? ', ' + (N - 4) + 'u' : ''})) / 4u];
//#else
    let b_${P}_${J} = vec4f(
      load_b(${OFF_B}u + ${KP} * ${LDB}u + min(col + ${4 * J}u, ${N - 1}u)), load_b(${OFF_B}u + ${KP} * ${LDB}u + min(col + ${4 * J + 1}u, ${N - 1}u)),
      load_b(${OFF_B}u + ${KP} * ${LDB}u + min(col + ${4 * J + 2}u, ${N - 1}u)), load_b(${OFF_B}u + ${KP} * ${LDB}u + min(col + ${4 * J + 3}u, ${N - 1}u)));
//#end
//#end
//#end
//#for I in 0..TM
//#for J in 0..NV
    acc_${I}_${J} = fma(vec4f(a_${I}.w), b_3_${J}, fma(vec4f(a_${I}.z), b_2_${J}, fma(vec4f(a_${I}.y), b_1_${J}, fma(vec4f(a_${I}.x), b_0_${J}, acc_${I}_${J}))));
//#end
//#end
//#if COL_SUM
//#for J in 0..NV
//#if EDGE_K
    sum_${J} = sum_${J} + b_0_${J} + select(vec4f(0.0), b_1_${J}, k + 1u < k_end) + select(vec4f(0.0), b_2_${J}, k + 2u < k_end) + select(vec4f(0.0), b_3_${J}, k + 3u < k_end);
//#else
    sum_${J} = sum_${J} + b_0_${J} + b_1_${J} + b_2_${J} + b_3_${J};
//#end
//#end
//#end
  }
//#for I in 0..TM
//#for J in 0..NV
  store_c(id.z * ${M}u + r_${I}, c_${J}, acc_${I}_${J});
//#end
//#end
//#if FINISH
  // GELU and residual run over the tile in a loop, re-reading what was just stored: unrolled they took seconds to compile
  // (2026-11-21, SwiftShader).
  for (var i = 0u; i < ${TM}u; i++) {
    for (var j = 0u; j < ${TN}u; j += 4u) { finish(row + i, col + j); }
  }
//#end
//#if COL_SUM
  if (row == 0u) {
//#for J in 0..NV
//#for Q in 0..4
//#let C = Q == 0 ? 'x' : Q == 1 ? 'y' : Q == 2 ? 'z' : 'w'
    if (col + ${4 * J + Q}u < ${N}u) { ${SUM}[${OFF_SUM}u + id.z * ${N}u + col + ${4 * J + Q}u] = sum_${J}.${C}; }
//#end
//#end
  }
//#end
}

${FINISH_CODE}
