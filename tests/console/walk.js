// Walks through the console in Chromium: walk.js --itb PROGRAM --chromium PROGRAM --texts FOLDER [--screenshots FOLDER] [--pictures FOLDER]
//
// The path of the article: connection, export, dry run, delivery, the segment; then a held run, a conflict of two windows,
// every other page. In English and Japanese, wide and narrow, light and dark; by keyboard alone. Every page is checked with
// axe-core, for messages on the console of the browser, for requests to anywhere else, and for scrolling sideways.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

const { values } = parseArgs({
  options: Object.fromEntries(["itb", "chromium", "texts", "screenshots", "pictures"].map((name) => [name, { type: "string" }])),
});
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const KEY = "demo-key-of-the-mock";
// What docs/console.md shows: the beginning of these pages.
const PICTURES = {
  "home-held": "console-home", "new-connection-tested": "console-connection", "new-export-3": "console-matching",
  segment: "console-segment", hold: "console-hold",
};
const mistakes = new Set();
const programs = [];
const texts = Object.fromEntries(["en", "ja"].map((lang) => [lang, fluent(lang)]));

/** The simple texts of a language by their key. */
function fluent(lang) {
  const file = readFileSync(join(values.texts, `${lang}.ftl`), "utf8");
  return Object.fromEntries([...file.matchAll(/^([a-zA-Z0-9-]+) = (.+)$/gm)].map(([, key, text]) => [key, text]));
}

/** Starts a console and gives its address. */
function start(...parameters) {
  const program = spawn(resolve(values.itb), ["console", ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
  programs.push(program);
  const address = new Promise((found, failed) => {
    let printed = "";
    program.stdout.on("data", (data) => {
      printed += data;
      const url = printed.match(/http:\S+token=\w+/);
      if (url) found(url[0]);
    });
    program.on("exit", (code) => failed(new Error(`itb console ended with ${code}: ${printed}`)));
  });
  return { program, address };
}

/** Ends a console with Ctrl-C and waits for it. */
function stop({ program }) {
  const ended = new Promise((end) => program.on("exit", end));
  program.kill("SIGINT");
  return ended;
}

const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});

