// ledger.mjs - a client's account of what it has sent and what has come back for it.
//
// The twin of src/connection/ledger.h: no I/O, no clock; what goes in are Buffers. How long the server heard nothing (section 4
// of docs/PROTOCOL.md) a client cannot know, so either answer to a line `quit` is right: good bye, or the line come back as an
// ordinary one. And where a `quit` was sent on its own and the rest of its line later, good bye is right, too.

const LF = 0x0a;
const LONGEST_QUIT = 6; // with CR LF

/** How many of the first bytes of reply are what the mode makes of those of sent. */
function matching(mode, sent, reply) {
    const n = Math.min(sent.length, reply.length);
    let i = 0;
    while (i < n && mode.map(sent[i]) === reply[i]) i++;
    return i;
}

/** "'A' (0x41)"; what a terminal might obey is not shown as it is. */
function show(c) {
    const hex = c.toString(16).padStart(2, '0');
    return `'${c >= 0x20 && c < 0x7f ? String.fromCharCode(c) : `\\x${hex}`}' (0x${hex})`;
}

export class Ledger {
    sent = 0; // bytes
    back = 0; // bytes that came back and were right
    owed = 0; // bytes that were sent and have not come back; 0 after good bye
    parted = false; // the server has said good bye: it owes nothing more
    fault = null; // what was wrong, once something was
    #modes; // those that explain the reply so far
    #pieces = []; // what is owed, as it was sent
    #last = LF; // the last byte echoed: after an LF a line starts
    #goodBye = ''; // what has come of that
    #goodByes = []; // what it may be

    /** modes: those that the server may speak (line.mjs). */
    constructor(modes) {
        this.#modes = modes;
    }

    /** piece, which is not empty, is sent in one go. */
    put(piece) {
        this.#pieces.push(piece);
        this.sent += piece.length;
        this.owed += piece.length;
    }

    /** reply came back. Returns how many of its bytes are right; if not all, `fault` tells. */
    take(reply) {
        let right = this.#goodBye ? 0 : this.#takeEcho(reply);
        if (right < reply.length && (this.#goodBye || this.#quitIsNext())) right += this.#takeGoodBye(reply.subarray(right));
        if (right < reply.length) this.fault = this.#tell(reply[right]);
        return right;
    }

    /** After good bye: whether more was sent than the line that it answers. It will not come back. */
    get leftOver() {
        return this.parted && /\n[^]/.test(Buffer.concat(this.#pieces).toString('latin1'));
    }

    #takeEcho(reply) {
        let taken = 0;
        while (taken < reply.length && this.#pieces.length > 0) {
            const piece = this.#pieces[0];
            const right = this.#takePiece(piece, reply.subarray(taken));
            taken += right;
            if (right < piece.length) {
                this.#pieces[0] = piece.subarray(right);
                break; // the reply goes no further, or is wrong
            }
            this.#pieces.shift();
        }
        this.owed -= taken;
        this.back += taken;
        return taken;
    }

    #takePiece(piece, reply) {
        const matches = this.#modes.map((mode) => matching(mode, piece, reply));
        const right = Math.max(...matches);
        this.#modes = this.#modes.filter((_, i) => matches[i] === right);
        if (right > 0) this.#last = piece[right - 1];
        return right;
    }

    /** Whether what is owed next is a line `quit`, or one that was cut off there, and the server may know the command. */
    #quitIsNext() {
        if (this.#last !== LF || !this.#modes.some((mode) => mode.quit)) return false;
        let line = '';
        for (const piece of this.#pieces) {
            line += piece.toString('latin1', 0, LONGEST_QUIT);
            if (/^quit\r?(\n|$)/i.test(line)) {
                this.#goodByes = line[4] === '\r' ? ['Good bye\n', 'Good bye\r\n'] : ['Good bye\n'];
                return true;
            }
            if (line.length >= LONGEST_QUIT) break;
        }
        return false;
    }

    #takeGoodBye(reply) {
        let right = 0;
        for (; right < reply.length && !this.parted; right++) {
            const text = this.#goodBye + String.fromCharCode(reply[right]);
            if (!this.#goodByes.some((each) => each.startsWith(text))) break;
            this.#goodBye = text;
            this.parted = this.#goodByes.includes(text);
        }
        if (this.parted) this.owed = 0;
        this.back += right;
        return right;
    }

    #tell(got) {
        let expected = this.#modes.map((mode) => this.#pieces.length > 0 && mode.map(this.#pieces[0][0]));
        if (this.#goodBye) expected = this.#goodByes.map((each) => each.charCodeAt(this.#goodBye.length));
        const said = `offset ${this.back}: got ${show(got)}`;
        if (this.parted || (!this.#goodBye && this.#pieces.length === 0)) return `${said}, but nothing was owed`;
        return `${said}, expected ${[...new Set(expected)].map(show).join(' or ')}`;
    }
}
