// tests/cmake/precompiled.cpp - carries the precompiled header of the tests
// A precompiled header belongs to a target, and a target needs a source.
