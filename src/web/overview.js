// Is the cluster well? What it uses, who uses most, what changed, the last hour.
import { h, fill } from "./dom.js";
import { link, route } from "./route.js";
import { ask, rowsOf } from "./server.js";
import { bar, nodeLink, pill, podLink, rangeChoice } from "./parts.js";
import { ago, bytes, count, cpu, percent, rate, time } from "./units.js";
import { chartGroup } from "./chart.js";
import { rangeSeconds, series } from "./past.js";

// Charts of what only nodes have add up so many nodes at most.
const NODES_ADDED_MAX = 24;

function card(title, figure, detail, extra, href) {
    return h(href ? "a" : "div", { class: "card", href },
        h("span", { class: "dim" }, title), h("b", {}, figure), extra, h("span", { class: "dim small" }, detail));
}

function useCard(title, format, used, size, request, limit, href) {
    const planned = [];
    if (request > 0) {
        planned.push(h("br"), `requested ${percent(request, size)}`);
    }
    if (limit > 0) {
        planned.push(h("br"), `limit ${percent(limit, size)}`);
    }
    return card(title, size > 0 ? percent(used, size) : format(used),
        [h("span", {}, size > 0 ? `${format(used)} of ${format(size)}` : ""), planned],
        bar(used, size, { request, limit }), href);
}

// One sentence that says whether all is well, and what is not.
export function verdict(overview) {
    const { counts, sums, sources } = overview;
    const troubles = [];
    const down = sources.filter((source) => !source.up);
    if (!overview.healthy) {
        troubles.push(["bad", overview.health]);
    }
    if (down.length > 0) {
        troubles.push(["bad", down.length === 1 ? "the source does not answer" : `${down.length} sources do not answer`]);
    }
    const notReady = counts.nodes - counts.nodesReady;
    if (notReady > 0) {
        troubles.push(["bad", `${notReady} of ${counts.nodes} nodes not ready`]);
    }
    if (counts.nodesFailing > 0) {
        troubles.push(["bad", `${counts.nodesFailing} of ${counts.nodes} nodes cannot be scraped`]);
    }
    if (counts.crashLooping > 0) {
        troubles.push(["bad", `${counts.crashLooping} container${counts.crashLooping > 1 ? "s" : ""} crash-looping`]);
    }
    const old = overview.changes.filter((change) => change.what === "podPending" && overview.time - change.at > 120000);
    if (old.length > 0) {
        troubles.push(["warn", `${old.length} pod${old.length > 1 ? "s" : ""} pending for more than 2 min`]);
    }
    for (const [what, used, size] of [["CPU", sums.cpu, sums.cpuSize], ["memory", sums.memory, sums.memorySize], ["storage", sums.storage, sums.storageSize]]) {
        if (size > 0 && used / size >= 0.9) {
            troubles.push(["warn", `${what} ${percent(used, size)} used`]);
        }
    }
    return troubles;
}

function verdictLine(overview) {
    const troubles = verdict(overview);
    const what = !overview.sums.ofCluster ? "This machine is" : "The cluster is";
    const level = troubles.length === 0 ? "ok" : troubles.some(([kind]) => kind === "bad") ? "bad" : "warn";
    const head = level === "ok" ? `${what} well` : level === "warn" ? "Worth a look" : "Needs attention";
    const { counts, sums } = overview;
    const well = !sums.ofCluster ? "up, with room left"
        : `${count(counts.nodes)} nodes ready, ${count(sums.pods)} pods, ${counts.crashLooping === 0 ? "none crash-looping" : ""}`;
    const text = troubles.length === 0 ? well : troubles.map(([, sentence]) => sentence).join(" · ");
    return h("div", { class: `verdict ${level}`, role: "status" }, h("i"), h("b", {}, head), h("span", {}, text));
}

