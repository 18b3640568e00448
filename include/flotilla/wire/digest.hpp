// flotilla/wire/digest.hpp - digests of views, as optional facts (extension)
// Comparing two views (exchange/range_digest.hpp): ranges of hashed ids, and short digests of them.
//
//   kind            size of the rest, then                                          carried by
//   129   view      4: digest of the sender's whole view                            ping, ack
//   130   split     5: range (4), bits (1)                                          repair_request
//   131   list      4 + 2n: range (4), marks of the n records held in it (2 each)   repair_request
//   132   digests   2 * 2^bits: digests of the parts of a split range (2 each)      repair_reply
//   133   missing   1 + 2n: more (1: 0 or 1), those n of the listed marks that the
//                   sender lacks (2 each); the records that the asker lacks follow
//                   as facts, and not all of them when `more` is 1                  repair_reply
//
// A range is what the ids' hashes begin with: a 1 bit, then up to 28 bits of them. So 1 is the
// whole group, and range r consists of 2r and 2r + 1.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include <flotilla/result.hpp>
#include <flotilla/wire/reader.hpp>
#include <flotilla/wire/writer.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

enum class digest_kind : std::uint8_t {
  view = 129,
  split = 130,
  list = 131,
  digests = 132,
  missing = 133,
};

/// The name of a range.
using range_code = std::uint32_t;
inline constexpr range_code whole_range = 1;
inline constexpr unsigned max_range_depth = 28;
/// Parts of a split: 2^6 digests still have a size that one byte tells.
inline constexpr unsigned max_split_bits = 6;
/// Marks in a list: a server ticks them off in one word.
inline constexpr std::size_t max_marks = 64;

/// How many bits of hash a range fixes; `range` is not 0.
[[nodiscard]] constexpr unsigned range_depth(range_code range) noexcept {
  return static_cast<unsigned>(std::bit_width(range)) - 1;
}

inline constexpr std::size_t view_size = 2 + 4;
inline constexpr std::size_t split_size = 2 + 5;
[[nodiscard]] constexpr std::size_t list_size(std::size_t marks) noexcept {
  return 2 + 4 + 2 * marks;
}
[[nodiscard]] constexpr std::size_t digests_size(unsigned bits) noexcept {
  return 2 + (std::size_t{2} << bits);
}
[[nodiscard]] constexpr std::size_t missing_size(std::size_t marks) noexcept {
  return 2 + 1 + 2 * marks;
}

/// One of them, as it lies in a datagram. `marks` are 2 bytes each.
struct digest_item {
  digest_kind kind{};
  std::uint32_t value{0};  ///< view: the digest; split and list: the range
  std::uint8_t detail{0};  ///< split and digests: bits; missing: whether there is more
  std::span<const std::byte> marks;

  [[nodiscard]] constexpr std::size_t count() const noexcept { return marks.size() / 2; }
  [[nodiscard]] constexpr std::uint16_t mark(std::size_t i) const noexcept {
    return reader{marks.subspan(2 * i, 2)}.u16();
  }
};

[[nodiscard]] constexpr bool is_digest(std::uint8_t kind) noexcept {
  return kind >= static_cast<std::uint8_t>(digest_kind::view) &&
         kind <= static_cast<std::uint8_t>(digest_kind::missing);
}

namespace impl {

[[nodiscard]] constexpr receive_result check_range(range_code range, unsigned bits) noexcept {
  const bool named = range != 0 && range_depth(range) + bits <= max_range_depth;
  return named ? receive_result::accepted : receive_result::bad_count;
}

[[nodiscard]] constexpr receive_result check_marks(const digest_item& item) noexcept {
  if (item.marks.size() % 2 != 0) return receive_result::truncated;
  return item.count() <= max_marks ? receive_result::accepted : receive_result::bad_count;
}

}  // namespace impl

