// Draws the next token of a sequence from its logits and feeds it back: ids[b] = token, positions[b] += 1, drawn[b, micro] = token.
// Slow twin: sampleToken (src/experiment/sampling.ts), the same draw number, rules and ties, in f64 on the CPU.
//
//   order     logits descending, equal ones by id ascending; w = exp((logit - top) / temperature)
//   keep      the first top_k (0: all); of them the fewest that hold top_p of their weight; of those the ones with w >= min_p
//   draw      the first token at which the weight of those so far reaches u sum w,
//             u = philox4x32((draw number, sequence, 0, 0), (seed, SAMPLE)).x as a uniform in (0, 1)
//
// No sorting: a prefix of the order is (t, m), all keys above t and the first m ids at t, and t is found bit by bit, one sum over the
// vocabulary a bit. Sums go lane by lane in ascending order, so they repeat. One workgroup of WG a sequence.
//
// Layouts   logits [B, V], ids [B], positions [B], drawn [B, K]; LIMIT <= V tokens exist, the rest is padding.
struct Tally { count: u32, weight: f32 }
struct Prefix { key: u32, ties: u32 }

var<workgroup> counts: array<u32, ${WG}>;
var<workgroup> sums: array<f32, ${WG}>;

// Keys order as the logits do; both zeros have one key. 0 is below every key.
fn key_of(x: f32) -> u32 {
  let bits = bitcast<u32>(select(x, 0.0, x == 0.0));
  return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}
fn value_of(key: u32) -> f32 { return bitcast<f32>(select(~key, key & 0x7fffffffu, (key >> 31u) == 1u)); }
fn weight_of(x: f32, top: f32) -> f32 { return select(exp((x - top) / scalars.temperature), 1.0, x == top); }

// Tokens with a key of at least `least`, and their weight; the same in every lane.
fn tally(b: u32, lane: u32, least: u32, top: f32) -> Tally {
  var count = 0u;
  var sum = 0.0;
  for (var c = lane; c < scalars.sample_limit; c += ${WG}u) {
    let x = logits(b, c);
    let inside = key_of(x) >= least;
    count += select(0u, 1u, inside);
    sum += select(0.0, weight_of(x, top), inside);
  }
  workgroupBarrier();
  counts[lane] = count;
  sums[lane] = sum;
  workgroupBarrier();
  var all = Tally(0u, 0.0);
  for (var i = 0u; i < ${WG}u; i++) {
    all.count += counts[i];
    all.weight += sums[i];
  }
  return all;
}

// Shortest prefix within `cut` of `tokens` tokens and weight `goal`.
fn shortest(b: u32, lane: u32, tokens: u32, goal: f32, cut: Prefix, top: f32) -> Prefix {
  var key = 0u;
  for (var bit = 0u; bit < 32u; bit++) {
    let candidate = key | (0x80000000u >> bit);
    let all = tally(b, lane, candidate, top);
    if (candidate <= cut.key || (all.count >= tokens && all.weight >= goal)) { key = candidate; }
  }
  let reached = tally(b, lane, key, top);
  let above = tally(b, lane, key + 1u, top);
  let ties = min(reached.count - above.count, select(0xffffffffu, cut.ties, key == cut.key));
  let by_count = tokens - min(tokens, above.count);
  let by_weight = ceil(max(0.0, goal - above.weight) / weight_of(value_of(key), top));
  return Prefix(key, max(1u, min(ties, max(by_count, u32(min(by_weight, 1e9))))));
}

fn weight_within(b: u32, lane: u32, cut: Prefix, top: f32) -> f32 {
  let above = tally(b, lane, cut.key + 1u, top).weight;
  return above + select(0.0, f32(cut.ties) * weight_of(value_of(cut.key), top), cut.key > 0u);
}

// Greatest logit, and the least key among those of weight min_p or more.
fn extremes(b: u32, lane: u32, top: f32, find_top: bool) -> u32 {
  var best = select(0xffffffffu, 0u, find_top);
  for (var c = lane; c < scalars.sample_limit; c += ${WG}u) {
    let x = logits(b, c);
    let key = key_of(x);
    if (find_top) { best = max(best, key); }
    else if (weight_of(x, top) >= scalars.min_p) { best = min(best, key); }
  }
  workgroupBarrier();
  counts[lane] = best;
  workgroupBarrier();
  var all = counts[0];
  for (var i = 1u; i < ${WG}u; i++) { all = select(min(all, counts[i]), max(all, counts[i]), find_top); }
  return all;
}

// The last id of a prefix, by the lane whose stretch of the vocabulary holds it.
fn write_last(b: u32, lane: u32, pick: Prefix) {
  let stretch = (scalars.sample_limit + ${WG - 1}u) / ${WG}u;
  let first = lane * stretch;
  let end = min(scalars.sample_limit, first + stretch);
  var mine = 0u;
  for (var c = first; c < end; c++) { mine += select(0u, 1u, key_of(logits(b, c)) == pick.key); }
  workgroupBarrier();
  counts[lane] = mine;
  workgroupBarrier();
  var seen = 0u;
  for (var i = 0u; i < lane; i++) { seen += counts[i]; }
  for (var c = first; c < end; c++) {
    if (key_of(logits(b, c)) != pick.key) { continue; }
    seen++;
    if (seen == pick.ties) {
      ids_set(0u, b, c);
      positions_set(0u, b, positions(0u, b) + 1u);
      drawn_set(b, scalars.micro, c);
    }
  }
}

@compute @workgroup_size(${WG})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let b = group.x;
  let top = value_of(extremes(b, lane, 0.0, true));
  var cut = Prefix(0u, 0u); // everything: no key is 0
  if (scalars.top_k > 0u) { cut = shortest(b, lane, min(scalars.top_k, scalars.sample_limit), 0.0, cut, top); }
  if (scalars.top_p < 1.0) {
    let goal = scalars.top_p * weight_within(b, lane, cut, top);
    cut = shortest(b, lane, 1u, goal, cut, top);
  }
  if (scalars.min_p > 0.0) {
    let least = extremes(b, lane, top, false);
    let ties = tally(b, lane, least, top).count - tally(b, lane, least + 1u, top).count;
    if (least > cut.key) { cut = Prefix(least, ties); }
  }
  let word = philox4x32(vec4u(scalars.step, b, 0u, 0u), vec2u(scalars.seed, ${PURPOSE}u)).x;
  let uniform_draw = (f32(word >> 8u) + 0.5) * 5.9604644775390625e-8;
  let pick = shortest(b, lane, 1u, uniform_draw * weight_within(b, lane, cut, top), cut, top);
  write_last(b, lane, pick);
}
