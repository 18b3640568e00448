# Compiles and links each whole program in README.md: the fenced blocks that open with "```cpp compile".
# cmake -D SOURCE_DIR=... -D WORK_DIR=... -D CXX=... -D CXX_FLAGS=... -P readme.cmake
cmake_minimum_required(VERSION 3.25)

set(readme "${SOURCE_DIR}/README.md")
if(NOT EXISTS "${readme}")
  message(STATUS "SKIPPED: there is no README.md")
  return()
endif()

separate_arguments(flags UNIX_COMMAND "${CXX_FLAGS}")
file(REMOVE_RECURSE "${WORK_DIR}")
file(READ "${readme}" rest)
string(PREPEND rest "\n")
set(opening "\n```cpp compile\n")
set(closing "\n```")
string(LENGTH "${opening}" opening_length)
set(count 0)

while(TRUE)
  string(FIND "${rest}" "${opening}" begin)
  if(begin EQUAL -1)
    break()
  endif()
  math(EXPR begin "${begin} + ${opening_length}")
  string(SUBSTRING "${rest}" ${begin} -1 rest)
  string(FIND "${rest}" "${closing}" end)
  if(end EQUAL -1)
    message(FATAL_ERROR "README.md: a \"```cpp compile\" block is never closed")
  endif()
  string(SUBSTRING "${rest}" 0 ${end} program)
  string(SUBSTRING "${rest}" ${end} -1 rest)

  math(EXPR count "${count} + 1")
  set(source "${WORK_DIR}/readme_${count}.cpp")
  file(WRITE "${source}" "${program}\n")
  execute_process(
    COMMAND "${CXX}" ${flags} -I "${SOURCE_DIR}/include" "${source}" -o
            "${WORK_DIR}/readme_${count}" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "README.md: program ${count} does not build (see above):\n${program}")
  endif()
endwhile()

if(count EQUAL 0)
  message(FATAL_ERROR "README.md holds no program to build: open the fence of each block that is a "
                      "whole program with ```cpp compile")
endif()
message(STATUS "${count} program(s) of README.md built")
