// What test_page_host.sh runs: the page of a machine alone, as a newcomer sees it
// first, with history and without (BARE).
import { readFileSync } from "node:fs";
import { bytes } from "../../src/web/units.js";
import { BASE, PHONE, WIDE, chartsDrawn, check, end, fits, json, openPage, rowsOf, run, shot, turned } from "./kit.mjs";

const { BARE } = process.env;
const page = await openPage(WIDE, "light");
const [machine] = rowsOf(await json("page/nodes"));
const details = await json(`page/node/${machine.name}`);

await run("a machine alone is shown with all it has", async () => {
    await page.goto(`${BASE}/`);
    await page.locator(".card", { hasText: "Machine" }).getByText("Up").waitFor();
    const size = Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))[1]) * 1024;
    await page.locator(".card", { hasText: "Memory" }).getByText(`of ${bytes(size)}`).waitFor();
    await page.locator(".panel", { hasText: "File systems" }).getByText("/", { exact: true }).waitFor();
    for (const disk of details.disks) {
        await page.locator(".panel", { hasText: "Disks" }).getByText(disk.name, { exact: true }).waitFor();
    }
    await chartsDrawn(page);
    const titles = await page.locator(".chart h3").allInnerTexts();
    for (const title of ["CPU", "Memory", "Network", "Root file system", "Load, one minute", "Page faults"]) {
        check(titles.includes(title), `${title} is missing: ${titles}`);
    }
    check(titles.includes("Time spent waiting (pressure)") === details.metrics.some((metric) => metric.name === "pressure/cpu_some"), "pressure");
    check(await page.locator(".top nav a:visible").count() === 4, "tabs of a cluster");
    check(await page.locator(".ranges [aria-pressed=true]").innerText() === "15m", "a young history begins with a short range");
    await shot(page, "host-overview-1280", true);
});

await run("its page, its services and the appliance's", async () => {
    await turned(page, () => page.locator(".top nav a", { hasText: "Machines" }).click());
    await page.getByText("1 node", { exact: true }).waitFor();
    await turned(page, () => page.locator(".grid a", { hasText: machine.name }).click());
    await page.locator(".metrics li", { hasText: "memory/available" }).waitFor();
    await chartsDrawn(page);
    await shot(page, "host-node-1280", true);
    await turned(page, () => page.keyboard.press("5"));
    await page.locator(".grid").waitFor();
    await shot(page, "host-containers-1280");
    await turned(page, () => page.keyboard.press("7"));
    await page.getByText("None: this machine is read directly.").waitFor();
    await page.getByText("None is configured: --sink=").waitFor();
    await shot(page, "host-appliance-1280", true);
});

await run("on a phone, in the dark", async () => {
    const phone = await openPage(PHONE, "dark");
    for (const [name, hash] of [["overview", ""], ["node", `node/${machine.name}`]]) {
        await phone.goto(`${BASE}/#/${hash}`);
        await chartsDrawn(phone);
        await fits(phone, name);
        await shot(phone, `host-${name}-390-dark`, true);
    }
    await phone.context().close();
});

await run("without a history the views that need one say so", async () => {
    const bare = await openPage(WIDE, "light");
    const wanted = "No history is kept, so there are no charts: start Skerry with --history=1G";
    // Another tree, of the same machine.
    // What is under way when the page closes has no answer any more.
    await bare.route(`${BASE}/**`, (request) => request.fetch({ url: request.request().url().replace(BASE, BARE) })
        .then((response) => request.fulfill({ response })).catch(() => {}));
    for (const hash of ["", `node/${machine.name}`, "nodes?view=charts"]) {
        await bare.goto(`${BASE}/#/${hash}`);
        await bare.getByText(wanted).waitFor();
        check(await bare.locator(".ranges:visible").count() === 0, `#/${hash} offers a range`);
        await shot(bare, `no-history-${hash.split("/")[0].split("?")[0] || "overview"}-1280`);
    }
    await bare.goto(`${BASE}/#/appliance`);
    await bare.getByText("None is kept: --history=1G would keep it.").waitFor();
    await bare.context().close();
});

await end();
