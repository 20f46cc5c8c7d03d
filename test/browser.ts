import { accessSync, constants } from "node:fs";
import { readFile } from "node:fs/promises";
import { chromium, type Browser, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/** Headless, and without the browser's own requests, such as updates. */
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The path of Chromium: `CHROMIUM` in the environment, else its usual names on the PATH; undefined if it is missing. */
export function findChromium(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const given = env["CHROMIUM"];
  if (given) return isExecutable(given) ? given : undefined;
  for (const name of NAMES) {
    const found = Bun.which(name, { PATH: env["PATH"] ?? "" });
    if (found !== null) return found;
  }
  return undefined;
}

/** Why there is no browser, for skipped tests; undefined if there is one. */
export function noBrowser(): string | undefined {
  if (findChromium() !== undefined) return undefined;
  const reason = `no Chromium: neither CHROMIUM names one nor is one of ${NAMES.join(", ")} on the PATH`;
  console.warn(`tests in a browser are skipped, ${reason}`);
  return reason;
}

/** Starts Chromium. @throws {Error} if there is none */
async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(noBrowser());
  return chromium.launch({ executablePath, args: FLAGS });
}

/** On the global object, because each test file may get modules of its own. */
declare global {
  var kycSharedBrowser: Promise<Browser> | undefined;
}

/** The browser shared by the test files of one process, each with its own context. It ends with the process. */
export function sharedBrowser(): Promise<Browser> {
  return (globalThis.kycSharedBrowser ??= launchBrowser());
}

/** The violations that axe-core finds on a page, as `rule: element`, by its rules for WCAG 2.2 A and AA and best practices. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(Bun.resolveSync("axe-core/axe.min.js", import.meta.dir), "utf8"));
  return page.evaluate(`axe.run({ resultTypes: ["violations"] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))`);
}

/**
 * The faults of a self-contained page, in a window of a small phone and in a wide one, light and dark: violations of
 * accessibility, content wider than the window, browser messages, and requests.
 */
export async function pageFaults(html: string): Promise<string[]> {
  const browser = await sharedBrowser();
  const faults: string[] = [];
  for (const [width, colorScheme] of [
    [360, "light"],
    [1200, "dark"],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    page.on("console", (message) => faults.push(message.text()));
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => faults.push(`asked for ${request.url()}`));
    await page.setContent(html);
    const wide = Number(await page.evaluate("document.documentElement.scrollWidth"));
    if (wide > width) faults.push(`${wide} pixels wide in a window of ${width}`);
    faults.push(...(await accessibilityViolations(page)).map((fault) => `${colorScheme}: ${fault}`));
    await page.close();
  }
  return faults;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
