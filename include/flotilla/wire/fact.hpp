// flotilla/wire/fact.hpp - facts about members, piggybacked on messages (SWIM, section 4.1)
// The drawing stands in wire/frame.hpp. Facts carry their size; optional ones are skipped by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <flotilla/detail/big_endian.hpp>
#include <flotilla/member.hpp>
#include <flotilla/result.hpp>
#include <flotilla/wire/address.hpp>
#include <flotilla/wire/digest.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

enum class fact_kind : std::uint8_t {
  alive = 1,
  suspect = 2,
  dead = 3,
  left = 4,
  reserved_evicted = 5,
  padding = 255,
};
inline constexpr std::uint8_t first_optional_fact = 128;

/// What one fact says. `address` is set in alive facts only, `accuser` in suspect and dead ones.
struct fact {
  member_id subject{};
  flotilla::incarnation incarnation{};
  member_state state{member_state::alive};
  endpoint address{};
  member_id accuser{};

  friend constexpr bool operator==(const fact&, const fact&) noexcept = default;
};

inline constexpr std::size_t fact_head_size = 2;
inline constexpr std::size_t fact_base_size = fact_head_size + 8 + 4;
inline constexpr std::size_t max_fact_size = fact_base_size + 1 + max_address_size;

[[nodiscard]] constexpr std::size_t fact_size(const fact& what) noexcept {
  switch (what.state) {
    case member_state::alive: return fact_base_size + 1 + address_size(what.address);
    case member_state::suspect:
    case member_state::dead: return fact_base_size + 8;
    case member_state::left: break;
  }
  return fact_base_size;
}

/// Writes the fact if it fits whole; otherwise nothing is written and false returned.
constexpr bool write_fact(writer& out, const fact& what) noexcept {
  const std::size_t size = fact_size(what);
  if (!out.ok() || size > out.room()) return false;
  // One claim for all fields: this runs dozens of times for each datagram.
  std::byte* const to = out.claim(size);
  detail::store_big(to, static_cast<std::uint8_t>(static_cast<unsigned>(what.state) + 1));
  detail::store_big(to + 1, static_cast<std::uint8_t>(size - fact_head_size));
  detail::store_big(to + 2, static_cast<std::uint64_t>(what.subject));
  detail::store_big(to + 10, what.incarnation.value());
  if (what.state == member_state::alive) {
    detail::store_big(to + fact_base_size, std::uint8_t{1});
    store_address(to + fact_base_size + 1, what.address);
  } else if (what.state != member_state::left) {
    detail::store_big(to + fact_base_size, static_cast<std::uint64_t>(what.accuser));
  }
  return true;
}

/// What nearly all facts say: a member is alive at an IPv4 address.
struct plain_fact {
  /// Its kind and size, and the count and kind of its addresses, as they stand on the wire.
  static constexpr std::uint16_t head = 0x0114;
  static constexpr std::uint16_t address_head = 0x0104;
  static constexpr std::size_t size = fact_base_size + 8;

  member_id subject{};
  flotilla::incarnation incarnation{};
  std::uint64_t place{0};  ///< address and port, six bytes, most significant first
};

/// True when a plain fact lies at `at`, which `out` then tells. For facts that have been checked.
constexpr bool read_plain_fact(const std::byte* at, plain_fact& out) noexcept {
  if (detail::load_big<std::uint16_t>(at) != plain_fact::head) return false;
  const auto where = detail::load_big<std::uint64_t>(at + fact_base_size);
  if (where >> 48U != plain_fact::address_head) return false;
  out.subject = member_id{detail::load_big<std::uint64_t>(at + 2)};
  out.incarnation = flotilla::incarnation{detail::load_big<std::uint32_t>(at + 10)};
  out.place = where & 0xffffffffffffU;
  return true;
}

