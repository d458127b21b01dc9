// Draws the Mermaid diagrams of docs/*.md: scripts/diagrams runs it in the root of the repository.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const PAGES = "docs";
const PICTURES = "docs/images/diagrams";
const mermaid = readFileSync(join(createRequire(import.meta.url).resolve("mermaid"), "../mermaid.min.js"), "utf8");

rmSync(PICTURES, { recursive: true, force: true });
mkdirSync(PICTURES, { recursive: true });
const browser = await chromium.launch({ executablePath: process.argv[2], args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
await page.addScriptTag({ content: mermaid });
// Text instead of HTML in the picture, because a picture shows no HTML; and a background, because the book has dark themes.
await page.evaluate(() => {
  globalThis.mermaid.initialize({
    startOnLoad: false,
    theme: "neutral",
    htmlLabels: false,
    deterministicIds: true,
    fontFamily: "Verdana, 'DejaVu Sans', sans-serif",
    themeCSS: ".edgeLabel rect, .edgeLabel .background { fill: #fff !important; opacity: 1 !important; }",
    flowchart: { htmlLabels: false, useMaxWidth: false, wrappingWidth: 300 },
    state: { useMaxWidth: false },
  });
});
for (const name of readdirSync(PAGES).filter((name) => name.endsWith(".md")).sort()) {
  const text = readFileSync(join(PAGES, name), "utf8");
  for (const [index, [, source]] of [...text.matchAll(/^```mermaid\n(.*?)^```$/gms)].entries()) {
    const picture = `${name.replace(/\.md$/, "")}-${index + 1}`;
    const { svg } = await page.evaluate(([id, source]) => globalThis.mermaid.render(id, source), [picture, source]);
    if (svg.includes("<foreignObject")) throw new Error(`${name}: diagram ${index + 1} has HTML, which a picture does not show`);
    const digest = createHash("sha256").update(source).digest("hex");
    const drawn = svg.replace("<svg ", `<svg data-source="${digest}" style="background:#fff" `).replace(/ style="max-width[^"]*"/, "");
    writeFileSync(join(PICTURES, `${picture}.svg`), `${drawn}\n`);
    console.log(join(PICTURES, `${picture}.svg`));
  }
}
await browser.close();
