// What test_page_past.sh runs: charts of every range over a history of thirty days,
// with the values and the gaps of past.c.
import { readFileSync } from "node:fs";
import { BASE, PHONE, WIDE, chartsDrawn, check, end, fits, json, openPage, rowsOf, run, shot } from "./kit.mjs";

const { NAMES, END, STEP } = process.env;
const END_S = Number(END);
const STEP_S = Number(STEP);
const DAY_S = 86400;
const GAPS = [[12 * DAY_S, 10 * DAY_S], [4 * DAY_S, 3 * DAY_S], [40000, 30000], [12000, 9000], [1800, 1500], [600, 360]];
// Of a range: seconds, those of a bucket (0: points), those of the tier it is read from.
const RANGES = { "15m": [900, 0, 0], "1h": [3600, 60, 60], "6h": [21600, 60, 60], "24h": [86400, 300, 60], "7d": [7 * DAY_S, 1800, 600], "30d": [30 * DAY_S, 7200, 600] };
const VALUES = { "cpu/usage_rate": [100, 10], "memory/working_set": [2 ** 30, 2 ** 24], "memory/request": [2 ** 30, 0], "network/rx_rate": [10000, 1000] };
// In seconds before the end: the middle of a gap that a range shows, and of values.
const SHOWN_GAP = { "15m": 480, "1h": 1650, "6h": 10500, "24h": 35000, "7d": 3.5 * DAY_S, "30d": 11 * DAY_S };
const SHOWN_VALUES = { "15m": 180, "1h": 2600, "6h": 18000, "24h": 60000, "7d": 5.5 * DAY_S, "30d": 20 * DAY_S };
const TRIES_MAX = 100;

const page = await openPage(WIDE, "light");
const names = readFileSync(NAMES, "utf8").trim().split("\n").map((line, i) => ({ weight: i + 1, words: line.split(" ") }));
const first = (kind) => names.find((each) => each.words[0] === kind);

const hour = (at) => Math.floor(at / 3600) % 24;
const isWritten = (at) => at < END_S && !GAPS.some(([from, to]) => END_S - at < from && END_S - at > to);

// Times from one to another at which something was written.
function steps(from, to) {
    const out = [];
    for (let at = Math.ceil(from / STEP_S) * STEP_S; at < to; at += STEP_S) {
        if (isWritten(at)) {
            out.push(at);
        }
    }
    return out;
}

// The hours' average and greatest of what was written from one time to another.
function hours(from, to) {
    const all = steps(from, to).map(hour);
    return all.length === 0 ? null : { average: all.reduce((sum, each) => sum + each) / all.length, most: Math.max(...all), isWhole: all.length >= Math.floor((to - from) / STEP_S) };
}

// A point of a coarse tier belongs to one bucket as a whole, so that a bucket may
// reach a tier's step further.
function checkBucket(bucket, [weighted, hourly], weight, seconds, tier, name) {
    const at = Date.parse(bucket.timestamp) / 1000;
    const all = [-tier, 0, tier].map((by) => hours(at + by, at + seconds + by)).filter(Boolean);
    check(all.length > 0, `${name}: a value at ${bucket.timestamp}, where none was written`);
    const value = (hour_) => weight * weighted + hour_ * hourly;
    const of = (found) => found.floatValue ?? found.intValue ?? 0;
    // Beside a gap the points of a tier count alike, however many values each has.
    const averages = all.flatMap((each) => each.isWhole ? [value(each.average)] : [value(each.average - 1), value(each.average + 1)]);
    const slack = 0.001 * value(24) + 1;
    check(of(bucket.average) >= Math.min(...averages) - slack && of(bucket.average) <= Math.max(...averages) + slack,
        `${name} at ${bucket.timestamp}: average ${of(bucket.average)}, written ${averages}`);
    check(all.some((each) => Math.abs(of(bucket.maximum) - value(each.most)) < slack), `${name} at ${bucket.timestamp}: greatest ${of(bucket.maximum)}`);
}

// One metric's part of an answer; returns the number of values that were checked.
function checkMetric(metric, part, weight, [seconds, bucketS, tier]) {
    let checked = 0;
    for (const point of part.metrics || part.buckets || []) {
        const at = Date.parse(point.timestamp) / 1000;
        // The newest are the cluster's own, and the range begins within the first.
        if (at + bucketS + tier >= END_S || at < Date.now() / 1000 - seconds) {
            continue;
        }
        checked++;
        if (bucketS > 0) {
            checkBucket(point, VALUES[metric], weight, bucketS, tier, metric);
        } else {
            const wanted = weight * VALUES[metric][0] + hour(at) * VALUES[metric][1];
            check(isWritten(at) && Math.abs((point.floatValue ?? point.value) - wanted) < 0.001 * wanted, `${metric} at ${point.timestamp}: ${JSON.stringify(point)}, written ${wanted}`);
        }
    }
    const all = steps(Date.now() / 1000 - seconds, END_S - bucketS - tier).length / Math.max(1, bucketS / STEP_S);
    check(checked > 0.9 * all - 2, `${metric}: only ${checked} of ${all} values`);
    return checked;
}

