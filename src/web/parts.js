// Small pieces that several views show.
import { h } from "./dom.js";
import { link, remember } from "./route.js";
import { ago, clock, cpu, isNone, percent, time } from "./units.js";
import { chosenRangeName, RANGES } from "./past.js";

export function pill(level, text, hint) {
    return h("span", { class: `pill ${level}`, title: hint || "" }, text);
}

// Short texts side by side, each whole, in as many lines as it takes.
export function pieces(texts) {
    return texts.length === 0 ? null : h("span", { class: "pieces" }, texts.map((text) => h("span", {}, text)));
}

// A text with the mark that stands for it in a bar.
export function keyed(kind, text) {
    return [h("u", { class: kind, "aria-hidden": "true" }), text];
}

const SIGNS = { ok: "✓", warn: "!", bad: "×" };
const WORDS = { ok: "well", warn: "worth a look", bad: "wrong" };

// A shape besides the colour.
function sign(level) {
    return h("i", { class: `sign ${level}`, role: "img", "aria-label": WORDS[level] }, SIGNS[level]);
}

function since(trouble, now) {
    if (!trouble.since) {
        return "";
    }
    return h("span", { title: time(trouble.since) }, `${trouble.last ? "at" : "since"} ${clock(trouble.since)} `, h("span", { class: "dim" }, `(${ago(trouble.since, now)})`));
}

// How it is, and the troubles with their time and place.
export function verdictBox(level, head, text, found, now) {
    return h("section", { class: `verdict ${level}`, role: "status" },
        h("p", {}, sign(level), h("b", {}, head), text ? h("span", {}, text) : null),
        found.length === 0 ? null : h("ul", {}, found.map((each) => h("li", {}, sign(each.level),
            h("span", {}, h("a", { href: each.href }, each.text), each.detail ? h("span", { class: "dim" }, `: ${each.detail}`) : null), h("span", { class: "when" }, since(each, now))))));
}

function levelOf(share) {
    return share >= 0.95 ? "bad" : share >= 0.85 ? "warn" : "";
}

// CPU at its limit is slowed down, not lost.
function levelOfCpu(share) {
    return share >= 0.9 ? "warn" : "";
}

// Use of a whole, with marks where request and limit lie. calm: true: in one
// colour whatever the share; "cpu": never bad.
export function bar(used, whole, marks, calm) {
    const share = isNone(used) || !whole ? 0 : used / whole;
    const inner = h("i", { class: calm === true ? "" : calm === "cpu" ? levelOfCpu(share) : levelOf(share) });
    inner.style.width = `${Math.min(100, share * 100)}%`;
    const element = h("span", { class: `bar${whole ? "" : " none"}`, "aria-hidden": "true" }, inner);
    for (const [kind, value] of Object.entries(marks || {})) {
        if (!isNone(value) && value > 0 && whole) {
            const mark = h("u", { class: kind });
            mark.style.left = `${Math.min(100, value / whole * 100)}%`;
            element.append(mark);
        }
    }
    return element;
}

// A cell with a bar behind the figure: of a whole when there is one.
export function use(format, used, whole, marks, hint) {
    // Above what was asked for is no fault; near a limit or a size is.
    const calm = whole === marks.request && whole !== marks.limit;
    return h("span", { class: "use", title: hint || "" }, bar(used, whole, marks, calm || (format === cpu && "cpu")), h("span", {}, format(used)));
}

export function useHint(format, used, whole, request, limit) {
    const parts = [];
    if (whole) {
        parts.push(`${percent(used, whole)} of ${format(whole)}`);
    }
    if (!isNone(request) && request > 0) {
        parts.push(`requested ${format(request)}`);
    }
    if (!isNone(limit) && limit > 0) {
        parts.push(`limit ${format(limit)}`);
    }
    return parts.join(", ");
}

// A machine that is read directly, not over the network.
export function isHere(node) {
    return node.cpu !== null && node.scraped === null && node.failures === 0;
}

export function nodeLink(name) {
    return h("a", { href: link(["node", name]) }, name);
}

// The end of a pod's name tells it from its likes, so that the middle is what
// gives way where there is no room.
const TAIL = 12;

export function podLink(namespace, pod) {
    return h("a", { href: link(["pod", namespace, pod]), class: "mid", title: pod },
        h("span", {}, pod.slice(0, -TAIL)), h("span", {}, pod.slice(-TAIL)));
}

export function namespaceLink(name) {
    return h("a", { href: link(["namespace", name]) }, name);
}

// The choice of the charts' range; chosen(seconds) on each change.
export function rangeChoice(chosen) {
    const buttons = RANGES.map(([name, seconds]) => h("button", {
        "aria-pressed": String(chosenRangeName() === name),
        onclick: (event) => {
            remember({ range: name });
            buttons.forEach((button) => button.setAttribute("aria-pressed", String(button === event.target)));
            chosen(seconds);
        },
    }, name));
    return h("div", { class: "ranges", role: "group", "aria-label": "Range of the charts" }, buttons);
}

export function noHistory() {
    return h("p", { class: "panel empty" }, "No history is kept, so there are no charts: start Skerry with --history=1G to see the past.");
}

const GOOD = { running: "ok", succeeded: "", pending: "warn", failed: "bad", unknown: "" };

export function podState(pod) {
    if (pod.deleting) {
        return pill("warn", "deleting");
    }
    if (pod.reason) {
        return pill("bad", pod.reason);
    }
    const all = pod.ready === pod.containers || pod.phase !== "running";
    return all ? pill(GOOD[pod.phase] || "", pod.phase) : pill("warn", `${pod.ready} of ${pod.containers} ready`);
}

export function nodeState(node) {
    const pills = [];
    if (!node.ready) {
        pills.push(pill("bad", "not ready"));
    }
    if (node.streak > 0) {
        pills.push(pill("bad", "no answer", node.error));
    }
    for (const what of ["memory", "disk", "pid"]) {
        if (node[`${what}Pressure`]) {
            pills.push(pill("warn", `${what} pressure`));
        }
    }
    if (node.cordoned) {
        pills.push(pill("warn", "cordoned"));
    }
    return pills.length > 0 ? pills : pill("ok", node.pseudo ? "up" : "ready");
}

export function containerState(container) {
    const waits = container.state === "waiting";
    const ended = container.state === "terminated" && container.role !== "init" && container.reason !== "Completed";
    if (container.role === "system") {
        return pill("", "system");
    }
    return pill(container.state === "running" ? "ok" : waits || ended ? "bad" : "",
        waits && container.reason ? container.reason : container.state,
        container.reason ? `last end: ${container.reason}` : "");
}
