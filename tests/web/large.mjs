// What test_page_large.sh runs: 1,000 nodes, 30,000 pods, 60,000 containers.
import { count } from "../../src/web/units.js";
import { BASE, WIDE, chartsDrawn, check, end, json, openPage, rowsOf, run, shot } from "./kit.mjs";

const page = await openPage(WIDE, "light");
const session = await page.context().newCDPSession(page);
// Processor time of the page, so that a busy machine is no failure.
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const rows = page.locator(".grid tbody tr:not([aria-hidden])");
const listed = { nodes: rowsOf(await json("page/nodes")), pods: rowsOf(await json("page/pods")) };

// Milliseconds of script and layout that an action takes.
async function cost(action) {
    const work = async () => {
        const { metrics } = await session.send("Performance.getMetrics");
        const of = (name) => metrics.find((each) => each.name === name).value;
        return 1000 * (of("ScriptDuration") + of("LayoutDuration") + of("RecalcStyleDuration"));
    };
    const before = await work();
    await action();
    return await work() - before;
}

const settled = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
const press = (title) => page.evaluate((wanted) => [...document.querySelectorAll(".grid th button")].find((each) => each.textContent === wanted).click(), title);

await run("overview of 1,000 nodes", async () => {
    await page.goto(`${BASE}/`);
    await page.locator(".card", { hasText: "Nodes ready" }).getByText(`${count(1000)} / ${count(1000)}`).waitFor();
    await chartsDrawn(page);
    // Rates are there from the second sample on; charts are read again by themselves.
    await page.waitForFunction(() => [...document.querySelectorAll(".chart")].some((each) => /^Network.*in [\d.]+ [KMGT]iB\/s/.test(each.textContent)));
    await shot(page, "large-overview-1280", true);
});

await run("30,000 pods are sorted, filtered and scrolled at once", async () => {
    await page.goto(`${BASE}/#/pods?sort=name&order=up`);
    await page.getByText(`${count(listed.pods.length)} pods`, { exact: true }).waitFor();
    // Of finished pods some are left out, as the plan has it.
    check(listed.pods.length > 29900, `${listed.pods.length} pods`);
    const sorting = await cost(async () => { await press("CPU"); await settled(); });
    const most = [...listed.pods].sort((a, b) => (b.memory || 0) - (a.memory || 0));
    const again = await cost(async () => { await press("Memory"); await settled(); });
    check(await rows.count() < 100, "all rows are in the document");
    const scrolling = await cost(() => page.evaluate(async () => {
        const frame = document.querySelector(".frame");
        for (let i = 1; i <= 20; i++) {
            frame.scrollTop = frame.scrollHeight * i / 20;
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        }
    })) / 20;
    const last = await page.locator(".grid tbody tr[aria-rowindex]").last().getAttribute("aria-rowindex");
    check(Number(last) === listed.pods.length + 1, `the last row is ${last}`);
    await page.keyboard.press("/");
    const filtering = await cost(async () => { await page.keyboard.type("catalog team-003"); await settled(); }) / "catalog team-003".length;
    const wanted = listed.pods.filter((pod) => `${pod.name} ${pod.namespace} ${pod.node}`.includes("catalog") && pod.namespace === "team-003").length;
    await page.getByText(`${count(wanted)} of ${count(listed.pods.length)} pods`, { exact: true }).waitFor();
    check(most.length > 0 && wanted > 10, "nothing to filter");
    await shot(page, "large-pods-1280");
    for (const [name, ms, limit] of [["sort", Math.max(sorting, again), 1000], ["scroll_step", scrolling, 100], ["filter_key", filtering, 250]]) {
        console.log(`rows_30000_${name} ${Math.round(ms)} ms`);
        check(ms < limit, `${name}: ${ms} ms`);
    }
});

await run("60,000 containers and 1,000 nodes", async () => {
    await page.goto(`${BASE}/#/containers`);
    await page.waitForFunction(() => /^[\d\u202f]+ containers$/.test(document.querySelector(".tools .tally").textContent));
    check(await rows.count() < 100, "all rows are in the document");
    await page.goto(`${BASE}/#/nodes?sort=memory&order=down`);
    await page.getByText(`${count(1000)} nodes`, { exact: true }).waitFor();
    const most = [...listed.nodes].sort((a, b) => b.memory - a.memory)[0];
    check(most.memory > 0 && await rows.count() > 10, "no rows");
    await shot(page, "large-nodes-1280");
});

// Names that no API server would allow, from one that is not to be trusted.
await run("a name is never markup", async () => {
    const answer = await json("page/pods");
    answer.rows[0][answer.columns.indexOf("name")] = "<img src=x onerror=document.title='bad'>";
    await page.route("**/api/v1/page/pods", (request) => request.fulfill({ json: { ...answer, rows: answer.rows.slice(0, 50) } }));
    await page.goto(`${BASE}/#/pods?q=img+src`);
    await page.getByText("1 of 50 pods", { exact: true }).waitFor();
    check(await page.locator("main img").count() === 0 && await page.title() !== "bad", "a name became markup");
});

await end();
