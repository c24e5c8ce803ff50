// The lists of nodes, namespaces, pods and containers.
import { chartGroup } from "./chart.js";
import { h, fill } from "./dom.js";
import { chosenRange } from "./past.js";
import { link, remember, route } from "./route.js";
import { now, poll, rowsOf } from "./server.js";
import { NARROW, table } from "./table.js";
import { containerState, isHere, namespaceLink, nodeLink, nodeState, noHistory, podLink, podState, rangeChoice, use, useHint } from "./parts.js";
import { bytes, count, cpu, duration, isNone, plural, rate, short } from "./units.js";

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
    return { key, title, width: 70, num: true, hint: "oldest last", sort: (row) => isNone(row[key]) ? null : -row[key],
        cell: (row) => isNone(row[key]) ? "–" : duration(now() - row[key]) };
}

// The bar of a pod or container shows its limit, else what it asked for.
const capOf = (key) => (row) => row[`${key}Limit`] || row[`${key}Request`];
const sizeOf = (key) => (row) => row[`${key}Size`];

// What is not well comes first where the state is what sorts.
function podOrder(row) {
    return `${isPodWell(row) ? 1 : 0}${row.reason || row.phase}`;
}

function isPodWell(row) {
    return !row.reason && row.phase !== "pending" && row.phase !== "failed" && row.phase !== "unknown" && !row.deleting && (row.phase !== "running" || row.ready === row.containers);
}

function isContainerWell(row) {
    return row.role === "system" || row.state === "running" || row.role === "init" || row.reason === "Completed";
}

function containerOrder(row) {
    return `${isContainerWell(row) ? 1 : 0}${row.role === "system" ? "system" : row.state}`;
}

function badness(row) {
    return (row.ready ? 0 : 4) + (row.streak > 0 ? 2 : 0) + (row.memoryPressure || row.diskPressure || row.pidPressure || row.cordoned ? 1 : 0);
}

const nodeColumns = [
    { key: "name", title: "Node", width: 122, cell: (row) => nodeLink(row.name) },
    { key: "state", title: "State", width: 108, sort: (row) => -badness(row), phone: true, cell: nodeState },
    useColumn("cpu", "CPU", cpu, sizeOf("cpu")),
    useColumn("memory", "Memory", bytes, sizeOf("memory")),
    useColumn("storage", "Storage", bytes, sizeOf("storage"), 136),
    plain("rx", "Net in", rate, 88),
    plain("tx", "Net out", rate, 88),
    { key: "pods", title: "Pods", width: 76, num: true, cell: (row) => row.podsSize ? `${count(row.pods)} / ${row.podsSize}` : count(row.pods) },
    { key: "cpuRequest", title: "CPU req.", width: 90, num: true, cell: (row) => cpu(row.cpuRequest) },
    { key: "memoryRequest", title: "Mem. req.", width: 84, num: true, cell: (row) => bytes(row.memoryRequest) },
    { key: "scraped", title: "Sample", width: 74, num: true, hint: "how old the newest sample is", sort: (row) => isNone(row.scraped) ? null : -row.scraped,
        cell: (row) => isHere(row) ? "here" : isNone(row.scraped) ? "never" : duration(now() - row.scraped) },
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
    { key: "name", title: "Pod", width: 252, cell: (row) => podLink(row.namespace, row.name) },
    { key: "namespace", title: "Namespace", width: 108, cell: (row) => namespaceLink(row.namespace) },
    { key: "phase", title: "State", width: 106, sort: podOrder, cell: podState },
    useColumn("cpu", "CPU", cpu, capOf("cpu"), 138),
    useColumn("memory", "Memory", bytes, capOf("memory"), 138),
    plain("rx", "Net in", rate, 90),
    plain("tx", "Net out", rate, 90),
    plain("storage", "Storage", bytes, 78),
    plain("restarts", "Restarts", count, 78),
    { key: "node", title: "Node", width: 100, cell: (row) => row.node ? nodeLink(row.node) : "–" },
    age("created", "Age"),
];

function containerTarget(row) {
    return row.role === "system" ? link(["system", row.node, row.name]) : link(["container", row.namespace, row.pod, row.name]);
}

// Where the pod's column is out of sight its end tells containers of one name apart.
function podEnd(row) {
    return NARROW.matches && row.pod && route.path()[0] !== "pod" ? h("small", { title: row.pod }, ` ${row.pod.slice(-5)}`) : null;
}

