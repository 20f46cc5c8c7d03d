import { expect, test } from "bun:test";
import fc from "fast-check";
import { creditCheckPath } from "./customer.ts";

const at = (query: string) => creditCheckPath(`http://localhost/kyc/v1/customer${query}`);

test.each([
  ["?type=basicReport", "/credit-check/basic"],
  ["?type=advancedReport", "/credit-check/advanced"],
  ["?name=jane&type=basicReport&x", "/credit-check/basic"],
  ["?type=%62asicReport", "/credit-check/basic"],
  ["", "/credit-check/report"],
  ["?", "/credit-check/report"],
  ["?type", "/credit-check/report"],
  ["?type=", "/credit-check/report"],
  ["?type=BASICREPORT", "/credit-check/report"],
  ["?Type=basicReport", "/credit-check/report"],
  ["?type=basicReport%20", "/credit-check/report"],
  ["?type=basicReport,advancedReport", "/credit-check/report"],
  ["?type=basicReport&type=advancedReport", "/credit-check/report"],
  ["?type=basicReport&type=basicReport", "/credit-check/report"],
  ["?type[]=basicReport", "/credit-check/report"],
  ['?type=["basicReport"]', "/credit-check/report"],
  ["?type=%E0%A4%A", "/credit-check/report"],
  ["?type=toString", "/credit-check/report"],
  ["?type=__proto__", "/credit-check/report"],
  ["?type=../basic", "/credit-check/report"],
])("the query %p goes to %s", (query, path) => expect(at(query)).toBe(path));

test("has no other path for any query", () => {
  const paths = ["/credit-check/basic", "/credit-check/advanced", "/credit-check/report"];
  fc.assert(
    fc.property(fc.oneof(fc.webQueryParameters(), fc.string()), (query) => {
      expect(paths).toContain(at(`?${query}`));
    }),
  );
});
