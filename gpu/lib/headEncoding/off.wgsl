// Heads whose values nobody wants encoded.

fn encodeHead(local: u32, start: u32, size: u32) {}
