// Series of the history, fit for a chart.
import { ask } from "./server.js";

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
    const start = new Date(Date.now() - seconds * 1000).toISOString();
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

// How long a value stands in for one that is missing, in steps: nodes are not
// all sampled in each cycle.
const STANDS = 3;

// The sum of several. A series that has ended counts until it stands no more.
export function sum(many) {
    const times = [...new Set(many.flatMap((one) => one.times))].sort((a, b) => a - b);
    const stepS = Math.max(1, ...many.map((one) => usualStep(one.times)).filter((step) => step > 0));
    const totals = times.map(() => 0);
    const counted = times.map(() => 0);
    for (const one of many) {
        let at = -1;
        times.forEach((time, i) => {
            while (at + 1 < one.times.length && one.times[at + 1] <= time) {
                at++;
            }
            let known = at;
            while (known >= 0 && one.values[known] === null) {
                known--;
            }
            if (known >= 0 && time - one.times[known] <= stepS * STANDS) {
                totals[i] += one.values[known];
                counted[i]++;
            }
        });
    }
    // A sum that begins before its parts would climb as they come in.
    const most = Math.max(0, ...counted);
    const first = counted.findIndex((count) => count > most / 2);
    const kept = (all) => all.filter((value, i) => i >= first && counted[i] > 0);
    const gapped = withGaps(kept(times), [kept(totals)], stepS);
    return { times: gapped.times, values: gapped.columns[0], peaks: null };
}
