// flotilla/wire/join_request.hpp - the message join_request
// "Let me in" (extension). The first one has no cookie; the answer brings one.
#pragma once

#include <flotilla/wire/cookie_message.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks for a cookie, and with a valid one for the beginning of the state.
using join_request = cookie_message<message_kind::join_request>;

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
