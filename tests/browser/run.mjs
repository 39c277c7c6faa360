// Drives the pages in Chromium: node run.mjs SOC FLEET SCREENSHOTS. Exit code 1 if anything is not as it should be.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const [, , soc, fleet, screenshots] = process.argv;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// Chromium's own sandbox needs privileges that a container may not give; only pages of this daemon are opened.
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
let failed = 0;

// A test in a browser of its own; errors on the console fail it, whatever else it looks at.
async function test(name, options, steps) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("dialog", (dialog) => { errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    const own = request.url().startsWith(soc) || request.url().startsWith(fleet) || request.url().startsWith("data:");
    if (!own) errors.push(`asked elsewhere: ${request.url()}`);
  });
  try {
    await steps(page);
    assert.deepEqual(errors, []);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message}`);
  }
  await context.close();
}

async function picture(page, name, fullPage = true) {
  await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage });
}

// The policy of the pages lets nothing be added, so axe is evaluated from outside, which it does not forbid.
async function accessible(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const said = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join(" | ")}`);
  assert.deepEqual(said, []);
  assert.ok(found.passes.length > 15, "axe looked at hardly anything");
}

const names = (page) => page.locator("#board tbody tr:not([hidden]) th > a bdi").allTextContents();
const visible = (page) => page.locator("#board tbody tr:not([hidden])").count();
const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

await test("board", {}, async (page) => {
  await page.goto(soc);
  assert.equal(await page.locator("h1").textContent(), "Tolerance board");
  assert.ok((await visible(page)) > 15);
  assert.equal(await page.locator("#board tbody tr").first().getAttribute("data-status"), "outside");
  assert.ok(await page.locator("#guide").isVisible());
  await accessible(page);
  await picture(page, "board");
  await page.click("#dismiss");
  assert.equal(await page.locator("#guide").count(), 0);
  await picture(page, "board-without-guide", false);
});

await test("a process", {}, async (page) => {
  await page.goto(soc);
  await page.click("text=Triage of reported phishing mail");
  assert.match(page.url(), /processes\/phishing-triage$/);
  for (const id of ["control", "durations", "outcomes", "map"]) {
    assert.ok(await page.locator(`svg.${id}[role=img]`).isVisible(), id);
  }
  assert.match(await page.locator("#verdict").textContent(), /outside.*It deviates in/);
  assert.ok((await page.locator("#drift .alarm").count()) >= 1, "its drift is shown");
  assert.ok((await page.locator("#ledger-h ~ * tbody tr").count()) >= 1);
  await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.open = true; }));
  await accessible(page);
  await page.locator("details").evaluateAll((all) => all.forEach((one) => { one.open = false; }));
  await picture(page, "process");
});

await test("every process has no violation", {}, async (page) => {
  await page.goto(`${soc}/?guide=off`);
  const paths = await page.locator("#board tbody th a").evaluateAll((all) => all.map((a) => a.href));
  for (const path of paths.slice(0, 8)) {
    await page.goto(path);
    await accessible(page);
  }
  await page.goto(`${soc}/processes/incident-response`);
  await accessible(page);
  await picture(page, "process-large");
});

await test("sorting", {}, async (page) => {
  for (const sort of ["name", "class", "deviation", "frequency", "executor", "recommendation", "drift", "attention"]) {
    for (const dir of ["asc", "desc"]) {
      await page.goto(`${soc}/?sort=${sort}&dir=${dir}`);
      const served = await names(page);
      await page.goto(soc);
      const link = page.locator(`#board thead a[data-sort=${sort}]`);
      await link.click();
      const turned = (await page.locator(`th:has(> a[data-sort=${sort}])`).getAttribute("aria-sort")) !== `${dir}ending`;
      if (turned) await link.click();
      assert.deepEqual(await names(page), served, `${sort} ${dir}: script and server differ`);
    }
  }
  assert.match(page.url(), /sort=attention|\/$/);
});

await test("filtering", {}, async (page) => {
  await page.goto(soc);
  const all = await visible(page);
  await page.click("#tiles a[data-show=outside]");
  const outside = await visible(page);
  assert.ok(outside > 0 && outside < all);
  assert.match(page.url(), /show=outside/);
  await page.fill("#q", "PHISH");
  assert.deepEqual(await names(page), ["Triage of reported phishing mail"]);
  assert.match(await page.locator("#csv").getAttribute("href"), /show=outside&q=PHISH/);
  await page.reload();
  assert.deepEqual(await names(page), ["Triage of reported phishing mail"]);
  await page.fill("#q", "no such process");
  assert.ok(await page.locator("#none").isVisible());
  await accessible(page);
  await picture(page, "board-empty", false);
});

