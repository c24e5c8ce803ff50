// The lists of nodes, namespaces, pods and containers.
import { chartGroup } from "./chart.js";
import { h, fill } from "./dom.js";
import { rangeSeconds } from "./past.js";
import { link, remember, route } from "./route.js";
import { poll, rowsOf } from "./server.js";
import { table } from "./table.js";
import { containerState, namespaceLink, nodeLink, nodeState, podLink, podState, rangeChoice, use, useHint } from "./parts.js";
import { ago, bytes, count, cpu, duration, isNone, rate, short } from "./units.js";

function useColumn(key, title, format, size, width = 140) {
    return {
        key, title, width, num: true,
        cell: (row) => use(format, row[key], size(row), { request: row[`${key}Request`], limit: row[`${key}Limit`] },
            useHint(format, row[key], size(row), row[`${key}Request`], row[`${key}Limit`])),
    };
}

function plain(key, title, format, width = 86) {
    return { key, title, width, num: true, cell: (row) => format(row[key]) };
}

function age(key, title) {
    return { key, title, width: 60, num: true, hint: "oldest last", sort: (row) => isNone(row[key]) ? null : -row[key],
        cell: (row) => isNone(row[key]) ? "–" : duration(Date.now() - row[key]) };
}

// The bar of a pod or container shows its limit, else what it asked for.
const capOf = (key) => (row) => row[`${key}Limit`] || row[`${key}Request`];
const sizeOf = (key) => (row) => row[`${key}Size`];

function badness(row) {
    return (row.ready ? 0 : 4) + (row.streak > 0 ? 2 : 0) + (row.memoryPressure || row.diskPressure || row.pidPressure || row.cordoned ? 1 : 0);
}

const nodeColumns = [
    { key: "name", title: "Node", width: 130, cell: (row) => nodeLink(row.name) },
    { key: "state", title: "State", width: 100, sort: badness, num: false, cell: nodeState },
    useColumn("cpu", "CPU", cpu, sizeOf("cpu")),
    useColumn("memory", "Memory", bytes, sizeOf("memory")),
    useColumn("storage", "Storage", bytes, sizeOf("storage"), 122),
    plain("rx", "Net in", rate, 92),
    plain("tx", "Net out", rate, 92),
    { key: "pods", title: "Pods", width: 76, num: true, cell: (row) => row.podsSize ? `${count(row.pods)} / ${row.podsSize}` : count(row.pods) },
    { key: "cpuRequest", title: "CPU req.", width: 94, num: true, cell: (row) => cpu(row.cpuRequest) },
    { key: "memoryRequest", title: "Mem. req.", width: 84, num: true, cell: (row) => bytes(row.memoryRequest) },
    { key: "scraped", title: "Sample", width: 74, num: true, cell: (row) => ago(row.scraped, Date.now()) },
    { key: "version", title: "Kubelet", width: 80 },
];

const namespaceColumns = [
    { key: "name", title: "Namespace", width: 220, cell: (row) => namespaceLink(row.name) },
    plain("pods", "Pods", count, 70),
    plain("containers", "Containers", count, 100),
    useColumn("cpu", "CPU", cpu, (row) => row.cpuRequest),
    plain("cpuRequest", "CPU requested", cpu, 120),
    plain("cpuLimit", "CPU limit", cpu, 100),
    useColumn("memory", "Memory", bytes, (row) => row.memoryRequest),
    plain("memoryRequest", "Mem. requested", bytes, 125),
    plain("memoryLimit", "Mem. limit", bytes, 100),
    age("created", "Age"),
];

export const podColumns = [
    { key: "name", title: "Pod", width: 292, cell: (row) => podLink(row.namespace, row.name) },
    { key: "namespace", title: "Namespace", width: 96, cell: (row) => namespaceLink(row.namespace) },
    { key: "phase", title: "State", width: 104, sort: (row) => row.reason || row.phase, cell: podState },
    useColumn("cpu", "CPU", cpu, capOf("cpu"), 128),
    useColumn("memory", "Memory", bytes, capOf("memory"), 134),
    plain("rx", "Net in", rate, 92),
    plain("tx", "Net out", rate, 92),
    plain("storage", "Storage", bytes, 80),
    plain("restarts", "Restarts", count, 74),
    { key: "node", title: "Node", width: 104, cell: (row) => row.node ? nodeLink(row.node) : "–" },
    age("created", "Age"),
];

function containerTarget(row) {
    return row.role === "system" ? link(["system", row.node, row.name]) : link(["container", row.namespace, row.pod, row.name]);
}

export const containerColumns = [
    { key: "name", title: "Container", width: 150, cell: (row) => h("a", { href: containerTarget(row) }, row.name) },
    { key: "pod", title: "Pod", width: 284, cell: (row) => row.pod ? podLink(row.namespace, row.pod) : "" },
    { key: "namespace", title: "Namespace", width: 110, cell: (row) => row.namespace ? namespaceLink(row.namespace) : "" },
    { key: "state", title: "State", width: 120, sort: (row) => row.role === "system" ? "system" : row.state, cell: containerState },
    useColumn("cpu", "CPU", cpu, capOf("cpu"), 128),
    useColumn("memory", "Memory", bytes, capOf("memory"), 134),
    plain("storage", "Storage", bytes, 80),
    plain("restarts", "Restarts", count, 74),
    { key: "node", title: "Node", width: 104, cell: (row) => nodeLink(row.node) },
    age("started", "Age"),
];

