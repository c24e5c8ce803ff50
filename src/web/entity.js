// A page each for a node, namespace, pod, container and system container.
import { h, fill } from "./dom.js";
import { link, remember, route } from "./route.js";
import { ask, poll, Refused, rowsOf } from "./server.js";
import { bar, containerState, keyed, namespaceLink, nodeLink, nodeState, noHistory, pieces, podLink, podState, rangeChoice } from "./parts.js";
import { ago, bytes, clock, count, cpu, formatOf, number, percent, plural, rate, time } from "./units.js";
import { chart, chartGroup } from "./chart.js";
import { chosenRange } from "./past.js";
import { line, panels, valueOf } from "./panels.js";
import { part } from "./lists.js";

function entityOf(kind, names) {
    return {
        node: () => ({ node: names[0] }),
        namespace: () => ({ namespace: names[0] }),
        pod: () => ({ namespace: names[0], pod: names[1] }),
        container: () => ({ namespace: names[0], pod: names[1], container: names[2] }),
        system: () => ({ node: names[0], system: names[1] }),
    }[kind]();
}

function gauge(title, format, used, size, request, limit) {
    const whole = size || limit || request;
    const shareOf = (planned) => size ? "" : ` (${percent(used, planned).replace(" ", "\u00a0")})`;
    const lines = [];
    if (size) {
        lines.push(`${percent(used, size)} of ${format(size)}`);
    }
    if (request) {
        lines.push(keyed("request", `requested ${format(request)}${shareOf(request)}`));
    }
    if (limit) {
        lines.push(keyed("limit", `limit ${format(limit)}${shareOf(limit)}`));
    }
    return h("div", { class: "card" }, h("span", { class: "dim" }, title), h("b", {}, format(used)),
        bar(used, whole, { request, limit }, format === cpu && "cpu"), h("span", { class: "dim small" }, lines.length > 0 ? pieces(lines) : "no request, no limit"));
}

function gauges(kind, answer) {
    const d = answer.details;
    const value = (name) => valueOf(answer, name);
    const root = answer.filesystems.find((each) => each.name === "/");
    const out = [
        gauge("CPU", cpu, value("cpu/usage_rate"), d.cpuSize, value("cpu/request") || d.cpuRequest, value("cpu/limit") || d.cpuLimit),
        gauge("Memory", bytes, value("memory/working_set"), d.memorySize, value("memory/request") || d.memoryRequest, value("memory/limit") || d.memoryLimit),
    ];
    if (root || value("ephemeral_storage/usage") !== null) {
        out.push(root && kind === "node" ? gauge("Storage", bytes, root.used, root.size)
            : gauge("Storage", bytes, value("ephemeral_storage/usage") ?? root.used, null, d.storageRequest, d.storageLimit));
    }
    if (value("network/rx_rate") !== null) {
        out.push(h("div", { class: "card" }, h("span", { class: "dim" }, "Network"), h("b", {}, rate(value("network/rx_rate") + value("network/tx_rate"))),
            h("span", { class: "dim small" }, `in ${rate(value("network/rx_rate"))}`, h("br"), `out ${rate(value("network/tx_rate"))}`)));
    }
    return out;
}

function fact(name, value) {
    return value === null || value === undefined || value === "" || value === false ? null : [h("dt", {}, name), h("dd", {}, value)];
}

function facts(kind, answer) {
    const d = answer.details;
    const at = (ms) => ms ? h("span", { title: time(ms) }, ago(ms, answer.time)) : null;
    const rows = [
        fact("Namespace", d.namespace && namespaceLink(d.namespace)), fact("Pod", kind === "container" && podLink(d.namespace, d.pod)),
        fact("Node", d.node && nodeLink(d.node)), fact("Image", d.image), fact("Address", d.address), fact("Operating system", d.os),
        fact("Kubelet", d.kubelet), fact("Owner", d.owner), fact("Host id", d.hostId),
        fact("Pods", d.podsSize ? `${d.pods} of ${d.podsSize}` : null), fact("Created", at(d.created)), fact("Started", at(d.started)),
        fact("Restarts", d.restarts > 0 ? count(d.restarts) : null), fact("Last end", d.lastEnd ? [at(d.lastEnd), d.lastReason ? `: ${d.lastReason}` : "",
            d.lastExitCode !== undefined ? `, exit ${d.lastExitCode}` : ""] : null),
        fact("Waits for", d.waiting), fact("Network", d.hostNetwork ? "the node's" : null), fact("Sample", kind === "node" ? at(d.scraped) : null),
        fact("Last failure", d.error), fact("Uid", d.uid),
    ];
    const labels = answer.labels.split(",").filter((each) => each !== "");
    return h("section", { class: "panel facts" }, h("dl", {}, rows.map((row) => row && h("div", {}, row))),
        labels.length > 0 ? h("div", { class: "labels" }, labels.map((each) => {
            const cut = each.indexOf(":");
            return h("span", {}, h("span", { class: "dim" }, `${each.slice(0, cut)}=`), each.slice(cut + 1));
        })) : null);
}

