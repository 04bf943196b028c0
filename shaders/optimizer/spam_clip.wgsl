// SPAM's coordinate clip over the blocks of grad_reduce: where |g| > limit = sqrt(theta (v + 1e-12)), g = sign(g) limit, with v of
// the previous step. partials[b] = sum of squares after it, clipped[b] = coordinates that changed (as f32, exact up to 512).
// theta = 0 turns it off; non-finite values pass, so that the norm sees them. Slow twin: src/optim/spam.ts clipCoordinates.
${MAIN}
  let first = table(0u, 4u * i);
  let n = table(0u, 4u * i + 1u);
  var square = 0.0;
  var count = 0u;
  for (var e = first; e < first + n; e++) {
    let g = grad(0u, e);
    let limit = sqrt(scalars.spam_theta * (v(0u, e) + 1e-12));
    let finite = (bitcast<u32>(g) & 0x7f800000u) != 0x7f800000u;
    let over = scalars.spam_theta > 0.0 && finite && abs(g) > limit;
    let kept = select(g, sign(g) * limit, over);
    grad_set(0u, e, kept);
    square += kept * kept;
    count += select(0u, 1u, over);
  }
  partials_set(0u, i, square);
  clipped_set(0u, i, f32(count));
}
