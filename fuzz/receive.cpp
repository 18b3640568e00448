// fuzz/receive.cpp - any bytes into receive() of an engine in mid-life
// The first byte chooses the scene, each following operation a datagram, a time or a command.
#include <cstddef>
#include <cstdint>
#include <support/operations.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int max_operations = 64;
  fuzz::input in{data, size};
  fuzz::scene on = fuzz::scene_of(in.u8());
  fuzz::require(on.node.problem(), "receive: the scene itself");
  for (int i = 0; i < max_operations && !in.empty(); ++i) {
    const std::uint8_t op = in.u8();
    fuzz::operation(in, on, op);
    // What is not drained now and then fills the queues to their limits.
    if ((op & 0xc0U) != 0xc0U) on.drain();
    fuzz::require(on.node.problem(), "receive");
  }
  on.drain();
  fuzz::require(on.node.problem(), "receive");
  fuzz::tell_amplification();
  return 0;
}
