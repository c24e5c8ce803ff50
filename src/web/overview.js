// Is the cluster well? What is wrong, what it uses, what changed, who uses most.
import { h, fill } from "./dom.js";
import { link } from "./route.js";
import { ask, rowsOf } from "./server.js";
import { bar, keyed, nodeLink, noHistory, pieces, pill, podLink, rangeChoice, verdictBox } from "./parts.js";
import { ago, bytes, count, cpu, duration, percent, rate, time } from "./units.js";
import { chartGroup } from "./chart.js";
import { chosenRange, series } from "./past.js";
import { panels } from "./panels.js";
import { troubles } from "./trouble.js";

const CHANGES_SHOWN = 10;
const TOP_SHOWN = 5;
const COUNTS_MS = 60000;

function card(title, figure, detail, extra, href) {
    return h(href ? "a" : "div", { class: "card", href },
        h("span", { class: "dim" }, title), h("b", { class: figure.length > 9 ? "long" : "" }, figure), extra, h("span", { class: "dim small" }, detail));
}

function useCard(title, format, used, size, request, limit, href) {
    const planned = [request > 0 && keyed("request", `requested ${percent(request, size)}`), limit > 0 && keyed("limit", `limit ${percent(limit, size)}`)].filter(Boolean);
    return card(title, size > 0 ? percent(used, size) : used > 0 ? format(used) : "–",
        [h("span", {}, size > 0 ? `${format(used)} of ${format(size)}` : "not known yet"), pieces(planned)],
        size > 0 ? bar(used, size, { request, limit }, format === cpu && "cpu") : null, href);
}

// One sentence that says whether all is well, and what is not.
function verdict(overview) {
    const found = troubles(overview);
    const level = found.length === 0 ? "ok" : found[0].level;
    const { counts, sums } = overview;
    const what = sums.ofCluster ? "The cluster is" : counts.nodes > 1 ? "The machines are" : "This machine is";
    const head = { ok: `${what} well`, warn: "Worth a look", bad: "Needs attention" }[level];
    const well = !sums.ofCluster ? "up, with room left"
        : `${count(counts.nodes)} ${counts.nodes === 1 ? "node" : "nodes"} ready, ${count(sums.pods)} pods, none in a crash loop`;
    return verdictBox(level, head, level === "ok" ? well : "", found, overview.time);
}

function cards(overview) {
    const { counts, sums, sources } = overview;
    const api = sources.filter((source) => source.kind === "kubernetes");
    const up = api.filter((source) => source.up).length;
    const out = [];
    if (!sums.ofCluster && counts.nodes === 1) {
        out.push(card("Machine", counts.nodesReady === 1 ? "Up" : "Down", counts.nodesFailing === 0 ? `read each ${duration(overview.resolution)}` : "gives no values", null, link(["nodes"])));
    } else {
        out.push(card("Nodes ready", counts.nodes === 0 ? "–" : `${count(counts.nodesReady)} / ${count(counts.nodes)}`,
            counts.nodes === 0 ? "none is known yet" : counts.nodesFailing > 0 ? `${count(counts.nodesFailing)} not answering` : "all answer",
            counts.nodes === 0 ? null : bar(counts.nodesReady, counts.nodes, {}, true), link(["nodes"])));
    }
    if (api.length > 0) {
        const last = Math.max(...api.map((source) => source.lastSuccess || 0));
        out.push(card("API server", up === api.length ? "Reachable" : "Down", last === 0 ? "has not answered yet" : `last answer ${ago(last, overview.time)}`,
            null, link(["appliance"])));
    }
    const known = counts.nodes > 0;
    out.push(useCard("CPU", cpu, sums.cpu, sums.cpuSize, sums.cpuRequest, sums.cpuLimit, link(["nodes"], { sort: "cpu", order: "down" })),
        useCard("Memory", bytes, sums.memory, sums.memorySize, sums.memoryRequest, sums.memoryLimit, link(["nodes"], { sort: "memory", order: "down" })),
        useCard("Storage", bytes, sums.storage, sums.storageSize, sums.storageRequest, sums.storageLimit, link(["nodes"], { sort: "storage", order: "down" })),
        card("Network", known ? rate(sums.rx + sums.tx) : "–", known ? [`in ${rate(sums.rx)}`, h("br"), `out ${rate(sums.tx)}`] : "not known yet", null, link(["nodes"], { sort: "rx", order: "down" })));
    if (sums.ofCluster || sums.pods > 0) {
        const odd = [[counts.pending, "pending"], [counts.failed, "failed"], [counts.succeeded, "finished"]].filter(([number]) => number > 0).map(([number, word]) => `${count(number)} ${word}`);
        out.push(card("Pods", known ? count(sums.pods) : "–", [`${count(sums.containers)} containers`, pieces(odd)],
            sums.podsSize > 0 ? bar(sums.pods, sums.podsSize) : null, link(["pods"])));
    }
    return out;
}

