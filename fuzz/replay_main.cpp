// fuzz/replay_main.cpp - runs a fuzz body on files, without a fuzzer
// Arguments are files and directories; finding not a single input is a failure, not a success.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

// Error codes instead of exceptions: this file is also built with -fno-exceptions.
bool collect(const fs::path& path, std::vector<fs::path>& inputs) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    inputs.push_back(path);
    return true;
  }
  fs::recursive_directory_iterator walk{path, error};
  if (error) {
    std::fprintf(stderr, "cannot read %s: %s\n", path.c_str(), error.message().c_str());
    return false;
  }
  while (walk != fs::recursive_directory_iterator{}) {
    if (walk->is_regular_file(error)) inputs.push_back(walk->path());
    walk.increment(error);
    if (error) {
      std::fprintf(stderr, "cannot read %s: %s\n", path.c_str(), error.message().c_str());
      return false;
    }
  }
  return true;
}

void run(const char* begin, std::size_t size) {
  // A block of exactly this size, so that a sanitizer sees the first byte read past the end.
  const auto block = std::make_unique<std::uint8_t[]>(size);
  std::copy_n(begin, size, block.get());
  LLVMFuzzerTestOneInput(block.get(), size);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> inputs;
  for (int i = 1; i < argc; ++i) {
    if (!collect(argv[i], inputs)) return 1;
  }
  // Directories list their files in any order; a failure is easier to repeat in a fixed one.
  std::sort(inputs.begin(), inputs.end());
  if (inputs.empty()) {
    std::fprintf(stderr, "no input found\n");
    return 1;
  }

  run("", 0);  // what libFuzzer tries first as well
  for (const fs::path& path : inputs) {
    std::ifstream file{path, std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    // A body that fails ends the program: the last name printed is the input that did it.
    std::printf("%s (%zu bytes)\n", path.filename().c_str(), bytes.size());
    std::fflush(stdout);
    run(bytes.data(), bytes.size());
  }
  std::printf("%zu inputs replayed\n", inputs.size());
  return 0;
}
