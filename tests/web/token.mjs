// What test_page_token.sh runs.
import { BASE, PHONE, WIDE, chartsDrawn, check, end, openPage, run, shot, withErrors } from "./kit.mjs";

const { TOKEN } = process.env;
const page = await openPage(WIDE, "light");

async function logIn() {
    await page.locator("input[name=token]").fill(TOKEN);
    await page.locator("button[type=submit]").click();
}

await run("the login leads to the view that was asked for", async () => {
    await withErrors(async () => {
        await page.goto(`${BASE}/#/nodes?sort=memory&order=down`);
        await page.locator("input[name=token]").fill("not the token");
        await page.locator("button[type=submit]").click();
        await page.getByText("That is not the token").waitFor();
        await logIn();
        await page.locator(".grid tbody tr:not([aria-hidden])").first().waitFor();
        check(page.url().endsWith("/#/nodes?sort=memory&order=down"), page.url());
    });
    await page.goto(`${BASE}/#/`);
    await chartsDrawn(page);
});

await run("a reader whose cookie is gone is told so, logs in and comes back", async () => {
    await withErrors(async () => {
        await page.goto(`${BASE}/#/containers?sort=memory&order=down`);
        await page.locator(".grid tbody tr:not([aria-hidden])").first().waitFor();
        await page.context().clearCookies();
        await page.locator(".notice", { hasText: "asks for its token" }).waitFor();
        await shot(page, "token-gone-1280");
        await page.waitForURL(/\/login$/);
        await shot(page, "login-1280");
        await page.setViewportSize(PHONE);
        await page.emulateMedia({ colorScheme: "dark" });
        await shot(page, "login-390-dark");
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize(WIDE);
        await logIn();
        await page.waitForURL(/#\/containers\?sort=memory&order=down/);
        await page.locator(".grid tbody tr:not([aria-hidden])").first().waitFor();
    });
});

await end();