/// The same bytes as write_fact has, to where there is room for them.
constexpr void store_plain_fact(std::byte* to, const plain_fact& what) noexcept {
  detail::store_big(to, plain_fact::head);
  detail::store_big(to + 2, static_cast<std::uint64_t>(what.subject));
  detail::store_big(to + 10, what.incarnation.value());
  detail::store_big(to + fact_base_size,
                    std::uint64_t{plain_fact::address_head} << 48U | what.place);
}
/// The same if they fit whole; otherwise nothing and false.
constexpr bool write_plain_fact(writer& out, const plain_fact& what) noexcept {
  std::byte* const to = out.try_claim(plain_fact::size);
  if (to != nullptr) store_plain_fact(to, what);
  return to != nullptr;
}

/// The same for a suspect or dead fact, which is as large.
constexpr void store_accusation(std::byte* to, member_state state, member_id subject,
                                flotilla::incarnation number, member_id accuser) noexcept {
  constexpr std::size_t size = fact_base_size + 8;
  static_assert(size == plain_fact::size);
  const unsigned head = (static_cast<unsigned>(state) + 1) << 8U | (size - fact_head_size);
  detail::store_big(to, static_cast<std::uint16_t>(head));
  detail::store_big(to + 2, static_cast<std::uint64_t>(subject));
  detail::store_big(to + 10, number.value());
  detail::store_big(to + fact_base_size, static_cast<std::uint64_t>(accuser));
}

/// How reading one fact went. Digests are checked here and read by digest_reader.
enum class fact_read : std::uint8_t { fact, digest, skipped, end, malformed };

/// Reads fact after fact. A malformed one ends the reading, and `error()` says what is wrong.
class fact_reader {
 public:
  constexpr explicit fact_reader(std::span<const std::byte> bytes) noexcept : in_{bytes} {}

  [[nodiscard]] constexpr receive_result error() const noexcept { return error_; }

  constexpr fact_read next(fact& out) noexcept {
    if (ended()) return fact_read::end;
    const std::byte* const at = take_usual();
    if (at == nullptr) return next_unusual(out);
    out.subject = member_id{detail::load_big<std::uint64_t>(at + 2)};
    out.incarnation = flotilla::incarnation{detail::load_big<std::uint32_t>(at + 10)};
    out.state = static_cast<member_state>(std::to_integer<unsigned>(at[0]) - 1);
    if (out.state == member_state::alive) {
      const std::byte* const ip = at + fact_base_size + 2;
      const auto byte = [ip](std::size_t i) { return std::to_integer<std::uint8_t>(ip[i]); };
      out.address = endpoint::ipv4({byte(0), byte(1), byte(2), byte(3)},
                                   detail::load_big<std::uint16_t>(ip + 4));
      out.accuser = member_id{};
    } else {
      out.address = endpoint{};
      out.accuser = member_id{detail::load_big<std::uint64_t>(at + fact_base_size)};
    }
    return fact_read::fact;
  }

  /// What has not been read yet, and leaving out the next bytes of it, which must be whole facts.
  [[nodiscard]] constexpr std::span<const std::byte> rest() const noexcept { return in_.rest(); }
  constexpr void skip(std::size_t bytes) noexcept { in_.skip(bytes); }

  /// The same without telling what the fact says.
  constexpr fact_read check() noexcept {
    if (ended()) return fact_read::end;
    if (take_usual() != nullptr) return fact_read::fact;
    fact scratch;
    return next_unusual(scratch);
  }

 private:
  constexpr fact_read fail(receive_result error) noexcept {
    error_ = error;
    return fact_read::malformed;
  }

  /// Most datagrams carry no fact at all.
  [[nodiscard]] constexpr bool ended() const noexcept {
    return in_.empty() && error_ == receive_result::accepted;
  }

