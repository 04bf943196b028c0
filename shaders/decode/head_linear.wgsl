// A linear map a head from blocks of one weight: y_h = x_h W_h + bias_h, or TRANSPOSED y_h = x_h W_h^T.
//
// Layouts   x [rows, H*FROM], w [L, N] with head h's block in columns COLUMN + h*D .. +D, bias [N], y [rows, H*TO], f32.
// Tile      one invocation: four columns of one head of one row; TRANSPOSED one column, so that the weight is read along its rows.
${MAIN}
  let c = i % ${UNITS}u;
  let h = (i / ${UNITS}u) % ${H}u;
  let row = i / ${UNITS * H}u;
  let block = ${COLUMN}u + h * ${D}u;
//#if TRANSPOSED
  var sum = vec4f(0.0);
  for (var j = 0u; j < ${(D + 3) / 4}u; j++) { sum += x4_w(row, j, h * ${D}u) * w4_w(c, j, block); }
  y_set(row, h * ${TO}u + c, sum.x + sum.y + sum.z + sum.w);
//#else
  var sum = ${BIAS ? 'bias4_w(0u, c, block)' : 'vec4f(0.0)'};
  for (var j = 0u; j < ${FROM}u; j++) { sum += x_w(row, j, h * ${FROM}u) * w4_w(j, c, block); }
  y4_w_set(row, c, h * ${TO}u, sum);
//#end
}
