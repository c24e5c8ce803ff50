// A page each for a node, namespace, pod, container and system container.
import { h, fill } from "./dom.js";
import { link, remember, route } from "./route.js";
import { ask, poll, Refused, rowsOf } from "./server.js";
import { bar, containerState, namespaceLink, nodeLink, nodeState, podLink, podState, rangeChoice } from "./parts.js";
import { ago, bytes, count, cpu, formatOf, number, percent, rate, time } from "./units.js";
import { chart, chartGroup } from "./chart.js";
import { rangeSeconds } from "./past.js";
import { part } from "./lists.js";

const LINES_MAX = 8;

function entityOf(kind, names) {
    return {
        node: () => ({ node: names[0] }),
        namespace: () => ({ namespace: names[0] }),
        pod: () => ({ namespace: names[0], pod: names[1] }),
        container: () => ({ namespace: names[0], pod: names[1], container: names[2] }),
        system: () => ({ node: names[0], system: names[1] }),
    }[kind]();
}

function line(entity, label, role, metric, more) {
    return { entity, label, role, metric, ...more };
}

function perSecond(value) {
    return `${number(value)}/s`;
}

// Which panels an entity has, from what it has values of.
function panels(kind, entity, answer, containers) {
    const has = new Set(answer.metrics.map((metric) => metric.name));
    const only = (lines) => lines.filter((each) => has.has(each.metric));
    const node = kind === "node";
    const out = [
        { title: "CPU", format: cpu, lines: only([
            line(entity, "used", "usage", "cpu/usage_rate"), line(entity, "requested", "request", "cpu/request"),
            line(entity, "limit", "limit", "cpu/limit"), line(entity, "allocatable", "size", node ? "cpu/node_allocatable" : "-")]) },
        { title: "Memory", format: bytes, lines: only([
            line(entity, "working set", "usage", "memory/working_set"), line(entity, "used", "second", "memory/usage"),
            line(entity, "anonymous", "third", node ? "-" : "memory/rss"), line(entity, "requested", "request", "memory/request"),
            line(entity, "limit", "limit", "memory/limit"), line(entity, "allocatable", "size", node ? "memory/node_allocatable" : "-")]) },
        { title: "Network", format: rate, lines: only([line(entity, "in", "usage", "network/rx_rate"), line(entity, "out", "second", "network/tx_rate")]) },
    ];
    for (const [title, key, metric] of [["CPU by container", cpu, "cpu/usage_rate"], ["Memory by container", bytes, "memory/working_set"]]) {
        if (containers.length > 1) {
            out.push({ title, format: key, lines: containers.slice(0, LINES_MAX).map((container) =>
                line({ ...entity, container: container.name }, container.name, "", metric)) });
        }
    }
    answer.filesystems.filter((each) => each.size > 0 || each.used >= 0).slice(0, 6).forEach((each) => out.push({
        title: each.name === "/" ? (node ? "Root file system" : "Root file system of the container") : `File system ${each.name.replace(/^Volume:/, "volume ")}`,
        format: bytes, lines: [line(entity, "used", "usage", "filesystem/usage", { resource: each.name }),
            line(entity, "size", "size", "filesystem/limit", { resource: each.name })] }));
    if (answer.filesystems.length === 0) {
        out.push({ title: "Ephemeral storage", format: bytes, lines: only([line(entity, "used", "usage", "ephemeral_storage/usage"),
            line(entity, "requested", "request", "ephemeral_storage/request"), line(entity, "limit", "limit", "ephemeral_storage/limit")]) });
    }
    answer.disks.slice(0, 4).forEach((each) => out.push({ title: `Disk ${each.name}`, format: rate, lines: [
        line(entity, "read", "usage", "disk/io_read_bytes_rate", { resource: each.name }),
        line(entity, "written", "second", "disk/io_write_bytes_rate", { resource: each.name })] }));
    out.push({ title: "Page faults", format: perSecond, lines: only([line(entity, "all", "usage", "memory/page_faults_rate"),
        line(entity, "from disk", "limit", "memory/major_page_faults_rate")]) },
    { title: "Time spent waiting (pressure)", format: (value) => percent(value, 1e6), lines: only([
        line(entity, "for CPU", "usage", "pressure/cpu_some", { derived: true }), line(entity, "for memory", "second", "pressure/memory_some", { derived: true }),
        line(entity, "for I/O", "third", "pressure/io_some", { derived: true })]) },
    { title: "Network errors", format: perSecond, lines: (valueOf(answer, "network/rx_errors") || valueOf(answer, "network/tx_errors")) > 0 ? only([line(entity, "in", "usage", "network/rx_errors_rate"), line(entity, "out", "second", "network/tx_errors_rate")]) : [] },
    { title: "Pods", format: count, lines: valueOf(answer, "pod/count") === 0 ? [] : only([line(entity, "pods", "usage", "pod/count"), line(entity, "containers", "second", "container/count")]) },
    { title: "Restarts", format: count, lines: valueOf(answer, "restart_count") > 0 ? only([line(entity, "restarts", "usage", "restart_count")]) : [] });
    return out.filter((panel) => panel.lines.length > 0);
}

