// tests/support/flat_json.hpp - reads JSON objects whose values are strings, numbers or null
// Strict on purpose: it accepts less than JSON is, so what it accepts is valid JSON.
#pragma once

#include <cctype>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace support {

/// Names and values; strings without their quotes, null as "null".
using flat_object = std::map<std::string, std::string>;

namespace detail {

class flat_json_reader {
 public:
  explicit flat_json_reader(std::string_view text) : rest_{text} {}

  std::optional<flat_object> read() {
    flat_object result;
    if (!skip('{')) return std::nullopt;
    do {
      const auto name = read_string();
      if (!name || !skip(':')) return std::nullopt;
      const auto value = read_value();
      if (!value || !result.emplace(*name, *value).second) return std::nullopt;
    } while (skip(','));
    if (!skip('}') || !rest_.empty()) return std::nullopt;
    return result;
  }

 private:
  bool skip(char expected) {
    if (rest_.empty() || rest_[0] != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> read_string() {
    if (!skip('"')) return std::nullopt;
    const std::size_t end = rest_.find('"');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string result{rest_.substr(0, end)};
    for (const char c : result) {  // nothing that would have to be escaped, nor beyond ASCII
      if (c < ' ' || c > '~' || c == '\\') return std::nullopt;
    }
    rest_.remove_prefix(end + 1);
    return result;
  }

  std::optional<std::string> read_value() {
    if (rest_.starts_with('"')) return read_string();
    if (rest_.starts_with("null")) {
      rest_.remove_prefix(4);
      return "null";
    }
    std::string result{skip('-') ? "-" : ""};
    const std::size_t sign = result.size();
    while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_[0])) != 0) {
      result += rest_[0];
      rest_.remove_prefix(1);
    }
    const std::size_t digits = result.size() - sign;
    if (digits == 0 || (digits > 1 && result[sign] == '0')) return std::nullopt;
    return result;
  }

  std::string_view rest_;
};

}  // namespace detail

/// Nothing for anything else than one such object.
inline std::optional<flat_object> read_flat_json(std::string_view text) {
  return detail::flat_json_reader{text}.read();
}

}  // namespace support
