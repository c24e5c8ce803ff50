// What test_page.sh runs: see there. One case a function; prints PASS or FAIL.
import { get } from "node:http";
import { createRequire } from "node:module";
import { execFileSync } from "node:child_process";
import { bytes, count } from "../../src/web/units.js";

const { DRIVER, URL: BASE, SIM_ADMIN, TREE, SCREENSHOTS } = process.env;
const { chromium } = createRequire(`${DRIVER}/`)("playwright-core");
const LIMIT = 30000;
const WIDE = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 800 };
// The page's promise, in bytes as they are sent.
const PAGE_BYTES_MAX = 150000;

let failures = 0;
const noise = [];

function check(fact, sentence) {
    if (!fact) {
        throw new Error(sentence);
    }
}

async function run(name, body) {
    noise.length = 0;
    try {
        await body();
        check(noise.length === 0, `the console says: ${noise.join(" | ")}`);
        console.log(`PASS ${name}`);
    } catch (error) {
        failures++;
        console.log(`FAIL ${name} ${String(error.stack || error).split("\n").slice(0, 3).join(" ")}`);
    }
}

const json = async (path) => (await fetch(`${BASE}/api/v1/${path}`)).json();
const truth = async (query) => (await fetch(`${SIM_ADMIN}/truth?${query}`)).json();
const command = async (path) => check((await (await fetch(`${SIM_ADMIN}${path}`)).text()).trim() === "ok", `${path} is refused`);

// Of a body as it is sent: compressed.
function sentBytes(path) {
    return new Promise((resolve, reject) => get(BASE + path, { headers: { "accept-encoding": "gzip" } }, (answer) => {
        let sum = 0;
        answer.on("data", (piece) => { sum += piece.length; });
        answer.on("end", () => resolve(sum));
    }).on("error", reject));
}

function rowsOf(list) {
    return list.rows.map((row) => Object.fromEntries(list.columns.map((name, i) => [name, row[i]])));
}

async function openPage(browser, viewport, colorScheme, quiet) {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT);
    page.on("pageerror", (error) => noise.push(error.message));
    page.on("console", (message) => {
        // A history that is being written may say 503 for a moment; the page asks again.
        const passing = /503/.test(message.text()) && /\/historical\//.test(message.location().url);
        if (!quiet() && !passing && ["error", "warning"].includes(message.type())) {
            noise.push(message.text());
        }
    });
    page.on("request", (request) => {
        if (!request.url().startsWith(BASE) && !request.url().startsWith("data:")) {
            noise.push(`outside request: ${request.url()}`);
        }
    });
    return page;
}

let expectingErrors = false;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const page = await openPage(browser, WIDE, "light", () => expectingErrors);
const rows = page.locator(".grid tbody tr:not([aria-hidden])");

async function tab(title) {
    await page.locator(".top nav a", { hasText: title }).first().click();
}

async function chartsDrawn(at) {
    await at.waitForFunction(() => {
        const all = [...document.querySelectorAll(".chart")];
        return all.length > 0 && all.every((each) => each.querySelector("canvas") || /Nothing was recorded/.test(each.textContent)) &&
            all.some((each) => each.querySelector("canvas"));
    });
}

async function shot(at, name, whole) {
    const size = at.viewportSize();
    if (whole) {
        const height = await at.evaluate(() => {
            const main = document.querySelector("main");
            return main.scrollHeight + main.offsetTop;
        });
        await at.setViewportSize({ width: size.width, height: Math.max(size.height, Math.min(height, 6000)) });
        await at.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    }
    await at.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
    await at.setViewportSize(size);
}

const pods = rowsOf(await json("page/pods"));
const nodes = rowsOf(await json("page/nodes"));
const running = pods.filter((pod) => pod.phase === "running" && pod.memory !== null);
const some = running.find((pod) => pod.namespace !== "kube-system" && pod.memoryLimit) || running[0];

await run("lists hold the truth's values", async () => {
    for (const pod of running.slice(0, 40)) {
        const told = await truth(`entity=pod&ns=${pod.namespace}&name=${pod.name}`);
        check(told.fields["memory/working_set"].value === pod.memory, `${pod.name}: memory ${pod.memory}, ${JSON.stringify(told.fields["memory/working_set"])}`);
        check((told["memory/limit"] || null) === pod.memoryLimit, `${pod.name}: limit ${pod.memoryLimit}, ${told["memory/limit"]}`);
        check((told["cpu/request"] || null) === pod.cpuRequest, `${pod.name}: request ${pod.cpuRequest}, ${told["cpu/request"]}`);
        check(told.restart_count === pod.restarts, `${pod.name}: restarts ${pod.restarts}`);
    }
    for (const node of nodes) {
        const told = await truth(`entity=node&name=${node.name}`);
        check(told.fields["memory/working_set"].value === node.memory, `${node.name}: memory ${node.memory}`);
        check(node.ready && node.streak === 0, `${node.name} is not well`);
    }
    const cluster = await truth("entity=cluster");
    const overview = await json("page/overview");
    for (const [ours, theirs] of [["memoryPods", "memory/working_set"], ["cpuRequest", "cpu/request"], ["memoryLimit", "memory/limit"]]) {
        check(overview.sums[ours] === cluster[theirs], `${ours} ${overview.sums[ours]}, ${cluster[theirs]}`);
    }
});

