// javascript.mjs - the line engine in JavaScript, held to the published vectors.
//
// usage: node javascript.mjs VECTORS

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Line, modes } from '../examples/javascript/line.mjs';

const [VECTORS] = process.argv.slice(2);

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
