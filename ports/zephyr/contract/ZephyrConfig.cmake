# Stands in for Zephyr's CMake package: compiles the application against the headers of this folder and no others, so
# that nothing but what they declare is used. (-DZephyr_DIR=ports/zephyr/contract; for ci/ports.sh)
project(contract LANGUAGES C)
include("${CMAKE_CURRENT_LIST_DIR}/autoconf.cmake")
execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-file-name=include
  OUTPUT_VARIABLE own OUTPUT_STRIP_TRAILING_WHITESPACE)
add_compile_options(-Wpedantic -ffreestanding -fno-builtin -O0 -U_FORTIFY_SOURCE
  -nostdinc "SHELL:-isystem ${CMAKE_CURRENT_LIST_DIR}/include" "SHELL:-isystem ${own}")
add_library(app OBJECT)
