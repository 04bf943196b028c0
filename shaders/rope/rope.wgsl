// Rotary positions: pairs (m, m + d/2) of every head of x [rows, heads d] turn by angle(position, m) = position theta^(-2m/d),
// SIGN = -1 for the gradient. One invocation a pair. The angle is kept in turns, with the frequency in two parts whose first
// (8 bits) times the position is exact, and sine and cosine are polynomials: WGSL's own are only good to 2^-11.
const HIGH = array<f32, ${HALF}>(${HIGH});
const LOW = array<f32, ${HALF}>(${LOW});

// cos and sin of 2 pi t for t in [-0.5, 0.5]; Taylor on an eighth of a turn, then two doublings.
fn turn(t: f32) -> vec2f {
  let x = t * 1.5707963267948966;
  let z = x * x;
  let s = x * (1.0 + z * (-0.16666666666666666 + z * (0.008333333333333333 + z * (-0.0001984126984126984 + z * 2.7557319223985893e-6))));
  let v = z * (0.5 + z * (-0.041666666666666664 + z * (0.001388888888888889 + z * (-2.48015873015873e-5 + z * 2.755731922398589e-7))));
  let c = 1.0 - v;
  let s2 = 2.0 * s * c;
  let c2 = 1.0 - 2.0 * s * s;
  return vec2f(1.0 - 2.0 * s2 * s2, 2.0 * s2 * c2);
}

${MAIN}
  let m = i % ${HALF}u;
  let head = (i / ${HALF}u) % ${HEADS}u;
  let row = i / ${PAIRS}u;
  let position = f32(row % ${SEQ}u + ${OFFSET});
  let turns = fract(position * HIGH[m]) + position * LOW[m];
  let cs = turn(turns - round(turns));
  let at = head * ${D}u + m;
  let a = x(row, at);
  let b = x(row, at + ${HALF}u);
  y_set(row, at, a * cs.x - ${SIGN} * b * cs.y);
  y_set(row, at + ${HALF}u, ${SIGN} * a * cs.y + b * cs.x);
}
