// Questions to the server, and whether it answers.
//
// Every poll runs at once, then again after its period while the page is seen;
// a failure is tried again soon, so that the page comes back by itself.
const RETRY_MS = 2000;
const TIMEOUT_MS = 20000;

export class Refused extends Error {
    constructor(status, text) {
        super(text);
        this.status = status;
    }
}

let failingSince = 0;
let sentence = "";
let tokenWanted = false;
let skewMs = 0;
const listeners = new Set();

// The server's clock: the reader's may be off.
export function now() {
    return Date.now() - skewMs;
}

export const connection = {
    failure: () => sentence,
    since: () => failingSince,
    // The appliance asks for a token that this browser has not given.
    wantsToken: () => tokenWanted,
    listen: (listener) => listeners.add(listener),
};

function tell(text) {
    const changed = (text !== "") !== (sentence !== "");
    failingSince = text === "" ? 0 : failingSince || Date.now();
    sentence = text;
    if (changed || text !== "") {
        listeners.forEach((listener) => listener());
    }
}

// The document behind a path; Refused with the server's sentence, or an error
// when it does not answer.
export async function ask(path, signal) {
    const limit = AbortSignal.timeout(TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, limit]) : limit;
    let answer;
    try {
        answer = await fetch(path, { signal: either, cache: "no-store" });
        if (answer.ok) {
            const found = await answer.json();
            if (typeof found.time === "number") {
                skewMs = Date.now() - found.time;
            }
            tokenWanted = false;
            tell("");
            return found;
        }
    } catch (error) {
        if (!signal || !signal.aborted) {
            tell("The appliance does not answer. This page tries again every few seconds.");
        }
        throw error;
    }
    if (answer.status === 401 && !tokenWanted) {
        tokenWanted = true;
        listeners.forEach((listener) => listener());
    }
    tell("");
    throw new Refused(answer.status, (await answer.text()).trim());
}

// Calls show(document) or fail(error) now and every period_ms(); returns stop.
export function poll(path, periodMs, show, fail) {
    const stopper = new AbortController();
    let timer = 0;
    let due = 0;
    async function turn() {
        timer = 0;
        if (document.hidden) {
            due = 1;
            return;
        }
        let wait = periodMs();
        try {
            show(await ask(path, stopper.signal));
        } catch (error) {
            if (stopper.signal.aborted) {
                return;
            }
            if (!(error instanceof Refused) && !(error instanceof TypeError) &&
                error.name !== "TimeoutError") {
                console.error(error);
            }
            wait = RETRY_MS;
            if (fail) {
                fail(error);
            }
        }
        timer = stopper.signal.aborted ? 0 : setTimeout(turn, wait);
    }
    function seen() {
        if (!document.hidden && due) {
            due = 0;
            turn();
        }
    }
    document.addEventListener("visibilitychange", seen);
    turn();
    return () => {
        stopper.abort();
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", seen);
    };
}

// A list in column form as objects.
export function rowsOf(list) {
    const columns = list.columns;
    return list.rows.map((row) => {
        const object = {};
        for (let i = 0; i < columns.length; i++) {
            object[columns[i]] = row[i];
        }
        return object;
    });
}
