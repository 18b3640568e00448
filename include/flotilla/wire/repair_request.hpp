// flotilla/wire/repair_request.hpp - the message repair_request
// "Where do our views differ?" (extension): splits, lists and offered facts follow.
#pragma once

#include <flotilla/wire/cookie_message.hpp>

namespace flotilla {
inline namespace v1 {
namespace wire {

/// Asks about ranges of hashed ids: digests of kind split and list (wire/digest.hpp), behind facts
/// that the asker offers. The sequence number salts all short digests of question and answer. The
/// cookie proves that the asker receives here.
using repair_request = cookie_message<message_kind::repair_request>;

}  // namespace wire
}  // namespace v1
}  // namespace flotilla
