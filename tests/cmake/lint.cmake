# The rules for sources that no compiler checks. Prints every breach as file:line: message.
# cmake -D SOURCE_DIR=... -P lint.cmake
cmake_minimum_required(VERSION 3.25)

# What a translation unit with the umbrella must not pay for, and what an engine has no use for.
set(banned_includes
    algorithm
    cmath
    fstream
    functional
    iostream
    istream
    memory
    mutex
    ostream
    random
    ranges
    sstream
    thread)

# Which rooms the headers of a room may include, besides those of the same room. A header that lies
# directly in include/flotilla/ is vocabulary, except for the two on top.
set(may_include_detail vocabulary)
set(may_include_vocabulary detail)
set(may_include_wire vocabulary detail)
set(may_include_membership vocabulary detail wire)
set(may_include_detection vocabulary detail wire membership)
set(may_include_dissemination vocabulary detail wire membership)
set(may_include_exchange vocabulary detail wire membership)
set(may_include_engine vocabulary detail wire membership detection dissemination exchange engine.hpp)
set(may_include_engine.hpp ${may_include_engine} engine)
set(may_include_flotilla.hpp ${may_include_engine} engine engine.hpp)
# The public surface and nothing behind it.
set(may_include_testing vocabulary detail engine.hpp flotilla.hpp)

set(max_lines 400)

set(breaches 0)
macro(breach file line text)
  message("${file}:${line}: ${text}")
  math(EXPR breaches "${breaches} + 1")
endmacro()

# The room of a header, given its path below include/flotilla/.
function(room_of path result)
  if(path MATCHES "^([a-z_]+)/")
    set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  elseif(path STREQUAL "engine.hpp" OR path STREQUAL "flotilla.hpp")
    set(${result} "${path}" PARENT_SCOPE)
  else()
    set(${result} vocabulary PARENT_SCOPE)
  endif()
endfunction()

# Makes a list of a file's lines. Characters that mean something in a CMake list are replaced: none of
# the rules is about them.
function(read_lines path result)
  file(READ "${path}" text)
  string(REPLACE ";" "," text "${text}")
  string(REPLACE "[" "(" text "${text}")
  string(REPLACE "]" ")" text "${text}")
  string(REPLACE "\\" "/" text "${text}")
  string(REGEX REPLACE "\n$" "" text "${text}")
  string(REPLACE "\n" ";" text "${text}")
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# A word that must not occur in the engine's code: a regular expression and the reason. The space or
# other character that ends a word is part of each expression, as CMake has none for a word's end.
set(start "(^|[^A-Za-z0-9_])")
set(end "([^A-Za-z0-9_]|$)")
set(word_rules floating hash assertion clock environment random_device print wide)
set(floating_regex "${start}(float|double)${end}")
set(floating_text "no floating point in the engine: results must be the same everywhere")
set(hash_regex "(std::|struct )hash *<")
set(hash_text "no std::hash in the engine, except its specialisation for endpoint")
set(assertion_regex "${start}assert *\\(")
set(assertion_text "no assert(): use the library's own assertion")
set(clock_regex "clock::now *\\(")
set(clock_text "the engine reads no clock")
set(environment_regex "${start}(secure_)?getenv${end}")
set(environment_text "the engine reads no environment")
set(random_device_regex "${start}(random_device|s?rand *\\()")
set(random_device_text "the engine has its own generator and no other source of chance")
set(print_regex "${start}f?(printf|puts) *\\(")
set(print_text "the engine prints nothing")
set(wide_regex "${start}__u?int128")
set(wide_text "no __int128 but in detail/mix.hpp: 32-bit platforms have none")

file(GLOB_RECURSE headers RELATIVE "${SOURCE_DIR}/include/flotilla" "${SOURCE_DIR}/include/flotilla/*")
if(NOT headers)
  message(FATAL_ERROR "no header found below ${SOURCE_DIR}/include/flotilla")
endif()