const WHAT = {
    oomKilled: ["bad", "out of memory"], restarted: ["warn", "restarted"], podPending: ["warn", "pending"], podFailed: ["bad", "failed"],
    nodeNotReady: ["bad", "not ready"], nodeFailing: ["bad", "no answer"], nodeNew: ["", "new node"], machineStarted: ["", "started"], nodeGone: ["warn", "node gone"], fewerReady: ["bad", "not ready"],
};

function changeLine(change, now) {
    const [level, word] = WHAT[change.what] || ["", change.what];
    const who = change.text ? change.text : change.node ? nodeLink(change.node) : podLink(change.namespace, change.pod);
    const more = [change.container, change.namespace, change.reason && change.reason !== "OOMKilled" ? change.reason : "",
        change.exitCode ? `exit ${change.exitCode}` : "", change.restarts > 1 ? `${change.restarts} times` : ""].filter(Boolean).join(" · ");
    return h("tr", {}, h("td", { class: "when", title: time(change.at) }, change.at ? ago(change.at, now) : "now"), h("td", {}, pill(level, word)),
        h("td", { class: "name" }, who, more ? h("small", {}, more) : null));
}

function changes(overview, counted) {
    const own = overview.changes.map((change) => change.what === "nodeNew" && !overview.sums.ofCluster ? { ...change, what: "machineStarted" } : change);
    const lines = [...own, ...counted].sort((a, b) => (b.at || overview.time) - (a.at || overview.time));
    const more = overview.changesTruncated ? "more than " : "";
    return h("section", { class: "panel changes" },
        h("header", {}, h("h3", {}, "Changed in the last hour"), h("span", { class: "dim" },
            lines.length > CHANGES_SHOWN ? `newest ${CHANGES_SHOWN} of ${more}${lines.length}` : "")),
        lines.length === 0 ? h("p", { class: "empty" }, overview.counts.nodes === 0 ? "Nothing is known yet." : overview.sums.ofCluster ? "Nothing: no restart, no kill, no node gone, no pod pending." : "Nothing: no restart, no kill.")
            : h("table", { class: "plain" }, h("tbody", {}, lines.slice(0, CHANGES_SHOWN).map((change) => changeLine(change, overview.time)))));
}

function top(title, rows, format, href, isOne) {
    const most = rows.length > 0 ? rows[0].value : 0;
    return h("section", { class: "panel" },
        h("header", {}, h("h3", {}, title), h("a", { href, class: "dim" }, "all")),
        rows.length === 0 ? h("p", { class: "empty" }, "Nothing is known yet.")
            : h("table", { class: "plain" }, h("tbody", {}, rows.slice(0, TOP_SHOWN).map((row) => h("tr", {},
                h("td", { class: "name" }, h("span", { class: "who" }, row.namespace !== undefined
                    ? [podLink(row.namespace, row.name), h("small", { title: row.namespace }, row.namespace)]
                    : [h("a", { href: link(["system", row.node, row.name]) }, row.name), isOne ? null : h("small", { title: row.node }, row.node)])),
                h("td", { class: "amount" }, h("span", { class: "use" }, bar(row.value, most, {}, true), h("span", {}, format(row.value)))))))));
}

function tops(overview) {
    const of = (what, key) => link([what], { sort: key, order: "down" });
    const isOne = overview.counts.nodes === 1;
    if (overview.podsByCpu.length > 0 || overview.sums.ofCluster) {
        return [top("Pods by CPU", overview.podsByCpu, cpu, of("pods", "cpu")), top("Pods by memory", overview.podsByMemory, bytes, of("pods", "memory")),
            top("Pods by network in", overview.podsByNetwork, rate, of("pods", "rx"))];
    }
    return [top("Services by CPU", overview.systemByCpu, cpu, of("containers", "cpu"), isOne), top("Services by memory", overview.systemByMemory, bytes, of("containers", "memory"), isOne)]
        .filter((each, i) => [overview.systemByCpu, overview.systemByMemory][i].length > 0);
}

// What of a machine alone has a name: file systems, disks.
function parts(answer) {
    const row = (name, hint, figure, used, size) => h("tr", {}, h("td", { class: "name" }, h("span", {}, name), h("small", {}, hint)),
        h("td", { class: "amount" }, h("span", { class: "use" }, bar(used, size), h("span", {}, figure))));
    const table = (title, rows) => rows.length === 0 ? null
        : h("section", { class: "panel" }, h("header", {}, h("h3", {}, title)), h("table", { class: "plain" }, h("tbody", {}, rows)));
    return [
        table("File systems", answer.filesystems.map((each) => row(each.name, `${bytes(each.used)} of ${bytes(each.size)}${each.inodes > 0 ? ` · ${percent(each.inodes - each.inodesFree, each.inodes)} of the inodes` : ""}`,
            percent(each.used, each.size), each.used, each.size))),
        table("Disks", answer.disks.map((each) => row(each.name, `since the start: read ${bytes(each.read)}, written ${bytes(each.written)}`, `${rate((each.readRate || 0) + (each.writeRate || 0))}`, 0, 0))),
    ];
}

