// From a router's logits to a routing: softmax over all experts, then the k likeliest, the likeliest
// first, of equal logits the lower number. The arithmetic is f32 in a fixed order and the same as in
// src/model/blocks/routing.ts, so CPU and GPU route alike, bit for bit.
//
//   logits   f32 [tokens, experts]; at most `expertLimit` experts
//   slotOf   u32: the slot of this layer's expert e is at slotOffset + e; 0xffffffff is none
//   ids      u32 [tokens, k]
//   weights  f32 [tokens, k]
//   groups   vec4<u32> [tokens * k]: slot, number of the pair (token, j), 1, expert
//
// One workgroup a token; its invocations take every workgroupSize-th expert.

//#import lib/exponential.wgsl
//#import lib/doubleSingle.wgsl
//#import lib/order.wgsl

struct Parameters {
  experts: u32,
  k: u32,
  renormalise: u32,
  slotOffset: u32,
  tokens: u32,
}

override workgroupSize: u32 = 128;
override expertLimit: u32 = 512;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> slotOf: array<u32>;
@group(0) @binding(2) var<storage, read_write> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> groups: array<vec4<u32>>;
@group(0) @binding(5) var<uniform> parameters: Parameters;

var<workgroup> orders: array<u32, expertLimit>;
var<workgroup> chosen: array<u32, expertLimit>;
// Exponentials of all experts, relative to the largest logit.
var<workgroup> powers: array<f32, expertLimit>;
// What the chosen exponentials are divided by, one after the other.
var<workgroup> total: f32;
var<workgroup> divisor: f32;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let token = workgroup.x;
  let experts = parameters.experts;
  let start = token * experts;
  for (var expert = local; expert < experts; expert += workgroupSize) {
    orders[expert] = orderOf(logits[start + expert]);
  }
  workgroupBarrier();
  for (var expert = local; expert < experts; expert += workgroupSize) {
    let rank = rankOf(expert);
    if (rank < parameters.k) {
      chosen[rank] = expert;
    }
  }
  workgroupBarrier();
  let largest = logits[start + chosen[0]];
  for (var expert = local; expert < experts; expert += workgroupSize) {
    powers[expert] = normalOrZero(exponential(logits[start + expert] - largest));
  }
  workgroupBarrier();
  if (local == 0u) {
    addUp();
  }
  workgroupBarrier();
  for (var j = local; j < parameters.k; j += workgroupSize) {
    let expert = chosen[j];
    let pair = token * parameters.k + j;
    ids[pair] = expert;
    weights[pair] = weightOf(shareOf(expert));
    groups[pair] = vec4(slotOf[parameters.slotOffset + expert], pair, 1u, expert);
  }
}

// How many experts are chosen before this one.
fn rankOf(expert: u32) -> u32 {
  let order = orders[expert];
  var rank = 0u;
  for (var other = 0u; other < expert; other++) {
    rank += u32(orders[other] >= order);
  }
  for (var other = expert + 1u; other < parameters.experts; other++) {
    rank += u32(orders[other] > order);
  }
  return rank;
}

// The sums whose order is part of the definition: by one invocation.
fn addUp() {
  var sum = 0.0;
  for (var expert = 0u; expert < parameters.experts; expert++) {
    sum += powers[expert];
  }
  total = sum;
  var shares = 0.0;
  for (var j = 0u; j < parameters.k; j++) {
    shares += shareOf(chosen[j]);
  }
  // The least normal f16 is llama.cpp's floor.
  divisor = select(shares, 6.103515625e-5, shares < 6.103515625e-5);
}

fn shareOf(expert: u32) -> f32 {
  return normalOrZero(quotient(powers[expert], total));
}

fn weightOf(share: f32) -> f32 {
  if (parameters.renormalise == 0u) {
    return share;
  }
  return normalOrZero(quotient(share, divisor));
}

// Adapters may flush subnormals: all are to.
fn normalOrZero(x: f32) -> f32 {
  return select(x, 0.0, x < 1.1754943508222875e-38);
}
