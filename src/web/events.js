// What the clusters said happened: events, and how many a minute.
import { h, fill } from "./dom.js";
import { link, remember, route } from "./route.js";
import { now, poll, rowsOf } from "./server.js";
import { namespaceLink, nodeLink, pill, podLink } from "./parts.js";
import { table } from "./table.js";
import { clock, count, hourMinute, plural, time, zone } from "./units.js";

const MINUTE_MS = 60000;
const MINUTES = 60;
const PERIOD_MS = 15000;
const CUT = "…";

function target(row) {
    const whole = !row.name.endsWith(CUT);
    return row.kind === "Pod" && whole ? link(["pod", row.namespace, row.name]) : row.kind === "Node" && whole ? link(["node", row.name])
        : row.namespace ? link(["namespace", row.namespace]) : null;
}

function nameOf(row) {
    if (row.name.endsWith(CUT) || (row.kind !== "Pod" && row.kind !== "Node")) {
        return h("span", { title: row.name }, row.name);
    }
    return row.kind === "Pod" ? podLink(row.namespace, row.name) : nodeLink(row.name);
}

const columns = [
    { key: "last", title: "Time", width: 92, num: true, hint: "when it was seen last", cell: (row) => h("span", { title: `last ${time(row.last)}, first ${time(row.first)}` }, clock(row.last)) },
    { key: "type", title: "Type", width: 96, phone: true, cell: (row) => pill(row.type === "warning" ? "warn" : "", row.type) },
    { key: "reason", title: "Reason", width: 150, phone: true, cell: (row) => h("span", { title: row.reason }, row.reason) },
    { key: "namespace", title: "Namespace", width: 110, cell: (row) => row.namespace ? namespaceLink(row.namespace) : "–" },
    { key: "kind", title: "Kind", width: 90 },
    { key: "name", title: "Name", width: 230, phone: true, cell: nameOf },
    { key: "node", title: "Node", width: 110, cell: (row) => row.node ? row.node.endsWith(CUT) ? row.node : nodeLink(row.node) : "–" },
    { key: "count", title: "Count", width: 64, num: true, cell: (row) => count(row.count) },
    { key: "message", title: "Message", width: 460, cell: (row) => h("span", { title: `${row.message}${row.component ? ` (${row.component})` : ""}` }, row.message) },
];

// Those of one answer fall into the last hour's minutes, oldest first.
function lastHour(at) {
    const end = Math.floor(at / MINUTE_MS) * MINUTE_MS;
    return Array.from({ length: MINUTES }, (_, i) => ({ at: end - (MINUTES - 1 - i) * MINUTE_MS, normal: 0, warning: 0 }));
}

function minutesOf(at, pairs) {
    const minutes = lastHour(at);
    for (const [when, normal, warning] of pairs) {
        const minute = minutes[Math.floor((when - minutes[0].at) / MINUTE_MS)];
        if (minute) {
            minute.normal += normal;
            minute.warning += warning;
        }
    }
    return minutes;
}

function bars(minutes) {
    const most = Math.max(1, ...minutes.map((minute) => minute.normal + minute.warning));
    const part = (kind, amount) => {
        const element = h("i", { class: kind });
        element.style.height = `${amount / most * 100}%`;
        return element;
    };
    const sum = minutes.reduce((all, minute) => all + minute.normal + minute.warning, 0);
    const warnings = minutes.reduce((all, minute) => all + minute.warning, 0);
    return [
        h("div", { class: "minutes", role: "img", "aria-label": `${plural(sum, "events")} in the last hour, ${plural(warnings, "warnings")}; at most ${count(most)} a minute` },
            minutes.map((minute) => h("span", { title: `${hourMinute(minute.at)}: ${plural(minute.normal + minute.warning, "events")}, ${plural(minute.warning, "warnings")}` },
                part("normal", minute.normal), part("warning", minute.warning)))),
        h("div", { class: "minute-times dim small" }, [0, 15, 30, 45, MINUTES - 1].map((i) => h("span", {}, hourMinute(minutes[i].at)))),
        h("p", { class: "legend" }, h("span", {}, h("b", {}, count(sum - warnings)), " normal"), h("span", {}, h("b", {}, count(warnings)), " warnings"),
            h("span", {}, "most in a minute ", h("b", {}, count(sum > 0 ? most : 0)))),
    ];
}

