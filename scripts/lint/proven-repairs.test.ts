import { expect, test } from "bun:test";
import { parseDocuments } from "../manifests/document.ts";
import type { Repair } from "./finding.ts";
import { provenRepairs } from "./proven-repairs.ts";
import { routes, SERVICE } from "./testing/findings.ts";

const HOST = "credit-check-basic.kyc.svc.cluster.local";
const TEXT = routes(`{route: [
  {destination: {host: credit-check-basic}, weight: 50}]}`);
const AROUND = parseDocuments("service.yaml", SERVICE).documents;
const destination = ["spec", "http", 0, "route", 0, "destination"];

function proven(
  ...changes: [path: Repair["path"], value: Repair["value"]][]
): ReturnType<typeof provenRepairs> {
  const [document] = parseDocuments("f.yaml", TEXT).documents;
  if (document === undefined) throw new Error("no document");
  const repairs = changes.map(([path, value]) => ({ document, path, value }));
  return provenRepairs("f.yaml", TEXT, repairs, AROUND);
}

test("an edit that changes no request's way is made", () => {
  const full = TEXT.replace("host: credit-check-basic", `host: ${HOST}`);
  expect(proven([[...destination, "host"], HOST])).toEqual({ text: full, made: 1, unproven: 0 });
});

test("an edit that changes where a request goes, or how often, is left out, and others are made", () => {
  const other = "credit-check-advanced.kyc.svc.cluster.local";
  expect(proven([[...destination, "host"], other])).toEqual({ text: TEXT, made: 0, unproven: 1 });
  const full = TEXT.replace("host: credit-check-basic", `host: ${HOST}`);
  expect(proven([["spec", "http", 0, "retries"], { attempts: 0 }], [[...destination, "host"], HOST])).toEqual(
    { text: full, made: 1, unproven: 1 },
  );
});
