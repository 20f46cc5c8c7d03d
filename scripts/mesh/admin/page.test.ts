import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { accessibilityViolations, noBrowser, sharedBrowser } from "../../../test/browser.ts";
import { count } from "../../format.ts";
import { startMesh } from "../mesh.ts";
import { manyRevisions, rolloutOf } from "./testing/sample-state.ts";
import { TestSystem } from "../testing/test-system.ts";

test("the part of the page that runs in the browser has no type error", async () => {
  const project = join(import.meta.dir, "page/browser");
  const child = Bun.spawn([process.execPath, "check", "--no-script", "--no-pretty", "-p", project], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect({ code, told: code === 0 ? "" : out + err }).toEqual({ code: 0, told: "" });
});

describe.skipIf(noBrowser() !== undefined)("the live page", () => {
  let browser: Browser;
  let system: TestSystem;

  beforeAll(async () => {
    system = await TestSystem.create();
    await system.start();
    for (let i = 0; i < 20; i++) await system.fetch("/");
    browser = await sharedBrowser();
  });

  afterAll(async () => {
    await system?.[Symbol.asyncDispose]();
  });

  interface Opened extends AsyncDisposable {
    page: Page;
    /** Errors reported by the browser, and its requests to other origins. */
    complaints: string[];
  }

  async function open(port = system.mesh?.port): Promise<Opened> {
    const context = await browser.newContext({ viewport: { width: 1000, height: 800 } });
    const page = await context.newPage();
    const complaints: string[] = [];
    const origin = `http://127.0.0.1:${port}`;
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!request.url().startsWith(`${origin}/_mesh`)) complaints.push(`asked for ${request.url()}`);
    });
    await page.goto(`${origin}/_mesh`);
    await page.getByRole("article", { name: "echo-a" }).waitFor();
    return { page, complaints, [Symbol.asyncDispose]: () => context.close() };
  }

  /** Waits until a part of the page has a text. The page's policy does not allow waiting for an expression. */
  const until = (page: Page, part: string, words: string): Promise<void> =>
    page.locator(part, { hasText: words }).waitFor();

  describe("that is only viewed", () => {
    let opened: Opened;

    beforeAll(async () => {
      opened = await open();
      await opened.page.locator("summary").first().click();
    });

    afterAll(() => opened?.[Symbol.asyncDispose]());

    test.each([
      [360, "light"],
      [360, "dark"],
      [1440, "light"],
      [1440, "dark"],
    ] as const)(
      "is readable at a width of %d pixels in the %s, and stays within the window",
      async (width, colorScheme) => {
        const { page, complaints } = opened;
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        expect(await page.evaluate(overflow)).toBe(0);
        expect(await page.locator("svg.flow:visible").count()).toBe(1);
        expect(await page.evaluate(FAINT_TEXTS)).toEqual([]);
        expect(await page.evaluate(SMALL_TARGETS)).toEqual([]);
        // One combination suffices for this, because it takes longest.
        if ((width === 360) === (colorScheme === "light"))
          expect(await accessibilityViolations(page)).toEqual([]);
        expect(complaints).toEqual([]);
      },
    );

    test("has no motion for users who prefer reduced motion", async () => {
      const { page } = opened;
      const moving = (): Promise<number> => page.evaluate("document.getAnimations().length");
      await page.emulateMedia({ reducedMotion: "no-preference" });
      for (let i = 0; i < 5; i++) await system.fetch("/");
      await page.locator("svg.flow:visible .edge:not(.still)").first().waitFor({ state: "attached" });
      await page.waitForFunction("document.getAnimations().length > 0");
      await page.emulateMedia({ reducedMotion: "reduce" });
      expect(await moving()).toBe(0);
    });

    test("names its parts for a screen reader", async () => {
      const { page } = opened;
      for (const name of ["Flow", "Planned and seen", "Revisions", "Rules"]) {
        expect(await page.getByRole("region", { name }).count()).toBe(1);
      }
      expect(await page.getByRole("img", { name: /How requests go\. Ingress gateway/ }).count()).toBe(1);
      expect(await page.getByRole("img", { name: /^echo-a: planned 50 %, seen/ }).count()).toBe(1);
      expect(await page.evaluate(NAMELESS)).toEqual([]);
    });
  });

  test("follows the traffic, keeps the user's input, and explains why a fault cannot be set", async () => {
    await using opened = await open();
    const { page, complaints } = opened;
    const card = page.getByRole("article", { name: "echo-a" });
    await card.locator("summary").click();
    const field = card.getByLabel("wait", { exact: false });
    await field.fill("77");
    const seen = Number(/([0-9]+) requests in/.exec(await page.locator("main").innerText())?.[1]);
    for (let i = 0; i < 10; i++) await system.fetch("/");
    await until(page, "main", `${seen + 10} requests in`);
    expect(await field.inputValue()).toBe("77");
    expect(await page.evaluate(FOCUSED)).toStartWith("wait");
    expect(complaints).toEqual([]);
    await field.fill("0");
    await card.getByLabel("fail", { exact: false }).fill("0");
    await card.getByRole("button", { name: "Switch on" }).click();
    await until(page, "#told", "give an error, a delay or both");
  });

  test("can be used by keyboard only: a fault is set and cleared, with a visible focus at each step", async () => {
    await using opened = await open();
    const { page, complaints } = opened;
    const focused = (): Promise<string> => page.evaluate(FOCUSED);
    const tabTo = async (name: string): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        const [at = "", outline = ""] = (await focused()).split("|");
        expect({ at, outline }).toEqual({ at, outline: "solid" });
        if (at.startsWith(name)) return;
      }
      throw new Error(`nothing called ${name} is reached`);
    };
    await page.keyboard.press("Tab");
    expect(await focused()).toStartWith("To the content");
    await tabTo("Fault of echo-a");
    await page.keyboard.press("Enter");
    await tabTo("fail");
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("100");
    await page.keyboard.press("Enter");
    await until(page, "#told", "The fault of echo-a is on.");
    expect(await page.locator("pre").innerText()).toContain("httpStatus: 503");
    const statuses = new Set<number>();
    for (let i = 0; i < 30; i++) statuses.add((await system.fetch("/")).status);
    expect([...statuses].sort()).toEqual([200, 503]);
    await tabTo("Switch off");
    await page.keyboard.press("Enter");
    await until(page, "#told", "The fault is off.");
    for (let i = 0; i < 30; i++) expect((await system.fetch("/")).status).toBe(200);
    expect(complaints).toEqual([]);
  });

  test("shows the chosen time range, also after a reload", async () => {
    await using opened = await open();
    const { page, complaints } = opened;
    const card = page.getByRole("article", { name: "echo-a" });
    await card.getByText("median, 1 min").waitFor();
    await page.getByLabel("5 min").check();
    await card.getByText("median, 5 min").waitFor();
    await page.reload();
    await card.getByText("median, 5 min").waitFor();
    await page.getByLabel("10 s").check();
    await card.getByText("median, 10 s").waitFor();
    expect(new URL(page.url()).search).toBe("?seconds=10");
    expect(complaints).toEqual([]);
  });

  test("finds one of 1,000 revisions by keyboard only, in a small document", async () => {
    await using opened = await open();
    const { page, complaints } = opened;
    const state = { ...manyRevisions(500), rollouts: [rolloutOf()] };
    await page.route("**/_mesh/state?*", (route) => route.fulfill({ json: state }));
    await page.getByText("shop-49", { exact: false }).first().waitFor();
    expect(await page.locator("[data-service-row]").count()).toBe(50);
    expect(await page.getByRole("article", { name: "Rollout of credit-check" }).count()).toBe(1);
    expect(await page.locator("*").count()).toBeLessThan(1_000);
    await page.keyboard.press("/");
    await page.keyboard.type("shop-413-a");
    await until(page, "#found", `1 of ${count(1000)} revisions of 1 service`);
    expect(await page.locator("*").count()).toBeLessThan(300);
    await page.keyboard.press("Enter");
    await page.getByRole("article", { name: "shop-413-a" }).waitFor();
    expect(await page.evaluate(FOCUSED)).toStartWith("shop-413");
    expect(await accessibilityViolations(page)).toEqual([]);
    await page.keyboard.press("/");
    await page.keyboard.press("Escape");
    await until(page, "#found", `${count(1000)} revisions of 500 services`);
    expect(await page.locator("[data-service-row]").count()).toBe(50);
    await page.getByRole("button", { name: "Show 50 more" }).click();
    expect(await page.locator("[data-service-row]").count()).toBe(100);
    expect(complaints).toEqual([]);
  });

  test("reports that the mesh has ended, and continues automatically when it is back", async () => {
    await using own = await TestSystem.create();
    const first = await own.start();
    await using opened = await open(first.port);
    const { page } = opened;
    first.kill();
    await until(page, "#status", "The mesh is not running, last seen at");
    expect(await page.locator("main").innerText()).toContain("echo-a");
    own.mesh = await startMesh({
      root: own.root,
      port: first.port,
      localPort: 0,
      seed: 1,
      events: own.events,
    });
    await until(page, "#status", "live");
  });

  test("loads nothing from other origins, and cannot be framed", async () => {
    const response = await system.fetch("/_mesh");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy.split("; ").sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self'",
      "script-src 'self'",
      "style-src 'self'",
    ]);
  });
});