function state(kind, details) {
    return kind === "node" ? nodeState(details) : kind === "pod" ? podState(details)
        : kind === "container" ? containerState({ ...details, reason: details.waiting || "" })
            : kind === "namespace" && details.terminating ? h("span", { class: "pill warn" }, "terminating") : null;
}

// Where nothing is asked for, 0 would read as if nothing were allowed.
function isPlanned(name) {
    return /\/(request|limit)$/.test(name);
}

function metricTable(answer, chosen, choose, charts) {
    const item = (name, hint, value) => h("li", {}, h("span", { class: "what" }, name, hint ? h("small", {}, hint) : null), h("span", { class: "value" }, value));
    const metrics = answer.metrics.map((metric) => item(
        charts ? h("button", { class: "plainly", "aria-pressed": String(chosen === metric.name), onclick: () => choose(metric) }, metric.name) : metric.name,
        metric.description, isPlanned(metric.name) && metric.value === 0 ? h("span", { class: "dim" }, "none") : formatOf(metric.name, metric.unit || "")(metric.value)));
    const filesystems = answer.filesystems.map((each) => item(`filesystem ${each.name}`,
        each.inodes ? `${count(each.inodesFree)} of ${count(each.inodes)} inodes free` : "",
        each.size ? `${bytes(each.used)} of ${bytes(each.size)}` : bytes(each.used)));
    const disks = answer.disks.map((each) => item(`disk ${each.name}`, "since the start",
        `read ${bytes(each.read)}, written ${bytes(each.written)}`));
    const extras = answer.extras.map((each) => item(each.name, each.label, number(each.value)));
    return h("section", { class: "panel" }, h("header", {}, h("h3", {}, "Every metric"), charts ? h("span", { class: "dim" }, "choose one for its chart") : null),
        h("ul", { class: "metrics" }, metrics, filesystems, disks, extras));
}

const PARTS = {
    node: [["pods", "node", ["node"]], ["containers", "node", ["node", "restarts"]]],
    namespace: [["pods", "namespace", ["namespace"]]],
    pod: [["containers", "pod", ["pod", "namespace", "node"]]],
    container: [], system: [],
};

function partPath(kind, names, what) {
    const query = kind === "node" ? { node: names[0] } : kind === "namespace" ? { namespace: names[0] } : { namespace: names[0], pod: names[1] };
    return `/api/v1/page/${what}?${new URLSearchParams(query)}`;
}

