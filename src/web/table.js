// A table of any length: sorted and filtered here, only the rows in sight are
// in the document. Rows are of one height.
import { h, fill } from "./dom.js";
import { count, isNone, plural } from "./units.js";
import { remember, route, go } from "./route.js";

const ROW = 30;
const BEYOND = 8;

// Names with numbers in them in the order of the numbers. Made when it is needed.
let collator = null;

function compareWords(a, b) {
    collator = collator || new Intl.Collator("en", { numeric: true });
    return collator.compare(a, b);
}

function compare(a, b) {
    if (isNone(a) || isNone(b)) {
        return isNone(a) - isNone(b);
    }
    return typeof a === "string" ? compareWords(a, b) : a - b;
}

// Where there is little room, what matters most comes right behind the name.
export const NARROW = matchMedia("(max-width: 720px)");
const FIRST = ["cpu", "memory"];
const NAME_WIDTH = 150;
const USE_WIDTH = 106;

function arranged(columns) {
    if (!NARROW.matches) {
        return columns;
    }
    const [name, ...rest] = columns;
    return [{ ...name, width: Math.min(name.width, NAME_WIDTH) }, ...rest.filter((column) => column.phone),
        ...rest.filter((column) => FIRST.includes(column.key)).map((column) => ({ ...column, width: USE_WIDTH })),
        ...rest.filter((column) => !FIRST.includes(column.key) && !column.phone)];
}