function cards(overview) {
    const { counts, sums, sources } = overview;
    const api = sources.filter((source) => source.kind === "kubernetes");
    const up = api.filter((source) => source.up).length;
    const out = [];
    if (!sums.ofCluster && counts.nodes === 1) {
        out.push(card("Machine", counts.nodesReady === 1 ? "Up" : "Down", counts.nodesFailing === 0 ? "gives its values" : "gives no values", null, link(["nodes"])));
    } else {
        out.push(card("Nodes ready", `${counts.nodesReady} / ${counts.nodes}`,
            counts.nodesFailing > 0 ? `${counts.nodesFailing} not answering` : "all answer",
            bar(counts.nodesReady, counts.nodes, {}, true), link(["nodes"])));
    }
    if (api.length > 0) {
        out.push(card("API server", up === api.length ? "Reachable" : "Down",
            up === api.length ? `last answer ${ago(Math.max(...api.map((source) => source.lastSuccess)), overview.time)}`
                : "nodes known last are still watched", null, link(["appliance"])));
    }
    out.push(useCard("CPU", cpu, sums.cpu, sums.cpuSize, sums.cpuRequest, sums.cpuLimit, link(["nodes"], { sort: "cpu", order: "down" })),
        useCard("Memory", bytes, sums.memory, sums.memorySize, sums.memoryRequest, sums.memoryLimit, link(["nodes"], { sort: "memory", order: "down" })),
        useCard("Storage", bytes, sums.storage, sums.storageSize, sums.storageRequest, sums.storageLimit, link(["nodes"], { sort: "storage", order: "down" })),
        card("Network", rate(sums.rx + sums.tx), [`in ${rate(sums.rx)}`, h("br"), `out ${rate(sums.tx)}`], null, link(["nodes"], { sort: "rx", order: "down" })));
    if (sums.ofCluster || sums.pods > 0) {
        const odd = [counts.pending && `${count(counts.pending)} pending`, counts.failed && `${count(counts.failed)} failed`].filter(Boolean);
        out.push(card("Pods", count(sums.pods), [`${count(sums.containers)} containers`, odd.length > 0 ? h("br") : null, odd.join(" · ")],
            sums.podsSize > 0 ? bar(sums.pods, sums.podsSize) : null, link(["pods"])));
    }
    return out;
}

const WHAT = {
    oomKilled: ["bad", "out of memory"], restarted: ["warn", "restarted"], podPending: ["warn", "pending"], podFailed: ["bad", "failed"],
    nodeNotReady: ["bad", "not ready"], nodeFailing: ["bad", "not answering"], nodeNew: ["", "new node"], nodeGone: ["warn", "nodes"],
};

function changeLine(change, now) {
    const [level, word] = WHAT[change.what] || ["", change.what];
    const who = change.text ? change.text : change.node ? nodeLink(change.node)
        : podLink(change.namespace, change.pod);
    const more = [change.container, change.namespace, change.reason && !["OOMKilled"].includes(change.reason) ? change.reason : "",
        change.exitCode ? `exit ${change.exitCode}` : "", change.restarts > 1 ? `${change.restarts} times` : ""].filter(Boolean).join(" · ");
    return h("tr", {}, h("td", { class: "when", title: time(change.at) }, ago(change.at, now)), h("td", {}, pill(level, word)),
        h("td", { class: "name" }, who, more ? h("small", {}, more) : null));
}

function changes(overview, counted) {
    const lines = [...overview.changes, ...counted].sort((a, b) => (b.at || 0) - (a.at || 0)).slice(0, 9);
    const all = overview.changes.length + counted.length;
    return h("section", { class: "panel" },
        h("header", {}, h("h3", {}, "Changed in the last hour"), h("span", { class: "dim" },
            all > lines.length ? `newest ${lines.length} of ${overview.changesTruncated ? "more than " : ""}${all}` : "")),
        lines.length === 0 ? h("p", { class: "empty" }, "Nothing: no restart, no kill, no node gone, no pod pending.")
            : h("table", { class: "plain" }, h("tbody", {}, lines.map((change) => changeLine(change, overview.time)))));
}

function top(title, rows, format, href) {
    const most = rows.length > 0 ? rows[0].value : 0;
    return h("section", { class: "panel" },
        h("header", {}, h("h3", {}, title), h("a", { href, class: "dim" }, "all")),
        rows.length === 0 ? h("p", { class: "empty" }, "Nothing is known yet.")
            : h("table", { class: "plain" }, h("tbody", {}, rows.slice(0, 8).map((row) => h("tr", {},
                h("td", { class: "name" }, row.namespace !== undefined
                    ? [podLink(row.namespace, row.name), h("small", {}, row.namespace)]
                    : [h("a", { href: link(["system", row.node, row.name]) }, row.name), h("small", {}, row.node)]),
                h("td", { class: "amount" }, h("span", { class: "use" }, bar(row.value, most, {}, true), h("span", {}, format(row.value)))))))));
}