const KINDS = {
    nodes: { columns: nodeColumns, sort: "name", search: (row) => `${row.name} ${row.version} ${row.ready ? "" : "not ready"} ${row.error}`, target: (row) => link(["node", row.name]),
        empty: "No nodes are known yet." },
    namespaces: { columns: namespaceColumns, sort: "cpu", search: (row) => row.name, target: (row) => link(["namespace", row.name]),
        empty: "No namespaces are known: a machine of no cluster has none." },
    pods: { columns: podColumns, sort: "cpu", search: (row) => `${row.name} ${row.namespace} ${row.node} ${row.phase} ${row.reason}`,
        target: (row) => link(["pod", row.namespace, row.name]), empty: "No pods are known: a machine of no cluster has none." },
    containers: { columns: containerColumns, sort: "cpu", search: (row) => `${row.name} ${row.pod} ${row.namespace} ${row.node} ${row.role} ${row.state} ${row.reason}`,
        target: containerTarget, empty: "No containers are known yet." },
};

// Long lists are asked for less often.
function periodOf(rows, cycleMs) {
    return Math.max(cycleMs, rows > 20000 ? 30000 : rows > 5000 ? 15000 : 5000);
}

const COMPARED_MAX = 8;
const ENTITY = {
    nodes: (row) => ({ node: row.name }),
    namespaces: (row) => ({ namespace: row.name }),
    pods: (row) => ({ namespace: row.namespace, pod: row.name }),
    containers: (row) => row.role === "system" ? { node: row.node, system: row.name }
        : { namespace: row.namespace, pod: row.pod, container: row.name },
};
const COMPARED = [
    ["CPU", cpu, "cpu/usage_rate", ["nodes", "namespaces", "pods", "containers"]],
    ["Memory", bytes, "memory/working_set", ["nodes", "namespaces", "pods", "containers"]],
    ["Network in", rate, "network/rx_rate", ["nodes", "pods"]],
    ["Network out", rate, "network/tx_rate", ["nodes", "pods"]],
    ["Root file system", bytes, "filesystem/usage", ["nodes"], "/"],
    ["CPU requested", cpu, "cpu/request", ["nodes", "namespaces"]],
    ["Memory requested", bytes, "memory/request", ["nodes", "namespaces"]],
    ["Pods", count, "pod/count", ["nodes", "namespaces"]],
];

// The rows that come first, as lines of charts; they follow sorting and filter.
function comparison(kind, list) {
    let group = null;
    let names = "";
    const place = h("div");
    const choice = rangeChoice((seconds) => group && group.show(seconds));
    const hint = h("span", { class: "dim" });
    const element = h("div", { class: "comparison", hidden: true }, h("div", { class: "section" }, hint, choice), place);
    const button = h("button", { class: "toggle", "aria-pressed": "false", onclick: () => turn(element.hidden) }, "Charts");

    function stop() {
        if (group) {
            group.destroy();
            group = null;
        }
        names = "";
    }

    function refresh() {
        const rows = list().first(COMPARED_MAX);
        const now = rows.map((row) => row.found).join("\n");
        if (element.hidden || now === names) {
            return;
        }
        stop();
        names = now;
        hint.textContent = `The first ${count(rows.length)} of the list`;
        group = chartGroup(COMPARED.filter(([, , , kinds]) => kinds.includes(kind)).map(([title, format, metric, , resource]) => ({
            title, format, lines: rows.map((row) => ({ label: short(row.name), entity: ENTITY[kind](row), metric, resource })),
        })), rangeSeconds(route.get("range", "1h")));
        fill(place, group.element);
        group.start();
    }

    function turn(on) {
        element.hidden = !on;
        list().frame.hidden = on;
        button.setAttribute("aria-pressed", String(on));
        remember({ view: on ? "charts" : "" });
        if (on) {
            refresh();
        } else {
            stop();
        }
    }

    return { element, button, refresh, turn, stop, repaint: () => group && group.repaint() };
}

export function listView(shell, kind) {
    const { columns, sort, search, target, empty } = KINDS[kind];
    let rows = 0;
    let list = null;
    const compared = comparison(kind, () => list);
    list = table({ columns, sort, search, target, empty, noun: kind, tools: compared.button, onArranged: compared.refresh });
    list.element.append(compared.element);
    if (route.get("view") === "charts") {
        compared.turn(true);
    }
    const stop = poll(`/api/v1/page/${kind}`, () => periodOf(rows, shell.cycleMs()), (answer) => {
        const found = rowsOf(answer);
        rows = found.length;
        list.update(found);
    }, shell.failed);
    return { element: h("div", { class: "page full" }, list.element), title: kind[0].toUpperCase() + kind.slice(1), repaint: compared.repaint,
        focusFilter: list.focusFilter, focusRows: list.focusRows, destroy: () => { stop(); compared.stop(); list.destroy(); } };
}

// The short form inside another page: pods of a node, containers of a pod.
export function part(kind, left) {
    const { columns, search, target, sort, empty } = KINDS[kind];
    return table({ columns: columns.filter((column) => !left.includes(column.key)), search, target, sort, empty, noun: kind });
}
