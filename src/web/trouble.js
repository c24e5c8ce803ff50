// What is wrong, since when, and where to look: [{level, text, detail, since, href}],
// the worst first. An empty list means that all is well.
import { link } from "./route.js";
import { bytes, count, duration, percent, plural } from "./units.js";

const NAMED_MAX = 4;
const RECENT_MS = 15 * 60000;
const PENDING_MS = 120000;
const FULL = 0.9;

function ofSources(overview) {
    return overview.sources.filter((source) => !source.up).map((source) => ({
        level: "bad", source: true,
        text: source.kind === "kubernetes" ? "API server does not answer" : `${source.name} does not answer`,
        detail: `${source.error.replace(/\.$/, "")}${source.lastSuccess === null ? "; it has not answered yet: is the address right? skerry check --source=... tries each step"
            : source.nodes > 0 ? "; the nodes known last are still watched" : ""}`,
        since: source.lastSuccess, href: link(["appliance"]),
    }));
}

// The first few by name, the others as a number.
function named(changes, all, one, group) {
    const out = changes.slice(0, NAMED_MAX).map(one);
    if (all > out.length) {
        out.push({ level: "bad", ...group(all - out.length, out.length > 0) });
    }
    return out;
}

function ofNodes({ counts, changes }) {
    const failing = changes.filter((change) => change.what === "nodeFailing");
    const notReady = changes.filter((change) => change.what === "nodeNotReady");
    const rest = (what) => (number, more) => ({
        text: `${more ? "and " : ""}${plural(number, more ? "more nodes" : "nodes")} ${what[number === 1 ? 0 : 1]}`, href: link(["nodes"]),
    });
    return [
        ...named(failing, Math.max(counts.nodesFailing, failing.length), (change) => ({
            level: "bad", text: `Node ${change.node} does not answer`, detail: change.reason, since: change.at, href: link(["node", change.node]),
        }), rest(["does not answer", "do not answer"])),
        ...named(notReady, notReady.length, (change) => ({
            level: "bad", text: `Node ${change.node} is not ready`, detail: "the API server says so; its kubelet answers", since: change.at, href: link(["node", change.node]),
        }), rest(["is not ready", "are not ready"])),
    ];
}

function ofPods(overview) {
    const { counts, changes, time } = overview;
    const out = [];
    const looping = changes.filter((change) => change.reason === "CrashLoopBackOff");
    if (counts.crashLooping > 0) {
        out.push({ level: "bad", text: `${plural(counts.crashLooping, "containers")} in a crash loop`,
            detail: looping.slice(0, 3).map((change) => `${change.namespace}/${change.pod}`).join(", "), href: link(["pods"], { q: "CrashLoopBackOff" }) });
    }
    const waiting = changes.filter((change) => change.what === "podPending" && time - change.at > PENDING_MS);
    if (waiting.length > 0) {
        const oldest = Math.min(...waiting.map((change) => change.at));
        out.push({ level: "warn", text: `${plural(waiting.length, "pods")} pending`, detail: waiting.slice(0, 3).map((change) => `${change.namespace}/${change.pod}`).join(", "),
            since: oldest, href: link(["pods"], { q: "pending" }) });
    }
    const killed = changes.filter((change) => change.what === "oomKilled" && time - change.at < RECENT_MS);
    if (killed.length > 0) {
        out.push({ level: "warn", text: `${plural(killed.length, "containers")} ran out of memory`, detail: killed.slice(0, 3).map((change) => `${change.namespace}/${change.pod}`).join(", "),
            since: Math.max(...killed.map((change) => change.at)), last: true, href: link(["containers"], { q: "OOMKilled" }) });
    }
    return out;
}

function ofRoom({ sums }) {
    return [["CPU", sums.cpu, sums.cpuSize, "cpu"], ["Memory", sums.memory, sums.memorySize, "memory"], ["Storage", sums.storage, sums.storageSize, "storage"]]
        .filter(([, used, size]) => size > 0 && used / size >= FULL)
        .map(([what, used, size, key]) => ({ level: "warn", text: `${what} ${percent(used, size)} used`,
            detail: key === "cpu" ? "" : `${bytes(Math.max(0, size - used))} left`, href: link(["nodes"], { sort: key, order: "down" }) }));
}

function ofAppliance(overview) {
    const out = [];
    const href = link(["appliance"]);
    for (const role of overview.roles) {
        if (!role.up) {
            out.push({ level: "bad", text: `The role ${role.role} is ${role.state}`, detail: role.lastReason, since: role.since, href });
        } else if (role.lastDeath !== null && overview.time - role.lastDeath < RECENT_MS) {
            out.push({ level: "warn", text: `The role ${role.role} died and was started again`, detail: role.lastReason, since: role.lastDeath, last: true, href });
        }
    }
    for (const sink of overview.sinks) {
        if (sink.state === "retrying") {
            out.push({ level: "warn", text: `Sink ${sink.name.split("?")[0]} takes nothing`, detail: `${sink.error}; ${sink.takes === "events" ? `${plural(sink.waiting, "events")} wait` : `${plural(sink.waiting, "cycles")} of ${duration(sink.lag)} wait in the history`}`,
                since: sink.lastSuccess, href });
        } else if (sink.refused > 0 && sink.lastFailure !== null && overview.time - sink.lastFailure < RECENT_MS) {
            out.push({ level: "warn", text: `Sink ${sink.name.split("?")[0]} refuses data`, detail: sink.error, since: sink.lastFailure, last: true, href });
        }
    }
    const past = overview.history;
    if (past !== null && (!past.open || past.error)) {
        out.push({ level: "warn", text: past.error ? "The newest cycle was not recorded" : "The history is not open", detail: past.error, href });
    }
    out.push(...overview.full.map((pool) => ofFullPool(pool, href)));
    return out;
}

// Other pools have no flag of their own: they are planned by these. What has not even
// a record beyond the plan is in no total.
const POOL_FLAGS = { nodes: "--nodes", namespaces: "--namespaces", pods: "--pods", containers: "--containers", refused_pods: "--pods" };

function ofFullPool(pool, href) {
    const flag = POOL_FLAGS[pool.pool] || "--nodes, --pods or --containers";
    const totals = pool.pool === "refused_pods" ? "totals lack some of them" : "totals stay right";
    return { level: "warn", text: `${count(pool.refused)} ${pool.pool.replace("_", " ")} had no place`,
        detail: `planned for ${count(pool.limit)}; ${totals}: start with a larger ${flag} to see them all`, href };
}

function ordered(all) {
    // The library's own words stand on the appliance's page.
    all.forEach((each) => { each.detail = (each.detail || "").replace(/ \(.*\)/, ""); });
    return [...all.filter((each) => each.level === "bad"), ...all.filter((each) => each.level !== "bad")];
}

// Those of the appliance and what it talks to, nodes apart.
export function ownTroubles(overview) {
    return ordered([...ofSources(overview), ...ofAppliance(overview)]);
}

export function troubles(overview) {
    const all = [...ofSources(overview), ...ofNodes(overview), ...ofPods(overview), ...ofRoom(overview), ...ofAppliance(overview)];
    if (!overview.healthy && !all.some((each) => each.level === "bad")) {
        all.push({ level: "bad", text: overview.health[0].toUpperCase() + overview.health.slice(1), href: link(["appliance"]) });
    }
    return ordered(all);
}