export const containerColumns = [
    { key: "name", title: "Container", width: 144, cell: (row) => [h("a", { href: containerTarget(row) }, row.name), podEnd(row)] },
    { key: "pod", title: "Pod", width: 256, cell: (row) => row.pod ? podLink(row.namespace, row.pod) : "" },
    { key: "namespace", title: "Namespace", width: 108, cell: (row) => row.namespace ? namespaceLink(row.namespace) : "" },
    { key: "state", title: "State", width: 112, sort: containerOrder, cell: containerState },
    useColumn("cpu", "CPU", cpu, capOf("cpu"), 138),
    useColumn("memory", "Memory", bytes, capOf("memory"), 140),
    plain("storage", "Storage", bytes, 80),
    plain("restarts", "Restarts", count, 74),
    { key: "node", title: "Node", width: 104, cell: (row) => nodeLink(row.node) },
    age("started", "Age"),
];

const KINDS = {
    nodes: { columns: nodeColumns, sort: "state", well: (row) => badness(row) === 0, search: (row) => `${row.name} ${row.version} ${row.ready ? "ready" : "not ready"} ${row.cordoned ? "cordoned" : ""} ${row.error}`, target: (row) => link(["node", row.name]),
        empty: "No nodes are known yet." },
    namespaces: { columns: namespaceColumns, sort: "cpu", well: (row) => !row.terminating, search: (row) => `${row.name} ${row.terminating ? "terminating" : ""}`, target: (row) => link(["namespace", row.name]),
        empty: "No namespaces are known: a machine of no cluster has none." },
    pods: { columns: podColumns, sort: "cpu", well: isPodWell, search: (row) => `${row.name} ${row.namespace} ${row.node} ${row.phase} ${row.reason}`,
        target: (row) => link(["pod", row.namespace, row.name]), empty: "No pods are known: a machine of no cluster has none." },
    containers: { columns: containerColumns, sort: "cpu", well: isContainerWell, search: (row) => `${row.name} ${row.pod} ${row.namespace} ${row.node} ${row.role} ${row.state} ${row.reason}`,
        target: containerTarget, empty: "No containers are known yet." },
};

// Long lists are asked for less often.
function periodOf(rows, cycleMs) {
    return Math.max(cycleMs, rows > 20000 ? 30000 : rows > 5000 ? 15000 : 5000);
}

// As many as there are colours to tell lines apart.
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
    ["Memory with caches", bytes, "memory/usage", ["nodes", "namespaces", "pods", "containers"]],
    ["Network in", rate, "network/rx_rate", ["nodes", "pods"]],
    ["Network out", rate, "network/tx_rate", ["nodes", "pods"]],
    ["Root file system", bytes, "filesystem/usage", ["nodes"], "/"],
    ["Size of the root file system", bytes, "filesystem/limit", ["nodes"], "/"],
    ["CPU requested", cpu, "cpu/request", ["nodes", "namespaces"]],
    ["CPU limit", cpu, "cpu/limit", ["nodes", "namespaces"]],
    ["Memory requested", bytes, "memory/request", ["nodes", "namespaces"]],
    ["Memory limit", bytes, "memory/limit", ["nodes", "namespaces"]],
    ["Pods", count, "pod/count", ["nodes", "namespaces"]],
];

// What the charts show, and how to see others.
function comparedHint(kind, list, first, shown, all) {
    if (all === 0) {
        return `No ${kind} to compare.`;
    }
    const order = `sorted by ${list.sortedBy()}`;
    return shown === all ? `All ${plural(all, kind)} of the list, ${order}`
        : `${count(first + 1)} to ${count(first + shown)} of ${plural(all, kind)}, ${order}. For others: ‹ ›, sort the table, or filter it by words`;
}