await run("one entity holds the truth's values", async () => {
    const told = await truth(`entity=pod&ns=${some.namespace}&name=${some.name}`);
    const answer = await json(`page/pod/${some.namespace}/${some.name}`);
    for (const metric of answer.metrics.filter((each) => told.fields[each.name])) {
        check(told.fields[metric.name].value === metric.value || /rate/.test(metric.name), `${metric.name} ${metric.value}, ${JSON.stringify(told.fields[metric.name])}`);
    }
    check(answer.metrics.length > 20, `only ${answer.metrics.length} metrics`);
});

await run("the page is small, and the browser may keep it", async () => {
    let sum = 0;
    for (const path of ["/", "/app.js", "/app.css", "/icon.svg"]) {
        const answer = await fetch(BASE + path);
        sum += await sentBytes(path);
        check(/default-src 'none'/.test(answer.headers.get("content-security-policy")), `${path} has no policy`);
        const again = await fetch(BASE + path, { headers: { "if-none-match": answer.headers.get("etag") } });
        check(again.status === 304, `${path} again: ${again.status}`);
    }
    check(sum < PAGE_BYTES_MAX, `${sum} bytes`);
    console.log(`page_bytes ${sum} bytes`);
});

await run("overview", async () => {
    await page.goto(`${BASE}/`);
    await page.getByText("The cluster is well").waitFor();
    const text = await page.locator(".cards").innerText();
    check(text.includes(`${nodes.length} / ${nodes.length}`), `nodes: ${text}`);
    check(text.includes("Reachable"), "no word of the API server");
    const overview = await json("page/overview");
    check(text.includes(`${bytes(overview.sums.memory)} of ${bytes(overview.sums.memorySize)}`), `memory: ${text}`);
    check(text.includes(count(overview.sums.pods)), "pods");
    await chartsDrawn(page);
    const first = overview.podsByMemory[0];
    const top = page.locator(".panel", { hasText: "Pods by memory" }).locator("tr").first();
    check((await top.innerText()).replace(/\n/g, "").includes(first.name), "top pod");
    check((await top.innerText()).includes(bytes(first.value)), "its memory");
    await shot(page, "overview-1280", true);
});

await run("script takes little time", async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable");
    await page.reload();
    await chartsDrawn(page);
    const { metrics } = await session.send("Performance.getMetrics");
    const ms = metrics.find((each) => each.name === "ScriptDuration").value * 1000;
    console.log(`page_script ${Math.round(ms)} ms`);
    check(ms < 500, `${ms} ms of script`);
});

for (const [title, kind, wanted] of [["Nodes", "nodes", nodes.length], ["Pods", "pods", pods.length]]) {
    await run(`list of ${kind}`, async () => {
        await tab(title);
        await page.getByText(`${count(wanted)} ${kind}`, { exact: true }).waitFor();
        await rows.first().waitFor();
        await shot(page, `${kind}-1280`);
    });
}

await run("lists of namespaces and containers", async () => {
    await tab("Namespaces");
    await page.getByText("kube-system", { exact: true }).waitFor();
    await shot(page, "namespaces-1280");
    await tab("Containers");
    const containers = rowsOf(await json("page/containers"));
    await page.getByText(`${count(containers.length)} containers`, { exact: true }).waitFor();
    await shot(page, "containers-1280");
});

await run("rows of a list as charts", async () => {
    for (const kind of ["nodes", "namespaces", "pods", "containers"]) {
        await page.goto(`${BASE}/#/${kind}`);
        await rows.first().waitFor();
        await page.locator(".toggle").click();
        await chartsDrawn(page);
        check(page.url().includes("view=charts"), page.url());
    }
    await page.goto(`${BASE}/#/nodes?view=charts`);
    await chartsDrawn(page);
    check((await page.locator(".chart").first().innerText()).includes(nodes[0].name), "no line of the first node");
    await shot(page, "nodes-charts-1280");
});

