import { describe, expect, test } from "bun:test";
import { givenBack, lastWriter, type ManagedFields, ownersOf } from "./managed-fields.ts";

const HTTP = ["spec", "http"];
const T = "2026-11-29T03:45:06Z";
const LATER = "2026-11-29T03:50:11Z";

const DEPLOYED: ManagedFields = [
  {
    manager: "kyc",
    operation: "Apply",
    time: T,
    fieldsV1: { "f:metadata": { "f:labels": {} }, "f:spec": { "f:hosts": {}, "f:http": {} } },
  },
];
// As the API server leaves it after another manager has updated an atomic list.
const MIRRORED: ManagedFields = [
  {
    manager: "kyc",
    operation: "Apply",
    time: T,
    fieldsV1: { "f:metadata": { "f:labels": {} }, "f:spec": { "f:hosts": {} } },
  },
  { manager: "kyc-shadow", operation: "Update", time: LATER, fieldsV1: { "f:spec": { "f:http": {} } } },
];

describe("a field given back", () => {
  test("is owned by those that owned it before, and by no one else", () => {
    const owners = ownersOf(DEPLOYED, HTTP);
    const after = givenBack(MIRRORED, HTTP, "kyc-shadow", owners);
    expect(after).toEqual(DEPLOYED);
    expect(lastWriter(after, HTTP)?.by).toBe("kyc");
  });

  test("is owned again by a manager that owned nothing else", () => {
    const split = {
      manager: "kyc-split",
      operation: "Update",
      time: T,
      fieldsV1: { "f:spec": { "f:http": {} } },
    };
    expect(ownersOf(givenBack(MIRRORED, HTTP, "kyc-shadow", [split]), HTTP)).toEqual([split]);
  });

  test("leaves other fields of its manager, and entries of a subresource", () => {
    const status = {
      manager: "kyc-shadow",
      operation: "Update",
      subresource: "status",
      fieldsV1: { "f:spec": { "f:http": {} } },
    };
    const both = {
      manager: "kyc-shadow",
      operation: "Update",
      time: T,
      fieldsV1: { "f:spec": { "f:http": {}, "f:tls": {} } },
    };
    expect(givenBack([both, status], HTTP, "kyc-shadow", [])).toEqual([
      { ...both, fieldsV1: { "f:spec": { "f:tls": {} } } },
      status,
    ]);
  });
});
