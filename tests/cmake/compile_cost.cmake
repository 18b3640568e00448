# What including the umbrella costs, against the standard headers that nearly every program includes
# anyway. Report only: prints both times and their ratio; the target is a ratio of at most 2.0.
# cmake -D SOURCE_DIR=... -D WORK_DIR=... -D CXX=... [-D FLAGS=...] [-D RUNS=...] -P compile_cost.cmake
cmake_minimum_required(VERSION 3.25)

if(NOT DEFINED FLAGS)
  set(FLAGS -O2)
endif()
if(NOT DEFINED RUNS)
  set(RUNS 7)
endif()
file(MAKE_DIRECTORY "${WORK_DIR}")
file(WRITE "${WORK_DIR}/flotilla.cpp" "#include <flotilla/flotilla.hpp>\n")
file(WRITE "${WORK_DIR}/standard.cpp"
     "#include <chrono>\n#include <optional>\n#include <span>\n#include <string>\n"
     "#include <variant>\n#include <vector>\n")

# Microseconds that one compilation takes.
function(time_of source result)
  string(TIMESTAMP begin "%s%f")
  execute_process(
    COMMAND "${CXX}" -std=c++20 ${FLAGS} -I "${SOURCE_DIR}/include" -c "${WORK_DIR}/${source}.cpp"
            -o "${WORK_DIR}/${source}.o" COMMAND_ERROR_IS_FATAL ANY)
  string(TIMESTAMP end "%s%f")
  math(EXPR took "${end} - ${begin}")
  set(${result} ${took} PARENT_SCOPE)
endfunction()

# In turn, so that both meet the same machine; the quickest of each counts.
foreach(source IN ITEMS standard flotilla)
  time_of(${source} ${source}) # the files are in memory from now on
endforeach()
foreach(run RANGE 2 ${RUNS})
  foreach(source IN ITEMS standard flotilla)
    time_of(${source} took)
    if(took LESS ${source})
      set(${source} ${took})
    endif()
  endforeach()
endforeach()

math(EXPR hundredths "(${flotilla} * 100 + ${standard} / 2) / ${standard}")
math(EXPR whole "${hundredths} / 100")
math(EXPR rest "${hundredths} % 100")
if(rest LESS 10)
  set(rest "0${rest}")
endif()
math(EXPR standard_ms "${standard} / 1000")
math(EXPR flotilla_ms "${flotilla} / 1000")
set(verdict "met")
if(hundredths GREATER 200)
  set(verdict "MISSED")
endif()
message("standard headers alone ${standard_ms} ms, <flotilla/flotilla.hpp> ${flotilla_ms} ms, "
        "the quickest of ${RUNS} each: ${whole}.${rest} times; target 2.00: ${verdict}")
