// The place of the largest value of every row; of equal ones the first. NaN counts as less than every
// number.
//
//   logits  f32 [rows, count]
//   result  u32 [rows]
//
// One workgroup a row; its invocations take every workgroupSize-th value.

//#import lib/order.wgsl
//#import lib/grid.wgsl

struct Parameters {
  count: u32,
  rows: u32,
}

override workgroupSize: u32 = 256;

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
@group(0) @binding(2) var<uniform> parameters: Parameters;

var<workgroup> orders: array<u32, workgroupSize>;
var<workgroup> places: array<u32, workgroupSize>;

@compute @workgroup_size(workgroupSize)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) counts: vec3<u32>,
  @builtin(local_invocation_index) local: u32,
) {
  let row = workgroupNumber(workgroup, counts);
  if (row >= parameters.rows) {
    return;
  }
  let start = row * parameters.count;
  var best = 0u;
  var place = 0xffffffffu; // of nobody yet
  for (var i = local; i < parameters.count; i += workgroupSize) {
    let order = orderOf(logits[start + i]);
    if (order > best || place == 0xffffffffu) {
      best = order;
      place = i;
    }
  }
  orders[local] = best;
  places[local] = place;
  for (var half = workgroupSize / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local < half) {
      let other = local + half;
      let isEqual = orders[other] == orders[local];
      if (orders[other] > orders[local] || (isEqual && places[other] < places[local])) {
        orders[local] = orders[other];
        places[local] = places[other];
      }
    }
  }
  if (local == 0u) {
    result[row] = places[0];
  }
}
