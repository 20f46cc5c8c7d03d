import { expect, test } from "bun:test";
import { escapeHtml } from "./html.ts";

test("text has no markup once it is escaped", () => {
  expect(escapeHtml(`<a title="x" lang='y'>1 & 2</a>`)).toBe(
    "&lt;a title=&quot;x&quot; lang=&#39;y&#39;&gt;1 &amp; 2&lt;/a&gt;",
  );
  expect(escapeHtml("&amp; → ü")).toBe("&amp;amp; → ü");
});
