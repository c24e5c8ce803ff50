// Series of the history, fit for a chart.
import { route } from "./route.js";
import { ask, now, Refused } from "./server.js";

export const RANGES = [
    ["15m", 900], ["1h", 3600], ["6h", 21600], ["24h", 86400], ["7d", 604800], ["30d", 2592000],
];

// Up to 15 minutes all points are shown; beyond it buckets, each with its average
// and from six hours on with its peak.
const PEAKS_S = 21600;
const BUCKETS = { 3600: 60, 21600: 60, 86400: 300, 604800: 1800, 2592000: 7200 };

export function rangeSeconds(name) {
    const found = RANGES.find(([range]) => range === name);
    return found ? found[1] : 3600;
}

// Where the reader has chosen none: the last hour, or what there is of it. null:
// nothing yet; undefined: not known.
let recordedSinceMs;

export function setRecordedSince(ms) {
    recordedSinceMs = ms;
}

export function chosenRangeName() {
    const young = recordedSinceMs === null || now() - recordedSinceMs < 900000;
    return route.get("range") || (young ? "15m" : "1h");
}

export function chosenRange() {
    return rangeSeconds(chosenRangeName());
}

const PARTS = { namespace: "namespaces", pod: "pods", node: "nodes", container: "containers" };

// The path of an entity in the historical API: {namespace, pod, container},
// {node, system}, {} for the cluster.
export function pastPath(entity) {
    let path = "/api/v1/historical";
    for (const part of ["node", "namespace", "pod", "container"]) {
        if (entity[part]) {
            path += `/${PARTS[part]}/${encodeURIComponent(entity[part])}`;
        }
    }
    return entity.system ? `${path}/freecontainers/${encodeURIComponent(entity.system)}` : path;
}

function valueOf(value) {
    return value === undefined ? null : value.floatValue ?? value.intValue ?? 0;
}

// Two arrays become one that has a gap wherever points are missing.
function withGaps(times, columns, stepS) {
    const out = { times: [], columns: columns.map(() => []) };
    for (let i = 0; i < times.length; i++) {
        if (i > 0 && times[i] - times[i - 1] > stepS * 2.5) {
            out.times.push(times[i - 1] + stepS);
            out.columns.forEach((column) => column.push(null));
        }
        out.times.push(times[i]);
        columns.forEach((column, k) => out.columns[k].push(column[i]));
    }
    return out;
}

// Of what is older there may be a point a minute where of the newest there are all.
const SPARSE_S = 40;

function usualStep(times) {
    const steps = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
    return steps.length === 0 ? 60 : steps[steps.length >> 1];
}

function pointsOf(answer) {
    const points = answer.metrics || [];
    const times = points.map((point) => Date.parse(point.timestamp) / 1000);
    const values = points.map((point) => point.floatValue ?? point.value);
    const gapped = withGaps(times, [values], Math.max(SPARSE_S, usualStep(times)));
    return { times: gapped.times, values: gapped.columns[0], peaks: null };
}

function bucketsOf(answer, bucketS, peaked) {
    const buckets = answer.buckets || [];
    const times = buckets.map((each) => Date.parse(each.timestamp) / 1000);
    const gapped = withGaps(times, [buckets.map((each) => valueOf(each.average)),
        buckets.map((each) => valueOf(each.maximum))], Math.max(bucketS, usualStep(times)));
    return { times: gapped.times, values: gapped.columns[0], peaks: peaked ? gapped.columns[1] : null };
}

// As many metrics as the server takes at once.
const METRICS_MAX = 40;

// What is asked for of one entity in the same moment becomes one request:
// what it is about -> {metrics, signals, answer: a Map of metric to its part}.
const gathered = new Map();

async function askTogether(about, metrics, signal) {
    const { path, seconds, resource } = about;
    const bucket = BUCKETS[seconds];
    const how = bucket ? "metrics-aggregated/average,max" : "metrics";
    const query = new URLSearchParams({ start: new Date(now() - seconds * 1000).toISOString(),
        ...bucket && { bucket: `${bucket}s` }, ...resource !== undefined && { labels: `resource_id:${resource}` } });
    const answer = await ask(`${path}/${how}/${metrics.join(",")}?${query}`, signal);
    return new Map(metrics.map((metric, i) => [metric, metrics.length === 1 ? answer : answer.items[i]]));
}

function gather(about, metric, signal) {
    const key = JSON.stringify(about);
    let batch = gathered.get(key);
    if (!batch || batch.metrics.size === METRICS_MAX) {
        const mine = { metrics: new Set(), signals: [], answer: null };
        mine.answer = new Promise((soon) => setTimeout(soon)).then(() => {
            if (gathered.get(key) === mine) {
                gathered.delete(key);
            }
            const stop = new AbortController();
            const left = () => mine.signals.every((each) => each.aborted) && stop.abort();
            mine.signals.forEach((each) => each.addEventListener("abort", left));
            left();
            return askTogether(about, [...mine.metrics], stop.signal);
        });
        gathered.set(key, batch = mine);
    }
    batch.metrics.add(metric);
    batch.signals.push(signal);
    return batch.answer.then((found) => found.get(metric), (error) => {
        // One that was never recorded is no reason to have none of the others.
        const alone = error instanceof Refused && error.status === 404 && batch.metrics.size > 1;
        return alone ? askTogether(about, [metric], signal).then((found) => found.get(metric)) : Promise.reject(error);
    });
}

// {times (s), values, peaks (null for points)}
export async function series(entity, metric, seconds, options, signal) {
    const answer = await gather({ path: pastPath(entity), seconds, resource: options.resource }, metric, signal);
    signal.throwIfAborted();
    return BUCKETS[seconds] ? bucketsOf(answer, BUCKETS[seconds], seconds >= PEAKS_S) : pointsOf(answer);
}

// A cumulative counter as its change per second. What does not move is waited
// for, as counters are refreshed less often than they are read; a step back is
// a gap.
const STILL_S = 60;

export function derive(one) {
    const times = [];
    const values = [];
    let from = 0;
    for (let i = 1; i < one.times.length; i++) {
        const before = one.values[from];
        const value = one.values[i];
        const apart = one.times[i] - one.times[from];
        if (value === before && apart < STILL_S) {
            continue;
        }
        times.push(one.times[i]);
        values.push(value === null || before === null || value < before ? null : (value - before) / apart);
        from = i;
    }
    return { times, values, peaks: null };
}

// A share times what it is a share of; values of one cycle have one time.
export function product(one, other) {
    const of = new Map(other.times.map((at, i) => [at, other.values[i]]));
    const times = (values) => values && values.map((value, i) => {
        const factor = of.get(one.times[i]);
        return value === null || factor === null || factor === undefined ? null : value * factor;
    });
    return { times: one.times, values: times(one.values), peaks: times(one.peaks) };
}