/** A person with a browser: a language, a width, a colour scheme. */
class Visitor {
  static async at(console, lang, width, colorScheme) {
    const visitor = new Visitor();
    visitor.lang = lang;
    visitor.t = (key) => texts[lang][key] ?? fail(`no text ${key}`);
    visitor.name = `${lang}-${width}-${colorScheme}`;
    const locale = lang === "ja" ? "ja-JP" : "en-GB";
    visitor.context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, locale });
    visitor.start = await console.address;
    visitor.origin = new URL(visitor.start).origin;
    visitor.page = await visitor.open();
    await visitor.page.goto(visitor.start);
    visitor.base = visitor.page.url().replace(/\/$/, "");
    return visitor;
  }

  wrong(page, what) {
    mistakes.add(`${this.name} ${new URL(page.url(), "http://none").pathname.replace(/^\/s\/\w+/, "")}: ${what}`);
  }

  async open() {
    const page = await this.context.newPage();
    page.on("console", (message) => {
      // A form that has to be corrected, and a conflict, are answers with a status of their own.
      if (!/status of (4(03|04|09|22))/.test(message.text())) this.wrong(page, `console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.wrong(page, `error: ${error.message}`));
    page.on("dialog", (dialog) => { this.wrong(page, "a script ran"); dialog.dismiss(); });
    page.on("request", (request) => {
      if (new URL(request.url()).origin !== this.origin) this.wrong(page, `asks for ${request.url()}`);
    });
    return page;
  }

  /** Checks the page that is open and keeps a picture of it. */
  async look(name, page = this.page) {
    const lang = await page.locator("html").getAttribute("lang");
    if (lang !== this.lang) this.wrong(page, `is in ${lang}`);
    if (values.screenshots) {
      await page.screenshot({ path: join(values.screenshots, `${name}-${this.name}.png`), fullPage: true });
    }
    const picture = PICTURES[name];
    if (values.pictures && picture && this.name.endsWith("-1280-light")) {
      const height = Math.min(860, await page.evaluate(() => document.documentElement.scrollHeight));
      const path = join(values.pictures, `${picture}${this.lang === "ja" ? ".ja" : ""}.png`);
      await page.screenshot({ path, clip: { x: 120, y: 0, width: 1040, height }, fullPage: true });
    }
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (overflow > 0) this.wrong(page, `${name} scrolls ${overflow} px sideways`);
    // The policy forbids scripts; the checker is put into an isolated world of the driver instead.
    const session = await page.context().newCDPSession(page);
    const { frameTree } = await session.send("Page.getFrameTree");
    const world = { frameId: frameTree.frame.id, worldName: "axe" };
    const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", world);
    const run = async (expression) => {
      const answer = await session.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
      if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? "axe failed");
      return answer.result.value;
    };
    await run("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
    await run(axe);
    const found = await run(
      "axe.run().then(({ violations, passes }) => ({ passed: passes.map(({ id }) => id), violations: violations.map(" +
        "({ id, help, nodes }) => `${id}: ${help}\\n    ${nodes.slice(0, 3).map((node) => node.html).join('\\n    ')}`) }))",
    );
    for (const violation of found.violations) this.wrong(page, `${name}: ${violation}`);
    for (const rule of ["color-contrast", "document-title", "html-has-lang"]) {
      if (!found.passed.includes(rule)) this.wrong(page, `${name}: ${rule} was not checked`);
    }
    await session.detach();
  }

  async go(path) { await this.page.goto(`${this.base}${path}`); }
  async press(key, scope = this.page) { await scope.getByRole("button", { name: this.t(key), exact: true }).first().click(); }
  async follow(key, scope = this.page) { await scope.getByRole("link", { name: this.t(key) }).first().click(); }
  async fill(id, text) { await this.page.locator(`#${id}`).fill(text); }
  async expect(text) {
    await this.page.getByText(text).first().waitFor({ timeout: 20_000 }).catch(async (error) => {
      const shown = await this.page.locator("main").innerText();
      throw new Error(`${this.name}: "${text}" is not on ${this.page.url()}:\n${shown}\n${error.message}`);
    });
  }
  async sees(key) { await this.expect(this.t(key)); }

  /** Waits until a delivery or a dry run is over. Its page asks for itself again. */
  async ended() {
    const working = this.page.getByText(this.t("job-close"));
    await this.page.locator("h1").waitFor();
    // A trial is read back for up to a minute.
    await working.waitFor({ state: "detached", timeout: 180_000 });
  }

  /** Adds a connection as the article describes it; first with a wrong key. */
  async addConnection() {
    await this.follow("add-connection");
    await this.look("new-connection");
    await this.press("connect");
    await this.sees("wrong-display-name");
    await this.look("new-connection-wrong");
    await this.fill("display_name", this.lang === "ja" ? "Braze 日本ワークスペース" : "Braze, Japan");
    await this.fill("key", "not-the-right-key");
    await this.page.locator("#agree").check();
    await this.fill("agreed_by", "佐藤 花子");
    await this.press("connect");
    await this.page.locator(".attention.bad").waitFor();
    await this.look("new-connection-refused");
    await this.fill("key", KEY);
    await this.press("connect");
    await this.sees("tick-nothing");
    await this.look("new-connection-tested");
    await this.press("save-next");
    await this.sees("save-hint");
    await this.look("change");
    await this.press("save");
    await this.sees("saved");
    await this.look("connection");
    await this.page.getByRole("link", { name: this.t("add-export") }).waitFor();
  }

  /** An export of one segment, with a column as the customer ID and another one in a custom attribute, and its first delivery. */
  async addExportOf(segment, name, id, field, attribute = "Tier") {
    await this.go("/exports/new");
    await this.fill("name", name);
    await this.look(`new-export-1-${name}`);
    await this.press("next");
    await this.page.locator("[name=segments][value=listed]").check();
    const others = this.page.locator(`[name=segment]:not([value=${segment}])`);
    for (const other of await others.all()) await other.uncheck();
    await this.press("next");
    await this.page.locator("#customer_id").selectOption(id);
    await this.page.locator(`[name='field:${field}']`).selectOption("custom");
    await this.page.locator(`[name='custom:${field}']`).fill(attribute);
    await this.press("next");
    await this.press("next");
    await this.sees("fields-caption");
    await this.look(`new-export-5-${name}`);
    await this.press("save-next");
    await this.press("save");
    await this.sees("saved-export");
    await this.dryRun();
    await this.follow("deliver-this");
    await this.fill("typed", name);
    await this.press("deliver-now");
    await this.ended();
    await this.look(`delivered-${name}`);
  }

  /** Runs that are held before they are sent: by a column that identifies no one, and by the type of an attribute in Braze. */
  async otherHolds() {
    await this.addConnection();
    await this.addExportOf("ChurnRisk", "by-country", "Country", "FirstName");
    await this.release("ITB-D05", "ChurnRisk");
    await this.addExportOf("HighValueCustomers", "by-type", "LoyaltyId", "Points");
    await this.reject("ITB-H08", "HighValueCustomers");
    await this.runAll(2);
    await this.release("ITB-H08", "HighValueCustomers");
  }

  /** Runs that are held by what Braze holds: other people's IDs, deleted profiles, an attribute of another type. */
  async heldByBraze() {
    await this.addConnection();
    await this.changeBraze("demo-other-ids");
    await this.addExportOf("ChurnRisk", "other-ids", "LoyaltyId", "FirstName");
    await this.release("ITB-H10", "ChurnRisk");
    await this.anHourLater("ChurnRisk");
    await this.changeBraze("demo-delete");
    await this.runAll(1);
    await this.release("ITB-H07", "ChurnRisk");
    await this.go("/demo");
    await this.fill("attribute", "HighValueCustomers");
    await this.changeBraze("demo-keep-text");
    await this.addExportOf("HighValueCustomers", "as-text", "LoyaltyId", "Points", "Score");
    await this.release("ITB-H08", "HighValueCustomers", "ITB-H09");
    await this.reject("ITB-H09", "HighValueCustomers");
  }

  /** Does what someone who works in Braze might do. */
  async changeBraze(key) {
    if (!this.page.url().endsWith("/demo")) await this.go("/demo");
    await this.press(key);
    await this.sees("demo-happened");
  }

  /** Lets the deliveries of a segment have ended an hour earlier: what was sent in the last minutes is not checked. */
  async anHourLater(attribute) {
    await this.go("/");
    const command = await this.page.locator("details.command code").textContent();
    const workspace = command.match(/--workspace (\S+)/)[1];
    const found = readdirSync(workspace, { recursive: true }).filter((file) => file.endsWith("ledger.json"));
    const ledgers = found.map((file) => [join(workspace, file), JSON.parse(readFileSync(join(workspace, file), "utf8"))]);
    for (const [file, ledger] of ledgers.filter(([, ledger]) => ledger.attribute === attribute)) {
      for (const past of ledger.history) past.finished_at = new Date(Date.parse(past.finished_at) - 3_600_000).toISOString();
      writeFileSync(file, JSON.stringify(ledger));
    }
  }

  async addExport() {
    await this.go("/");
    await this.look("home-connected");
    await this.follow("add-export");
    await this.fill("name", "loyalty");
    await this.look("new-export-1");
    await this.press("next");
    await this.page.locator("[name='attribute:HighValueCustomers']").fill("優良顧客");
    await this.look("new-export-2");
    await this.press("next");
    const chosen = await this.page.locator("#customer_id").inputValue();
    if (chosen !== "LoyaltyId") this.wrong(this.page, `proposes ${chosen}`);
    await this.page.locator("#customer_id").selectOption("Country");
    await this.press("check-columns");
    await this.page.locator(".caution").first().waitFor();
    await this.look("new-export-3-warning");
    await this.page.locator("#customer_id").selectOption("LoyaltyId");
    await this.press("check-columns");
    await this.page.locator("[name='field:FirstName']").selectOption("first_name");
    await this.page.locator("[name='field:Points']").selectOption("dob");
    await this.press("check-columns");
    await this.sees("left-out");
    await this.look("new-export-3-left-out");
    await this.page.locator("[name='field:Points']").selectOption("custom");
    await this.press("check-columns");
    await this.page.locator(".attention[role=status]").waitFor();
    await this.look("new-export-3");
    await this.press("next");
    await this.look("new-export-4");
    await this.press("next");
    await this.sees("fields-caption");
    await this.look("new-export-5");
    await this.press("save-next");
    await this.look("change-export");
    await this.press("save");
    await this.sees("saved-export");
    await this.look("export");
  }

  async dryRun() {
    await this.press("run-now");
    await this.ended();
    await this.sees("dry-run-done");
  }

  async deliver(isTyped) {
    await this.dryRun();
    await this.look("dry-run");
    await this.follow("deliver-this");
    await this.look("confirm");
    if (isTyped) {
      await this.press("deliver-now");
      await this.sees("wrong-typed-name");
      await this.fill("typed", "loyalty");
    }
    await this.press("deliver-now");
    await this.ended();
    await this.look("delivered");
  }

  async segment() {
    await this.go("/segments/loyalty/HighValueCustomers");
    await this.sees("usable");
    await this.expect("優良顧客");
    await this.look("segment");
    await this.page.locator("tbody a").first().click();
    await this.sees("for-engineers");
    await this.look("run");
    await this.page.getByRole("link", { name: this.t("full-report") }).click();
    await this.page.locator("h2#members").waitFor();
    await this.go("/demo");
    const row = this.page.getByRole("row", { name: /優良顧客/ });
    const members = Number((await row.locator("td").first().innerText()).replace(",", ""));
    if (!(members > 1000)) this.wrong(this.page, `the attribute is true for ${members}`);
    await this.look("demo");
  }

  async hold() {
    await this.go("/demo");
    await this.press("demo-export-partial");
    await this.sees("demo-exported-partial");
    await this.go("/exports/loyalty");
    await this.deliver(false);
    await this.go("/");
    await this.look("home-held");
    const decisions = await this.page.locator("article").count();
    if (decisions !== 2) this.wrong(this.page, `${decisions} held runs in place of 2`);
    const decide = () => this.page.getByRole("link", { name: new RegExp(this.t("attention-held-action")) }).first().click();
    await decide();
    await this.press("hold-postpone");
    await this.page.locator("article.neutral").waitFor();
    await this.look("home-postponed");
    await decide();
    await this.sees("hold-files-before");
    await this.look("hold");
    const number = (await this.page.locator("label[for=people]").innerText()).match(/[\d,]+/)[0];
    await this.fill("people", "1");
    await this.page.getByRole("button", { name: new RegExp(number) }).click();
    await this.sees("wrong-people");
    await this.look("hold-wrong");
    await this.fill("people", number);
    await this.fill("reason", "季節が終わった");
    await this.page.getByRole("button", { name: new RegExp(number) }).click();
    await this.ended();
    await this.look("released");
    await this.page.getByRole("link", { name: new RegExp(this.t("run-report")) }).first().click();
    await this.expect("季節が終わった");
    // The other one is dropped.
    await this.go("/");
    await this.page.getByRole("link", { name: new RegExp(this.t("attention-held-action")) }).first().click();
    await this.fill("reason_to_reject", "ファイル不足");
    await this.press("hold-reject");
    await this.go("/");
    await this.sees("attention-none");
    await this.look("home");
  }

  /** Opens the decision about the held run of a segment, which has this code. */
  async openHold(code, segment) {
    await this.go("/");
    await this.page.getByRole("link", { name: new RegExp(`${this.t("attention-held-action")}.*${segment}`) }).click();
    await this.expect(code);
  }

  /** Releases a held run, whose files were not sent. It may be held again, by something else. */
  async release(code, segment, next) {
    await this.openHold(code, segment);
    await this.look(`hold-${code}`);
    const number = (await this.page.locator("label[for=people]").innerText()).match(/[\d,]+/)[0];
    await this.fill("people", number);
    await this.fill("reason", "確認済み");
    await this.press("hold-release-unsent");
    await this.ended();
    await this.page.locator("article.item").first().waitFor();
    const held = await this.page.locator(".outcome.warning").filter({ hasText: this.t("outcome-held") }).count();
    if (held !== (next ? 1 : 0)) this.wrong(this.page, `${code} is released, and ${held} runs are held`);
  }

  /** Drops it. */
  async reject(code, segment) {
    await this.openHold(code, segment);
    await this.look(`hold-${code}`);
    await this.fill("reason_to_reject", "列の誤り");
    await this.press("hold-reject");
    await this.page.locator("h2#filter").waitFor();
  }

  /** Every export at once, from the home page. */
  async runAll(segments) {
    await this.go("/demo");
    await this.press("demo-export-all");
    await this.go("/");
    await this.press("run-all");
    await this.ended();
    await this.sees("dry-run-done");
    await this.look("dry-run-of-all");
    await this.follow("deliver-this");
    await this.look("confirm-all");
    if (await this.page.locator("#typed").count()) {
      await this.fill("typed", (await this.page.locator("label[for=typed]").innerText()).match(/[\d,]+/)[0]);
    }
    await this.press("deliver-now");
    await this.ended();
    await this.look("delivered-all");
    const found = await this.page.locator("article.item").count();
    if (found !== segments) this.wrong(this.page, `${found} segments in place of ${segments}`);
  }

  /** Two windows change exports.toml: the second is shown both versions. */
  async conflict() {
    await this.go("/exports/loyalty/rules");
    await this.look("rules");
    const other = await this.open();
    await other.goto(`${this.base}/settings`);
    await this.look("settings", other);
    const text = await other.locator("#text").inputValue();
    await other.locator("#text").fill(`# Kept by marketing\n${text}`);
    await this.press("check-and-show", other);
    await this.press("save", other);
    await other.getByText(this.t("saved")).first().waitFor();
    await this.fill("max_leavers", "35");
    await this.press("save-next");
    await this.sees("conflict-title");
    await this.look("conflict");
    await this.press("conflict-apply");
    await this.sees("saved-export");
    await other.goto(`${this.base}/settings`);
    const both = await other.locator("#text").inputValue();
    if (!both.includes("# Kept by marketing") || !both.includes("max_leavers = 0.35")) this.wrong(other, "a change is lost");
    await other.locator("#text").fill(both.replace("max_leavers", "max_leaver"));
    await this.press("check-and-show", other);
    await other.getByText(this.t("mistakes-title")).waitFor();
    await this.look("mistakes", other);
    await other.goto(`${this.base}/settings`);
    await other.locator("main li a").first().click();
    await this.look("version", other);
    await this.press("restore", other);
    await this.look("restore", other);
    await other.close();
  }

  /** A paused export is run by nothing but a person. */
  async pause() {
    await this.go("/exports/loyalty");
    await this.press("pause");
    await this.press("save");
    await this.sees("resume-text");
    await this.look("paused");
    await this.press("resume");
    await this.press("save");
    await this.sees("pause-text");
  }

  async others() {
    for (const [path, name] of [["/connections", "connections"], ["/exports", "exports"], ["/help", "help"],
      ["/help/ITB-H01", "code"], ["/nowhere", "not-found"]]) {
      await this.go(path);
      await this.look(name);
    }
    await this.go("/erase");
    await this.fill("customer_id", "LY-0000001");
    await this.press("erase-look");
    await this.sees("erase-found");
    await this.look("erase");
    await this.fill("word", "erase");
    await this.press("erase");
    await this.sees("wrong-word");
    await this.fill("word", "ERASE");
    await this.press("erase");
    await this.sees("erase-receipt");
    await this.look("erased");
  }
}

function fail(text) { throw new Error(text); }

/** Whether every control of a page can be reached by Tab, and the path be walked with Enter and Space alone. */
async function byKeyboard(lang) {
  const console = start("--demo", "--members", "200");
  const visitor = await Visitor.at(console, lang, 1280, "light");
  const { page, t } = visitor;
  const tabTo = async (locator, what) => {
    for (let tries = 0; tries < 120; tries += 1) {
      await page.keyboard.press("Tab");
      if (await locator.evaluate((element) => element === document.activeElement)) return;
    }
    fail(`${lang}: ${what} can't be reached by Tab`);
  };
  const type = async (id, text) => { await tabTo(page.locator(`#${id}`), id); await page.keyboard.type(text); };
  const enter = async (role, key) => {
    await tabTo(page.getByRole(role, { name: t(key), exact: role === "button" }).first(), key);
    await Promise.all([page.waitForLoadState("load"), page.keyboard.press("Enter")]);
    await page.locator("h1").waitFor();
  };
  await page.keyboard.press("Tab");
  if (!(await page.locator(".skip").evaluate((element) => element === document.activeElement))) fail("the first stop is not the skip link");
  await enter("link", "add-connection");
  await type("display_name", "Braze");
  await type("key", KEY);
  await tabTo(page.locator("#agree"), "agree");
  await page.keyboard.press("Space");
  await type("agreed_by", "Sato");
  await enter("button", "connect");
  await visitor.sees("tick-nothing");
  await enter("button", "save-next");
  await enter("button", "save");
  await visitor.sees("saved");
  await enter("link", "nav-home");
  await enter("link", "add-export");
  await type("name", "loyalty");
  for (let step = 1; step < 5; step += 1) await enter("button", "next");
  await visitor.sees("fields-caption");
  await enter("button", "save-next");
  await enter("button", "save");
  await visitor.sees("saved-export");
  await enter("button", "run-now");
  await visitor.ended();
  await enter("link", "deliver-this");
  await type("typed", "loyalty");
  await enter("button", "deliver-now");
  await visitor.ended();
  await visitor.go("/demo");
  const yes = await page.getByRole("row", { name: /HighValueCustomers/ }).locator("td").first().innerText();
  if (!(Number(yes) > 50)) visitor.wrong(page, `by keyboard, the attribute is true for ${yes}`);
  await visitor.context.close();
  await stop(console);
}

/** Two exports with wrong columns. */
async function otherHolds(lang) {
  const console = start("--demo", "--members", "500");
  const visitor = await Visitor.at(console, lang, 1280, "light");
  await visitor.otherHolds();
  await visitor.context.close();
  await stop(console);
}

/** What happens in Braze holds runs. */
async function heldByBraze(lang) {
  const console = start("--demo", "--members", "500");
  const visitor = await Visitor.at(console, lang, 1280, "light");
  await visitor.heldByBraze();
  await visitor.context.close();
  await stop(console);
}

/** A console on an empty folder says what to do; one on a wrong exports.toml leads to it. */
async function emptyAndWrong(lang) {
  const folder = mkdtempSync(join(tmpdir(), "itb-console-"));
  const config = join(folder, "exports.toml");
  writeFileSync(config, "[connections.eu]\nhostname = \"rest.fra-01.braze.eu\"\n");
  const console = start(folder, "--config", config, "--workspace", join(folder, "workspace"));
  const visitor = await Visitor.at(console, lang, 390, "light");
  await visitor.sees("nothing-landed");
  await visitor.look("empty");
  await visitor.go("/connections");
  await visitor.sees("key-missing");
  writeFileSync(config, "[connections.eu]\nhostname = \"rest.example\"\n");
  await visitor.go("/");
  await visitor.sees("error-title");
  await visitor.look("error");
  await visitor.follow("open-settings");
  await visitor.sees("mistakes-title");
  await visitor.context.close();
  await stop(console);
  if (existsSync(join(folder, "workspace"))) mistakes.add("looking at pages made a workspace");
  rmSync(folder, { recursive: true });
}

async function whole(lang, width, scheme) {
  const console = start("--demo");
  const visitor = await Visitor.at(console, lang, width, scheme);
  await visitor.sees("begin-title");
  await visitor.look("begin");
  await visitor.addConnection();
  await visitor.addExport();
  await visitor.deliver(true);
  await visitor.segment();
  await visitor.hold();
  await visitor.runAll(2);
  await visitor.conflict();
  await visitor.pause();
  await visitor.others();
  // The language is a choice that stays.
  const other = lang === "ja" ? "en" : "ja";
  await visitor.go("/");
  await visitor.press("other-language");
  await visitor.go("/exports");
  if ((await visitor.page.locator("html").getAttribute("lang")) !== other) visitor.wrong(visitor.page, "the language does not stay");
  await visitor.context.close();
  await stop(console);
}

for (const folder of [values.screenshots, values.pictures]) if (folder) mkdirSync(folder, { recursive: true });
const walks = [["en", 1280, "light"], ["ja", 1280, "light"], ["ja", 390, "dark"], ["en", 390, "dark"]];
try {
  // They wait for most of their time.
  const held = Promise.all(["en", "ja"].map(heldByBraze));
  held.catch(() => {});
  for (const [lang, width, scheme] of walks) {
    await whole(lang, width, scheme);
    globalThis.console.log(`  ${lang}, ${width} px, ${scheme}: the whole path`);
  }
  for (const lang of ["en", "ja"]) {
    await byKeyboard(lang);
    await otherHolds(lang);
    await emptyAndWrong(lang);
  }
  await held;
  globalThis.console.log("  runs that are held by what Braze holds: en, ja");
  globalThis.console.log("  by keyboard alone, on an empty folder, with a wrong exports.toml: en, ja");
} finally {
  for (const program of programs) program.kill("SIGKILL");
  await browser.close();
  if (mistakes.size > 0) globalThis.console.error([...mistakes].join("\n"));
}
if (mistakes.size > 0) process.exit(1);