// What the charts were drawn from, against what was written: the metrics of one
// entity come together.
function checkAnswer(url, document, weight, facts) {
    const { pathname, searchParams } = new URL(url);
    // Containers were not written; the overview also asks for the last hour whatever the range.
    if ((searchParams.get("bucket") || "0s") !== `${facts[1]}s` || searchParams.has("labels") || /\/(free)?containers\//.test(pathname)) {
        return 0;
    }
    const metrics = decodeURIComponent(pathname).split(facts[1] > 0 ? "/average,max/" : "/metrics/")[1].split(",");
    const parts = metrics.length === 1 ? [document] : document.items;
    return metrics.reduce((sum, metric, i) => sum + (VALUES[metric] ? checkMetric(metric, parts[i], weight, facts) : 0), 0);
}

// A history that is being written may be busy.
async function answerOf(url) {
    let answer = await fetch(url);
    for (let i = 0; answer.status === 503 && i < TRIES_MAX; i++) {
        answer = await fetch(url);
    }
    check(answer.ok, `${url}: ${answer.status}`);
    return answer.json();
}

// Whether the first chart has ink of a line at so many seconds before now; whose, does
// not matter, as at some hours one covers the other.
function hasInk(beforeS, seconds) {
    return page.evaluate(([before, range]) => {
        const canvas = document.querySelector(".chart canvas");
        const over = document.querySelector(".chart .u-over").getBoundingClientRect();
        const box = canvas.getBoundingClientRect();
        const scale = canvas.width / box.width;
        const x = Math.round((over.left - box.left + over.width * (1 - before / range)) * scale);
        const copy = Object.assign(document.createElement("canvas"), { width: 3, height: canvas.height }).getContext("2d", { willReadFrequently: true });
        copy.drawImage(canvas, 1 - x, 0);
        const column = copy.getImageData(0, 0, 3, canvas.height).data;
        // A colour, and no pale area.
        for (let i = 0; i < column.length; i += 4) {
            const colour = column.slice(i, i + 3);
            if (Math.max(...colour) - Math.min(...colour) > 60 && column[i + 3] > 120) {
                return true;
            }
        }
        return false;
    }, [beforeS, seconds]);
}

const VIEWS = { node: (words) => `node/${words[1]}`, pod: (words) => `pod/${words[1]}/${words[2]}`, namespace: (words) => `namespace/${words[1]}`, cluster: () => "" };

for (const [kind, hash] of Object.entries(VIEWS)) {
    await run(`every range of a ${kind}`, async () => {
        // On a slow machine what was written may leave the shortest range.
        const apart = () => Date.now() / 1000 - END_S;
        const { weight, words } = first(kind);
        for (const [range, facts] of Object.entries(RANGES)) {
            const answers = [];
            const listen = (answer) => answer.url().includes("/historical/") && answer.ok() && answers.push(answer.url());
            const begin = Date.now();
            await page.goto("about:blank");
            page.on("response", listen);
            await page.goto(`${BASE}/#/${hash(words)}?range=${range}`);
            await chartsDrawn(page, 1);
            page.off("response", listen);
            console.log(`page_past_${kind}_${range} ${Date.now() - begin} ms, ${answers.length} answers`);
            let checked = 0;
            // Asked once more, as the browser does not keep every answer for long.
            for (const url of answers) {
                checked += checkAnswer(url, await answerOf(url), weight, facts);
            }
            check(checked > 0 || apart() > 0.9 * facts[0], "nothing was checked");
            await shot(page, `past-${kind}-${range}-1280`, true);
            if (SHOWN_GAP[range] + apart() < 0.9 * facts[0]) {
                check(!await hasInk(SHOWN_GAP[range] + apart(), facts[0]), `${kind} ${range}: a line where nothing was written`);
                check(await hasInk(SHOWN_VALUES[range] + apart(), facts[0]), `${kind} ${range}: no line where values were written`);
            }
        }
    });
}

await run("thirty days on a phone, in the dark", async () => {
    const phone = await openPage(PHONE, "dark");
    await phone.goto(`${BASE}/#/${VIEWS.node(first("node").words)}?range=30d`);
    await chartsDrawn(phone, 2);
    await fits(phone, "node");
    await shot(phone, "past-node-30d-390-dark", true);
    await phone.context().close();
});

await run("every view fits a phone", async () => {
    const phone = await openPage(PHONE, "light");
    const [, space, pod] = names.filter((each) => each.words[0] === "pod").map((each) => each.words).sort((a, b) => b[2].length - a[2].length)[0];
    const [container] = rowsOf(await json(`page/containers?namespace=${space}&pod=${pod}`));
    for (const [hash, sign] of [["nodes?view=charts&range=30d", ".chart"], ["namespaces", ".grid a"], ["containers", ".grid a"], [`namespace/${space}`, ".facts dd"],
        [`pod/${space}/${pod}`, ".facts dd"], [`container/${space}/${pod}/${container.name}`, ".facts dd"], [`system/${first("node").words[1]}/kubelet`, ".card"], ["appliance", ".panel td"]]) {
        await phone.goto(`${BASE}/#/${hash}`);
        await phone.locator(sign).first().waitFor();
        await fits(phone, hash);
        await shot(phone, `phone-${hash.split(/[/?]/)[0]}-390`);
    }
    await phone.context().close();
});

await run("thirty days compared", async () => {
    await page.goto(`${BASE}/#/nodes?view=charts&range=30d`);
    await chartsDrawn(page, 2);
    await shot(page, "past-nodes-30d-1280", true);
});

await end();
