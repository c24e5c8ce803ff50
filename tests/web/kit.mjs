// What the tests of the page share: see README.md.
// Environment: DRIVER, the folder of playwright-core; URL of the tree; SCREENSHOTS.
import { createRequire } from "node:module";

export const { URL: BASE, SCREENSHOTS } = process.env;
const { chromium } = createRequire(`${process.env.DRIVER}/`)("playwright-core");
// Generous, as other tests run at the same time.
export const LIMIT = 90000;
export const WIDE = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 800 };

const state = { failures: 0, noise: [], expectingErrors: false };

export function check(fact, sentence) {
    if (!fact) {
        throw new Error(sentence);
    }
}

// One case. What the console says, and a request that leaves, fail it.
export async function run(name, body) {
    state.noise.length = 0;
    try {
        await body();
        check(state.noise.length === 0, `the console says: ${state.noise.join(" | ")}`);
        console.log(`PASS ${name}`);
    } catch (error) {
        state.failures++;
        console.log(`FAIL ${name} ${String(error.stack || error).split("\n").slice(0, 6).join(" ")}`);
    }
}

// While this runs, failed requests are what is wanted.
export async function withErrors(body) {
    state.expectingErrors = true;
    await body();
    state.expectingErrors = false;
    state.noise.length = 0;
}

export const json = async (path) => (await fetch(`${BASE}/api/v1/${path}`)).json();

export function rowsOf(list) {
    return list.rows.map((row) => Object.fromEntries(list.columns.map((name, i) => [name, row[i]])));
}

export const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });

export async function openPage(viewport, colorScheme) {
    const context = await browser.newContext({ viewport, colorScheme, ignoreHTTPSErrors: true, reducedMotion: "reduce", timezoneId: "Pacific/Auckland", locale: "en-GB" });
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT);
    await page.addInitScript(() => {
        window.views = 0;
        addEventListener("hashchange", () => setTimeout(() => { window.views++; }));
    });
    const load = page.goto.bind(page);
    page.goto = (url) => {
        const [document, address] = page.url().split("#");
        const [wanted, view] = url.split("#");
        return document === wanted && view !== undefined && view !== address ? turned(page, () => load(url)) : load(url);
    };
    page.on("pageerror", (error) => state.noise.push(error.message));
    page.on("console", (message) => {
        // A history that is being written may say 503 for a moment; the page asks again.
        const passing = /503/.test(message.text()) && /\/historical\//.test(message.location().url);
        if (!state.expectingErrors && !passing && ["error", "warning"].includes(message.type())) {
            state.noise.push(`${message.text()} ${message.location().url}`);
        }
    });
    page.on("request", (request) => {
        if (!request.url().startsWith(BASE) && !request.url().startsWith("data:")) {
            state.noise.push(`outside request: ${request.url()}`);
        }
    });
    return page;
}

// The address changes before the view does: until then it is the old view that answers.
export async function turned(page, action) {
    const before = await page.evaluate(() => window.views);
    await action();
    await page.waitForFunction((old) => window.views > old, before);
}

// Charts out of sight are not read: all come into sight.
export async function chartsDrawn(page, most = 0) {
    const size = page.viewportSize();
    await page.setViewportSize({ width: size.width, height: 4000 });
    await page.waitForFunction((enough) => {
        const all = [...document.querySelectorAll(".chart")];
        return all.length > enough && all.every((each) => each.querySelector("canvas") || /Nothing was recorded/.test(each.textContent)) &&
            all.some((each) => each.querySelector("canvas"));
    }, most);
    await page.setViewportSize(size);
}

export async function frames(page) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

// `whole`: as long as the view is.
export async function shot(page, name, whole) {
    const size = page.viewportSize();
    if (whole) {
        await frames(page);
        const height = await page.evaluate(() => {
            const main = document.querySelector("main");
            return main.scrollHeight + main.offsetTop;
        });
        await page.setViewportSize({ width: size.width, height: Math.max(size.height, Math.min(height, 6000)) });
        await frames(page);
    }
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
    await page.setViewportSize(size);
}

// Nothing is wider than the window.
export async function fits(page, name) {
    const wide = await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector("main").scrollWidth));
    check(wide <= page.viewportSize().width, `${name} is ${wide} wide`);
}

export async function end() {
    await browser.close();
    process.exit(state.failures > 0 ? 1 : 0);
}
