import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { bucketsAsWeights } from "./buckets-as-weights.ts";

const rule = (host: string, regex?: string, more = "") =>
  `    - route: [{destination: {host: ${host}}}]\n${more}${
    regex === undefined ? "" : `      match: [{headers: {x-kyc-bucket: {regex: "${regex}"}}}]\n`
  }`;

function rewritten(...rules: string[]) {
  const text = `kind: VirtualService\nmetadata: {name: shop}\nspec:\n  hosts: [shop]\n  http:\n${rules.join("")}`;
  const { documents, problems } = parseDocuments("vs.yaml", text);
  expect(problems).toEqual([]);
  const { documents: changed, notes } = bucketsAsWeights(documents);
  const [before, after] = [documents[0], changed[0]];
  if (before === undefined || after === undefined) throw new Error("no document");
  return { before, after, notes };
}

describe("a split by buckets as one by weights", () => {
  test("has the widths of the ranges as weights, in percent if they are integers", () => {
    const { after, notes } = rewritten(rule("new", "0[0-9]{3}"), rule("old", "[1-9][0-9]{3}"), rule("old"));
    expect(after.value).toMatchObject({
      spec: {
        http: [
          {
            route: [
              { destination: { host: "new" }, weight: 10 },
              { destination: { host: "old" }, weight: 90 },
            ],
          },
        ],
      },
    });
    expect(notes).toEqual([
      "assumption: every request of VirtualService shop has the header x-kyc-bucket, and its buckets 0000 to 9999 are equally likely",
    ]);
  });

  test("counts single buckets, and gives the remainder to the last rule", () => {
    const { after } = rewritten(rule("new", "000[0-6]"), rule("old"));
    expect(after.value).toMatchObject({ spec: { http: [{ route: [{ weight: 7 }, { weight: 9993 }] }] } });
  });

  test("keeps the rules around it, and the lines of all of them", () => {
    const plain = (path: string, host: string) =>
      `    - match: [{uri: {prefix: ${path}}}]\n      route: [{destination: {host: ${host}}}]\n`;
    const { before, after } = rewritten(
      plain("/first", "x"),
      rule("new", "0[0-9]{3}"),
      rule("old"),
      plain("/never", "y"),
    );
    expect(after.value).toMatchObject({ spec: { http: [{}, { route: [{}, {}] }, {}] } });
    for (const [now, then] of [
      [0, 0],
      [1, 1],
      [2, 3],
    ] as const)
      expect(after.at(["spec", "http", now]).line).toBe(before.at(["spec", "http", then]).line);
    expect(after.at(["spec", "http", 1, "route", 1, "destination"]).line).toBe(
      before.at(["spec", "http", 2, "route", 0, "destination"]).line,
    );
  });

  test("is unchanged if its rules differ in something else, which is reported", () => {
    const { before, after, notes } = rewritten(rule("new", "0[0-9]{3}", "      timeout: 3s\n"), rule("old"));
    expect(after).toBe(before);
    expect(notes).toEqual([
      "VirtualService shop: the rules of x-kyc-bucket differ in more than buckets and destinations, so they stay rules",
    ]);
  });
});
