// support/acquaint.hpp - makes somebody a member who has answered for itself
// A stranger's word about others counts for nothing; tests whose speaker is scripted begin here.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <flotilla/flotilla.hpp>

namespace support {

/// `who` pings `node` from `where`, and answers what it is asked there. Drops all other datagrams
/// that wait, and leaves the events.
inline void acquaint(flotilla::engine& node, flotilla::time_point now, flotilla::member_id who,
                     const flotilla::endpoint& where) {
  namespace wire = flotilla::wire;
  const std::uint32_t tag = wire::group_tag_of(node.settings().cluster);
  std::array<std::byte, 256> room;
  const auto say = [&](const auto& body) {
    wire::writer out{room};
    const wire::frame head{tag, who, {}, node.self().id, {}, false};
    static_cast<void>(wire::write_message(out, head, body));
    static_cast<void>(wire::write_fact(out, {who, {}, flotilla::member_state::alive, where, {}}));
    wire::finish_frame(out);
    node.receive(now, where, out.written());
  };
  say(wire::ping{1});
  std::vector<std::uint32_t> asked;
  std::vector<std::byte> buffer(node.settings().max_datagram_size);
  while (const auto sent = node.poll_transmit(buffer)) {
    wire::message message;
    if (wire::read_message(sent->bytes, tag, message) != flotilla::receive_result::accepted)
      continue;
    const auto* ping = std::get_if<wire::ping>(&message.body);
    if (ping != nullptr && sent->to == where) asked.push_back(ping->sequence);
  }
  for (const std::uint32_t sequence : asked) say(wire::ack{sequence, {}});
  while (node.poll_transmit(buffer)) {
  }
}

}  // namespace support
