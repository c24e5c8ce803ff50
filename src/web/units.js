// Quantities as people read them. null and undefined are a dash.
const DASH = "–";
const KINDS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

function digits(value) {
    return value >= 100 || Number.isInteger(value) ? value.toFixed(0)
        : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function isNone(value) {
    return value === null || value === undefined || Number.isNaN(value);
}

export function cpu(milli) {
    if (isNone(milli)) {
        return DASH;
    }
    if (milli >= 1000) {
        return milli === 1000 ? "1 core" : `${digits(milli / 1000)} cores`;
    }
    return milli > 0 && milli < 10 ? `${milli.toFixed(1)} m` : `${Math.round(milli)} m`;
}

export function bytes(value) {
    if (isNone(value)) {
        return DASH;
    }
    let kind = 0;
    // What would round to four digits has the next unit.
    while (value >= 999.5 && kind < KINDS.length - 1) {
        value /= 1024;
        kind++;
    }
    return `${kind === 0 ? Math.round(value) : digits(value)} ${KINDS[kind]}`;
}

export function rate(value) {
    return isNone(value) ? DASH : `${bytes(value)}/s`;
}

export function count(value) {
    if (isNone(value)) {
        return DASH;
    }
    const whole = String(Math.round(value));
    let out = "";
    for (let end = whole.length; end > 0; end -= 3) {
        const piece = whole.slice(Math.max(0, end - 3), end);
        out = out === "" ? piece : piece === "-" ? `-${out}` : `${piece}\u202f${out}`;
    }
    return out;
}

export function number(value) {
    if (isNone(value)) {
        return DASH;
    }
    return Math.abs(value) >= 1000 || Number.isInteger(value) ? count(value) : digits(value);
}

export function percent(part, whole) {
    if (isNone(part) || !whole) {
        return DASH;
    }
    const share = part / whole * 100;
    return share > 0 && share < 1 ? "<1 %" : share > 99 && share < 100 ? ">99 %" : `${Math.round(share)} %`;
}

// A share on an axis, where steps below one percent must be told apart.
export function finePercent(share) {
    return `${Number((share * 100).toPrecision(3))} %`;
}

export function plural(amount, noun) {
    return `${count(amount)} ${amount === 1 ? noun.replace(/s$/, "") : noun}`;
}

export function duration(ms) {
    if (isNone(ms)) {
        return DASH;
    }
    const seconds = Math.max(0, ms) / 1000;
    if (seconds < 1) {
        return `${Math.round(ms)} ms`;
    }
    if (seconds < 100) {
        return `${Math.round(seconds)} s`;
    }
    if (seconds < 6000) {
        return `${Math.round(seconds / 60)} min`;
    }
    return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

export function ago(at, now) {
    return isNone(at) ? "never" : now - at < 1000 ? "now" : `${duration(now - at)} ago`;
}

// Of 24 hours, as logs have them. A format takes milliseconds to make, the first one
// most, so that each is made when it is needed and a chart's hours need none.
const FORMS = {
    full: { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" },
    clock: { timeStyle: "medium", hourCycle: "h23" },
    day: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    axisDay: { month: "short", day: "numeric" },
};
const made = {};
const TODAY_MS = 20 * 3600000;

export function dated(form, ms) {
    made[form] = made[form] || new globalThis.Intl.DateTimeFormat(undefined, FORMS[form]);
    return made[form].format(ms);
}

export function hourMinute(ms) {
    const at = new Date(ms);
    return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

export function time(ms) {
    return isNone(ms) ? DASH : dated("full", ms);
}

// The time of day, with the day when that is not today's.
export function clock(ms) {
    return isNone(ms) ? DASH : dated(Math.abs(Date.now() - ms) < TODAY_MS ? "clock" : "day", ms);
}

export function zone() {
    return globalThis.Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// A long name by its two ends, which tell it from its likes.
export function short(name) {
    return name.length > 26 ? `${name.slice(0, 12)}…${name.slice(-12)}` : name;
}

// How a metric of the catalogue is written, by its name and unit.
export function formatOf(name, unit) {
    if (/_request$|_limit$|\/request$|\/limit$|usage_rate$|node_capacity$|node_allocatable$/.test(name) &&
        name.startsWith("cpu/")) {
        return cpu;
    }
    if (/_utilization$|_reservation$/.test(name)) {
        return (value) => percent(value, 1);
    }
    if (name === "cpu/load") {
        return (value) => isNone(value) ? DASH : number(value / 1000);
    }
    if (unit === "bytes" || /^(memory|ephemeral_storage)\/(node_|request|limit)/.test(name)) {
        return bytes;
    }
    if (unit === "ms") {
        return duration;
    }
    if (unit === "ns") {
        return (value) => isNone(value) ? DASH : `${number(value / 1e9)} s`;
    }
    if (/(rx|tx|bytes)_rate$/.test(name)) {
        return rate;
    }
    if (/_rate$/.test(name)) {
        return (value) => isNone(value) ? DASH : `${number(value)}/s`;
    }
    if (name.startsWith("pressure/")) {
        return (value) => isNone(value) ? DASH : `${number(value / 1e6)} s`;
    }
    return number;
}
