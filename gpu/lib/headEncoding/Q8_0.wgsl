// Heads whose values are wanted in blocks of Q8_0 as well.

//#import lib/encode/Q8_0.wgsl
//#import lib/encodeHead.wgsl
