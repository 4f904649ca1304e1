// javascript.mjs - the programs of examples/javascript: alone, with each other, and with those in C.
//
// usage: node javascript.mjs VECTORS ECHO_SERVER ECHO_CLIENT LIAR

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { after, test } from 'node:test';
import { PassThrough, Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { exchange } from '../examples/javascript/exchange.mjs';
import { Ledger } from '../examples/javascript/ledger.mjs';
import { Line, modes } from '../examples/javascript/line.mjs';

const [VECTORS, C_SERVER, C_CLIENT, LIAR] = process.argv.slice(2);
const example = (name) => fileURLToPath(new URL(`../examples/javascript/${name}`, import.meta.url));
const JS_SERVER = example('echo-server.mjs');
const JS_CLIENT = example('echo-client.mjs');
const TIMEOUT = { timeout: 60000 }; // far more than anything takes, for slow machines
const MB = 1024 * 1024;

// ---------------------------------------------------------------------------------------------------------------------
// The vectors.

const SILENCE = Symbol('silence');
const ESCAPES = { n: 0x0a, r: 0x0d, t: 0x09, '\\': 0x5c, s: SILENCE };

/** The bytes and silences that a field stands for. */
function decode(field) {
    if (field === '\\e') return [];
    assert.match(field, /^(\\x[0-9a-f]{2}|\\[nrts\\]|[ -[\]-~])+$/);
    return [...field.matchAll(/\\x(..)|\\(.)|(.)/g)].map(([, hex, letter, plain]) =>
        hex ? parseInt(hex, 16) : letter ? ESCAPES[letter] : plain.charCodeAt(0));
}

const rows = readFileSync(VECTORS, 'latin1').split('\n').filter((line) => /^[^#]/.test(line)).map((line) => {
    const [name, mode, dot, input, output, end] = line.split('\t');
    return { name, mode, dot: dot === 'dot', input: decode(input), output: Buffer.from(decode(output)), end };
});

/** Each byte and each silence on its own. */
const byteByByte = (row) => row.input.map((each) => (each === SILENCE ? each : Buffer.of(each)));

/** The input in as few pieces as there can be. */
function whole(row) {
    const pieces = [];
    for (const piece of byteByByte(row)) {
        if (piece === SILENCE || pieces.length === 0 || pieces.at(-1) === SILENCE) pieces.push(piece);
        else pieces.push(Buffer.concat([pieces.pop(), piece]));
    }
    return pieces;
}

function assertLine(row, pieces) {
    const line = new Line(modes[row.mode], row.dot);
    const out = pieces.map((piece) => (piece === SILENCE ? line.silence() : line.push(piece)));
    out.push(line.finish());
    assert.deepEqual(Buffer.concat(out), row.output, row.name);
    assert.equal(line.end, row.end, row.name);
    const later = [line.push(Buffer.from('x\n')), line.silence(), line.finish()];
    assert.deepEqual([later.map((each) => each.length), line.end], [[0, 0, 0], row.end], `${row.name}: after the end`);
}

/** The row as it would be if the protocol were another: nothing may pass it. */
const wrong = (row) => ({ ...row, output: Buffer.concat([row.output, Buffer.from('!')]) });

test('the line engine: every vector, whole and byte by byte', () => {
    assert.ok(rows.length > 50);
    for (const row of rows) {
        for (const pieces of [whole(row), byteByByte(row)]) {
            assertLine(row, pieces);
            assert.throws(() => assertLine(wrong(row), pieces));
            assert.throws(() => assertLine({ ...row, end: 'open' }, pieces));
        }
    }
});

test('the ledger: either answer to a quit, and none to what is no quit', () => {
    let ledger;
    const right = (pieces, reply) => {
        ledger = new Ledger(Object.values(modes));
        pieces.forEach((piece) => ledger.put(Buffer.from(piece)));
        return ledger.take(Buffer.from(reply));
    };
    assert.equal(right(['quit\nmore'], 'Good bye\n'), 9);
    assert.deepEqual([ledger.parted, ledger.owed, ledger.leftOver], [true, 0, true]);
    assert.equal(right(['1\nquit\n'], '1\nGood bye\n'), 11);
    assert.equal(right(['1\nqu', 'IT\r\n'], '1\nGood bye\r\n'), 12);
    assert.equal(right(['quit\nmore'], 'QUIT\nMORE'), 9); // to the server, it came in parts
    assert.equal(right(['quit', 's\n'], 'Good bye\n'), 9); // likewise
    assert.equal(right(['quits\n'], 'Good bye\n'), 0);
    assert.equal(right([' quit\n'], ' Good bye\n'), 1);
    assert.equal(right(['quit\n'], 'Good bye\r\n'), 8);
    assert.equal(right(['quit\n'], 'Good bye\n!'), 9);
    assert.equal(right(['ab\nquit\n'], 'ab\nGood bye\n'), 3); // that is verbatim
});

// ---------------------------------------------------------------------------------------------------------------------
// Programs.

const running = new Set();
after(() => running.forEach((child) => child.kill('SIGKILL')));

/** Starts a program. `ended` resolves to its exit status, or the signal that ended it. */
function start(program, ...args) {
    const child = program.endsWith('.mjs') ? spawn(process.execPath, [program, ...args]) : spawn(program, args);
    running.add(child);
    child.stdin.on('error', () => {}); // it may end before it has read all
    child.out = Buffer.alloc(0);
    child.err = '';
    child.stderr.on('data', (text) => (child.err += text));
    child.ended = once(child, 'close').then(([status, signal]) => {
        running.delete(child);
        return status ?? signal;
    });
    return child;
}

/** Runs a program to its end. */
async function run(program, args, input = '') {
    const child = start(program, ...args);
    child.stdout.on('data', (bytes) => (child.out = Buffer.concat([child.out, bytes])));
    child.stdin.end(input);
    return { status: await child.ended, out: child.out.toString('latin1'), err: child.err };
}

/** Starts a server, and waits for its ready line. */
async function serve(program, ...args) {
    const server = start(program, ...args);
    let line = '';
    for await (const text of server.stdout.iterator({ destroyOnReturn: false })) {
        line += text;
        if (line.endsWith('\n')) break;
    }
    server.port = Number(/^waiting on 127\.0\.0\.1:(\d+)\n$/.exec(line)?.[1]);
    assert.ok(server.port > 0, `${program}: '${line}' ${server.err}`);
    return server;
}

const servers = {
    c: (...options) => serve(C_SERVER, '-4', '--quiet', '--model', 'event', ...options, '0'),
    js: (...options) => serve(JS_SERVER, ...options, '0'),
};

async function stop(server) {
    server.kill('SIGTERM');
    assert.equal(await server.ended, 0);
    assert.equal(server.err, '');
}

// ---------------------------------------------------------------------------------------------------------------------
// Sessions: each client has an input, emits 'heard', and ends with a status. The JavaScript client's conversation runs in
// this process, without its command line, or its start would take longer than all else.

class Client extends EventEmitter {
    out = Buffer.alloc(0);

    hear(bytes) {
        this.out = Buffer.concat([this.out, bytes]);
        this.emit('heard');
    }
}

const clients = {
    c(port) {
        const client = new Client();
        const child = start(C_CLIENT, '127.0.0.1', port);
        child.stdout.on('data', (bytes) => client.hear(bytes));
        return Object.assign(client, { input: child.stdin, ended: child.ended });
    },
    js(port) {
        const client = new Client();
        const input = new PassThrough();
        input.on('error', () => {}); // as above
        const output = new Writable({
            write(bytes, _, done) {
                client.hear(bytes);
                done();
            },
        });
        const ended = exchange(net.connect(port, '127.0.0.1'), input, output, Object.values(modes), 10000);
        return Object.assign(client, { input, ended: ended.then(({ status }) => status) });
    },
};

/**
 * Plays a vector. A silence that shows is waited for by what it brings; one that changes nothing needs no time. At a dot line
 * the server closes, before the end of the input as a client sees it, which may call that short: there the bytes count.
 */
async function play(client, row) {
    const line = new Line(modes[row.mode], row.dot);
    let due = 0;
    for (const piece of whole(row)) {
        due += (piece === SILENCE ? line.silence() : line.push(piece)).length;
        if (piece !== SILENCE) client.input.write(piece);
        else if (line.end === 'stop') await client.ended;
        else while (client.out.length < due) await once(client, 'heard');
    }
    client.input.end();
    const status = await client.ended;
    assert.equal(client.out.toString('latin1'), row.output.toString('latin1'), row.name);
    assert.ok(status === 0 || (row.end === 'stop' && status === 1), `${row.name}: status ${status}`);
}

async function playRows(server, client) {
    for (const mode of Object.keys(modes)) {
        const mine = rows.filter((row) => row.mode === mode && !row.dot);
        const s = await servers[server]('-m', mode);
        await Promise.all(mine.map((row) => play(clients[client](s.port), row)));
        await assert.rejects(play(clients[client](s.port), wrong(mine[1])), /hello/);
        await stop(s);
    }
}

/** Each has a server of its own, which it may stop. */
async function playDotRow(server, client, row) {
    const s = await servers[server]('-m', row.mode, '--dot-stop');
    await play(clients[client](s.port), row);
    if (row.end === 'stop') assert.equal(await s.ended, 0, row.name);
    else await stop(s);
}

test('the programs', { concurrency: 8, ...TIMEOUT }, async (t) => {
    const all = [];
    const each = (name, play_) => all.push(t.test(name, TIMEOUT, play_));

    each('echo-client --check passes on the server', check);
    for (const server of Object.keys(servers)) {
        for (const client of Object.keys(clients)) {
            each(`vectors: server ${server}, client ${client}`, async () => {
                await playRows(server, client);
                for (const row of rows.filter(({ dot }) => dot)) await playDotRow(server, client, row);
            });
        }
    }

    each('a client that reads late loses nothing, and is not read from meanwhile', lateReader);
    each('the client: 64 MiB, both ways at once', bulk);
    each('the client: a server that swallows all is not fed for ever', swallowed);
    each('the client: an output that is stuck is not the server being late', slowOutput);
    each('the server stops: what is owed is sent, and it exits with 0', stopping);
    each('the client finds out the liar', lies);
    each('the client with messages, quit and input', forms);
    each('command lines', commandLines);
    await Promise.all(all);
});

// ---------------------------------------------------------------------------------------------------------------------

/** Every byte value, and no `quit`. */
const block = Buffer.from(Array.from({ length: MB }, (_, i) => (i * 167) >> (i >> 8) % 3));


/** Linux tells how much memory a process had at most. Node.js itself takes about 50 MB. */
function assertMemory(child) {
    if (process.platform !== 'linux') return;
    const [, kb] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'latin1'));
    assert.ok(kb < 160 * 1024, `${kb} kB`);
}