  /// The facts that nearly all are: alive at an IPv4 address, suspect or dead, and nothing wrong
  /// with it. Takes one and returns where it begins; null, and nothing taken, for whatever else
  /// comes.
  constexpr const std::byte* take_usual() noexcept {
    constexpr std::size_t size = fact_base_size + 8;
    if (in_.rest().size() < size || error_ != receive_result::accepted) return nullptr;
    const std::byte* const at = in_.rest().data();
    const auto head = detail::load_big<std::uint16_t>(at);
    const unsigned kind = head >> 8U;
    if ((head & 0xffU) != size - fact_head_size || kind < 1 || kind > 3) return nullptr;
    if (detail::load_big<std::uint64_t>(at + 2) == 0) return nullptr;
    const auto rest = detail::load_big<std::uint64_t>(at + fact_base_size);
    if (kind != static_cast<unsigned>(fact_kind::alive)) {
      if (rest == 0) return nullptr;
    } else {
      // One address of the kind IPv4, which one member can have (endpoint::is_unicast).
      const auto ip = static_cast<std::uint32_t>(rest >> 16U);
      if (rest >> 48U != (1U << 8U | static_cast<unsigned>(endpoint_kind::ipv4))) return nullptr;
      if (ip == 0 || ip == 0xffffffffU || ip >> 28U == 14 || (rest & 0xffffU) == 0) return nullptr;
    }
    static_cast<void>(in_.bytes(size));
    return at;
  }

  constexpr fact_read next_unusual(fact& out) noexcept {
    if (error_ != receive_result::accepted) return fact_read::malformed;
    const std::uint8_t kind = in_.u8();
    const std::uint8_t size = in_.u8();
    reader body{in_.bytes(size)};
    if (!in_.ok()) return fail(receive_result::truncated);
    if (is_digest(kind)) {
      digest_item scratch;
      const receive_result read = read_digest(kind, body, scratch);
      return read == receive_result::accepted ? fact_read::digest : fail(read);
    }
    if (kind >= first_optional_fact) return fact_read::skipped;
    if (kind < 1 || kind > 4) return fail(receive_result::unknown_fact);
    return read_body(body, static_cast<member_state>(kind - 1), out);
  }

  constexpr fact_read read_body(reader& body, member_state state, fact& out) noexcept {
    out.subject = member_id{body.u64()};
    out.incarnation = flotilla::incarnation{body.u32()};
    out.state = state;
    out.address = endpoint{};
    out.accuser = member_id{};
    if (state == member_state::alive) {
      const std::uint8_t count = body.u8();
      if (body.ok() && count != 1) return fail(receive_result::bad_count);
      const std::optional<endpoint> address = read_address(body);
      if (body.ok() && !address) return fail(receive_result::bad_address);
      if (address) out.address = *address;
    } else if (state != member_state::left) {
      out.accuser = member_id{body.u64()};
      if (body.ok() && out.accuser == member_id{}) return fail(receive_result::bad_id);
    }
    if (!body.ok()) return fail(receive_result::truncated);
    if (!body.empty()) return fail(receive_result::trailing_bytes);
    if (out.subject == member_id{}) return fail(receive_result::bad_id);
    return fact_read::fact;
  }

  reader in_;
  receive_result error_{receive_result::accepted};
};

/// True when a plain fact comes first and nothing is wrong with it.
[[nodiscard]] constexpr bool begins_with_plain_fact(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < plain_fact::size) return false;
  const std::byte* const at = bytes.data();
  if (detail::load_big<std::uint16_t>(at) != plain_fact::head) return false;
  if (detail::load_big<std::uint64_t>(at + 2) == 0) return false;
  // What is left of the address behind its head, which makes it larger than any if it is another
  // one. As in endpoint::is_unicast: not 0, broadcast or multicast, and a port.
  const std::uint64_t where = detail::load_big<std::uint64_t>(at + fact_base_size) ^
                              std::uint64_t{plain_fact::address_head} << 48U;
  const std::uint64_t ip = where >> 16U;
  return (where & 0xffffU) != 0 && ip - 1 < 0xfffffffeU && ip >> 28U != 14;
}

/// Checks every fact of `bytes` without applying one (law 7: decode whole before any fact counts).
[[nodiscard]] constexpr receive_result check_facts(std::span<const std::byte> bytes) noexcept {
  while (begins_with_plain_fact(bytes)) bytes = bytes.subspan(plain_fact::size);
  fact_reader facts{bytes};
  for (;;) {
    switch (facts.check()) {
      case fact_read::fact:
      case fact_read::digest:
      case fact_read::skipped: continue;
      case fact_read::end: return receive_result::accepted;
      case fact_read::malformed: return facts.error();
    }
  }
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
