// The frame around the views: navigation, what is wrong with the data, theme, keys.
import { h, fill } from "./dom.js";
import { go, link, route } from "./route.js";
import { connection, now, poll, Refused } from "./server.js";
import { count, duration, clock, time, zone } from "./units.js";
import { setRecordedSince } from "./past.js";
import { forgetColours } from "./chart.js";
import { overviewView } from "./overview.js";
import { troubles } from "./trouble.js";
import { listView } from "./lists.js";
import { entityView } from "./entity.js";
import { eventsView } from "./events.js";
import { applianceView } from "./appliance.js";

const VIEWS = [
    ["", "Overview"], ["nodes", "Nodes"], ["namespaces", "Namespaces"], ["pods", "Pods"], ["containers", "Containers"], ["events", "Events"], ["appliance", "This appliance"],
];
const NAMES = { node: 1, namespace: 1, pod: 2, container: 3, system: 2 };
const OLD_MS = 30000;
const LOGIN = "/login";
// Long enough to read why.
const LOGIN_MS = 2500;
// Where the reader wanted to be before the login.
const WANTED = "wanted";

let overview = null;
let leaving = 0;
let view = null;
let collecting = "";
const watchers = new Set();

const shell = {
    cycleMs: () => overview ? overview.resolution : 5000,
    isAlone: () => overview !== null && !overview.sums.ofCluster && overview.sums.pods === 0,
    keepsNoHistory: () => overview !== null && overview.history === null,
    period: () => Math.min(15000, Math.max(5000, shell.cycleMs())),
    onOverview(show) {
        watchers.add(show);
        if (overview) {
            show(overview);
        }
        return () => watchers.delete(show);
    },
    failed(error) {
        if (error instanceof Refused && error.status === 503) {
            collecting = error.message;
            showNotices();
        }
    },
};

const notices = h("div", { class: "notices", role: "alert" });
const counts = new Map();
const tabs = VIEWS.map(([path, title], i) => {
    const tally = h("span", { class: "tally" });
    counts.set(path, tally);
    return h("a", { href: link(path ? [path] : []), title: `${title}, key ${i + 1}` }, title, tally);
});
const age = h("span", { class: "age dim", onmouseenter: () => { age.title = `Times are in ${zone()}`; } });
const lamp = h("i", { class: "lamp" });
const themeButton = h("button", { class: "icon", onclick: turnTheme, title: "Light or dark, key t", "aria-label": "Light or dark" }, "◐");
const helpButton = h("button", { class: "icon", onclick: showHelp, title: "Keys, key ?", "aria-label": "Keys" }, "?");
const main = h("main", { tabindex: "-1" });
const help = h("dialog", { class: "help" });

fill(document.getElementById("app"),
    h("header", { class: "top" }, h("a", { href: "#/", class: "brand" }, lamp, "Skerry"), h("nav", { "aria-label": "Views" }, tabs),
        h("div", { class: "right" }, age, themeButton, helpButton)), notices, main, help);

// Notices

function notice(level, ...text) {
    return h("p", { class: `notice ${level}` }, text);
}

function sentence(text) {
    return `${text[0].toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`;
}

// What is not right with the data as a whole, on every view. The overview says
// itself what is wrong.
function dataNotices() {
    const out = [];
    const cycleAge = overview.cycle === null ? 0 : now() - overview.cycle;
    if (overview.cycle === null) {
        out.push(notice("warn", "The first cycle is under way; values come with its end."));
    } else if (cycleAge > Math.max(OLD_MS, 3 * overview.resolution)) {
        out.push(notice("bad", `The data is old: the newest is of ${clock(overview.cycle)}, ${duration(cycleAge)} ago. `, h("a", { href: link(["appliance"]) }, "This appliance"), " shows which role does not work."));
    }
    if (route.path().length > 0) {
        for (const each of troubles(overview).filter((trouble) => trouble.source)) {
            out.push(notice("bad", `${each.text}: ${each.detail}.${each.since ? ` Last answer at ${clock(each.since)}.` : ""}`));
        }
    }
    return out;
}

