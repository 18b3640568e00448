// tests/swarm/plan.hpp - one run of the swarm, as options that can be drawn, printed and given back
// Everything that a run does follows from its plan.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <flotilla/testing/chaos.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace swarm {

using namespace flotilla;           // NOLINT(google-build-using-namespace)
using namespace flotilla::testing;  // NOLINT(google-build-using-namespace)

/// Not swim_paper(): without repair and healing it owes no liveness after a partition.
enum class preset : std::uint8_t { lan, loopback, wan };
inline constexpr std::string_view preset_names[] = {"lan", "loopback", "wan"};

struct plan {
  std::uint64_t seed{1};
  node_index members{8};
  std::uint32_t periods{60};  // of chaos
  preset timing{preset::lan};
  std::uint32_t datagram{1400};  // config::max_datagram_size
  fault_set faults{fault_set::all()};
};

/// Group sizes from 2 to 64, small ones more often; timings, sizes of datagrams and lengths.
inline plan draw_plan(std::uint64_t seed) {
  random_generator random{seed ^ 0x5eedU};
  plan p;
  p.seed = seed;
  const std::uint32_t widest = 1U << (1 + random.below(6));  // 2 to 64
  p.members = 2 + random.below(widest - 1);
  p.periods = 20 + random.below(100);
  const std::uint32_t timing = random.below(8);
  p.timing = timing < 4 ? preset::lan : timing < 7 ? preset::loopback : preset::wan;
  const std::uint32_t small = random.below(4);
  const std::uint32_t size = 96 + random.below(400);
  p.datagram = small == 0 ? size : 1400;
  return p;
}

inline config config_of(const plan& p) {
  config c = p.timing == preset::lan        ? config::lan()
             : p.timing == preset::loopback ? config::loopback()
                                            : config::wan();
  c.max_datagram_size = p.datagram;
  return c;
}

/// The arguments that give this plan again.
inline std::string to_string(const plan& p) {
  std::string text = "--seed " + std::to_string(p.seed);
  text += " --members " + std::to_string(p.members);
  text += " --periods " + std::to_string(p.periods);
  text.append(" --preset ").append(preset_names[static_cast<std::size_t>(p.timing)]);
  text += " --datagram " + std::to_string(p.datagram);
  text += " --faults " + p.faults.to_string();
  return text;
}

/// A number that fills the whole text and lies within the bounds.
template <class Number>
std::optional<Number> number(std::string_view text, Number least, Number most) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value < least || value > most) return std::nullopt;
  return value;
}

/// Takes one option of a plan; false when the name or the value is none.
inline bool set_option(plan& p, std::string_view name, std::string_view value) {
  const auto take = [](auto& field, const auto& given) {
    if (given) field = *given;
    return given.has_value();
  };
  if (name == "--seed") return take(p.seed, number<std::uint64_t>(value, 0, UINT64_MAX));
  if (name == "--members") return take(p.members, number<node_index>(value, 2, chaos::max_members));
  if (name == "--periods") return take(p.periods, number<std::uint32_t>(value, 1, 100000));
  if (name == "--datagram") return take(p.datagram, number<std::uint32_t>(value, 96, 65507));
  if (name == "--faults") return take(p.faults, fault_set::parse(value));
  if (name != "--preset") return false;
  for (std::size_t i = 0; i < std::size(preset_names); ++i) {
    if (value != preset_names[i]) continue;
    p.timing = static_cast<preset>(i);
    return true;
  }
  return false;
}

}  // namespace swarm
