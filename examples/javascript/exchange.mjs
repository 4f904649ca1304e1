// exchange.mjs - the client's conversation: sends input, receives, checks the echo and writes it out, all at once, so that it
// cannot block itself however much there is.

import { Ledger } from './ledger.mjs';

const WINDOW = 4 * 1024 * 1024; // no input is read while so much is to be sent or to come back: memory is bounded

/**
 * Converses over the socket until the end of the input has come back. modes: those that the server may speak; replyMs: the
 * longest silence while something is expected of it. Resolves to { status, text }: how to exit, and what to say, or null.
 */
export function exchange(socket, input, output, modes, replyMs) {
    return new Promise((resolve) => {
        const ledger = new Ledger(modes);
        const silence = setTimeout(late, replyMs);
        let open = true; // the input

        function conclude(status, text = null) {
            clearTimeout(silence);
            socket.destroy();
            input.destroy();
            resolve({ status, text });
        }

        const howFar = () => `with ${ledger.back} of ${ledger.sent} bytes back`;

        /** Nothing was heard. Had this process slept, there might be something to read: that goes before setImmediate(). */
        function late() {
            const before = socket.bytesRead;
            setImmediate(() => {
                const expected = ledger.owed > 0 || !open || ledger.parted;
                const close = ledger.owed > 0 ? '' : '; the server did not close';
                if (!expected || socket.isPaused() || socket.bytesRead !== before) silence.refresh();
                else conclude(1, `TIMEOUT: silence for ${replyMs / 1000} s ${howFar()}${close} (-W)`);
            });
        }

        /** Reads input while there is room for it. */
        function flow() {
            if (ledger.owed < WINDOW) input.resume();
            else input.pause();
        }

        input.on('data', (piece) => {
            if (ledger.parted) return; // the server would only discard it
            if (ledger.owed === 0) silence.refresh();
            ledger.put(piece);
            socket.write(piece);
            flow();
        });
        input.on('end', () => {
            open = false;
            silence.refresh();
            if (!ledger.parted) socket.end();
        });
        input.on('error', (error) => conclude(2, `cannot read standard input: ${error.message}`));

        socket.on('data', (reply) => {
            const right = ledger.take(reply);
            silence.refresh();
            // A terminal obeys some bytes: it gets those that were sent, and no others.
            if (!output.write(output.isTTY ? reply.subarray(0, right) : reply)) socket.pause();
            if (ledger.fault) conclude(1, `MISMATCH: ${ledger.fault}`);
            else flow();
        });
        output.on('drain', () => {
            silence.refresh();
            socket.resume();
        });
        output.on('error', (error) => {
            const enough = error.code === 'EPIPE'; // whoever reads it: `| head`
            conclude(2, enough ? null : `cannot write standard output: ${error.message}`);
        });

        function parted() {
            conclude(0, ledger.leftOver ? 'the server took leave at a line quit; what came after it was not echoed' : null);
        }

        socket.on('end', () => {
            if (ledger.parted) parted();
            else if (ledger.owed > 0) conclude(1, `SHORT: the server closed ${howFar()}`);
            else if (open) conclude(1, `SHORT: the server closed ${howFar()}, before the end of the input`);
            else conclude(0);
        });
        socket.on('error', (error) => {
            if (ledger.parted) parted();
            else conclude(1, `RESET: ${error.message} ${howFar()}`);
        });
    });
}
