// options.mjs - the command lines of both programs.

import { parseArgs } from 'node:util';

/** Says why, and exits: 2 is a wrong command line. */
export function fail(program, status, text) {
    console.error(`${program}: ${text}`);
    process.exit(status);
}

/** Reads the command line by a table as parseArgs() has it, or exits. Returns its values and positionals. */
export function parse(program, usage, options) {
    try {
        const line = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
        if (!line.values.help) return line;
    } catch (error) {
        fail(program, 2, `${error.message}; try --help`);
    }
    console.log(usage);
    process.exit(0);
}

/** The port that text names, from `least` on, or exits. */
export function port(program, text, least) {
    if (/^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65535) return Number(text);
    return fail(program, 2, `PORT ${JSON.stringify(text)} is not a port; use ${least} to 65535`);
}

/** What `choices` has under that name, or exits. */
export function choose(program, option, name, choices) {
    if (Object.hasOwn(choices, name)) return choices[name];
    return fail(program, 2, `${option} ${JSON.stringify(name)} is not a mode; use ${Object.keys(choices).join(', ')}`);
}

const UNITS = { ms: 1, s: 1000, m: 60000 };

/** The milliseconds that text stands for, or exits. */
export function time(program, option, text) {
    const [, number, unit = 's'] = /^([1-9]\d{0,3})(ms|s|m)?$/.exec(text) ?? [];
    if (number) return Number(number) * UNITS[unit];
    return fail(program, 2, `${option} ${JSON.stringify(text)} is not a time; use 500ms, 2s, 1m or plain seconds`);
}