const FILTERS = [["namespace", "Namespace"], ["kind", "Kind"], ["name", "Object"], ["type", "Type"], ["reason", "Reason"]];

function filterChoice(key, title, changed) {
    const element = h("select", { "aria-label": title, onchange: () => {
        remember({ [key]: element.value });
        changed();
    } });
    let known = "";
    return { element, key, update(rows) {
        const wanted = route.get(key);
        const values = [...new Set([...rows.map((row) => row[key]), wanted])].filter((value) => value !== "").sort();
        if (values.join("\n") !== known) {
            known = values.join("\n");
            fill(element, h("option", { value: "" }, `${title}: all`), values.map((value) => h("option", { value }, value)));
        }
        element.value = wanted;
        element.classList.toggle("on", wanted !== "");
    } };
}

function sourceNotices({ sources, room }) {
    const clusters = sources.filter((source) => source.cluster);
    if (room === 0) {
        return [h("p", { class: "notice warn" }, "Events are not asked for here: start the appliance with ", h("code", {}, "--events=128"), " to see them.")];
    }
    if (clusters.length === 0) {
        return [h("p", { class: "notice warn" }, "There are no events here: only Kubernetes clusters have them, and this appliance reads none.")];
    }
    return clusters.filter((source) => source.error).map((source) => h("p", { class: "notice warn" }, source.forbidden
        ? [`The events of ${source.name} may not be read. Everything else works; apply the manifest that `, h("code", {}, "skerry rbac"), " prints to see them."]
        : `The events of ${source.name} cannot be read now: ${source.error}. What is shown is of before.`));
}

export function eventsView(shell) {
    let answer = null;
    let all = [];
    const noticePlace = h("div", {});
    const hint = h("span", { class: "dim" });
    const chart = h("div", {});
    const choices = FILTERS.map(([key, title]) => filterChoice(key, title, apply));
    const list = table({ columns, sort: "last", noun: "events", target, empty: "No event is known.", onArranged: draw,
        well: (row) => row.type !== "warning",
        search: (row) => `${row.namespace} ${row.kind} ${row.name} ${row.type} ${row.reason} ${row.node} ${row.component} ${row.message}`,
        tools: h("span", { class: "choices" }, choices.map((choice) => choice.element)) });

    function isFiltered() {
        return list.filter() !== "" || choices.some((choice) => route.get(choice.key) !== "");
    }

    // All there were, as far as nothing is filtered; else what is known of the rows.
    function draw() {
        if (!answer) {
            return;
        }
        const filtered = isFiltered();
        const pairs = filtered ? list.seen().map((row) => [row.last, row.type === "warning" ? 0 : 1, row.type === "warning" ? 1 : 0]) : answer.minutes;
        fill(chart, bars(minutesOf(now(), pairs)));
        hint.textContent = filtered ? "the filtered ones, each at the time it was seen last"
            : answer.kept >= answer.room ? `all of them; the list has the newest ${count(answer.kept)}` : `times are in ${zone()}`;
    }

    function apply() {
        const wanted = choices.map((choice) => [choice.key, route.get(choice.key)]).filter(([, value]) => value !== "");
        choices.forEach((choice) => choice.update(all));
        list.update(all.filter((row) => wanted.every(([key, value]) => row[key] === value)));
        draw();
    }

    const stop = poll("/api/v1/page/events", () => Math.max(PERIOD_MS, shell.period()), (next) => {
        answer = next;
        all = rowsOf(next);
        fill(noticePlace, sourceNotices(next));
        apply();
    }, shell.failed);
    const element = h("div", { class: "page full events" }, noticePlace,
        h("section", { class: "panel" }, h("header", {}, h("h3", {}, "Events a minute"), hint), chart), list.element);
    return { element, title: "Events", focusFilter: list.focusFilter, focusRows: list.focusRows, destroy: () => { stop(); list.destroy(); } };
}
