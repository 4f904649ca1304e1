"""Evaluates the application's Kconfig as Zephyr's build does: with Kconfig.zephyr of this folder for Zephyr's own.

usage: autoconf.py HEADER CONF...

Writes HEADER. Fails where a CONF names an option that there is not, or gives it a value that it does not take.
"""
import os
import sys

import kconfiglib

HERE = os.path.dirname(os.path.abspath(__file__))


def value(symbol):
    return symbol.tri_value if symbol.type == kconfiglib.BOOL else symbol.str_value


def main(header, *confs):
    os.environ["srctree"] = HERE
    kconfig = kconfiglib.Kconfig(os.path.join(HERE, "..", "Kconfig"), warn_to_stderr=False)
    kconfig.warn_assign_undef = True  # as Zephyr has it; so are the next
    kconfig.warn_assign_override = kconfig.warn_assign_redun = False
    for conf in confs:
        kconfig.load_config(conf, replace=False)
    wrong = list(kconfig.warnings)
    for symbol in kconfig.unique_defined_syms:
        if symbol.user_value is not None and symbol.user_value != value(symbol):
            wrong.append(f"CONFIG_{symbol.name} is {symbol.str_value}, whatever was asked for")
    if wrong:
        sys.exit("\n".join(wrong))
    kconfig.write_autoconf(header)


main(*sys.argv[1:])
