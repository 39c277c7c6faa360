// Reports as files: node report.mjs FOLDER SCREENSHOTS. Each *.html is validated, looked at by axe, and printed. Exit code
// 1 if anything is not as it should be.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import assert from "node:assert/strict";
import { HtmlValidate } from "html-validate";
import { chromium } from "playwright-core";

const [, , folder, screenshots] = process.argv;
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
// What the HTML standard says, and not how somebody likes to write it.
const validator = new HtmlValidate({ extends: ["html-validate:standard", "html-validate:a11y"] });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
let failed = 0;

async function valid(name, text) {
  const report = await validator.validateString(text);
  const said = report.results.flatMap((result) => result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`));
  assert.deepEqual(said.slice(0, 10), []);
}

async function look(name, text) {
  for (const [kind, options] of Object.entries({
    light: { viewport: { width: 1100, height: 900 } },
    dark: { viewport: { width: 1100, height: 900 }, colorScheme: "dark" },
    phone: { viewport: { width: 390, height: 844 } },
  })) {
    const context = await browser.newContext({ ...options, offline: true });
    const page = await context.newPage();
    const errors = [];
    page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
    page.on("dialog", (dialog) => { errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on("request", (request) => { if (!request.url().startsWith("file:")) errors.push(`asked elsewhere: ${request.url()}`); });
    await page.goto(pathToFileURL(join(folder, name)).href);
    await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }));
    assert.deepEqual(found.violations.map((v) => `${kind}: ${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join(" | ")}`), []);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wider <= 0, `${kind}: ${wider} px wider than the window`);
    // What is linked to is there.
    const targets = await page.evaluate(() => [...document.querySelectorAll("a[href]")].filter((a) => !document.getElementById(a.getAttribute("href").slice(1))).map((a) => a.href));
    assert.deepEqual(targets, []);
    assert.deepEqual(errors, []);
    await page.screenshot({ path: join(screenshots, `${name.replace(/\.html$/, "")}-${kind}.png`), fullPage: kind !== "phone" });
    await context.close();
  }
}

async function printed(name) {
  const page = await browser.newPage();
  await page.goto(pathToFileURL(join(folder, name)).href);
  for (const format of ["A4", "Letter"]) {
    const pdf = await page.pdf({ format, preferCSSPageSize: false });
    await writeFile(join(screenshots, `${name.replace(/\.html$/, "")}-${format}.pdf`), pdf);
    const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    assert.ok(pages >= 2 && pages < 30, `${format}: ${pages} pages`);
  }
  // Nothing is cut off at the right edge of the paper.
  await page.setViewportSize({ width: 700, height: 1000 });
  await page.emulateMedia({ media: "print" });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wider <= 0, `${wider} px wider than the paper`);
  await page.close();
}

for (const name of (await readdir(folder)).filter((name) => name.endsWith(".html"))) {
  try {
    const text = await readFile(join(folder, name), "utf8");
    await valid(name, text);
    await look(name, text);
    await printed(name);
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error.message}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