/** What comes from the stream is the block, over and over. Resolves after so many. */
async function readBlocks(stream, count) {
    let at = 0;
    for await (const bytes of stream.iterator({ destroyOnReturn: false })) {
        for (let i = 0; i < bytes.length; ) {
            const n = Math.min(bytes.length - i, MB - (at % MB));
            assert.equal(bytes.compare(block, at % MB, (at % MB) + n, i, i + n), 0, `after ${at} bytes`);
            i += n;
            at += n;
        }
        if (at >= count * MB) break;
    }
    assert.equal(at, count * MB);
}

async function check() {
    const server = await servers.js();
    const { status, out, err } = await run(C_CLIENT, ['--check', '127.0.0.1', server.port]);
    assert.deepEqual([status, err], [0, ''], out);
    assert.match(out, /^ok 1 - the mode is upper$[^]*^ok \d+ - 64 MiB both ways at once$/m);
    assertMemory(server);
    await stop(server);
}

async function lateReader() {
    const blocks = 32; // more than the system's buffers hold
    const server = await servers.js('-m', 'verbatim');
    const socket = net.connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    let taken = 0;
    const stuck = new Promise((resolve) => socket.setTimeout(500, resolve));
    for (let i = 0; i < blocks; i++) socket.write(block, () => taken++);
    socket.end();
    await stuck; // nothing goes any more, for nothing is read
    assert.ok(taken < blocks, `${taken} MB are not read, and yet taken`);
    await readBlocks(socket, blocks);
    assertMemory(server);
    await stop(server);
}