function valueOf(answer, name) {
    const found = answer.metrics.find((metric) => metric.name === name);
    return found ? found.value : null;
}

function gauge(title, format, used, size, request, limit) {
    const whole = size || limit || request;
    const lines = [];
    if (size) {
        lines.push(`${percent(used, size)} of ${format(size)}`);
    }
    if (request) {
        lines.push(`requested ${format(request)}${size ? "" : ` (${percent(used, request)})`}`);
    }
    if (limit) {
        lines.push(`limit ${format(limit)}${size ? "" : ` (${percent(used, limit)})`}`);
    }
    return h("div", { class: "card" }, h("span", { class: "dim" }, title), h("b", {}, format(used)),
        bar(used, whole, { request, limit }), h("span", { class: "dim small" }, lines.length > 0 ? lines.join(" · ") : "no request, no limit"));
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

function metricTable(answer, chosen, choose) {
    const item = (name, hint, value) => h("li", {}, h("span", { class: "what" }, name, hint ? h("small", {}, hint) : null), h("span", { class: "value" }, value));
    const metrics = answer.metrics.map((metric) => item(
        h("button", { class: "plainly", "aria-pressed": String(chosen === metric.name), onclick: () => choose(metric) }, metric.name),
        metric.description, formatOf(metric.name, metric.unit || "")(metric.value)));
    const filesystems = answer.filesystems.map((each) => item(`filesystem ${each.name}`,
        each.inodes ? `${count(each.inodesFree)} of ${count(each.inodes)} inodes free` : "",
        each.size ? `${bytes(each.used)} of ${bytes(each.size)}` : bytes(each.used)));
    const disks = answer.disks.map((each) => item(`disk ${each.name}`, "since the start",
        `read ${bytes(each.read)}, written ${bytes(each.written)}`));
    const extras = answer.extras.map((each) => item(each.name, each.label, number(each.value)));
    return h("section", { class: "panel" }, h("header", {}, h("h3", {}, "Every metric"), h("span", { class: "dim" }, "choose one for its chart")),
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
    const seconds = () => rangeSeconds(route.get("range", "1h"));
    const choice = rangeChoice((range) => { if (group) { group.show(range); } if (extra) { extra.show(range); } });
    const crumbs = kind === "node" ? [["Nodes", link(["nodes"])]] : kind === "namespace" ? [["Namespaces", link(["namespaces"])]]
        : kind === "system" ? [["Nodes", link(["nodes"])], [names[0], link(["node", names[0]])]]
            : [["Namespaces", link(["namespaces"])], [names[0], link(["namespace", names[0]])], ...(kind === "container" ? [[names[1], link(["pod", names[0], names[1]])]] : [])];
    const element = h("div", { class: "page" },
        h("nav", { class: "crumbs", "aria-label": "Where this is" }, crumbs.map(([text, href]) => [h("a", { href }, text), h("span", { class: "dim" }, " / ")])),
        h("div", { class: "section head" }, h("h2", {}, name), pills), note, gaugePlace, factPlace,
        h("div", { class: "section" }, h("h2", {}, "Over time"), choice), chartPlace, extraPlace, partPlace,
        metricPlace);

    function choose(metric, answer) {
        chosen = chosen === metric.name ? "" : metric.name;
        remember({ metric: chosen });
        showExtra(metric);
        if (answer) {
            fill(metricPlace, metricTable(answer, chosen, (each) => choose(each, answer)));
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
        if (chosen) {
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
            const list = part(what, left);
            const title = kind === "node" && what === "containers" ? "All containers, services of the system included" : what[0].toUpperCase() + what.slice(1);
            const box = h("section", { class: "part" }, h("h2", {}, title), list.element);
            partPlace.append(box);
            stops.push(list.destroy, poll(partPath(kind, names, what), shell.period, (found) => {
                const rows = rowsOf(found);
                box.hidden = rows.length === 0;
                list.update(rows);
            }));
        });
    }

    function show(answer) {
        fill(note);
        fill(pills, state(kind, answer.details));
        fill(gaugePlace, gauges(kind, answer));
        fill(factPlace, facts(kind, answer));
        // What somebody is about to press stays where it is.
        if (!metricPlace.contains(document.activeElement)) {
            fill(metricPlace, metricTable(answer, chosen, (metric) => choose(metric, answer)));
        }
        if (!group) {
            begin(answer);
        }
    }

    function failed(error) {
        if (error instanceof Refused && error.status === 404) {
            fill(pills, h("span", { class: "pill" }, "gone"));
            fill(note, h("p", { class: "notice warn" }, `There is no such ${kind} now: ${error.message}. If it was here before, its charts still show what was recorded.`));
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
