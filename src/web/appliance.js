// How the appliance itself is doing: memory, roles, scrapes, sinks, history.
import { h, fill } from "./dom.js";
import { poll, rowsOf } from "./server.js";
import { bar, isHere, nodeLink, pill, verdictBox } from "./parts.js";
import { ownTroubles } from "./trouble.js";
import { ago, bytes, count, duration, number, percent, plural, time } from "./units.js";

const SCRAPES_MAX = 25;

function panel(title, hint, ...content) {
    return h("section", { class: "panel" }, h("header", {}, h("h3", {}, title), h("span", { class: "dim" }, hint)), content);
}

function sheet(heads, rows, empty) {
    if (rows.length === 0) {
        return h("p", { class: "empty" }, empty);
    }
    return h("div", { class: "sheet" }, h("table", { class: "plain" },
        h("thead", {}, h("tr", {}, heads.map((head) => h("th", { class: head.startsWith("#") ? "num" : "", scope: "col" }, head.replace("#", ""))))),
        h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, i) => h("td", { class: heads[i].startsWith("#") ? "num" : "" }, cell)))))));
}

function when(text, now) {
    return text ? h("span", { title: time(Date.parse(text)) }, ago(Date.parse(text), now)) : "–";
}

function roles(a, now) {
    const level = { ready: "ok", starting: "warn" };
    return panel("Roles", "each may die alone and is started again", sheet(
        ["Role", "State", "Since", "#Deaths", "Last death"],
        a.roles.map((role) => [h("b", {}, role.role), pill(level[role.state] || "bad", role.state), when(role.since, now), role.deaths > 0 ? pill("warn", count(role.deaths)) : "0",
            role.lastDeath ? [when(role.lastDeath, now), h("small", {}, role.lastReason)] : h("span", { class: "dim" }, "none")]), "No role has reported yet."));
}

// The tick in the bar is the peak.
function heapCells(heap) {
    return heap ? [h("span", { class: "use", title: `${percent(heap.now, heap.limit)} taken, ${percent(heap.peak, heap.limit)} at most` }, bar(heap.now, heap.limit, { peak: heap.peak }), h("span", {}, bytes(heap.now))),
        bytes(heap.peak), bytes(heap.limit), heap.failures > 0 ? pill("bad", count(heap.failures)) : "0"] : ["–", "–", "–", "–"];
}

function memory(a) {
    const byRole = new Map();
    (a.plan || []).forEach((each) => byRole.set(each.role, (byRole.get(each.role) || 0) + each.bytes));
    const most = Math.max(1, ...byRole.values());
    const parts = [...(a.plan || [])].sort((x, y) => y.bytes - x.bytes);
    const heaps = new Map(a.roles.filter((role) => role.heap).map((role) => [role.role, role.heap]));
    return panel("Planned memory", a.planBytes ? `${bytes(a.planBytes)} for all processes, fixed since the start` : "",
        sheet(["Holder", "#Planned", "#Library heap", "#Peak", "#Limit", "#Failed"], [...byRole].sort((x, y) => y[1] - x[1]).map(([role, size]) => [role,
            h("span", { class: "use" }, bar(size, most, {}, true), h("span", {}, bytes(size))), ...heapCells(heaps.get(role))]), "The plan is not known here."),
        h("details", {}, h("summary", {}, `All ${parts.length} parts`),
            sheet(["Holder", "Part", "#Count", "#Each", "#Bytes"], parts.map((each) => [each.role, each.part, count(each.count), bytes(each.bytesEach), bytes(each.bytes)]), "")));
}

function pools(a) {
    return panel("Pools of the live table", "full pools refuse new rows and count them; totals stay right", sheet(
        ["Pool", "#Used", "#Peak", "#Planned", "#Refused"], (a.pools || []).map((pool) => [pool.pool.replace("_", " "),
            h("span", { class: "use", title: percent(pool.used, pool.limit) }, bar(pool.used, pool.limit), h("span", {}, count(pool.used))), count(pool.peak), count(pool.limit),
            pool.refused > 0 ? pill("bad", count(pool.refused)) : "0"]), "Nothing has been collected yet."));
}