async function bulk() {
    const blocks = 64;
    const server = await servers.c('-m', 'verbatim');
    const client = start(JS_CLIENT, '127.0.0.1', server.port);
    const back = readBlocks(client.stdout, blocks);
    for (let i = 0; i < blocks; i++) if (!client.stdin.write(block)) await once(client.stdin, 'drain');
    await back;
    assertMemory(client);
    client.stdin.end();
    client.stdout.resume();
    assert.deepEqual([await client.ended, client.err], [0, '']);
    await stop(server);
}

async function swallowed() {
    const hole = net.createServer((client) => client.resume()).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    let blocks = 0;
    const input = new Readable({
        read() {
            this.push(blocks++ < 64 ? block : null);
        },
    });
    const socket = net.connect(hole.address().port, '127.0.0.1');
    const { status, text } = await exchange(socket, input, new PassThrough(), [modes.upper], 500);
    assert.equal(status, 1);
    assert.match(text, /^TIMEOUT: silence for 0.5 s with 0 of \d+ bytes back/);
    assert.ok(blocks < 16, `${blocks} MB were read`);
    hole.close();
}

async function slowOutput() {
    const server = await servers.c('-m', 'verbatim');
    let length = 0;
    const output = new Writable({
        write(bytes, _, done) {
            if (length === 0) setTimeout(done, 1500);
            else done();
            length += bytes.length;
        },
    });
    const input = Readable.from(Array(16).fill(block));
    const result = await exchange(net.connect(server.port, '127.0.0.1'), input, output, [modes.verbatim], 1000);
    assert.deepEqual([result, length], [{ status: 0, text: null }, 16 * MB]);
    await stop(server);
}

