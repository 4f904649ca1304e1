# What the stand-ins for Zephyr's CMake package have in common: the application's configuration, evaluated without Zephyr.
# Debian's own python3 is the one that python3-kconfiglib is for.
set(autoconf "${CMAKE_BINARY_DIR}/autoconf.h")
execute_process(
  COMMAND /usr/bin/python3 "${CMAKE_CURRENT_LIST_DIR}/autoconf.py" "${autoconf}"
    "${CMAKE_CURRENT_SOURCE_DIR}/prj.conf" ${EXTRA_CONF_FILE}
  RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "The configuration does not hold")
endif()
add_compile_options(-std=c17 -imacros "${autoconf}" -Wall -Wextra -Werror)
