// flotilla/flotilla.hpp - everything a program needs (testing/ is included on its own)
// A sans-IO engine of the SWIM membership protocol; begin with class engine in engine.hpp.
#pragma once

#include <flotilla/config.hpp>
#include <flotilla/endpoint.hpp>
#include <flotilla/engine.hpp>
#include <flotilla/event.hpp>
#include <flotilla/member.hpp>
#include <flotilla/result.hpp>
#include <flotilla/serial.hpp>
#include <flotilla/statistics.hpp>
#include <flotilla/time.hpp>
