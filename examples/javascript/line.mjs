// line.mjs - the line engine in JavaScript: turns what a client sends into what it is owed.
//
// The twin of include/echo/line.h; the rules are those of docs/PROTOCOL.md, and "section N" is a section of it. It works on
// bytes (Uint8Array, and so Buffer), for a string cannot hold every byte. Uses nothing but the language: no I/O, no clock.

const LF = 0x0a;
const DOT = 0x2e;

const bytes = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const QUIT_CR = bytes('quit\r'); // the most that is held back
const GOOD_BYE = { lf: bytes('Good bye\n'), crlf: bytes('Good bye\r\n') };
const SLACK = 10; // no input gives more than so many bytes beyond its own: five held, and a reply five longer than they are

/** How a byte comes back, and whether `quit` is known (section 1). */
export const modes = {
    upper: { map: (c) => (c >= 0x61 && c <= 0x7a ? c - 0x20 : c), quit: true },
    verbatim: { map: (c) => c, quit: false },
};

// Where in a line: 0 to 5 bytes of a possible `quit` CR are held (0: at the start); or it is ordinary; or a dot line.
const START = 0;
const HELD_QUIT = 4;
const HELD_QUIT_CR = 5;
const ORDINARY = 6;
const DOT_LINE = 7;

export class Line {
    /** What ended the session: 'eof', 'quit' or 'stop' (section 3); null while it goes on. What comes later is ignored. */
    end = null;
    #mode;
    #dotStop;
    #at = START;
    #out;
    #length;

    /** mode: one of `modes`. dotStop: whether a dot line stops the server. */
    constructor(mode, dotStop = false) {
        this.#mode = mode;
        this.#dotStop = dotStop;
    }

    /** Takes bytes. Returns those that come back for them. */
    push(input) {
        return this.#write(input.length, () => {
            for (let i = 0; i < input.length && !this.end; i++) this.#take(input[i]);
        });
    }

    /** Nothing has come for 200 ms (section 4). Returns what that brings. */
    silence() {
        return this.#write(0, () => this.#settle());
    }

    /** The client's input has ended (section 3.1). Returns the last of what is owed. */
    finish() {
        return this.#write(0, () => {
            this.#settle();
            this.end ??= 'eof';
        });
    }

    #write(length, step) {
        this.#out = new Uint8Array(length + SLACK);
        this.#length = 0;
        step();
        return this.#out.subarray(0, this.#length);
    }

    #put(c) {
        this.#out[this.#length++] = c;
    }

    #take(c) {
        if (this.#at < ORDINARY && this.#recognises(c)) return;
        this.#put(this.#mode.map(c));
        if (c !== LF) return;
        if (this.#at === DOT_LINE) this.end = 'stop';
        this.#at = START;
    }

    /** Whether c is held, or is the end of the command. If not, the line is no command. */
    #recognises(c) {
        const at = this.#at;
        if (at >= HELD_QUIT && c === LF) {
            this.#goodBye();
            return true;
        }
        if (this.#mode.quit && (c === QUIT_CR[at] || (c | 0x20) === QUIT_CR[at])) {
            this.#at++;
            return true;
        }
        this.#release();
        if (at === START && this.#dotStop && c === DOT) this.#at = DOT_LINE;
        return false;
    }

    /** What is held is not a command after all: it is owed like any other byte. */
    #release() {
        for (let i = 0; i < this.#at; i++) this.#put(this.#mode.map(QUIT_CR[i]));
        this.#at = ORDINARY;
    }

    /** What is held is the command. */
    #goodBye() {
        (this.#at === HELD_QUIT_CR ? GOOD_BYE.crlf : GOOD_BYE.lf).forEach((c) => this.#put(c));
        this.end = 'quit';
    }

    /** A silence and the end of input stand for the LF that did not come. */
    #settle() {
        if (this.end || this.#at === START || this.#at === ORDINARY) return;
        if (this.#at === DOT_LINE) this.end = 'stop';
        else if (this.#at >= HELD_QUIT) this.#goodBye();
        else this.#release();
    }
}