// When there were fewer of something than before: [{what, at, text}]
async function drops(metric, what, words, signal) {
    const found = await series({}, metric, 3600, {}, signal).catch(() => null);
    const out = [];
    for (let i = 1; found && i < found.times.length; i++) {
        const before = found.values[i - 1];
        const after = found.values[i];
        if (before !== null && after !== null && Math.round(after) < Math.round(before)) {
            out.push({ what, at: found.times[i] * 1000, text: `${Math.round(before)} ${words} became ${Math.round(after)}` });
        }
    }
    return out;
}

async function countedChanges(signal) {
    const both = await Promise.all([drops("node/count", "nodeGone", "nodes", signal), drops("node/ready_count", "fewerReady", "nodes ready", signal)]);
    return both.flat();
}

function clusterPanels() {
    const line = (label, role, metric, more) => ({ label, role, metric, entity: {}, ...more });
    return [
        { title: "CPU", format: cpu, lines: [line("nodes", "usage", "cpu/node_utilization", { times: "cpu/node_allocatable" }), line("pods", "second", "cpu/usage_rate"),
            line("requested", "request", "cpu/request"), line("limit", "limit", "cpu/limit"), line("allocatable", "size", "cpu/node_allocatable")] },
        { title: "Memory", format: bytes, lines: [line("pods' working set", "usage", "memory/working_set"), line("pods, with caches", "second", "memory/usage"),
            line("nodes, with caches", "third", "memory/node_utilization", { times: "memory/node_allocatable" }),
            line("requested", "request", "memory/request"), line("limit", "limit", "memory/limit"), line("allocatable", "size", "memory/node_allocatable")] },
        { title: "Network", format: rate, lines: [line("in", "usage", "network/rx_rate"), line("out", "second", "network/tx_rate")] },
        { title: "File systems", format: bytes, lines: [line("used", "usage", "ephemeral_storage/usage"), line("size", "size", "ephemeral_storage/node_capacity")] },
        { title: "Pods", format: count, lines: [line("pods", "usage", "pod/count"), line("containers", "second", "container/count")] },
        { title: "Nodes", format: count, lines: [line("ready", "usage", "node/ready_count"), line("all", "size", "node/count")] },
    ];
}

// A machine alone is shown with all it has.
async function askAlone(overview) {
    if (overview.sums.ofCluster || overview.counts.nodes !== 1) {
        return null;
    }
    const [node] = rowsOf(await ask("/api/v1/page/nodes"));
    return ask(`/api/v1/page/node/${encodeURIComponent(node.name)}`);
}

export function overviewView(shell) {
    const verdictPlace = h("div");
    const cardPlace = h("div", { class: "cards" });
    const chartPlace = h("div");
    const choicePlace = h("div");
    const changePlace = h("div");
    const partPlace = h("div", { class: "column" });
    const topPlace = h("div", { class: "column tops" });
    let group = null;
    let counted = [];
    let countedAt = 0;
    const end = new AbortController();
    const lead = h("div", { class: "lead" }, h("div", { class: "charted" }, h("div", { class: "section" }, h("h2", {}, "Over time"), choicePlace), chartPlace),
        h("div", { class: "column beside" }, changePlace, topPlace, partPlace));
    const element = h("div", { class: "page" }, verdictPlace, cardPlace, lead);

    function startCharts(overview, alone) {
        group = chartGroup([], 0);
        if (overview.history === null) {
            lead.classList.add("chartless");
            fill(chartPlace, noHistory());
            return;
        }
        group = chartGroup(alone ? panels("node", { node: alone.details.name }, alone, []) : clusterPanels(), chosenRange());
        fill(choicePlace, rangeChoice((seconds) => group.show(seconds)));
        fill(chartPlace, group.element);
        group.start();
    }

    async function showMore(overview) {
        const alone = await askAlone(overview).catch(() => undefined);
        if (end.signal.aborted || alone === undefined) {
            return;
        }
        fill(partPlace, alone ? parts(alone) : null);
        if (!group && overview.counts.nodes > 0) {
            startCharts(overview, alone);
        } else if (!group) {
            fill(chartPlace, h("p", { class: "panel empty" }, "The charts begin with the first node that answers."));
        }
    }

    async function recount(overview) {
        if (overview.history === null || overview.time - countedAt < COUNTS_MS) {
            return;
        }
        countedAt = overview.time;
        counted = await countedChanges(end.signal);
        fill(changePlace, changes(overview, counted));
    }

    const stop = shell.onOverview((overview) => {
        fill(verdictPlace, verdict(overview));
        fill(cardPlace, cards(overview));
        fill(changePlace, changes(overview, counted));
        fill(topPlace, tops(overview));
        showMore(overview);
        recount(overview);
    });
    return { element, title: "Overview", repaint: () => group && group.repaint(), destroy: () => { end.abort(); stop(); if (group) { group.destroy(); } } };
}