/** The name of the focused element, and whether it is visible. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  const label = at.labels?.[0]?.innerText ?? at.getAttribute("aria-label") ?? at.textContent;
  return label.trim() + "|" + getComputedStyle(at).outlineStyle;
})()`;

/** Controls without a name. */
const NAMELESS = `[...document.querySelectorAll("a, button, input, summary")]
  .filter((at) => !(at.labels?.[0]?.textContent ?? at.textContent).trim())
  .map((at) => at.outerHTML)`;

/** Buttons and fields below the target size of WCAG 2.2 (2.5.8, 24 pixels). */
const SMALL_TARGETS = `[...document.querySelectorAll("button, input, summary")]
  .map((at) => [at.outerHTML, at.getBoundingClientRect()])
  .filter(([, { width, height }]) => width > 0 && (width < 24 || height < 24))
  .map(([html]) => html)`;

/** Texts with a contrast below 4.5 (WCAG 2.2, 1.4.3), except in disabled elements. */
const FAINT_TEXTS = `(() => {
  const parse = (color) => (color.match(/[0-9.]+/g) ?? []).map(Number);
  const luminance = (color) => {
    const [r, g, b] = parse(color).map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (at) => {
    for (let box = at; box; box = box.parentElement) {
      const color = getComputedStyle(box).backgroundColor;
      if (parse(color)[3] !== 0) return color;
    }
  };
  const faint = [];
  for (const at of document.querySelectorAll("body *")) {
    const own = [...at.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || at.closest("[hidden], noscript, :disabled") || at.getClientRects().length === 0) continue;
    const isDrawn = at.namespaceURI.endsWith("svg");
    const color = isDrawn ? getComputedStyle(at).fill : getComputedStyle(at).color;
    const behind = isDrawn ? getComputedStyle(at.parentElement.querySelector("rect")).fill : ground(at);
    const [high, low] = [luminance(color), luminance(behind)].sort((a, b) => b - a);
    if ((high + 0.05) / (low + 0.05) < 4.5) faint.push(at.textContent + " " + color + " on " + behind);
  }
  return faint;
})()`;
