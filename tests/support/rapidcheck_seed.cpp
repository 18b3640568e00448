// tests/support/rapidcheck_seed.cpp - one seed for the suite's properties, so that a run repeats
// RC_PARAMS overrides it: RC_PARAMS="seed=$RANDOM max_success=5000" property_tests looks further.
#include <cstdlib>

namespace {

// Before main: RapidCheck reads the variable once, at the first property.
[[maybe_unused]] const int fixed = setenv("RC_PARAMS", "seed=20020623 max_success=200", 0);

}  // namespace
