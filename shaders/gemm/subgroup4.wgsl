// GEMM for adapters whose subgroups are 4 lanes of a SIMD register (SwiftShader): C[M,N] = op(A)[M,K] op(B)[K,N], epilogue.
//
// Layouts   A [M,K] or, TRANS_A, [K,M]; B [K,N] or, TRANS_B, [N,K]; row strides LDA, LDB in elements; scalar bindings.
// Tile      one subgroup computes TM rows by 4 TN columns: lane l owns columns col + 4 j + l in named accumulators. For four
//           values of k each lane loads one A value a row (k + l), which subgroupBroadcast hands to the others: a load is a
//           masked gather here and by far the dearest instruction (34 cycles against 4 for a multiply-add and 14 for a
//           broadcast; 2026-11-21, SwiftShader, 2 cores, 512^3).
// Order     fma in ascending k, one accumulator an element: the bits of register.wgsl. The four steps are one expression,
//           because every store to a `var` is a masked read-modify-write here (6.3 against 5.4 GFLOP/s as statements).
// Split     slab s = workgroup z covers k in [s KS, min(K, (s + 1) KS)).
${DECLARATIONS}
${LIBRARY}

@compute @workgroup_size(${4 * WX}, ${WY}, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let lane = id.x & 3u;
  let col = (id.x >> 2u) * ${4 * TN}u + lane;
  let row = id.y * ${TM}u;
  if (row >= ${M}u || col - lane >= ${N}u) { return; }
  let k_begin = id.z * ${KS}u;
  let k_end = min(${K}u, k_begin + ${KS}u);
  // Rows and columns beyond the edge are clamped: they compute a copy of the last one.
//#for I in 0..TM
  let r_${I} = ${EDGE_M ? 'min' : ''}(row + ${I}u${EDGE_M ? ', ' + (M - 1) + 'u' : ''});
  let a_${I} = ${OFF_A}u + r_${I}${TRANS_A ? '' : ' * ' + LDA + 'u'};
  let o_${I} = ${OFF_C}u + (id.z * ${M}u + r_${I}) * ${LDC}u;
//#end
//#for J in 0..TN
  let c_${J} = ${EDGE_N ? 'min' : ''}(col + ${4 * J}u${EDGE_N ? ', ' + (N - 1) + 'u' : ''});
  let b_${J} = ${OFF_B}u + c_${J}${TRANS_B ? ' * ' + LDB + 'u' : ''};
//#if BIAS
  let bias_${J} = ${BIAS_NAME}[${OFF_BIAS}u + c_${J}];
//#end
//#if COL_SUM
  var sum_${J} = 0.0;
//#end
//#end
  // Bias and accumulation are where the accumulators start.
//#for I in 0..TM
//#for J in 0..TN
  var acc_${I}_${J} = ${BIAS ? 'bias_' + J : '0.0'}${ACCUMULATE ? ' + ' + C_NAME + '[o_' + I + ' + c_' + J + ']' : ''};
//#end
//#end
  for (var k = k_begin; k < k_end; k += 4u) {
//#if EDGE_K
    let ka = min(k + lane, k_end - 1u)${TRANS_A ? ' * ' + LDA + 'u' : ''};
    let live = select(0.0, 1.0, k + lane < k_end);
//#else
    let ka = (k + lane)${TRANS_A ? ' * ' + LDA + 'u' : ''};
//#end
//#for P in 0..4
    let kb_${P} = ${EDGE_K ? 'min' : ''}(k + ${P}u${EDGE_K ? ', k_end - 1u' : ''})${TRANS_B ? '' : ' * ' + LDB + 'u'};
//#for J in 0..TN
    let b_${P}_${J} = ${B}[b_${J} + kb_${P}];
//#end
//#end
//#if COL_SUM
//#for J in 0..TN
//#if EDGE_K
    sum_${J} = sum_${J} + b_0_${J} + select(0.0, b_1_${J}, k + 1u < k_end) + select(0.0, b_2_${J}, k + 2u < k_end) + select(0.0, b_3_${J}, k + 3u < k_end);
//#else
    sum_${J} = sum_${J} + b_0_${J} + b_1_${J} + b_2_${J} + b_3_${J};
//#end
//#end
//#end
//#for I in 0..TM
    {
      let x = ${A}[a_${I} + ka]${EDGE_K ? ' * live' : ''};
      let x0 = subgroupBroadcast(x, 0u);
      let x1 = subgroupBroadcast(x, 1u);
      let x2 = subgroupBroadcast(x, 2u);
      let x3 = subgroupBroadcast(x, 3u);
//#for J in 0..TN
      acc_${I}_${J} = fma(x3, b_3_${J}, fma(x2, b_2_${J}, fma(x1, b_1_${J}, fma(x0, b_0_${J}, acc_${I}_${J}))));
//#end
    }
//#end
  }
//#for J in 0..TN
//#if EDGE_N
  if (col + ${4 * J}u < ${N}u) {
//#end
//#for I in 0..TM
  ${C_NAME}[o_${I} + c_${J}] = acc_${I}_${J};
//#end
//#if EDGE_N
  }
//#end
//#end
//#if FINISH
  // GELU and residual run over the tile in a loop, re-reading what was just stored: unrolled they took seconds to compile.
  for (var i = 0u; i < ${TM}u; i++) {
    for (var j = 0u; j < ${TN}u; j++) { finish(row + i, col + 4u * j); }
  }
//#end
//#if COL_SUM
  if (row == 0u) {
//#for J in 0..TN
    if (col + ${4 * J}u < ${N}u) { ${SUM}[${OFF_SUM}u + id.z * ${N}u + col + ${4 * J}u] = sum_${J}; }
//#end
  }
//#end
}

${FINISH_CODE}