// What the counts of the last hour say: nodes that came or went.
async function countedChanges() {
    const nodes = await series({}, "node/count", 3600, {}).catch(() => null);
    const out = [];
    for (let i = 1; nodes && i < nodes.times.length; i++) {
        const before = nodes.values[i - 1];
        const after = nodes.values[i];
        if (before !== null && after !== null && after < before) {
            out.push({ what: "nodeGone", at: nodes.times[i] * 1000, text: `${before} became ${after}` });
        }
    }
    return out;
}

function chartsFor(overview, nodes) {
    const cluster = {};
    const names = nodes.map((node) => ({ node: node.name }));
    const alone = !overview.sums.ofCluster;
    const sumOf = (metric, label, role, more) => ({ label, role, metric, sumOf: names, ...more });
    const charts = [];
    if (alone) {
        charts.push({ title: "CPU", format: cpu, lines: [sumOf("cpu/usage_rate", "used", "usage"), sumOf("cpu/node_capacity", "there", "size")] },
            { title: "Memory", format: bytes, lines: [sumOf("memory/working_set", "used", "usage"), sumOf("memory/node_capacity", "there", "size")] });
    } else {
        charts.push({ title: "CPU of pods", format: cpu, lines: [
            { label: "used", role: "usage", entity: cluster, metric: "cpu/usage_rate" },
            { label: "requested", role: "request", entity: cluster, metric: "cpu/request" },
            { label: "limit", role: "limit", entity: cluster, metric: "cpu/limit" }] },
        { title: "Memory of pods", format: bytes, lines: [
            { label: "working set", role: "usage", entity: cluster, metric: "memory/working_set" },
            { label: "used", role: "second", entity: cluster, metric: "memory/usage" },
            { label: "requested", role: "request", entity: cluster, metric: "memory/request" },
            { label: "limit", role: "limit", entity: cluster, metric: "memory/limit" }] });
    }
    if (names.length > 0 && names.length <= NODES_ADDED_MAX) {
        charts.push({ title: "Network", format: rate, lines: [sumOf("network/rx_rate", "in", "usage"), sumOf("network/tx_rate", "out", "second")] },
            { title: "File systems", format: bytes, lines: [sumOf("filesystem/usage", "used", "usage", { resource: "/" }), sumOf("filesystem/limit", "size", "size", { resource: "/" })] });
    } else {
        charts.push({ title: "Pods", format: count, lines: [{ label: "pods", role: "usage", entity: cluster, metric: "pod/count" }, { label: "containers", role: "second", entity: cluster, metric: "container/count" }] },
            { title: "Nodes", format: count, lines: [{ label: "nodes", role: "second", entity: cluster, metric: "node/count" }, { label: "ready", role: "usage", entity: cluster, metric: "node/ready_count" }] });
    }
    return charts;
}

export function overviewView(shell) {
    const verdictPlace = h("div");
    const cardPlace = h("div", { class: "cards" });
    const chartPlace = h("div");
    const lower = h("div", { class: "three" });
    let group = null;
    let counted = [];
    const choice = rangeChoice((seconds) => group && group.show(seconds));
    const element = h("div", { class: "page" }, verdictPlace, cardPlace,
        h("div", { class: "section" }, h("h2", {}, "Over time"), choice), chartPlace, lower);

    async function startCharts(overview) {
        group = chartGroup([], 0);
        const answer = overview.counts.nodes <= NODES_ADDED_MAX ? await ask("/api/v1/page/nodes").catch(() => null) : null;
        group = chartGroup(chartsFor(overview, answer ? rowsOf(answer) : []), rangeSeconds(route.get("range", "1h")));
        fill(chartPlace, group.element);
        group.start();
        counted = await countedChanges();
    }

    const stop = shell.onOverview((overview) => {
        fill(verdictPlace, verdictLine(overview));
        fill(cardPlace, cards(overview));
        const pods = overview.podsByCpu.length > 0;
        fill(lower, changes(overview, counted),
            pods || overview.sums.ofCluster
                ? [top("Pods by CPU", overview.podsByCpu, cpu, link(["pods"], { sort: "cpu", order: "down" })),
                    top("Pods by memory", overview.podsByMemory, bytes, link(["pods"], { sort: "memory", order: "down" }))]
                : [top("Services by CPU", overview.systemByCpu, cpu, link(["containers"], { sort: "cpu", order: "down" })),
                    top("Services by memory", overview.systemByMemory, bytes, link(["containers"], { sort: "memory", order: "down" }))]);
        if (!group) {
            startCharts(overview);
        }
    });
    return { element, title: "Overview", repaint: () => group && group.repaint(), destroy: () => { stop(); if (group) { group.destroy(); } } };
}
