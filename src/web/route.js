// The state of the page in its address: #/pods/team-1/web-0?range=6h
const listeners = new Set();

function parse() {
    const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
    return {
        path: path.split("/").filter((part) => part !== "").map(decodeURIComponent),
        query: new URLSearchParams(query || ""),
    };
}

let now = parse();

export const route = {
    path: () => now.path,
    // The same of the address itself, which is ahead of the view while it changes.
    address: () => parse().path,
    get: (name, otherwise = "") => now.query.get(name) ?? otherwise,
    listen: (listener) => listeners.add(listener),
};

export function link(path, query) {
    const text = new URLSearchParams(
        Object.entries(query || {}).filter(([, value]) => value !== "")).toString();
    return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

// Changes parameters of the address in place, without a step in the history.
export function remember(changes) {
    for (const [name, value] of Object.entries(changes)) {
        if (value === "" || value === null) {
            now.query.delete(name);
        } else {
            now.query.set(name, value);
        }
    }
    history.replaceState(null, "", link(now.path, Object.fromEntries(now.query)));
}

export function go(target) {
    location.hash = target;
}

// The range of the charts goes along from view to view.
addEventListener("hashchange", () => {
    const range = now.query.get("range");
    now = parse();
    if (range && !now.query.has("range")) {
        remember({ range });
    }
    listeners.forEach((listener) => listener());
});