// The rows that come first, as lines of charts; they follow sorting and filter.
function comparison(shell, kind, list) {
    let group = null;
    let names = "";
    const place = h("div");
    const choice = rangeChoice((seconds) => group && group.show(seconds));
    const hint = h("span", { class: "dim" });
    let first = 0;
    const step = (by, text, title) => h("button", { title, "aria-label": title, onclick: () => { first += by; refresh(true); } }, text);
    const back = step(-COMPARED_MAX, "‹", `${COMPARED_MAX} before`);
    const on = step(COMPARED_MAX, "›", `next ${COMPARED_MAX}`);
    const pager = h("div", { class: "ranges", role: "group", "aria-label": "Which rows the charts compare" }, back, on);
    const element = h("div", { class: "comparison", hidden: true }, h("div", { class: "section" }, h("div", { class: "tools" }, pager, hint), choice), place);
    const button = h("button", { class: "toggle", "aria-pressed": "false", onclick: () => turn(element.hidden) }, "Charts");

    function stop() {
        if (group) {
            group.destroy();
            group = null;
        }
        names = "";
    }

    // turned: to other rows of the same list; else from its beginning.
    function refresh(turned) {
        const all = list().seen();
        first = !turned ? 0 : Math.max(0, Math.min(first, Math.floor((all.length - 1) / COMPARED_MAX) * COMPARED_MAX));
        const rows = all.slice(first, first + COMPARED_MAX);
        hint.textContent = comparedHint(kind, list(), first, rows.length, all.length);
        pager.hidden = all.length <= COMPARED_MAX;
        back.disabled = first === 0;
        on.disabled = first + COMPARED_MAX >= all.length;
        const now = rows.map((row) => row.found).join("\n");
        if (element.hidden || now === names) {
            return;
        }
        stop();
        names = now;
        if (shell.keepsNoHistory()) {
            choice.hidden = pager.hidden = hint.hidden = true;
            fill(place, noHistory());
            return;
        }
        group = chartGroup(COMPARED.filter(([, , , kinds]) => kinds.includes(kind)).map(([title, format, metric, , resource]) => ({
            title, format, lines: rows.map((row) => ({ label: short(row.name), entity: ENTITY[kind](row), metric, resource })),
        })), chosenRange());
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

// What only a cluster has is left out where there is none.
const OF_CLUSTERS = ["node", "pod", "namespace", "storage", "restarts", "cpuRequest", "memoryRequest", "pods", "version"];

function columnsOf(shell, kind, left) {
    return KINDS[kind].columns.filter((column) => !left.includes(column.key) &&
        !(shell.isAlone() && OF_CLUSTERS.includes(column.key) && (kind === "containers" || (kind === "nodes" && column.key !== "storage"))));
}

// A word that rows which are not well are found by.
const NOT_WELL = "not-well";

// The button that leaves only what is not well.
function troubleButton(list) {
    const button = h("button", { class: "toggle", hidden: true, onclick: () => list().setFilter(list().filter() === NOT_WELL ? "" : NOT_WELL) });
    return { button, update(number) {
        button.hidden = number === 0 && list().filter() !== NOT_WELL;
        button.textContent = `${count(number)} not well`;
        button.setAttribute("aria-pressed", String(list().filter() === NOT_WELL));
    } };
}

export function listView(shell, kind) {
    const { sort, search, target, empty, well } = KINDS[kind];
    const columns = columnsOf(shell, kind, []);
    let rows = 0;
    let list = null;
    const compared = comparison(shell, kind, () => list);
    let bad = 0;
    const trouble = troubleButton(() => list);
    const found = (row) => `${search(row)}${well(row) ? "" : ` ${NOT_WELL}`}`;
    list = table({ columns, sort, search: found, target, empty, well, noun: kind, tools: [trouble.button, h("span", { class: "gap" }), compared.button],
        onArranged: () => { compared.refresh(); trouble.update(bad); } });
    list.element.append(compared.element);
    if (route.get("view") === "charts") {
        compared.turn(true);
    }
    const stop = poll(`/api/v1/page/${kind}`, () => periodOf(rows, shell.cycleMs()), (answer) => {
        const all = rowsOf(answer);
        rows = all.length;
        bad = all.reduce((sum, row) => sum + (well(row) ? 0 : 1), 0);
        list.update(all);
        trouble.update(bad);
    }, shell.failed);
    return { element: h("div", { class: "page full" }, list.element), title: kind[0].toUpperCase() + kind.slice(1), repaint: compared.repaint,
        focusFilter: list.focusFilter, focusRows: list.focusRows, destroy: () => { stop(); compared.stop(); list.destroy(); } };
}

// The short form inside another page: pods of a node, containers of a pod.
export function part(shell, kind, left) {
    const { search, target, sort, empty, well } = KINDS[kind];
    return table({ columns: columnsOf(shell, kind, left), search, target, sort, empty, well, noun: kind });
}
