// Opens each page of a folder and says what is wrong with it: open.js FOLDER CHROMIUM [SCREENSHOTS]

import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [folder, executablePath, screenshots] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LEAST_PAGES = 9;
const VIEWS = [1280, 360].flatMap((width) => ["light", "dark"].map((scheme) => ({ width, scheme })));

const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));
if (pages.length < LEAST_PAGES) throw new Error(`${folder} has ${pages.length} pages, and ${LEAST_PAGES} were expected`);
if (screenshots) mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const mistakes = [];
for (const { width, scheme } of VIEWS) {
  // The checker is a script, which the pages' policy forbids: it comes in a second visit that passes the policy over.
  for (const bypassCSP of [false, true]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP });
    for (const name of pages) {
      const wrong = (what) => mistakes.push(`${name} at ${width} px, ${scheme}: ${what}`);
      const url = pathToFileURL(resolve(folder, name)).href;
      const page = await context.newPage();
      page.on("console", (message) => wrong(`console: ${message.text()}`));
      page.on("pageerror", (error) => wrong(`error: ${error.message}`));
      page.on("dialog", (dialog) => { wrong("a script ran"); dialog.dismiss(); });
      page.on("request", (request) => { if (request.url() !== url) wrong(`asks for ${request.url()}`); });
      await page.goto(url);
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      if (bypassCSP) {
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        if (!passes.some((rule) => rule.id === "color-contrast")) wrong("the contrast was not checked");
        for (const rule of violations) {
          wrong(`${rule.id}: ${rule.help}\n    ${rule.nodes.slice(0, 3).map((node) => node.html).join("\n    ")}`);
        }
      } else {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) wrong(`scrolls ${overflow} px sideways`);
        if (screenshots) await page.screenshot({ path: join(screenshots, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
if (mistakes.length > 0) {
  console.error([...new Set(mistakes)].join("\n"));
  process.exit(1);
}
console.log(`  ${pages.length} pages in ${VIEWS.length} views: clean`);
