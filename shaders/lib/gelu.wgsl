// GELU and its derivative, exact (erf) and tanh forms.
//
//   gelu_erf(u)  = u/2 (1 + erf(u/sqrt2))            derivative Phi(u) + u phi(u)
//   gelu_tanh(u) = u/2 (1 + tanh(t)),  t = sqrt(2/pi) (u + 0.044715 u^3)
//
// WGSL has no erf: Abramowitz & Stegun 7.1.26, |error| <= 1.5e-7. tanh arguments are clamped: exp overflows beyond 88.
fn erf_approx(x: f32) -> f32 {
  let z = abs(x);
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1.0 - poly * exp(-z * z));
}
fn gelu_erf(u: f32) -> f32 {
  return 0.5 * u * (1.0 + erf_approx(u * 0.70710678118654752));
}
fn gelu_erf_derivative(u: f32) -> f32 {
  return 0.5 * (1.0 + erf_approx(u * 0.70710678118654752)) + u * 0.39894228040143268 * exp(-0.5 * u * u);
}
fn gelu_tanh(u: f32) -> f32 {
  let t = tanh(clamp(0.79788456080286536 * (u + 0.044715 * u * u * u), -15.0, 15.0));
  return 0.5 * u * (1.0 + t);
}
fn gelu_tanh_derivative(u: f32) -> f32 {
  let t = tanh(clamp(0.79788456080286536 * (u + 0.044715 * u * u * u), -15.0, 15.0));
  return 0.5 * (1.0 + t) + 0.5 * u * (1.0 - t * t) * 0.79788456080286536 * (1.0 + 0.134145 * u * u);
}