/** All that comes up to the FIN. */
async function receive(socket) {
    let text = '';
    for await (const bytes of socket) text += bytes.toString('latin1');
    return text;
}

async function stopping() {
    const server = await servers.js();
    const [idle, held, late] = [0, 1, 2].map(() => net.connect(server.port, '127.0.0.1'));
    const received = [receive(idle), receive(held)];
    held.write('hello\nqui');
    await new Promise((sent) => late.write('A'.repeat(400000), sent));
    await once(late, 'readable'); // the last has been accepted: so have the others
    server.kill('SIGTERM');
    assert.deepEqual(await Promise.all(received), ['', 'HELLO\nQUI']);
    assert.equal((await receive(late)).length, 400000);
    assert.deepEqual([await server.ended, server.err], [0, '']);
}

async function lies() {
    await Promise.all([
        ['wrong', '4', /^MISMATCH: offset 4: got 'N' \(0x4e\), expected 'O' \(0x4f\)\n$/],
        ['extra', '5', /^MISMATCH: offset 6: got 'X' \(0x58\), but nothing was owed\n$/],
        ['short', '3', /^SHORT: the server closed with 3 of 6 bytes back\n$/],
        ['reset', '3', /^RESET: read ECONNRESET with [03] of 6 bytes back\n$/],
        ['stuck', '3', /^TIMEOUT: silence for 1 s with 3 of 6 bytes back \(-W\)\n$/],
        ['never-closes', '0', /^TIMEOUT: silence for 1 s with 6 of 6 bytes back; the server did not close \(-W\)\n$/],
    ].map(async ([lie, at, text]) => {
        const server = await serve(LIAR, lie, at, 'upper');
        const { status, err } = await run(JS_CLIENT, ['-W', '1s', '127.0.0.1', server.port], 'hello\n');
        server.kill();
        assert.equal(status, 1, lie);
        assert.match(err.replace(/^echo-client: /, ''), text);
    }));
}

/** The program as it is called, with a server in C and the one here. */
async function forms() {
    const leave = 'echo-client: the server took leave at a line quit; what came after it was not echoed\n';
    for (const name of Object.keys(servers)) {
        const server = await servers[name]();
        const client = (args, input) => run(JS_CLIENT, ['127.0.0.1', server.port, ...args], input);
        assert.deepEqual(await client(['hello', 'caf\u00e9']), { status: 0, out: 'HELLO\nCAF\xc3\xa9\n', err: '' });
        assert.deepEqual(await client([], 'hello\nquit\nmore\n'), { status: 0, out: 'HELLO\nGood bye\n', err: leave });
        const { status, out, err } = await client(['-m', 'verbatim', 'hello']);
        assert.deepEqual([status, out], [1, 'HELLO\n']);
        assert.equal(err, "echo-client: MISMATCH: offset 0: got 'H' (0x48), expected 'h' (0x68)\n");
        await stop(server);
    }
}

async function commandLines() {
    const server = await servers.js();
    const gone = await servers.c();
    await stop(gone);
    await Promise.all([
        [JS_CLIENT, ['127.0.0.1', gone.port, 'x'], 3, /^echo-client: REFUSED: .* 127\.0\.0\.1:\d+\n$/],
        [JS_CLIENT, ['no-such-host.invalid', '1', 'x'], 3, /^echo-client: DNS: .* no-such-host\.invalid\n$/],
        [JS_CLIENT, ['127.255.255.255', '1', 'x'], 3, /^echo-client: UNREACHABLE: .* 127\.255\.255\.255:1/], // a broadcast
        [JS_CLIENT, [], 2, /^echo-client: HOST is missing; try --help\n$/],
        [JS_CLIENT, ['host', '0'], 2, /^echo-client: PORT "0" is not a port; use 1 to 65535\n$/],
        [JS_CLIENT, ['-W', 'soon', 'host'], 2, /^echo-client: --reply-timeout "soon" is not a time; use 500ms, /],
        [JS_SERVER, [server.port], 1, /^echo-server: .*EADDRINUSE.* 127\.0\.0\.1:\d+\n$/],
        [JS_SERVER, ['-m', 'loud'], 2, /^echo-server: --mode "loud" is not a mode; use upper, verbatim\n$/],
        [JS_SERVER, ['0', '0'], 2, /^echo-server: "0" is one operand too many; give one PORT\n$/],
        [JS_SERVER, ['--no-such'], 2, /^echo-server: Unknown option '--no-such'/],
        [JS_SERVER, ['--help'], 0, /^$/],
    ].map(async ([program, args, status, text]) => {
        const result = await run(program, args);
        assert.equal(result.status, status, result.err);
        assert.match(result.err, text);
        assert.equal(/^usage: /.test(result.out), status === 0);
    }));
    await stop(server);
}
