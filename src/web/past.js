// Series of the history, fit for a chart.
import { route } from "./route.js";
import { ask, now } from "./server.js";

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

// Where the reader has chosen none: the last hour, or what there is of it.
let recordedSinceMs = null;

export function setRecordedSince(ms) {
    recordedSinceMs = ms;
}

export function chosenRangeName() {
    const young = recordedSinceMs !== null && now() - recordedSinceMs < 900000;
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

// {times (s), values, peaks (null for points)}
export async function series(entity, metric, seconds, options, signal) {
    const start = new Date(now() - seconds * 1000).toISOString();
    const labels = options.resource === undefined ? ""
        : `&labels=resource_id:${encodeURIComponent(options.resource)}`;
    const bucket = BUCKETS[seconds];
    const path = pastPath(entity);
    if (!bucket) {
        const answer = await ask(`${path}/metrics/${metric}?start=${start}${labels}`, signal);
        const points = answer.metrics || [];
        const times = points.map((point) => Date.parse(point.timestamp) / 1000);
        const values = points.map((point) => point.floatValue ?? point.value);
        const gapped = withGaps(times, [values], Math.max(SPARSE_S, usualStep(times)));
        return { times: gapped.times, values: gapped.columns[0], peaks: null };
    }
    const answer = await ask(`${path}/metrics-aggregated/average,max/${metric}` +
        `?start=${start}&bucket=${bucket}s${labels}`, signal);
    const buckets = answer.buckets || [];
    const times = buckets.map((each) => Date.parse(each.timestamp) / 1000);
    const gapped = withGaps(times, [buckets.map((each) => valueOf(each.average)),
        buckets.map((each) => valueOf(each.maximum))], Math.max(bucket, usualStep(times)));
    return { times: gapped.times, values: gapped.columns[0], peaks: seconds >= PEAKS_S ? gapped.columns[1] : null };
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
