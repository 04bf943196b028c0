// Fused classifier: loss_r = logsumexp(logits_r) - logits_r[target], dlogits = (softmax - onehot) loss_scale grad_scale.
// One invocation a row of V logits: an online maximum and sum in one sweep, the gradient (which may overwrite the logits) in
// a second one. Rows with target -1 have loss 0 and gradient 0.
${MAIN}
  let target_id = targets(0u, i);
  var top = -3.0e38;
  var sum = 0.0;
  for (var j = 0u; j < ${V}u; j++) {
    let x = logits(i, j);
    if (x > top) {
      sum = sum * exp(top - x) + 1.0;
      top = x;
    } else {
      sum += exp(x - top);
    }
  }
  var loss = 0.0;
  if (target_id >= 0) { loss = top + log(sum) - logits(i, u32(target_id)); }
  loss_rows_set(0u, i, loss);
//#if GRAD
  let scale = select(loss_scale(0u, 0u) * scalars.grad_scale, 0.0, target_id < 0);
  let inv = scale / sum;
  for (var j = 0u; j < ${V}u; j++) {
    dlogits_set(i, j, exp(logits(i, j) - top) * inv - select(0.0, scale, i32(j) == target_id));
  }
//#end
}