/// Reads what stands behind kind and size. Returns `accepted`, or why these bytes are no such
/// digest; `out` then means nothing.
[[nodiscard]] constexpr receive_result read_digest(std::uint8_t kind, reader body,
                                                   digest_item& out) noexcept {
  using result = receive_result;
  out = digest_item{};
  out.kind = static_cast<digest_kind>(kind);
  const bool named = out.kind == digest_kind::split || out.kind == digest_kind::list;
  if (named || out.kind == digest_kind::view) out.value = body.u32();
  if (out.kind == digest_kind::split || out.kind == digest_kind::missing) out.detail = body.u8();
  if (!body.ok()) return result::truncated;
  out.marks = body.rest();
  switch (out.kind) {
    case digest_kind::view: return body.empty() ? result::accepted : result::trailing_bytes;
    case digest_kind::split:
      if (!body.empty()) return result::trailing_bytes;
      if (out.detail < 1 || out.detail > max_split_bits) return result::bad_count;
      return impl::check_range(out.value, out.detail);
    case digest_kind::list: {
      const result range = impl::check_range(out.value, 0);
      return range == result::accepted ? impl::check_marks(out) : range;
    }
    case digest_kind::digests:
      if (out.marks.size() % 2 != 0) return result::truncated;
      if (out.count() < 2 || !std::has_single_bit(out.count())) return result::bad_count;
      out.detail = static_cast<std::uint8_t>(std::bit_width(out.count()) - 1);
      return result::accepted;
    case digest_kind::missing: return out.detail <= 1 ? impl::check_marks(out) : result::bad_count;
  }
  return result::unknown_fact;
}

/// True when these facts begin with a digest of the sender's whole view.
[[nodiscard]] constexpr bool begins_with_view(std::span<const std::byte> facts) noexcept {
  return facts.size() >= view_size && facts[0] == static_cast<std::byte>(digest_kind::view) &&
         facts[1] == std::byte{view_size - 2};
}

/// True when there is nothing, or that digest and nothing else: as in nearly all datagrams of a
/// group at rest.
[[nodiscard]] constexpr bool holds_no_fact(std::span<const std::byte> facts) noexcept {
  return facts.empty() || (facts.size() == view_size && begins_with_view(facts));
}

/// Reads the digests among the facts of a datagram that has been checked; skips everything else.
class digest_reader {
 public:
  constexpr explicit digest_reader(std::span<const std::byte> facts) noexcept : in_{facts} {}

  /// False when there is none left.
  constexpr bool next(digest_item& out) noexcept {
    while (!in_.empty()) {
      const std::uint8_t kind = in_.u8();
      const std::uint8_t size = in_.u8();
      const reader body{in_.bytes(size)};
      if (!in_.ok()) return false;
      if (is_digest(kind) && read_digest(kind, body, out) == receive_result::accepted) return true;
    }
    return false;
  }

 private:
  reader in_;
};

/// True when the first digest among these facts is one of the sender's whole view.
[[nodiscard]] constexpr bool shows_view(std::span<const std::byte> facts) noexcept {
  if (facts.empty()) return false;
  if (begins_with_view(facts)) return true;
  digest_item item;
  digest_reader digests{facts};
  return digests.next(item) && item.kind == digest_kind::view;
}

/// Head of a digest; false, and nothing written, when `size` bytes in all do not fit.
constexpr bool begin_digest(writer& out, digest_kind kind, std::size_t size) noexcept {
  if (!out.ok() || size > out.room()) return false;
  out.u8(static_cast<std::uint8_t>(kind));
  out.u8(static_cast<std::uint8_t>(size - 2));
  return true;
}
constexpr bool write_view(writer& out, std::uint32_t view) noexcept {
  if (!begin_digest(out, digest_kind::view, view_size)) return false;
  out.u32(view);
  return true;
}
constexpr bool write_split(writer& out, range_code range, unsigned bits) noexcept {
  if (!begin_digest(out, digest_kind::split, split_size)) return false;
  out.u32(range);
  out.u8(static_cast<std::uint8_t>(bits));
  return true;
}
/// The caller writes `marks` numbers of 2 bytes behind it.
constexpr bool begin_list(writer& out, range_code range, std::size_t marks) noexcept {
  if (!begin_digest(out, digest_kind::list, list_size(marks))) return false;
  out.u32(range);
  return true;
}
/// The caller writes 2^bits numbers of 2 bytes behind it.
constexpr bool begin_digests(writer& out, unsigned bits) noexcept {
  return begin_digest(out, digest_kind::digests, digests_size(bits));
}
/// The caller writes `marks` numbers of 2 bytes behind it.
constexpr bool begin_missing(writer& out, bool more, std::size_t marks) noexcept {
  if (!begin_digest(out, digest_kind::missing, missing_size(marks))) return false;
  out.u8(more ? 1 : 0);
  return true;
}

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