function wantedNotices() {
    if (connection.wantsToken()) {
        return [notice("warn", "This appliance asks for its token. You are being taken to the ", h("a", { href: LOGIN }, "login"),
            "; ", h("code", {}, "skerry token"), " on the appliance prints it.")];
    }
    if (connection.failure()) {
        return [notice("bad", `${connection.failure()} It has been silent since ${clock(connection.since())}.${overview && overview.cycle ? ` What is shown is of ${time(overview.cycle)}.` : ""}`)];
    }
    if (!overview) {
        return collecting ? [notice("warn", `${sentence(collecting)} This page shows it as soon as there is something.`)] : [];
    }
    return dataNotices();
}

let shownNotices = "";

// Said again only when it has changed, for those who are read to.
function showNotices() {
    const out = wantedNotices();
    const text = out.map((each) => each.textContent).join("\n");
    if (text !== shownNotices) {
        shownNotices = text;
        fill(notices, out);
    }
    const found = overview ? troubles(overview) : [];
    lamp.className = `lamp ${connection.failure() ? "bad" : !overview ? "" : found.length > 0 ? found[0].level : "ok"}`;
    lamp.title = connection.failure() ? "no answer" : found.length > 0 ? found[0].text : overview ? "all is well" : "";
    if (connection.wantsToken() && !leaving) {
        logIn();
    }
}

function logIn() {
    keep(WANTED, location.hash);
    leaving = setTimeout(() => location.assign(LOGIN), LOGIN_MS);
}

function keep(name, value) {
    try {
        sessionStorage.setItem(name, value);
    } catch {
        // A browser that keeps nothing comes back to the overview.
    }
}

function comeBack() {
    try {
        const wanted = sessionStorage.getItem(WANTED);
        sessionStorage.removeItem(WANTED);
        if (wanted && location.hash.length < 3) {
            go(wanted);
        }
    } catch {
        // As above.
    }
}

function showAge() {
    if (overview && overview.cycle !== null) {
        age.textContent = `data ${duration(Math.max(0, now() - overview.cycle))} old`;
    }
}

// A machine of no cluster has neither namespaces nor pods.
function showTabs() {
    const alone = shell.isAlone();
    tabs.forEach((tab, i) => {
        const [path] = VIEWS[i];
        tab.hidden = alone && (path === "namespaces" || path === "pods" || path === "events");
        if (path === "nodes") {
            tab.firstChild.textContent = overview.sums.ofCluster ? "Nodes" : "Machines";
        }
    });
    const tallies = { nodes: overview.counts.nodes, pods: overview.sums.pods, containers: overview.sums.containers };
    for (const [path, value] of Object.entries(tallies)) {
        counts.get(path).textContent = value > 0 ? count(value) : "";
    }
}

connection.listen(showNotices);
setInterval(() => { showAge(); showNotices(); }, 2000);
poll("/api/v1/page/overview", shell.period, (answer) => {
    const isFirst = overview === null;
    overview = answer;
    collecting = "";
    setRecordedSince(answer.history === null ? null : answer.history.oldest);
    showTabs();
    // The tallies made the tabs wider.
    if (isFirst && route.path().length > 0) {
        showCurrentTab();
    }
    watchers.forEach((show) => show(answer));
    showNotices();
    showAge();
}, shell.failed);

// Views

function makeView(path) {
    const [kind, ...names] = path;
    if (kind === undefined) {
        return overviewView(shell);
    }
    if (["nodes", "namespaces", "pods", "containers"].includes(kind) && names.length === 0) {
        return listView(shell, kind);
    }
    if (kind === "events" && names.length === 0) {
        return eventsView(shell);
    }
    if (kind === "appliance" && names.length === 0) {
        return applianceView(shell);
    }
    if (NAMES[kind] === names.length) {
        return entityView(shell, kind, names);
    }
    return { element: h("div", { class: "page" }, h("p", { class: "notice warn" }, "There is no such page here. ", h("a", { href: "#/" }, "To the overview"))), title: "Unknown", destroy() {} };
}

