import { expect, test } from "bun:test";
import { withGeneratedValues } from "./generated-secret.ts";

const SECRET = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "keys", namespace: "kyc", annotations: { "kyc.dev/generate": "A,B" } },
};

function dataOf(object: object): Record<string, string> {
  return "data" in object ? (object.data as Record<string, string>) : {};
}

test("values are generated if the cluster has none, each a different one", () => {
  const { A = "", B = "" } = dataOf(withGeneratedValues(SECRET, undefined));
  expect(Buffer.from(A, "base64").toString()).toMatch(/^[0-9a-f]{64}$/);
  expect(B).not.toBe(A);
});

test("an existing value stays, and a missing one is generated", () => {
  const live = Object.assign({}, SECRET, { data: { A: "b25l" } });
  const data = dataOf(withGeneratedValues(SECRET, live));
  expect(data["A"]).toBe("b25l");
  expect(data["B"]).toBeString();
});

test("other objects stay as they are", () => {
  const plain = { ...SECRET, metadata: { name: "keys" } };
  const config = { ...SECRET, kind: "ConfigMap" };
  expect(withGeneratedValues(plain, undefined)).toBe(plain);
  expect(withGeneratedValues(config, undefined)).toBe(config);
});
