// property/endpoint_property_test.cpp - flotilla/endpoint.hpp
// Text and back for any endpoint and for any text, with the C library as the judge where it is
// strict.
#include <flotilla/endpoint.hpp>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#if __has_include(<arpa/inet.h>)
#include <arpa/inet.h>
#endif

namespace {

using flotilla::endpoint;
using flotilla::endpoint_kind;
using ipv4_address = std::array<std::uint8_t, 4>;
using ipv6_address = std::array<std::uint8_t, 16>;

// Groups that are often zero, so that runs of every length and place occur, also several of them.
ipv6_address any_ipv6() {
  ipv6_address result{};
  for (std::size_t i = 0; i < 16; i += 2) {
    const auto group = *rc::gen::oneOf(rc::gen::just<std::uint16_t>(0),
                                       rc::gen::element<std::uint16_t>(1, 0x10, 0x0fff, 0xffff),
                                       rc::gen::arbitrary<std::uint16_t>());
    result[i] = static_cast<std::uint8_t>(group >> 8U);
    result[i + 1] = static_cast<std::uint8_t>(group & 0xffU);
  }
  return result;
}

endpoint any_ip() {
  const auto port = *rc::gen::arbitrary<std::uint16_t>();
  if (*rc::gen::arbitrary<bool>()) return endpoint::ipv6(any_ipv6(), port);
  return endpoint::ipv4(*rc::gen::arbitrary<ipv4_address>(), port);
}

// What a text must look like to come anywhere near: without this nothing would ever parse.
std::string nearly_an_endpoint() {
  std::string text = any_ip().to_string();
  if (*rc::gen::inRange(0, 4) == 0) {  // forms that to_string() never writes
    text = *rc::gen::element<std::string>("[::ffff:10.0.0.1]:1", "[1::0.0.0.0]:1", "[1.2.3.4::]:1",
                                          "[1:2:3:4:5:6:7.7.7.7]:1", "[1:2:3:4:5:6::7.7.7.7]:1",
                                          "[1:2:3:4:5:6:7::]:1");
  }
  const int edits = *rc::gen::inRange(0, 4);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
    const auto erased = *rc::gen::inRange<std::size_t>(0, 3);
    const auto inserted = *rc::gen::container<std::string>(
        rc::gen::elementOf(std::string{"0123456789abcdefAF:::...[]% -+"}));
    text.replace(at, erased, inserted.substr(0, 3));
  }
  return text;
}

// Any text at all may be fed to parse; what it takes, it takes for one endpoint.
void parses_to_itself_or_not_at_all(const std::string& text) {
  const std::optional<endpoint> parsed = endpoint::parse(text);
  if (!parsed) return;
  RC_ASSERT(parsed->kind() == endpoint_kind::ipv4 || parsed->kind() == endpoint_kind::ipv6);
  RC_ASSERT(endpoint::parse(parsed->to_string()) == parsed);
}

RC_GTEST_PROP(EndpointProperty, ParseReadsWhatToStringWrote, ()) {
  const endpoint address = any_ip();
  RC_ASSERT(endpoint::parse(address.to_string()) == address);
}

RC_GTEST_PROP(EndpointProperty, AnyTextIsRefusedOrUnderstood, (const std::string& text)) {
  parses_to_itself_or_not_at_all(text);
}

RC_GTEST_PROP(EndpointProperty, AnyNearlyGoodTextIsRefusedOrUnderstood, ()) {
  for (int i = 0; i < 20; ++i) parses_to_itself_or_not_at_all(nearly_an_endpoint());
}

// Equality, order and bytes tell one story: containers and merges may rely on any of them.
RC_GTEST_PROP(EndpointProperty, EqualityOrderAndBytesAgree, ()) {
  const auto any = [] {
    if (!*rc::gen::inRange(0, 3)) return any_ip();
    auto bytes =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(0, 3));
    bytes.resize(std::clamp<std::size_t>(bytes.size(), 1, endpoint::max_bytes));
    return *endpoint::opaque(std::as_bytes(std::span{bytes}));
  };
  const endpoint a = any();
  const endpoint b = any();
  const auto x = a.bytes();
  const auto y = b.bytes();
  const bool same = a.kind() == b.kind() && std::equal(x.begin(), x.end(), y.begin(), y.end());
  RC_ASSERT((a == b) == same);
  RC_ASSERT(((a <=> b) == 0) == same);
  RC_ASSERT((a < b) == (b > a));
  if (same) RC_ASSERT(std::hash<endpoint>{}(a) == std::hash<endpoint>{}(b));
  if (a.kind() != b.kind()) RC_ASSERT((a < b) == (a.kind() < b.kind()));
  if (a.kind() == b.kind() && x.size() != y.size()) RC_ASSERT((a < b) == (x.size() < y.size()));
}

#ifdef __GLIBC__  // whose inet_pton and inet_ntop are strict; others allow leading zeros and the
                  // like

std::string by_library(const ipv6_address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(AF_INET6, address.data(), text.data(), text.size());
}

RC_GTEST_PROP(EndpointProperty, WritesIpv6AsTheLibraryDoes, ()) {
  const ipv6_address address = any_ipv6();
  const std::string text = by_library(address);
  if (text.find('.') != std::string::npos) return;  // ::1.2.3.4 is the library's own taste
  RC_ASSERT(endpoint::ipv6(address, 1).to_string() == "[" + text + "]:1");
}

RC_GTEST_PROP(EndpointProperty, ReadsWhatTheLibraryReads, ()) {
  for (int i = 0; i < 20; ++i) {
    std::string text = nearly_an_endpoint();
    const auto colon = text.rfind(':');
    if (colon != std::string::npos) text.resize(colon);  // the port; the library knows none
    ipv6_address six{};
    ipv4_address four{};
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
      const bool good =
          inet_pton(AF_INET6, text.substr(1, text.size() - 2).c_str(), six.data()) == 1;
      RC_ASSERT(endpoint::parse(text + ":1") ==
                (good ? std::optional{endpoint::ipv6(six, 1)} : std::nullopt));
    } else {
      const bool good = inet_pton(AF_INET, text.c_str(), four.data()) == 1;
      RC_ASSERT(endpoint::parse(text + ":1") ==
                (good ? std::optional{endpoint::ipv4(four, 1)} : std::nullopt));
    }
  }
}

#endif

}  // namespace