const BELONGS = { node: "nodes", system: "nodes", namespace: "namespaces", pod: "pods", container: "containers" };

function showCurrentTab() {
    tabs.find((tab) => tab.hasAttribute("aria-current"))?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function show() {
    const isFirst = view === null;
    if (view) {
        view.destroy();
    }
    view = makeView(route.path());
    const first = route.path()[0] || "";
    tabs.forEach((tab, i) => {
        const here = VIEWS[i][0] === (BELONGS[first] || first);
        tab.toggleAttribute("aria-current", here);
        if (here) {
            tab.setAttribute("aria-current", "page");
            if (i > 0 || !isFirst) {
                requestAnimationFrame(showCurrentTab);
            }
        }
    });
    document.title = view.title === "Overview" ? "Skerry" : `${view.title} · Skerry`;
    fill(main, view.element);
    // Of the first view it would only make the browser lay out before its time.
    if (!isFirst) {
        main.scrollTop = 0;
    }
    showNotices();
}

route.listen(show);

// Theme

function setTheme(theme) {
    forgetColours();
    if (theme) {
        document.documentElement.dataset.theme = theme;
    }
    if (view && view.repaint) {
        view.repaint();
    }
}

function turnTheme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    try {
        localStorage.setItem("theme", next);
    } catch {
        // A browser that keeps nothing shows the theme until the next load.
    }
    setTheme(next);
}

try {
    setTheme(localStorage.getItem("theme"));
} catch {
    setTheme(null);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(null));

// Keys

const KEYS = [
    ["1 to 7", "the views"], ["r", "a longer range of the charts; R: a shorter one"], ["/", "filter the list"], ["↓ ↑ or j k", "choose a row"], ["Enter", "open it"], ["Esc", "leave the filter; one level up"], ["t", "light or dark"], ["?", "this list"],
];

function showHelp() {
    fill(help, h("h3", {}, "Keys"), h("dl", {}, KEYS.map(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
        h("p", { class: "dim" }, `Times are in ${zone()}. The address holds what you see: copy it to share the view.`),
        h("form", { method: "dialog" }, h("button", {}, "Close")));
    help.showModal();
}

function turnRange(by) {
    const buttons = [...main.querySelectorAll(".ranges button")].filter((button) => button.offsetParent !== null);
    const at = buttons.findIndex((button) => button.getAttribute("aria-pressed") === "true");
    if (buttons[at + by]) {
        buttons[at + by].click();
    }
}

function upwards() {
    const path = route.address();
    const up = { node: ["nodes"], namespace: ["namespaces"], system: ["node", path[1]], pod: ["namespace", path[1]], container: ["pod", path[1], path[2]] }[path[0]] || [];
    go(link(up));
}

addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) {
        return;
    }
    const typing = event.target.tagName === "INPUT";
    if (event.key === "Escape") {
        if (typing) {
            event.target.blur();
            if (view.focusRows) {
                view.focusRows();
            }
        } else {
            upwards();
        }
        return;
    }
    if (typing) {
        if ((event.key === "Enter" || event.key === "ArrowDown") && view.focusRows) {
            view.focusRows();
            event.preventDefault();
        }
        return;
    }
    const index = Number(event.key) - 1;
    if (VIEWS[index]) {
        go(link(VIEWS[index][0] ? [VIEWS[index][0]] : []));
    } else if (event.key === "/" && view.focusFilter) {
        view.focusFilter();
        event.preventDefault();
    } else if (event.key === "r" || event.key === "R") {
        turnRange(event.key === "r" ? 1 : -1);
    } else if (event.key === "t") {
        turnTheme();
    } else if (event.key === "?") {
        showHelp();
    } else if ((event.key === "j" || event.key === "ArrowDown") && view.focusRows && document.activeElement === document.body) {
        view.focusRows();
        event.preventDefault();
    }
});

comeBack();
show();
