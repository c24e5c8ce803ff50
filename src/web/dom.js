// Elements made from script: h("td", {class: "num"}, "12", child).
// Text is always set as text, so that nothing from the cluster is ever markup.

function append(element, children) {
    for (const child of children) {
        if (Array.isArray(child)) {
            append(element, child);
        } else if (child !== null && child !== undefined && child !== false) {
            element.append(child);
        }
    }
    return element;
}

function set(element, name, value) {
    if (value === null || value === undefined || value === false) {
        return;
    }
    if (name.startsWith("on")) {
        element.addEventListener(name.slice(2), value);
    } else if (name === "style") {
        Object.assign(element.style, value);
    } else if (name in element && name !== "list" && typeof value !== "string") {
        element[name] = value;
    } else {
        element.setAttribute(name, value === true ? "" : value);
    }
}

export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
        set(element, name, value);
    }
    return append(element, children);
}

export function fill(element, ...children) {
    element.replaceChildren();
    return append(element, children);
}
