# Builds and runs one project of tests/consumer/, or installs what two of them look for.
# cmake -D CONSUMER=... -D SOURCE_DIR=... -D BUILD_DIR=... -D WORK_DIR=... -D GENERATOR=... -D CXX=...
#       -D CXX_FLAGS=... -D BUILD_TYPE=... -P consumer.cmake
cmake_minimum_required(VERSION 3.25)

set(prefix "${WORK_DIR}/prefix")

if(CONSUMER STREQUAL "install")
  set(staging "${WORK_DIR}/staging")
  file(REMOVE_RECURSE "${staging}" "${prefix}")
  execute_process(
    COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --config "${BUILD_TYPE}" --prefix
            "${staging}" COMMAND_ERROR_IS_FATAL ANY)
  # Moved before it is used: nothing installed may remember where it was installed to.
  file(RENAME "${staging}" "${prefix}")

  file(GLOB_RECURSE expected RELATIVE "${SOURCE_DIR}/include" "${SOURCE_DIR}/include/*.hpp")
  file(GLOB_RECURSE installed RELATIVE "${prefix}/include" "${prefix}/include/*")
  list(SORT expected)
  list(SORT installed)
  if(NOT expected STREQUAL installed)
    message(FATAL_ERROR "the installed headers are not those of the source tree:\n"
                        "  source:    ${expected}\n  installed: ${installed}")
  endif()
  return()
endif()

set(options "")
if(CONSUMER STREQUAL "add_subdirectory")
  list(APPEND options -D "FLOTILLA_DIRECTORY=${SOURCE_DIR}")
elseif(CONSUMER STREQUAL "find_package")
  list(APPEND options -D "CMAKE_PREFIX_PATH=${prefix}")
elseif(CONSUMER STREQUAL "pkg_config")
  find_program(pkg_config NAMES pkg-config pkgconf)
  if(NOT pkg_config)
    message(STATUS "SKIPPED: pkg-config is not installed")
    return()
  endif()
  # Only ours: another Flotilla on the machine must not be the one that is found.
  set(ENV{PKG_CONFIG_LIBDIR} "${prefix}/share/pkgconfig")
endif()

set(build "${WORK_DIR}/${CONSUMER}")
file(REMOVE_RECURSE "${build}")
execute_process(
  COMMAND
    "${CMAKE_COMMAND}" -S "${SOURCE_DIR}/tests/consumer/${CONSUMER}" -B "${build}" -G "${GENERATOR}"
    -D "CMAKE_CXX_COMPILER=${CXX}" -D "CMAKE_CXX_FLAGS=${CXX_FLAGS}" -D
    "CMAKE_BUILD_TYPE=${BUILD_TYPE}" ${options} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${build}" --config "${BUILD_TYPE}"
                        COMMAND_ERROR_IS_FATAL ANY)
find_program(program NAMES consumer PATHS "${build}" "${build}/${BUILD_TYPE}" REQUIRED
             NO_DEFAULT_PATH)
execute_process(COMMAND "${program}" COMMAND_ERROR_IS_FATAL ANY)
