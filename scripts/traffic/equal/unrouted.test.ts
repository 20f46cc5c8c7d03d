import { describe, expect, test } from "bun:test";
import { parseDocuments } from "../../manifests/document.ts";
import { compareDocuments } from "./compare-documents.ts";

const HOST = "reviews.shop.svc.cluster.local";

function verdict(a: object[], b: object[]): string {
  const [ofA, ofB] = [a, b].map((objects, i) => ({
    name: String(i),
    documents: objects.flatMap((object) => parseDocuments(`${i}.yaml`, JSON.stringify(object)).documents),
  })) as [{ name: string; documents: [] }, { name: string; documents: [] }];
  const result = compareDocuments([ofA, ofB], { domain: "example.com", revisionHeader: undefined });
  return result.kind === "compared" ? result.comparison.verdict : result.kind;
}

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "reviews", namespace: "shop" },
  spec: { selector: { app: "reviews" }, ports: [{ port: 80 }, { port: 8080 }] },
};

const rules = (...http: object[]): object => ({
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "reviews", namespace: "shop" },
  spec: { hosts: [HOST], http },
});

const v2 = { route: [{ destination: { host: "reviews-v2.shop.svc.cluster.local" } }] };
const own = (port?: number) => ({
  route: [{ destination: { host: HOST, ...(port === undefined ? {} : { port: { number: port } }) } }],
});

describe("a host all of whose rules are for others", () => {
  const ofTester = { match: [{ sourceLabels: { app: "tester" } }], ...v2 };

  // istiod makes no virtual host where no rule is left, so that the caller gets to the Service.
  test("has its Service behind it for other callers, as without rules", () => {
    const other = { match: [{ sourceLabels: { app: "other" } }], ...v2 };
    expect(verdict([service, rules(ofTester)], [service, rules(ofTester)])).toBe("equal");
    expect(verdict([service, rules(ofTester)], [service, rules(other)])).toBe("different");
    expect(verdict([service, rules(ofTester)], [service])).toBe("different");
    expect(verdict([service, rules({ match: [{ sourceNamespace: "team" }], ...v2 })], [service])).toBe(
      "different",
    );
  });

  test("is the same whether its rules are for no caller or it has none", () => {
    const ofPort = { match: [{ port: 9999 }], ...v2 };
    expect(verdict([service, rules(ofPort)], [service])).toBe("equal");
  });

  test("answers 404 where a rule is left whose other conditions do not hold", () => {
    const ofPath = { match: [{ uri: { exact: "/a" } }], ...v2 };
    expect(verdict([service, rules(ofTester, ofPath)], [service, rules(ofTester, ofPath, own())])).toBe(
      "different",
    );
  });
});
