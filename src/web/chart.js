// A panel with one chart: lines over time, a legend with values, gaps as gaps.
import uPlot from "uplot";
import { h, fill } from "./dom.js";
import { now, Refused } from "./server.js";
import { bytes, clock, count, dated, hourMinute, rate } from "./units.js";
import { derive, product, series } from "./past.js";

const HEIGHT = 150;
// Steps of an axis: round numbers of the units that are shown.
const ROUND = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const BINARY = Array.from({ length: 60 }, (none, power) => 2 ** power);
const WHOLE = [0, 1, 2].flatMap((power) => ROUND.map((step) => step * 1000 ** power));
const RETRY_MS = 3000;
const SPARSE = 6;
// With more lines the peaks of each would hide the others.
const PEAKED_MAX = 3;
const PLAN = ["request", "limit", "size"];
const sync = uPlot.sync("all");
const PALETTE = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5", "--line-6", "--line-7", "--line-8"];

// Kept until the theme changes, as each look makes the browser compute styles.
const colours = new Map();

function colour(name) {
    if (!colours.has(name)) {
        colours.set(name, getComputedStyle(document.documentElement).getPropertyValue(name).trim());
    }
    return colours.get(name);
}

export function forgetColours() {
    colours.clear();
}

const ROLES = {
    usage: { colour: "--line-1", fill: true },
    second: { colour: "--line-2" },
    third: { colour: "--line-4" },
    request: { colour: "--request", dash: [7, 4], key: "dashed" },
    limit: { colour: "--limit", dash: [2, 3], key: "dotted" },
    size: { colour: "--size", dash: [10, 3, 2, 3], key: "double" },
};

function styleOf(line, index) {
    return ROLES[line.role] || { colour: PALETTE[index % PALETTE.length] };
}

// A line: {label, role, entity, metric, resource}; derived: as change per second;
// times: multiplied by that metric.
// read: the history's answers of this time, each asked for once.
async function fetchLine(line, read) {
    const [one, other] = await Promise.all([read(line, line.metric), line.times ? read(line, line.times) : null]);
    if (line.times) {
        return one === null || other === null ? null : product(one, other);
    }
    return one !== null && line.derived ? derive(one) : one;
}

// What was never recorded is no line, and no failure.
function ifKnown(error) {
    if (error instanceof Refused && error.status === 404 && !/no history/.test(error.message)) {
        return null;
    }
    throw error;
}

function reader(seconds, signal) {
    const asked = new Map();
    return (line, metric) => {
        const key = JSON.stringify([line.entity, metric, line.resource]);
        if (!asked.has(key)) {
            asked.set(key, series(line.entity, metric, seconds, line, signal).catch(ifKnown));
        }
        return asked.get(key);
    };
}

// One observer of each kind for all charts, and whom it tells of an element.
const toldOf = new WeakMap();

function telling(Observer) {
    return new Observer((seen) => seen.forEach((entry) => toldOf.get(entry.target)?.(entry)));
}

const sizes = telling(ResizeObserver);
const sights = telling(IntersectionObserver);

function tokens(format) {
    return (u, splits) => splits.map((value) => format(value));
}

function axisTime(seconds) {
    return (u, splits) => splits.map((value) => seconds > 200000 ? dated("axisDay", value * 1000) : hourMinute(value * 1000));
}

