import { describe, expect, test } from "bun:test";
import type { Code } from "../manifests/codes/codes.ts";
import { parseDocuments } from "../manifests/document.ts";
import type { Repair } from "./finding.ts";
import { lint, RULES } from "./lint.ts";
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

test("an edit that changes the route or share of a request is omitted, and others are made", () => {
  const other = "credit-check-advanced.kyc.svc.cluster.local";
  expect(proven([[...destination, "host"], other])).toEqual({ text: TEXT, made: 0, unproven: 1 });
  const full = TEXT.replace("host: credit-check-basic", `host: ${HOST}`);
  expect(proven([["spec", "http", 0, "retries"], { attempts: 0 }], [[...destination, "host"], HOST])).toEqual(
    { text: full, made: 1, unproven: 1 },
  );
});

const OTHER = "credit-check-advanced.kyc.svc.cluster.local";

interface RepairedFile {
  text: string;
  /** The expected result of the repair. */
  repaired: (text: string) => string;
  /** An edit instead of the repair that changes the outcome of requests. */
  wrong: (repair: Repair) => Repair;
}

/** A file for each rule with repairs. */
const FILES: Partial<Record<Code, RepairedFile>> = {
  "full-names": {
    text: TEXT.replace(", weight: 50", ""),
    repaired: (text) => text.replace("host: credit-check-basic", `host: ${HOST}`),
    wrong: (repair) => ({ ...repair, value: OTHER }),
  },
  "gateway-name": {
    text: routes(
      `{route: [{destination: {host: ${HOST}}}]}`,
      "hosts: [a.example], gateways: [knative-local-gateway.knative-serving.svc.cluster.local]",
    ),
    repaired: (text) =>
      text.replace(
        "[knative-local-gateway.knative-serving.svc.cluster.local]",
        "[knative-serving/knative-local-gateway]",
      ),
    wrong: (repair) => ({ ...repair, value: "knative-serving/knative-ingress-gateway" }),
  },
  "lone-weight": {
    text: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: own, namespace: kyc}
spec:
  hosts: [own.kyc.svc.cluster.local]
  http:
    - route:
        - destination: {host: ${HOST}}
          weight: 50 # of the requests
`,
    repaired: (text) => text.replace("          weight: 50 # of the requests\n", ""),
    wrong: (repair) => ({
      ...repair,
      path: [...repair.path.slice(0, -1), "destination", "host"],
      value: OTHER,
    }),
  },
};

describe("each rule with repairs", () => {
  const rules = RULES.filter(({ mayRepair }) => mayRepair).map(({ code }) => code);

  test("has a file here, and no other rule has", () => {
    expect(rules.toSorted()).toEqual((Object.keys(FILES) as Code[]).toSorted());
  });

  test.each(rules)("%s: its repairs are made, are proven equal, and leave nothing to repair", (code) => {
    const { text, repaired, wrong } = FILES[code] as RepairedFile;
    const repairsIn = (of: string): readonly Repair[] =>
      lint(parseDocuments("f.yaml", of).documents, AROUND)
        .filter((finding) => finding.code === code)
        .flatMap(({ repairs }) => repairs);
    const repairs = repairsIn(text);
    expect(repairs).not.toEqual([]);
    expect(provenRepairs("f.yaml", text, repairs, AROUND)).toEqual({
      text: repaired(text),
      made: repairs.length,
      unproven: 0,
    });
    expect(repairsIn(repaired(text))).toEqual([]);
    // The written text is the one that equal compared, so a wrong repair changes nothing.
    const changed = repairs.map(wrong);
    expect(provenRepairs("f.yaml", text, changed, AROUND)).toEqual({
      text,
      made: 0,
      unproven: changed.length,
    });
  });
});
