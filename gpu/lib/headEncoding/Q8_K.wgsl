// Heads whose values are wanted in blocks of Q8_K as well.

//#import lib/encode/Q8_K.wgsl
//#import lib/encodeHead.wgsl