export function entityView(shell, kind, names) {
    const entity = entityOf(kind, names);
    const name = names[names.length - 1];
    const pills = h("span");
    const gaugePlace = h("div", { class: "cards" });
    const factPlace = h("div");
    const chartPlace = h("div");
    const extraPlace = h("div", { class: "charts" });
    const metricPlace = h("div");
    const partPlace = h("div");
    const note = h("div");
    const stops = [];
    let group = null;
    let extra = null;
    let chosen = route.get("metric");
    const seconds = chosenRange;
    const choicePlace = h("div");
    const crumbs = kind === "node" ? [["Nodes", link(["nodes"])]] : kind === "namespace" ? [["Namespaces", link(["namespaces"])]]
        : kind === "system" ? [["Nodes", link(["nodes"])], [names[0], link(["node", names[0]])]]
            : [["Namespaces", link(["namespaces"])], [names[0], link(["namespace", names[0]])], ...(kind === "container" ? [[names[1], link(["pod", names[0], names[1]])]] : [])];
    const element = h("div", { class: "page" },
        h("nav", { class: "crumbs", "aria-label": "Where this is" }, crumbs.map(([text, href], i) => [i > 0 ? h("span", { class: "dim" }, " / ") : null, h("a", { href }, text)])),
        h("div", { class: "section head" }, h("h2", {}, name), pills), note, gaugePlace, factPlace,
        h("div", { class: "section" }, h("h2", {}, "Over time"), choicePlace), chartPlace, extraPlace, partPlace,
        metricPlace);

    function choose(metric, answer) {
        chosen = chosen === metric.name ? "" : metric.name;
        remember({ metric: chosen });
        showExtra(metric);
        if (answer) {
            fill(metricPlace, metricTable(answer, chosen, (each) => choose(each, answer), true));
        }
        if (chosen) {
            extraPlace.scrollIntoView({ block: "nearest" });
        }
    }

    function showExtra(metric) {
        if (extra) {
            extra.destroy();
            extra = null;
        }
        fill(extraPlace);
        if (chosen && !shell.keepsNoHistory()) {
            const derived = metric.cumulative;
            extra = chart({ title: derived ? `${metric.name}, change per second` : metric.name,
                format: derived ? (value) => `${formatOf(metric.name, metric.unit || "")(value)}/s` : formatOf(metric.name, metric.unit || ""),
                lines: [line(entity, metric.name, "usage", metric.name, { derived })] });
            extraPlace.append(extra.element);
            extra.show(seconds());
        }
    }

    async function begin(answer) {
        group = chartGroup([], 0);
        if (shell.keepsNoHistory()) {
            fill(chartPlace, noHistory());
            return;
        }
        fill(choicePlace, rangeChoice((range) => { group.show(range); if (extra) { extra.show(range); } }));
        let containers = [];
        if (kind === "pod") {
            const list = await ask(partPath(kind, names, "containers")).catch(() => null);
            containers = list ? rowsOf(list).filter((each) => each.role === "main" || each.role === "sidecar") : [];
        }
        group = chartGroup(panels(kind, entity, answer, containers), seconds());
        fill(chartPlace, group.element);
        group.start();
        const metric = answer.metrics.find((each) => each.name === chosen);
        if (metric) {
            showExtra(metric);
        }
    }

    function showParts() {
        PARTS[kind].forEach(([what, , left]) => {
            const list = part(shell, what, left);
            const title = kind === "node" && what === "containers" ? "All containers, services of the system included" : what[0].toUpperCase() + what.slice(1);
            const box = h("section", { class: "part" }, h("h2", {}, title), list.element);
            partPlace.append(box);
            stops.push(list.destroy, poll(partPath(kind, names, what), shell.period, (found) => {
                const rows = rowsOf(found);
                box.hidden = rows.length === 0;
                list.update(rows);
            }, (error) => { box.hidden = error instanceof Refused && error.status === 404; }));
        });
    }

    function warning(answer) {
        const d = answer.details;
        return kind === "node" && d.streak > 0 ? h("p", { class: "notice bad" }, `This node does not answer: ${d.error}. `,
            d.scraped ? `What is shown is of ${clock(d.scraped)}, ${ago(d.scraped, answer.time)}.` : "It has never answered.") : null;
    }

    function show(answer) {
        fill(note, warning(answer));
        fill(pills, state(kind, answer.details));
        fill(gaugePlace, gauges(kind, answer));
        fill(factPlace, facts(kind, answer));
        // What somebody is about to press stays where it is.
        if (!metricPlace.contains(document.activeElement)) {
            fill(metricPlace, metricTable(answer, chosen, (metric) => choose(metric, answer), !shell.keepsNoHistory()));
        }
        if (!group) {
            begin(answer);
        }
    }

    function failed(error) {
        if (error instanceof Refused && error.status === 404) {
            fill(pills, h("span", { class: "pill" }, "gone"));
            fill(note, h("p", { class: "notice warn" }, `${error.message[0].toUpperCase()}${error.message.slice(1).replace(/\.$/, "")}. If it was here before, its charts still show what was recorded.`));
            if (!group) {
                begin({ metrics: ["cpu/usage_rate", "cpu/request", "cpu/limit", "memory/working_set", "memory/request", "memory/limit", "network/rx_rate", "network/tx_rate"]
                    .map((metric) => ({ name: metric })), filesystems: [], disks: [], extras: [], details: {} });
            }
        }
    }

    showParts();
    stops.push(poll(`/api/v1/page/${kind}/${names.map(encodeURIComponent).join("/")}`, shell.period, show, failed));
    return { element, title: name, repaint: () => { if (group) { group.repaint(); } if (extra) { extra.repaint(); } },
        destroy: () => { stops.forEach((stop) => stop()); if (group) { group.destroy(); } if (extra) { extra.destroy(); } } };
}
