// tests/support/udp_node.hpp - udp_node as a child process whose JSON lines are read
// Nodes use the timing for one machine and a port that the kernel picks, unless told otherwise.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <support/flat_json.hpp>
#include <support/process.hpp>
#include <vector>

namespace support {

class udp_node {
 public:
  explicit udp_node(const std::vector<std::string>& options = {},
                    const std::string& bind = "127.0.0.1:0")
      : process_{arguments(options, bind)} {}

  support::process& process() { return process_; }

  /// All records so far. A line that is not valid JSON fails the test.
  const std::vector<flat_object>& records() {
    const auto& lines = process_.out().lines();
    while (records_.size() < lines.size()) {
      const std::string& line = lines[records_.size()];
      const auto record = read_flat_json(line);
      EXPECT_TRUE(record && record->contains("event") && record->contains("time_ms")) << line;
      records_.push_back(record.value_or(flat_object{}));
    }
    return records_;
  }

  /// Waits for the line that says who and where it is.
  bool has_started() {
    const bool started = eventually([this] { return !records().empty() || process_.ended(); });
    if (!started || records().empty()) {
      ADD_FAILURE() << "udp_node does not start: " << process_.err().text();
      return false;
    }
    EXPECT_EQ(records()[0].at("event"), "started");
    return true;
  }
  std::string id() { return has_started() ? records()[0].at("id") : ""; }
  std::string address() { return has_started() ? records()[0].at("address") : ""; }

  /// How often it told `event`, about the member `id` if that is not empty.
  std::size_t count(const std::string& event, const std::string& id = "") {
    const auto& all = records();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const flat_object& record) {
          return record.at("event") == event && (id.empty() || value(record, "id") == id);
        }));
  }
  bool sees(const std::string& event, const std::string& id = "", std::size_t times = 1) {
    return eventually([&] { return count(event, id) >= times; });
  }
  flat_object last(const std::string& event) {
    flat_object result;
    for (const flat_object& record : records()) {
      if (record.at("event") == event) result = record;
    }
    return result;
  }

  /// Its member list, which SIGUSR1 asks for: one record a member.
  std::vector<flat_object> list() {
    if (!has_started()) return {};  // before that, a signal ends it
    const std::size_t before = records().size();
    process_.signal(SIGUSR1);
    std::vector<flat_object> result;
    const bool complete = eventually([&] { return read_list(before, result); });
    EXPECT_TRUE(complete) << "no answer to SIGUSR1";
    return result;
  }
  /// The line about the member in its list, empty if there is none.
  flat_object entry_of(const std::string& id) {
    for (const flat_object& entry : list()) {
      if (value(entry, "id") == id) return entry;
    }
    return {};
  }
  /// The state in which it lists the member, or nothing.
  std::string state_of(const std::string& id) { return value(entry_of(id), "state"); }

  static std::string value(const flat_object& record, const std::string& name) {
    const auto found = record.find(name);
    return found == record.end() ? "" : found->second;
  }

 private:
  static std::vector<std::string> arguments(const std::vector<std::string>& options,
                                            const std::string& bind) {
    std::vector<std::string> result{FLOTILLA_UDP_NODE, "--json", "--config",
                                    "loopback",        "--bind", bind};
    result.insert(result.end(), options.begin(), options.end());
    return result;
  }

  // Events may come before the list, but not in its midst.
  bool read_list(std::size_t from, std::vector<flat_object>& to) {
    const auto& all = records();
    while (from < all.size() && all[from].at("event") != "members") ++from;
    if (from == all.size()) return false;
    const std::size_t lines = std::stoul(all[from].at("lines"));
    if (all.size() - from - 1 < lines) return false;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(from) + 1;
    to.assign(begin, begin + static_cast<std::ptrdiff_t>(lines));
    return true;
  }

  support::process process_;
  std::vector<flat_object> records_;
};

}  // namespace support
