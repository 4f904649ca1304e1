#!/usr/bin/env node
// echo-server.mjs - the echo server in JavaScript: docs/PROTOCOL.md over TCP on loopback, any number of clients at once.
// It has no idle timeout: who is connected may stay.

import net from 'node:net';

import { Line, modes } from './line.mjs';
import { choose, fail, parse, port } from './options.mjs';

const PROGRAM = 'echo-server';
const USAGE = `usage: echo-server.mjs [-m ${Object.keys(modes).join('|')}] [--dot-stop] [PORT]    (PORT 4242; 0: any free)
  -m, --mode MODE         how bytes come back (upper)
  --dot-stop              a line that begins with a dot stops the server`;
const SILENCE_MS = 200; // section 4
const LINGER_MS = 1000; // section 3.2
const QUIET_MS = 50; // when the server stops: a client for which nothing moved for so long is between messages
const DRAIN_MS = 5000; // and the longest that it waits for clients in flight
const SIGNALS = ['SIGTERM', 'SIGINT'];

const { values, positionals } = parse(PROGRAM, USAGE, {
    mode: { type: 'string', short: 'm', default: 'upper' },
    'dot-stop': { type: 'boolean', default: false },
});
const mode = choose(PROGRAM, '--mode', values.mode, modes);
if (positionals.length > 1) fail(PROGRAM, 2, `${JSON.stringify(positionals[1])} is one operand too many; give one PORT`);

const clients = new Set();
let stopping = false;

function serve(socket) {
    const line = new Line(mode, values['dot-stop']);
    clients.add(socket);

    /** Sends what is owed, and only then listens again: a client that does not read is not read from (section 5). */
    function answer(bytes) {
        if (bytes.length === 0) return listen();
        socket.pause();
        return socket.write(bytes, listen);
    }

    function listen() {
        socket.resume();
        if (!line.end || socket.writableEnded) return;
        socket.end(); // from here on what comes is discarded, so that no reset overtakes the reply
        const linger = setTimeout(() => socket.destroy(), LINGER_MS);
        socket.on('close', () => clearTimeout(linger));
        if (line.end === 'stop') stop();
    }

    socket.on('data', (bytes) => answer(line.push(bytes)));
    socket.on('end', () => answer(line.finish()));

    // Nothing has moved for a while. Had this process slept, there might be something to read: that goes before setImmediate().
    socket.setTimeout(SILENCE_MS);
    socket.on('timeout', () => {
        const before = socket.bytesRead;
        setImmediate(() => {
            if (socket.bytesRead !== before || socket.writableLength > 0) return;
            answer(stopping ? line.finish() : line.silence());
        });
    });

    socket.on('error', () => {}); // a client may break its connection; what follows is 'close'
    socket.on('close', () => clients.delete(socket));
}

/** Accepts nobody any more, and ends once all is sent; a second signal ends it at once. */
function stop() {
    stopping = true;
    for (const signal of SIGNALS) process.off(signal, stop);
    server.close();
    for (const socket of clients) socket.setTimeout(QUIET_MS);
    setTimeout(() => process.exit(0), DRAIN_MS).unref();
}

const server = net.createServer({ allowHalfOpen: true, noDelay: true }, serve);
server.on('error', (error) => {
    if (!server.listening) fail(PROGRAM, 1, error.message);
    console.error(`${PROGRAM}: cannot accept a client: ${error.message}`);
});
server.listen(port(PROGRAM, positionals[0] ?? '4242', 0), '127.0.0.1', () => {
    for (const signal of SIGNALS) process.on(signal, stop);
    console.log(`waiting on 127.0.0.1:${server.address().port}`);
});
