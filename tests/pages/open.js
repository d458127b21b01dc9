// Opens each page of a folder and says what is wrong with it:
// open.js --folder FOLDER --chromium PROGRAM [--screenshots FOLDER] [--pictures FOLDER]

import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({
  options: Object.fromEntries(["folder", "chromium", "screenshots", "pictures"].map((name) => [name, { type: "string" }])),
});
const { folder, screenshots, pictures } = values;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// One of each outcome, a dry run, the history of the same and of a month; and what the demonstration leaves.
const LEAST_PAGES = 16;
const VIEWS = [1280, 390].flatMap((width) => ["light", "dark"].map((scheme) => ({ width, scheme })));
// What docs/reports.md shows: the file that a page's name begins with, and how much of the page.
const PICTURES = [
  { picture: "run-report.png", begins: "demo-HighValueCustomers", height: 900 },
  { picture: "history.png", begins: "month", height: 900 },
  { picture: "dry-run.png", begins: "demo-dry-run", height: 900 },
];

const pages = readdirSync(folder).filter((name) => name.endsWith(".html"));
if (pages.length < LEAST_PAGES) throw new Error(`${folder} has ${pages.length} pages, and ${LEAST_PAGES} were expected`);
if (screenshots) mkdirSync(screenshots, { recursive: true });

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const address = (name) => pathToFileURL(resolve(folder, name)).href;
const mistakes = [];
for (const { width, scheme } of VIEWS) {
  // The checker is a script, which the pages' policy forbids: it comes in a second visit that passes the policy over.
  for (const bypassCSP of [false, true]) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme, bypassCSP });
    for (const name of pages) {
      const wrong = (what) => mistakes.push(`${name} at ${width} px, ${scheme}: ${what}`);
      const page = await context.newPage();
      page.on("console", (message) => wrong(`console: ${message.text()}`));
      page.on("pageerror", (error) => wrong(`error: ${error.message}`));
      page.on("dialog", (dialog) => { wrong("a script ran"); dialog.dismiss(); });
      page.on("request", (request) => { if (request.url() !== address(name)) wrong(`asks for ${request.url()}`); });
      await page.goto(address(name));
      if (screenshots && !bypassCSP) {
        await page.screenshot({ path: join(screenshots, `${name}-${width}-${scheme}.png`), fullPage: true });
      }
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      if (bypassCSP) {
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => globalThis.axe.run());
        for (const rule of ["color-contrast", "svg-img-alt", "document-title"]) {
          const needed = rule !== "svg-img-alt" || (await page.locator("svg").count()) > 0;
          if (needed && !passes.some((passed) => passed.id === rule)) wrong(`${rule} was not checked`);
        }
        for (const rule of violations) {
          wrong(`${rule.id}: ${rule.help}\n    ${rule.nodes.slice(0, 3).map((node) => node.html).join("\n    ")}`);
        }
      } else {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) wrong(`scrolls ${overflow} px sideways`);
      }
      await page.close();
    }
    await context.close();
  }
}
if (pictures) {
  mkdirSync(pictures, { recursive: true });
  const context = await browser.newContext({ viewport: { width: 1040, height: 900 } });
  for (const { picture, begins, height } of PICTURES) {
    const page = await context.newPage();
    // Of several runs, the newest.
    await page.goto(address(pages.filter((name) => name.startsWith(begins)).sort().at(-1)));
    await page.screenshot({ path: join(pictures, picture), clip: { x: 0, y: 0, width: 1040, height }, fullPage: true });
    await page.close();
  }
  await context.close();
}
await browser.close();
if (mistakes.length > 0) {
  console.error([...new Set(mistakes)].join("\n"));
  process.exit(1);
}
console.log(`  ${pages.length} pages in ${VIEWS.length} views: clean`);