await test("dark", { colorScheme: "dark" }, async (page) => {
  await page.goto(`${soc}/?guide=off`);
  const background = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  assert.equal(background, "rgb(13, 21, 31)");
  await accessible(page);
  await picture(page, "board-dark", false);
  await page.goto(`${soc}/processes/phishing-triage`);
  await accessible(page);
  await picture(page, "process-dark");
  await page.goto(`${soc}/ingest`);
  await accessible(page);
});

await test("phone", { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }, async (page) => {
  for (const [path, name] of [["/?guide=off", "phone-board"], ["/processes/phishing-triage", "phone-process"], ["/ingest", "phone-ingest"], ["/", "phone-guide"]]) {
    await page.goto(soc + path);
    assert.equal(await overflow(page), 0, `${path} is wider than the phone`);
    await accessible(page);
    await picture(page, name, false);
  }
});

await test("keyboard only", {}, async (page) => {
  await page.goto(`${soc}/?guide=off`);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement.id), "q");
  await page.keyboard.type("phish");
  assert.equal(await visible(page), 1);
  let steps = 0;
  while (!(await page.evaluate(() => document.activeElement.matches("#board tbody a")))) {
    await page.keyboard.press("Tab");
    assert.ok(++steps < 40, "the process is never reached");
  }
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid", "what has the focus is to be seen");
  await page.keyboard.press("Enter");
  await page.waitForURL(/phishing-triage/);
});

await test("without JavaScript", { javaScriptEnabled: false }, async (page) => {
  await page.goto(soc);
  await page.click("#dismiss");
  assert.equal(await page.locator("#guide").count(), 0);
  await page.fill("#q", "phish");
  await page.selectOption("#show", "outside");
  await page.click("#filter button");
  assert.match(page.url(), /q=phish&show=outside/);
  assert.deepEqual(await names(page), ["Triage of reported phishing mail"]);
  await page.goto(soc);
  await page.click("#board thead a[data-sort=name]");
  assert.match(page.url(), /sort=name&dir=asc/);
  await picture(page, "board-without-script", false);
});

await test("a process named <script>", {}, async (page) => {
  await page.goto(`${soc}/?q=alert(1)`);
  assert.deepEqual(await names(page), ["<script>alert(1)</script>"]);
  await page.click("#board tbody tr:not([hidden]) a");
  assert.equal(await page.locator("h1").textContent(), "<script>alert(1)</script>");
  assert.equal(await page.locator("main script").count(), 0);
  await accessible(page);
  await picture(page, "process-script", false);
});

await test("odd names", {}, async (page) => {
  await page.goto(`${soc}/?q=long-name`);
  assert.equal(await overflow(page), 0);
  await picture(page, "board-long-name", false);
  await page.click("#board tbody tr:not([hidden]) a");
  assert.equal(await overflow(page), 0);
  for (const id of ["..", "a/b?c#d%20&\"'"]) {
    await page.goto(`${soc}/?sort=name`);
    await page.locator("#board tbody a", { hasText: id }).first().click();
    assert.equal(await page.locator("h1").textContent(), id);
  }
});

await test("ingest", {}, async (page) => {
  await page.goto(`${soc}/ingest`);
  assert.equal(await page.locator(".source").count(), 2);
  assert.match(await page.locator("main").textContent(), /missing_time/);
  await accessible(page);
  await picture(page, "ingest");
});

await test("reports", {}, async (page) => {
  await page.goto(`${soc}/reports/`);
  assert.equal(await page.locator("h1").textContent(), "Reports");
  assert.equal(await page.locator('nav a[aria-current="page"]').textContent(), "Reports");
  await accessible(page);
  await page.click("tbody th a");
  assert.match(await page.title(), /^Tolerance report, /);
  assert.ok((await page.locator("section h2").count()) >= 9);
  await picture(page, "report-served", false);
});

await test("what is not there", {}, async (page) => {
  // Chromium itself notes a page that answers 404.
  page.removeAllListeners("console");
  await page.goto(`${soc}/nowhere`);
  assert.equal(await page.locator("h1").textContent(), "Not found");
  await accessible(page);
  await picture(page, "not-found", false);
});

await test("print", {}, async (page) => {
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: 1000, height: 1300 });
  await page.goto(`${soc}/?guide=off`);
  assert.ok(!(await page.locator("#filter").isVisible()));
  await picture(page, "print-board", false);
});

await test("a thousand processes", {}, async (page) => {
  const begun = Date.now();
  await page.goto(fleet);
  assert.equal(await visible(page), 1000);
  console.log(`      loaded in ${Date.now() - begun} ms`);
  const sorted = await page.evaluate(() => {
    const begun = performance.now();
    document.querySelector("#board thead a[data-sort=deviation]").click();
    document.body.offsetHeight;
    return performance.now() - begun;
  });
  console.log(`      sorted in ${sorted.toFixed(0)} ms`);
  await page.fill("#q", "process-0999");
  assert.equal(await visible(page), 1);
  await page.fill("#q", "");
  await picture(page, "fleet", false);
});

await browser.close();
console.log(failed === 0 ? "all as it should be" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
