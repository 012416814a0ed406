// What an invocation knows of itself.

struct Invocation {
  @builtin(local_invocation_index) index: u32,
}
