import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kycAt } from "../testing/kyc-process.ts";
import { manifestsFolder } from "../../manifests/folders.ts";

let base = "";
let shop = "";
beforeAll(async () => {
  base = await realpath(await mkdtemp(join(tmpdir(), "kyc-folder-")));
  shop = join(base, "shop");
  for (const folder of ["shop/knative", "shop/istio", "shop/app/src", "routes/istio", "none"])
    await mkdir(join(base, folder), { recursive: true });
  await writeFile(join(shop, "knative/web.yaml"), WEB);
});
afterAll(() => rm(base, { recursive: true }));

const WEB = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {name: web-one}
    spec: {containers: [{image: shop/web}]}
  traffic: [{revisionName: web-one, percent: 100, tag: one}]
`;

describe("the folder of the manifests", () => {
  test.each([
    ["shop", "shop"],
    ["shop/app/src", "shop"],
    ["routes", "routes"],
    ["routes/istio", "routes"],
    ["none", "none"],
  ])("from %s is %s", (from, found) => {
    expect(manifestsFolder(join(base, from))).toBe(join(base, found));
  });
});

describe("a command called in another team's folder", () => {
  test("works on that folder, also from its subfolders, and keeps its state there", async () => {
    const below = join(shop, "app/src");
    expect((await kycAt(below, ["lint"])).err).toContain("read 1 file with 1 object");
    const shown = await kycAt(below, ["split", "web", "--engine", "local", "-o", "json"]);
    expect(JSON.parse(shown.out)).toMatchObject({ rows: [{ revision: "web-one", planned: 100 }] });
    const listed = await kycAt(below, ["rollout", "list"]);
    expect(listed.out).toContain(join(shop, ".kyc/rollouts"));
  });

  test("prefers --dir, then KYC_DIR, to the working directory", async () => {
    const asked = ["split", "wep", "--engine", "local"];
    expect((await kycAt(base, [...asked, "--dir", shop])).err).toContain("did you mean web?");
    const env = { KYC_DIR: shop };
    expect((await kycAt(base, asked, "", env)).err).toContain("did you mean web?");
    expect((await kycAt(shop, [...asked, "--dir", "../none"], "", env)).err).not.toContain("did you mean");
  });

  test("prints next commands with the name and the flags of its own call", async () => {
    const env = { KYC_CALLED_AS: "kubectl kyc" };
    const status = await kycAt(base, ["rollout", "web", "--engine", "local", "--dir", "shop"], "", env);
    expect(status.err).toContain("kubectl kyc rollout --dir shop --engine local web --to TAG");
    const help = await kycAt(base, ["split", "--help"], "", env);
    expect(help.out).toContain("  kubectl kyc split checkout");
  });
});
