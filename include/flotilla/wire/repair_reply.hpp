// flotilla/wire/repair_reply.hpp - the message repair_reply
// "There they differ" (extension): digests and lists of what is missing, and facts, follow.
#pragma once

#include <flotilla/wire/cookie_message.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Answers the request with this sequence number: first what contradicts the offered facts, then a
/// digest of kind digests or missing for as many of the request's questions as fit, in their order,
/// then facts that the asker lacks. `cookie` is for the next request.
using repair_reply = cookie_message<message_kind::repair_reply>;

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
