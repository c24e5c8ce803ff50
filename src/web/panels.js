// Which charts an entity has, from what it has values of:
// [{title, format, axis, lines}]. README of ../../tests/web/ lists them all.
import { bytes, count, cpu, finePercent, number, percent, rate } from "./units.js";

const LINES_MAX = 8;
const FILESYSTEMS_MAX = 6;
const DISKS_MAX = 4;

export function line(entity, label, role, metric, more) {
    return { entity, label, role, metric, ...more };
}

function perSecond(value) {
    return value === null || value === undefined ? "–" : `${number(value)}/s`;
}

export function valueOf(answer, name) {
    const found = answer.metrics.find((metric) => metric.name === name);
    return found ? found.value : null;
}

// What was waited, in microseconds a second.
const waited = (value) => percent(value, 1e6);

function byContainer(entity, containers) {
    if (containers.length < 2) {
        return [];
    }
    return [["CPU by container", cpu, "cpu/usage_rate"], ["Memory by container", bytes, "memory/working_set"]].map(([title, format, metric]) => ({
        title, format, lines: containers.slice(0, LINES_MAX).map((container) => line({ ...entity, container: container.name }, container.name, "", metric)) }));
}

function ofFilesystems(entity, answer, node) {
    const known = answer.filesystems.filter((each) => each.size > 0 || each.used >= 0).slice(0, FILESYSTEMS_MAX);
    return known.map((each) => ({
        title: each.name === "/" ? (node ? "Root file system" : "Root file system of the container") : each.name === "logs" ? "Logs"
            : `File system ${each.name.replace(/^Volume:/, "volume ")}`,
        format: bytes, lines: [line(entity, "used", "usage", "filesystem/usage", { resource: each.name }),
            line(entity, "size", "size", "filesystem/limit", { resource: each.name })] }));
}

function ofDisks(entity, answer) {
    return answer.disks.slice(0, DISKS_MAX).map((each) => ({ title: `Disk ${each.name}`, format: rate, lines: [
        line(entity, "read", "usage", "disk/io_read_bytes_rate", { resource: each.name }),
        line(entity, "written", "second", "disk/io_write_bytes_rate", { resource: each.name })] }));
}

export function panels(kind, entity, answer, containers) {
    const has = new Set(answer.metrics.map((metric) => metric.name));
    const lines = (...all) => all.filter(([, , metric]) => has.has(metric)).map(([label, role, metric, more]) => line(entity, label, role, metric, more));
    const some = (...names) => names.some((name) => valueOf(answer, name) > 0);
    const node = kind === "node";
    const out = [
        { title: "CPU", format: cpu, lines: lines(["used", "usage", "cpu/usage_rate"], ["requested", "request", "cpu/request"],
            ["limit", "limit", "cpu/limit"], ["allocatable", "size", node ? "cpu/node_allocatable" : "-"]) },
        { title: "Memory", format: bytes, lines: lines(["working set", "usage", "memory/working_set"], ["used, with caches", "second", "memory/usage"],
            ["anonymous", "third", "memory/rss"], ["requested", "request", "memory/request"],
            ["limit", "limit", "memory/limit"], ["allocatable", "size", node ? "memory/node_allocatable" : "-"]) },
        { title: "Network", format: rate, lines: lines(["in", "usage", "network/rx_rate"], ["out", "second", "network/tx_rate"]) },
        ...byContainer(entity, containers),
        ...ofFilesystems(entity, answer, node),
        { title: "Ephemeral storage", format: bytes, lines: kind === "pod" || kind === "container" || answer.filesystems.length === 0
            ? lines(["used", "usage", "ephemeral_storage/usage"], ["requested", "request", "ephemeral_storage/request"], ["limit", "limit", "ephemeral_storage/limit"]) : [] },
        ...ofDisks(entity, answer),
        { title: "Time spent waiting (pressure)", format: waited, axis: (value) => finePercent(value / 1e6), lines: lines(["for CPU", "usage", "pressure/cpu_some", { derived: true }],
            ["for memory", "second", "pressure/memory_some", { derived: true }], ["for I/O", "third", "pressure/io_some", { derived: true }]) },
        { title: "Load, one minute", format: (value) => number(value === null ? null : value / 1000), lines: some("cpu/load") ? lines(["load", "usage", "cpu/load"]) : [] },
        { title: "Page faults", format: perSecond, lines: lines(["all", "usage", "memory/page_faults_rate"], ["from disk", "second", "memory/major_page_faults_rate"]) },
        { title: "Swap", format: bytes, lines: some("memory/swap") ? lines(["used", "usage", "memory/swap"]) : [] },
        { title: "Network errors", format: perSecond, lines: some("network/rx_errors", "network/tx_errors")
            ? lines(["in", "usage", "network/rx_errors_rate"], ["out", "second", "network/tx_errors_rate"]) : [] },
        { title: "Pods", format: count, lines: some("pod/count") ? lines(["pods", "usage", "pod/count"], ["containers", "second", "container/count"]) : [] },
        { title: "Restarts", format: count, lines: some("restart_count") ? lines(["restarts", "usage", "restart_count"]) : [] },
    ];
    return out.filter((panel) => panel.lines.length > 0);
}
