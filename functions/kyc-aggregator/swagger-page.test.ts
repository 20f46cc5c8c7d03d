import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { sharedBrowser, noBrowser } from "../../test/browser.ts";
import { startService, type ServiceProcess } from "../shared/testing/service-process.ts";

describe.skipIf(noBrowser() !== undefined)("the Swagger page", () => {
  let browser: Browser;
  let check: ServiceProcess;
  let aggregator: ServiceProcess;

  beforeAll(async () => {
    check = await startService("credit-check", { CREDIT_CHECK_VARIANT: "v3", K_REVISION: "credit-check-v3" });
    aggregator = await startService("kyc-aggregator", { CREDIT_CHECK_URL: check.origin });
    browser = await sharedBrowser();
  });

  afterAll(async () => {
    check?.kill("SIGKILL");
    aggregator?.kill("SIGKILL");
  });

  /** Opens the page from the service's root. */
  async function open(width: number): Promise<{ page: Page; complaints: string[]; urls: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const complaints: string[] = [];
    const urls: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => urls.push(request.url()));
    await page.goto(`${aggregator.origin}/`);
    await page.locator(".opblock").first().waitFor();
    return { page, complaints, urls };
  }

  /** Executes one of the GET operations, by its position on the page. */
  async function execute(page: Page, index: number): Promise<unknown> {
    await page.locator(".opblock-get .opblock-summary-control").nth(index).click();
    await page.locator(".execute").click();
    const answered = page.locator(".live-responses-table .response-col_status").last();
    expect(await answered.innerText()).toStartWith("200");
    return JSON.parse(await page.locator(".live-responses-table .microlight").first().innerText());
  }

  const overflow = (page: Page): Promise<number> =>
    page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

  test.each([375, 1280])("executes a request, at a width of %i", async (width) => {
    const { page, complaints, urls } = await open(width);
    expect(page.url()).toBe(`${aggregator.origin}/swagger`);
    expect(await page.title()).toBe("KYC aggregator");
    expect(await overflow(page)).toBe(0);
    expect(await execute(page, 0)).toMatchObject({
      type: "V3",
      sanctioned: false,
      backgroundCheckPass: true,
    });
    expect(await overflow(page)).toBe(0);
    expect(await page.locator(".live-responses-table").innerText()).toContain(
      "x-kyc-revision: credit-check-v3",
    );
    expect(complaints).toEqual([]);
    expect(urls.filter((url) => !url.startsWith(`${aggregator.origin}/`))).toEqual([]);
    await page.close();
  });

  test("executes a request at the ingress path", async () => {
    const { page, urls } = await open(800);
    expect(await execute(page, 1)).toMatchObject({ type: "V3" });
    expect(urls.at(-1)).toBe(`${aggregator.origin}/ingress/kyc/v1/customer`);
    await page.close();
  });
});