export function chart({ title, format, axis: axisFormat, lines }) {
    const body = h("div", { class: "plot", role: "img", "aria-label": title });
    const legend = h("div", { class: "legend" });
    const element = h("section", { class: "panel chart" },
        h("header", {}, h("h3", {}, title), legend), body);
    let plot = null;
    let seconds = 0;
    let shown = [];
    let stop = new AbortController();
    let timer = 0;
    // As it was laid out last: asking for it would make the browser lay out at once.
    let width = 0;
    // What nobody sees is neither read nor drawn.
    let inSight = false;
    let due = false;

    function say(text) {
        if (plot) {
            plot.destroy();
            plot = null;
        }
        fill(legend);
        fill(body, h("p", { class: "empty" }, text));
    }

    function showLegend(index) {
        const valueOf = (i) => {
            const values = plot.data[i + 1];
            let at = index;
            if (at === null || at === undefined) {
                at = values.length - 1;
                while (at > 0 && (values[at] === null || values[at] === undefined)) {
                    at--;
                }
            }
            return h("b", {}, format(values[at] ?? null));
        };
        fill(legend, shown.map((line, i) => {
            if (line.peak) {
                return null;
            }
            const key = h("i", { class: line.style.key || "" });
            key.style.borderColor = colour(line.style.colour);
            // The peak is drawn before, below it.
            const peak = i > 0 && shown[i - 1].peak ? [", peak ", valueOf(i - 1)] : null;
            return h("span", {}, key, line.label, " ", valueOf(i), peak);
        }), index === null || index === undefined ? null : h("span", { class: "at" }, clock(plot.data[0][index] * 1000)));
        if (index === null || index === undefined) {
            body.setAttribute("aria-label", `${title}, newest values: ${[...legend.children].map((each) => each.textContent).join(", ")}`);
        }
    }

    function options() {
        const grid = { stroke: colour("--grid"), width: 1 };
        const axis = {
            stroke: colour("--dim"), grid, ticks: { show: false },
            font: "11px system-ui, sans-serif",
        };
        return {
            width: Math.max(200, width || body.clientWidth), height: HEIGHT,
            padding: [8, 26, 0, 0],
            legend: { show: false },
            cursor: { sync: { key: sync.key, setSeries: false }, points: { size: 5 }, drag: { x: false, y: false } },
            scales: {
                x: { range: () => [now() / 1000 - seconds, now() / 1000] },
                y: { range: (u, low, high) => [0, high > 0 ? high * 1.08 : 1] },
            },
            axes: [
                { ...axis, values: axisTime(seconds), space: 70, size: 26, gap: 7 },
                { ...axis, values: tokens(axisFormat || format), size: 74, space: 26, ...(format === bytes || format === rate ? { incrs: BINARY } : format === count ? { incrs: WHOLE } : {}) },
            ],
            series: [{}, ...shown.map((line) => ({
                label: line.label,
                stroke: colour(line.style.colour),
                fill: line.style.fill ? `${colour(line.style.colour)}22` : undefined,
                width: line.peak ? 1 : 1.6,
                alpha: line.peak ? 0.55 : 1,
                dash: line.style.dash,
                // A line needs two points; fewer would not be seen.
                points: { show: (u) => u.data[0].length < SPARSE, size: 4 },
            }))],
            hooks: { setCursor: [(u) => showLegend(u.cursor.idx)] },
        };
    }

    function draw(found) {
        shown = [];
        const tables = [];
        const isPeaked = lines.filter((line) => !PLAN.includes(line.role)).length <= PEAKED_MAX;
        found.forEach((one, i) => {
            const planned = PLAN.includes(lines[i].role);
            if (one === null || one.times.length === 0 || (planned && !one.values.some((value) => value > 0))) {
                return;
            }
            const style = styleOf(lines[i], i);
            if (one.peaks && !planned && isPeaked) {
                shown.push({ ...lines[i], label: "peak", style: { ...style, fill: false }, peak: true });
                tables.push([one.times, one.peaks]);
            }
            shown.push({ ...lines[i], style });
            tables.push([one.times, one.values]);
        });
        if (tables.length === 0) {
            say("Nothing was recorded in this range.");
            return;
        }
        const data = tables.length === 1 ? tables[0] : uPlot.join(tables);
        if (plot && plot.series.length === data.length) {
            plot.setData(data);
        } else {
            if (plot) {
                plot.destroy();
            }
            fill(body);
            plot = new uPlot(options(), data, body);
        }
        showLegend(null);
    }

    async function load() {
        clearTimeout(timer);
        timer = 0;
        due = !inSight;
        if (!inSight) {
            return;
        }
        const mine = stop;
        let wait = Math.max(10000, seconds * 4);
        try {
            if (!document.hidden) {
                const read = reader(seconds, mine.signal);
                draw(await Promise.all(lines.map((line) => fetchLine(line, read))));
            }
        } catch (error) {
            if (mine.signal.aborted) {
                return;
            }
            wait = RETRY_MS;
            // A history that is busy for a moment costs no chart that stands.
            const passing = error instanceof Refused && error.status === 503;
            if (error instanceof Refused && !(passing && plot)) {
                const none = /no history/.test(error.message);
                say(none ? "No history is kept: start with --history=1G to see the past." : `${error.message}.`);
                wait = none ? 60000 : wait;
            } else if (!plot) {
                say("Waiting for the appliance.");
            }
        }
        timer = mine.signal.aborted ? 0 : setTimeout(load, Math.min(wait, 60000));
    }

    toldOf.set(body, (entry) => {
        width = Math.floor(entry.contentRect.width);
        if (plot && width > 0 && width !== plot.width) {
            plot.setSize({ width, height: HEIGHT });
        }
    });
    sizes.observe(body);
    toldOf.set(element, (entry) => {
        inSight = entry.isIntersecting;
        if (inSight && due) {
            load();
        }
    });
    sights.observe(element);

    return {
        element,
        show(range) {
            stop.abort();
            stop = new AbortController();
            seconds = range;
            if (plot) {
                plot.destroy();
                plot = null;
            }
            say("");
            load();
        },
        repaint() {
            if (plot) {
                const data = plot.data;
                plot.destroy();
                plot = new uPlot(options(), data, body);
                showLegend(null);
            }
        },
        destroy() {
            stop.abort();
            clearTimeout(timer);
            sizes.unobserve(body);
            sights.unobserve(element);
            if (plot) {
                plot.destroy();
                plot = null;
            }
        },
    };
}

// Several panels with one choice of range.
export function chartGroup(definitions, seconds) {
    const charts = definitions.map(chart);
    const element = h("div", { class: "charts" }, charts.map((each) => each.element));
    return {
        element,
        show: (range) => charts.forEach((each) => each.show(range)),
        repaint: () => charts.forEach((each) => each.repaint()),
        destroy: () => charts.forEach((each) => each.destroy()),
        start: () => charts.forEach((each) => each.show(seconds)),
    };
}