foreach(path IN LISTS headers)
  set(name "include/flotilla/${path}")
  if(NOT path MATCHES "\\.hpp$")
    breach("${name}" 1 "only headers, named *.hpp, belong here")
    continue()
  endif()

  room_of("${path}" room)
  if(NOT DEFINED may_include_${room})
    breach("${name}" 1 "a room that the lint does not know: say in lint.cmake what it may include")
    continue()
  endif()

  read_lines("${SOURCE_DIR}/${name}" lines)
  list(LENGTH lines length)
  if(length GREATER max_lines)
    breach("${name}" ${length} "longer than ${max_lines} lines: split it by operation")
  endif()
  list(SUBLIST lines 0 2 head)
  if(NOT head MATCHES "^// [^;]+;// [^;]+$")
    breach("${name}" 1 "begin with two comment lines that say what is in here")
  endif()
  if(NOT "#pragma once" IN_LIST lines)
    breach("${name}" 1 "#pragma once is missing")
  endif()

  set(number 0)
  set(in_comment FALSE)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")

    if(line MATCHES "^ *# *include *([<\"])([^>\"]+)[>\"]")
      set(bracket "${CMAKE_MATCH_1}")
      set(included "${CMAKE_MATCH_2}")
      if(included MATCHES "^flotilla/(.+)")
        room_of("${CMAKE_MATCH_1}" included_room)
        if(NOT included_room STREQUAL room AND NOT included_room IN_LIST may_include_${room})
          breach("${name}" ${number} "${room} must not include ${included_room} (${included})")
        endif()
        if(NOT EXISTS "${SOURCE_DIR}/include/${included}")
          breach("${name}" ${number} "there is no ${included}")
        endif()
      elseif(bracket STREQUAL "\"")
        breach("${name}" ${number} "include our headers as <flotilla/...>")
      elseif(NOT room STREQUAL "testing" AND included IN_LIST banned_includes)
        breach("${name}" ${number} "the engine does not include <${included}>")
      endif()
      continue()
    endif()

    if(room STREQUAL "testing")
      continue()
    endif()
    # What is left without comments and string literals is code.
    if(in_comment)
      if(NOT line MATCHES "\\*/(.*)$")
        continue()
      endif()
      set(line "${CMAKE_MATCH_1}")
      set(in_comment FALSE)
    endif()
    if(line MATCHES "[\"/]")
      string(REPLACE "'\"'" "' '" line "${line}")
      string(REGEX REPLACE "\"[^\"]*\"" "\"\"" line "${line}")
      string(REGEX REPLACE "//.*$" "" line "${line}")
      string(REGEX REPLACE "/\\*[^*]*\\*/" "" line "${line}")
      if(line MATCHES "^(.*)/\\*")
        set(line "${CMAKE_MATCH_1}")
        set(in_comment TRUE)
      endif()
    endif()

    foreach(rule IN LISTS word_rules)
      if(line MATCHES "${${rule}_regex}")
        if(rule STREQUAL "hash" AND line MATCHES "hash *< *(::)?(flotilla::)?endpoint *>")
          continue()
        endif()
        if(rule STREQUAL "wide" AND path STREQUAL "detail/mix.hpp")
          continue()
        endif()
        breach("${name}" ${number} "${${rule}_text}")
      endif()
    endforeach()
  endforeach()

  # Tests mirror headers, so that a person finds them; detail/ is tested where it is worth it.
  if(NOT room STREQUAL "detail" AND NOT path STREQUAL "flotilla.hpp")
    string(REGEX REPLACE "\\.hpp$" "_test.cpp" mirror "tests/${path}")
    if(NOT EXISTS "${SOURCE_DIR}/${mirror}")
      breach("${name}" 1 "its test ${mirror} is missing")
    endif()
  endif()
endforeach()

list(LENGTH headers count)
if(breaches GREATER 0)
  message(FATAL_ERROR "${breaches} breach(es) in ${count} headers")
endif()
message(STATUS "${count} headers, no breach")