await run("sorted, filtered, by keys, and all of it in the address", async () => {
    await page.keyboard.press("4");
    await rows.first().waitFor();
    await page.locator(".grid th button", { hasText: "Memory" }).click();
    const most = [...pods].sort((a, b) => (b.memory || 0) - (a.memory || 0))[0];
    await page.waitForFunction((name) => document.querySelector(".grid tbody tr:not([aria-hidden])").textContent.includes(name), most.name);
    check((await rows.first().innerText()).includes(bytes(most.memory)), "the first row's memory");
    await page.keyboard.press("/");
    await page.keyboard.type("kube-proxy");
    const proxies = pods.filter((pod) => pod.name.includes("kube-proxy")).length;
    await page.getByText(`${proxies} of ${pods.length} pods`, { exact: true }).waitFor();
    check(page.url().includes("sort=memory") && page.url().includes("q=kube-proxy"), page.url());
    await page.reload();
    await page.getByText(`${proxies} of ${pods.length} pods`, { exact: true }).waitFor();
    check(await rows.count() === proxies, "rows after the reload");
    await page.keyboard.press("/");
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/pod\/kube-system\/kube-proxy/);
    await page.keyboard.press("Escape");
    await page.waitForURL(/#\/namespace\/kube-system/);
});

await run("page of a node", async () => {
    const node = nodes[0];
    await tab("Nodes");
    await page.locator(".grid a", { hasText: node.name }).first().click();
    await page.locator(".section.head h2", { hasText: node.name }).waitFor();
    await page.locator(".metrics li").first().waitFor();
    const told = await truth(`entity=node&name=${node.name}`);
    const shown = await page.locator(".metrics li", { hasText: "memory/working_set" }).locator(".value").innerText();
    check(shown === bytes(told.fields["memory/working_set"].value), `working set ${shown}`);
    await chartsDrawn(page);
    await page.locator(".metrics button", { hasText: "memory/page_faults" }).first().click();
    await page.waitForURL(/metric=memory%2Fpage_faults/);
    await page.locator(".chart", { hasText: "memory/page_faults" }).waitFor();
    await shot(page, "node-1280", true);
});

