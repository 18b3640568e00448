// flotilla/detail/assert.hpp - conditions that only a mistake in this library can break
// On in builds that define FLOTILLA_ASSERT (ours do); otherwise nothing is evaluated.
#pragma once

#if defined(FLOTILLA_ASSERT)
// __builtin_trap: no message, no stream, no allocation; the sanitizers and the debugger show where.
#define FLOTILLA_EXPECT(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#else
#define FLOTILLA_EXPECT(condition) static_cast<void>(0)
#endif
