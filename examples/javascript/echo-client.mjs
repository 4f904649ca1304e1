#!/usr/bin/env node
// echo-client.mjs - the echo client in JavaScript: sends messages or standard input, checks every byte that comes back, and
// writes it to standard output.

import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import net from 'node:net';
import { Readable } from 'node:stream';

import { exchange } from './exchange.mjs';
import { modes } from './line.mjs';
import { choose, fail, parse, port, time } from './options.mjs';

const PROGRAM = 'echo-client';
const USAGE = `usage: echo-client.mjs [-m auto|${Object.keys(modes).join('|')}] [-W T] HOST [PORT [MESSAGE...]]    (PORT 4242)
  -m, --expect MODE       what the server must speak; auto: either (auto)
  -W, --reply-timeout T   the longest silence while an echo is owed (10s)
exit: 0 every echo was right, 1 one was not, 2 usage, 3 no connection`;
const WORDS = { ECONNREFUSED: 'REFUSED', ETIMEDOUT: 'TIMEOUT', ECONNRESET: 'RESET' };

const { values, positionals } = parse(PROGRAM, USAGE, {
    expect: { type: 'string', short: 'm', default: 'auto' },
    'reply-timeout': { type: 'string', short: 'W', default: '10s' },
});
const speaks = { auto: Object.values(modes) };
for (const [name, mode] of Object.entries(modes)) speaks[name] = [mode];
const expected = choose(PROGRAM, '--expect', values.expect, speaks);
const replyMs = time(PROGRAM, '--reply-timeout', values['reply-timeout']);
const [host, portText = '4242', ...messages] = positionals;
if (!host) fail(PROGRAM, 2, 'HOST is missing; try --help');
const portNumber = port(PROGRAM, portText, 1);

/** Connects to the first of the host's addresses that lets it. */
async function dial() {
    let failure;
    for (const { address } of await lookup(host, { all: true })) {
        const socket = net.connect({ host: address, port: portNumber, noDelay: true });
        try {
            await once(socket, 'connect');
            return socket;
        } catch (error) {
            failure = error;
        }
    }
    throw failure;
}

function noConnection(error) {
    const word = error.syscall === 'getaddrinfo' ? 'DNS' : WORDS[error.code] ?? 'UNREACHABLE';
    fail(PROGRAM, 3, `${word}: ${error.message}`);
}

const socket = await dial().catch(noConnection);
const lines = Buffer.from(messages.map((message) => `${message}\n`).join(''));
const input = messages.length > 0 ? Readable.from(lines) : process.stdin;
const { status, text } = await exchange(socket, input, process.stdout, expected, replyMs);
if (text) console.error(`${PROGRAM}: ${text}`);
process.exitCode = status;