// columns: [{key, title, width, num, cell(row), sort(row), hint, phone}]. well(row):
// it needs no mark. onArranged: the reader sorted or filtered, or the first rows came.
export function table({ columns: wanted, search, target, sort, noun, empty, well, tools, onArranged }) {
    const columns = arranged(wanted);
    const filter = h("input", {
        type: "search", placeholder: `Filter ${noun}   /`, "aria-label": `Filter ${noun}`,
        value: route.get("q"), class: "filter", spellcheck: "false", oninput: filtered,
    });
    filter.value = route.get("q");
    const tally = h("span", { class: "dim tally", "aria-live": "polite" });
    const body = h("tbody");
    const heads = columns.map((column) => h("th", {
        class: column.num ? "num" : "", title: column.hint || "", scope: "col",
    }, h("button", { onclick: () => sortBy(column.key) }, column.title)));
    const grid = h("table", { class: "grid" },
        h("colgroup", {}, columns.map((column) => h("col", { style: { width: `${column.width}px` } }))),
        h("thead", {}, h("tr", {}, heads)), body);
    grid.style.minWidth = `${columns.reduce((sum, column) => sum + column.width, 0)}px`;
    const frame = h("div", { class: "frame", tabindex: "0", role: "region", onscroll: paintSoon, onkeydown: keys, "aria-label": `${noun}: arrow keys choose, Enter opens` }, grid);
    const element = h("div", { class: "list" }, h("div", { class: "tools" }, filter, tally, tools), frame);
    let rows = [];
    let seen = [];
    let known = false;
    let selected = -1;
    let painting = 0;
    let key = columns.some((column) => column.key === route.get("sort")) ? route.get("sort") : sort;
    let down = route.get("order") === "" ? defaultDown(key) : route.get("order") === "down";

    function columnOf(name) {
        return columns.find((column) => column.key === name);
    }

    function defaultDown(name) {
        return Boolean(columnOf(name).num);
    }

    function sortBy(name) {
        down = key === name ? !down : defaultDown(name);
        key = name;
        remember({ sort: key, order: down ? "down" : "up" });
        arrange(true);
    }

    function filtered() {
        remember({ q: filter.value });
        frame.scrollTop = 0;
        selected = -1;
        arrange(true);
    }

    function arrange(byReader) {
        const wanted = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
        const column = columnOf(key);
        const value = column.sort || ((row) => row[key]);
        seen = rows.filter((row) => wanted.every((word) => row.found.includes(word)));
        seen.sort((a, b) => {
            const x = value(a);
            const y = value(b);
            // What is not known comes last, whatever the direction.
            const order = isNone(x) || isNone(y) || !down ? compare(x, y) : compare(y, x);
            return order || compareWords(a.found, b.found);
        });
        columns.forEach((each, i) => heads[i].setAttribute("aria-sort",
            each.key !== key ? "none" : down ? "descending" : "ascending"));
        tally.textContent = seen.length === rows.length ? plural(rows.length, noun)
            : `${count(seen.length)} of ${plural(rows.length, noun)}`;
        paint();
        if (onArranged && byReader) {
            onArranged();
        }
    }

    function spacer(rowsAway) {
        const line = h("tr", { "aria-hidden": "true" }, h("td", { colSpan: columns.length, class: "spacer" }));
        line.firstChild.style.height = `${rowsAway * ROW}px`;
        return line;
    }

    function lineOf(row, index) {
        return h("tr", {
            class: `${index === selected ? "selected" : ""} ${well(row) ? "" : "unwell"}`, "aria-rowindex": index + 2,
            onclick: (event) => event.target.closest("a") || open(row),
        }, columns.map((column) => h("td", { class: column.num ? "num" : "" },
            column.cell ? column.cell(row) : row[column.key])));
    }

    function paint() {
        painting = 0;
        const height = frame.clientHeight || 800;
        const first = Math.max(0, Math.floor(frame.scrollTop / ROW) - BEYOND);
        const last = Math.min(seen.length, Math.ceil((frame.scrollTop + height) / ROW) + BEYOND);
        grid.setAttribute("aria-rowcount", seen.length + 1);
        if (seen.length === 0) {
            fill(body, h("tr", {}, h("td", { colSpan: columns.length, class: "empty" },
                !known ? "" : rows.length === 0 ? empty : `No ${noun} match this filter.`)));
            return;
        }
        fill(body, spacer(first), seen.slice(first, last).map((row, i) => lineOf(row, first + i)),
            spacer(seen.length - last));
    }

    function paintSoon() {
        painting = painting || requestAnimationFrame(paint);
    }

    function open(row) {
        const where = target(row);
        if (where) {
            go(where);
        }
    }

    function select(index) {
        selected = Math.max(0, Math.min(seen.length - 1, index));
        const top = selected * ROW;
        const room = frame.clientHeight - ROW * 2;
        if (top < frame.scrollTop) {
            frame.scrollTop = top;
        } else if (top > frame.scrollTop + room) {
            frame.scrollTop = top - room;
        }
        paintSoon();
    }

    function keys(event) {
        const page = Math.floor(frame.clientHeight / ROW) - 2;
        const moves = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page };
        if (event.target.tagName === "BUTTON" || event.ctrlKey || event.metaKey || event.altKey) {
            return;
        }
        if (event.key in moves) {
            select(selected + moves[event.key]);
        } else if (event.key === "Home" || event.key === "End") {
            select(event.key === "Home" ? 0 : seen.length);
        } else if (event.key === "Enter" && seen[selected]) {
            open(seen[selected]);
        } else {
            return;
        }
        event.preventDefault();
    }

    const watcher = new ResizeObserver(paintSoon);
    watcher.observe(frame);
    return {
        element,
        update(next) {
            const first = rows.length === 0;
            known = true;
            rows = next;
            rows.forEach((row) => { row.found = search(row).toLowerCase(); });
            arrange(first);
        },
        seen: () => seen,
        sortedBy: () => `${columnOf(key).title}${!columnOf(key).num ? "" : down ? ", largest first" : ", smallest first"}`,
        frame,
        setFilter(text) {
            filter.value = text;
            filtered();
        },
        filter: () => filter.value,
        focusFilter: () => filter.focus(),
        focusRows: () => frame.focus(),
        destroy: () => watcher.disconnect(),
    };
}