function failure(at, text, now) {
    return at ? h("p", { class: "failure" }, "Last failure ", when(at, now), `: ${text.replace(/\.$/, "")}`) : null;
}

function facts(rows) {
    return h("dl", { class: "inline" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

function sources(a, now) {
    const all = a.sources || [];
    return panel("Sources", "", all.length === 0 ? h("p", { class: "empty" }, "No source has been asked yet.") : all.map((source) => h("div", { class: "block" },
        h("p", {}, pill(source.up ? "ok" : "bad", source.up ? "up" : "down"), source.insecure ? pill("warn", "not verified", "its certificate is not checked") : null, source.proxy ? pill("warn", "through the API server") : null, h("b", {}, source.name)),
        facts([["Nodes", count(source.nodes)], ["Last answer", when(source.lastSuccess, now)], ...(source.kind === "kubernetes" ? [["Lists", count(source.lists)], ["Listed again", count(source.relists)], ["Watches", count(source.watches)]] : [])]),
        failure(source.lastFailure, source.lastError || source.error, now))));
}

const SINK_STATES = { live: "ok", catching: "warn", waiting: "", retrying: "bad" };

function sinks(a, now) {
    const all = a.sinks || [];
    return panel("Sinks", "what a sink cannot take waits in the history", all.length === 0 ? h("p", { class: "empty" }, "None is configured: --sink= sends what is recorded elsewhere.")
        : all.map((sink) => h("div", { class: "block" }, h("p", {}, pill(SINK_STATES[sink.state] ?? "warn", sink.state), h("b", {}, sink.name)),
            facts([["Lag", duration(sink.lagMs)], ["Waiting", sink.takes === "events" ? plural(sink.backlogEvents, "events") : plural(sink.backlogCycles, "cycles")], [sink.takes === "events" ? "Events sent" : "Points sent", count(sink.points)], ["Last success", when(sink.lastSuccess, now)], ["Tried again", count(sink.retried)],
                ...Object.entries(sink.retriedFor || {}).map(([reason, requests]) => [`Tried again: ${reason}`, count(requests)]),
                ["Lost", sink.missedCycles > 0 ? pill("bad", plural(sink.missedCycles, "cycles")) : sink.missedEvents > 0 ? pill("warn", plural(sink.missedEvents, "events")) : "0"], ...(sink.skipped > 0 ? [["Cannot be said in its format", count(sink.skipped)]] : []),
                ...Object.entries(sink.refused || {}).map(([reason, points]) => [`Refused: ${reason}`, pill("bad", plural(points, "points"))])]),
            failure(sink.lastFailure, sink.lastError, now))));
}

function reach(tier, now) {
    return tier && tier.oldest ? `${duration(now - Date.parse(tier.oldest))} back` : "nothing yet";
}

function past(a, now) {
    const own = a.history;
    if (!own) {
        return panel("History", "", h("p", { class: "empty" }, "None is kept: --history=1G would keep it."));
    }
    const tiers = own.tiers || {};
    return panel("History", own.open ? "" : "not open", h("dl", {},
        h("dt", {}, "Size"), h("dd", {}, h("span", { class: "use left" }, bar(own.bytes, own.limit, {}, true), h("span", {}, `${bytes(own.bytes)} of ${bytes(own.limit)}`))),
        h("dt", {}, "Every sample"), h("dd", {}, reach(tiers.raw, now)), h("dt", {}, "By the minute"), h("dd", {}, reach(tiers["1m"], now)),
        h("dt", {}, "By ten minutes"), h("dd", {}, reach(tiers["10m"], now)),
        h("dt", {}, "Samples"), h("dd", {}, `${count(own.samples)}, ${number(own.bytesPerSample)} bytes each`), h("dt", {}, "Last cycle"), h("dd", {}, when(own.lastCycle, now)),
        h("dt", {}, "Cycles lost"), h("dd", {}, own.cyclesLost > 0 ? pill("bad", count(own.cyclesLost)) : "0"),
        own.lastError ? [h("dt", {}, "Last error"), h("dd", {}, own.lastError)] : null));
}

// This machine is read, not scraped.
function scrapes(all, now) {
    const nodes = all.filter((node) => !isHere(node));
    if (nodes.length === 0 && all.length > 0) {
        return panel("Scrapes", "", h("p", { class: "empty" }, "None: this machine is read directly."));
    }
    const sorted = [...nodes].sort((x, y) => y.streak - x.streak || (y.latency || 0) - (x.latency || 0));
    const failing = nodes.filter((node) => node.streak > 0).length;
    return panel("Scrapes", `${plural(nodes.length, "nodes")}, ${failing === 0 ? "all answer" : `${failing} without an answer`}; failing ones first, then the slowest`,
        sheet(["Node", "State", "Sample", "#Took", "#Size", "#Scrapes", "#Failures", "Reason"], sorted.slice(0, SCRAPES_MAX).map((node) => [nodeLink(node.name),
            pill(node.streak > 0 ? "bad" : "ok", node.streak > 0 ? `${node.streak} in a row` : "ok"), ago(node.scraped, now), node.latency > 0 ? `${number(node.latency)} ms` : "–",
            bytes(node.bytes), count(node.scrapes), count(node.failures), h("small", {}, node.error)]), "No node has been scraped yet."),
        nodes.length > SCRAPES_MAX ? h("p", { class: "dim more" }, `and ${count(nodes.length - SCRAPES_MAX)} more, all in the list of nodes`) : null);
}

function errors(a) {
    return panel("Failures and drops by reason", "since the live table was made", sheet(["Reason", "#Times"],
        (a.errors || []).sort((x, y) => y.total - x.total).map((error) => [[error.sentence, h("small", {}, error.reason)], count(error.total)]), "None."));
}

function counters(a) {
    const rows = Object.entries(a.counters || {});
    return panel("Counters of the collection", "", h("details", {}, h("summary", {}, `All ${rows.length} counters`), sheet(["Counter", "#Value"], rows.map(([name, value]) => [name, count(value)]), "")));
}

function serve(a) {
    const own = a.serve;
    return panel("This server", "", h("dl", {}, h("dt", {}, "Library memory"), h("dd", {}, h("span", { class: "use left" }, bar(own.heapBytes, own.heapBytesLimit), h("span", {}, `${bytes(own.heapBytes)} of ${bytes(own.heapBytesLimit)}, peak ${bytes(own.heapBytesPeak)}`))),
        h("dt", {}, "Clients"), h("dd", {}, h("span", { class: "use left" }, bar(own.clients, own.clientsLimit), h("span", {}, `${own.clients} of ${own.clientsLimit}, peak ${own.clientsPeak}`))),
        h("dt", {}, "Turned away"), h("dd", {}, `${count(own.refused)} without a place, ${count(own.timeouts)} too slow, ${count(own.forbidden)} for a foreign name`)));
}

function verdict(a, overview, now) {
    const found = overview ? ownTroubles(overview) : [];
    const level = !a.healthy ? "bad" : found.length > 0 ? found[0].level : "ok";
    const head = { ok: "The appliance is well", warn: "Worth a look", bad: "The appliance needs attention" }[level];
    return verdictBox(level, head, `${a.health} · version ${a.version} · up ${duration(a.uptimeSeconds * 1000)} · a cycle each ${duration(a.resolutionMs)}`, found, now);
}

export function applianceView(shell) {
    const head = h("div");
    const left = h("div", { class: "column" });
    const right = h("div", { class: "column" });
    const wide = h("div");
    const element = h("div", { class: "page" }, head, h("div", { class: "two" }, left, right), wide);
    let overview = null;
    const stops = [
        shell.onOverview((newest) => { overview = newest; }),
        poll("/api/v1/appliance", shell.period, (a) => {
            const now = Date.parse(a.now);
            // A list that somebody opened stays open.
            const open = [...element.querySelectorAll("details")].map((each) => each.open);
            fill(head, verdict(a, overview, now));
            fill(left, roles(a, now), sources(a, now), sinks(a, now), errors(a), past(a, now));
            fill(right, memory(a), pools(a), serve(a), counters(a));
            element.querySelectorAll("details").forEach((each, i) => { each.open = open[i] || false; });
        }, shell.failed),
        poll("/api/v1/page/nodes", shell.period, (answer) => fill(wide, scrapes(rowsOf(answer), answer.time))),
    ];
    return { element, title: "This appliance", destroy: () => stops.forEach((stop) => stop()) };
}
