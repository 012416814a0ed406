// What becomes of a gate's and an up-projection's value: `fn activate(gate: f32, up: f32) -> f32`, by
// the choice `activation`: swiglu, swigluClamped or geglu.

//#import lib/exponential.wgsl
//#import lib/doubleSingle.wgsl
//#import lib/activations/${activation}.wgsl
