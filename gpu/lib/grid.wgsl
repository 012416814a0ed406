// Grids of more than 65535 workgroups, which is what one dimension may have, go on in y.

// Number of a workgroup, x first.
fn workgroupNumber(workgroup: vec3<u32>, counts: vec3<u32>) -> u32 {
  return workgroup.y * counts.x + workgroup.x;
}