await run("page of a pod, its container, its namespace", async () => {
    await page.goto(`${BASE}/#/pod/${some.namespace}/${some.name}`);
    await page.locator(".section.head h2", { hasText: some.name }).waitFor();
    await page.locator(".cards", { hasText: bytes(some.memory) }).waitFor();
    check((await page.locator(".cards").innerText()).includes(`limit ${bytes(some.memoryLimit)}`), "no limit");
    await chartsDrawn(page);
    await shot(page, "pod-1280", true);
    await page.locator(".part .grid a").first().click();
    await page.waitForURL(/#\/container\//);
    await page.locator(".facts", { hasText: "Image" }).waitFor();
    await chartsDrawn(page);
    await shot(page, "container-1280", true);
    await page.locator(".crumbs a", { hasText: some.namespace }).click();
    await page.locator(".part .grid a", { hasText: some.name.slice(-12) }).first().waitFor();
    await shot(page, "namespace-1280", true);
    await page.goto(`${BASE}/#/system/${nodes[0].name}/kubelet`);
    await page.locator(".section.head h2", { hasText: "kubelet" }).waitFor();
    await chartsDrawn(page);
});

await run("every range of charts", async () => {
    await page.goto(`${BASE}/#/node/${nodes[0].name}`);
    for (const range of ["15m", "6h", "24h", "7d", "30d", "1h"]) {
        await page.locator(".ranges button", { hasText: range }).first().click();
        await page.waitForURL(new RegExp(`range=${range}`));
        await chartsDrawn(page);
    }
});

await run("this appliance", async () => {
    await tab("This appliance");
    await page.getByText("The appliance is well").waitFor();
    const appliance = await json("appliance");
    for (const role of appliance.roles) {
        await page.locator(".panel", { hasText: "Roles" }).locator("b", { hasText: role.role }).first().waitFor();
    }
    const pool = appliance.pools.find((each) => each.pool === "pods");
    check((await page.locator(".panel", { hasText: "Pools of the live table" }).innerText()).includes(count(pool.limit)), "pools");
    await page.locator(".panel", { hasText: "Scrapes" }).getByText(nodes[0].name).waitFor();
    await shot(page, "appliance-1280", true);
});

await run("what is not there is said", async () => {
    expectingErrors = true;
    await page.goto(`${BASE}/#/pod/team-000/no-such-pod`);
    await page.getByText("There is no such pod now").waitFor();
    await page.goto(`${BASE}/#/nonsense`);
    await page.getByText("There is no such page here").waitFor();
    expectingErrors = false;
});

function manyPods() {
    const at = Date.now();
    const line = (i) => [`team-${i % 40}`, i === 7 ? "<img src=x onerror=document.title='bad'>" : `pod-with-a-long-name-${i}`, "running", false, "", 2, 2, i % 5,
        (i * 7919) % 30000 / 10, 100, 200, (i * 104729) % 4e9, 1e8, 2e9, 1000, 2000, 5e6, `node-${i % 1000}`, at - i * 1000];
    const columns = ["namespace", "name", "phase", "deleting", "reason", "ready", "containers", "restarts", "cpu", "cpuRequest", "cpuLimit", "memory", "memoryRequest",
        "memoryLimit", "rx", "tx", "storage", "node", "created"];
    return JSON.stringify({ time: at, cycle: at, columns, rows: Array.from({ length: 30000 }, (none, i) => line(i)) });
}

await run("30,000 pods", async () => {
    const body = manyPods();
    await page.route("**/api/v1/page/pods", (request) => request.fulfill({ body, contentType: "application/json" }));
    await page.goto(`${BASE}/#/pods?sort=name&order=up`);
    await page.getByText(`${count(30000)} pods`, { exact: true }).waitFor();
    const sorting = await page.evaluate(async () => {
        const begin = performance.now();
        [...document.querySelectorAll(".grid th button")].find((each) => each.textContent === "CPU").click();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        return performance.now() - begin;
    });
    const scrolling = await page.evaluate(async () => {
        const frame = document.querySelector(".frame");
        const begin = performance.now();
        for (let i = 1; i <= 20; i++) {
            frame.scrollTop = frame.scrollHeight * i / 20;
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        }
        return (performance.now() - begin) / 20;
    });
    console.log(`rows_30000_sort ${Math.round(sorting)} ms`);
    console.log(`rows_30000_scroll ${Math.round(scrolling)} ms`);
    check(sorting < 2000 && scrolling < 1000, `sort ${sorting} ms, a step of scrolling ${scrolling} ms`);
    check(await rows.count() < 100, "all rows are in the document");
    await page.keyboard.press("/");
    await page.keyboard.type("img src");
    await page.getByText(`1 of ${count(30000)} pods`, { exact: true }).waitFor();
    check(await page.locator("main img").count() === 0 && await page.title() !== "bad", "a name became markup");
    await page.unroute("**/api/v1/page/pods");
    expectingErrors = false;
    noise.length = 0;
});

await run("a phone, and the dark", async () => {
    for (const scheme of ["light", "dark"]) {
        const phone = await openPage(browser, PHONE, scheme, () => false);
        for (const [name, hash] of [["overview", ""], ["nodes", "nodes"], ["pods", "pods"], ["pod", `pod/${some.namespace}/${some.name}`], ["appliance", "appliance"]]) {
            await phone.goto(`${BASE}/#/${hash}`);
            await phone.locator(".page").locator("table, .chart").first().waitFor();
            if (["overview", "pod"].includes(name)) {
                await chartsDrawn(phone);
            }
            const wide = await phone.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth));
            check(wide <= PHONE.width, `${name} is ${wide} wide`);
            await shot(phone, `${name}-390${scheme === "dark" ? "-dark" : ""}`, name !== "nodes" && name !== "pods");
        }
        await phone.context().close();
    }
    const dark = await openPage(browser, WIDE, "dark", () => false);
    await dark.goto(`${BASE}/`);
    await chartsDrawn(dark);
    await shot(dark, "overview-1280-dark", true);
    await dark.keyboard.press("t");
    check(await dark.evaluate(() => document.documentElement.dataset.theme) === "light", "the key t");
    await dark.context().close();
});

await run("an API server that is down is said, and its return", async () => {
    await page.goto(`${BASE}/`);
    await command("/api?do=down&cut=1");
    await page.locator(".notice.bad", { hasText: "does not answer" }).waitFor({ timeout: 90000 });
    await page.locator(".verdict.bad").waitFor();
    await shot(page, "source-down-1280");
    await command("/api?do=up");
    await page.locator(".notice.bad").waitFor({ state: "detached", timeout: 90000 });
});

await run("a server that is down is said, and the page comes back by itself", async () => {
    expectingErrors = true;
    execFileSync("s6-svc", ["-d", `${TREE}/service/serve`]);
    await page.getByText("The appliance does not answer").waitFor({ timeout: 60000 });
    await shot(page, "server-down-1280");
    execFileSync("s6-svc", ["-u", `${TREE}/service/serve`]);
    await page.getByText("The appliance does not answer").waitFor({ state: "detached", timeout: 60000 });
    await page.getByText("The cluster is well").waitFor({ timeout: 60000 });
    expectingErrors = false;
    noise.length = 0;
});

await browser.close();
process.exit(failures > 0 ? 1 : 0);
