import { afterAll, describe, expect, test } from "bun:test";
import { cp, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kycAt, startDev } from "../scripts/commands/testing/kyc-process.ts";
import { PROJECT } from "../scripts/project.ts";

interface Walk {
  folder: string;
  /** The program that runs the service. */
  program: string;
  service: string;
  to: string;
  /** The path that the split decides, at the ingress gateway. */
  path: string;
  host: string;
  /** The requested host, if it is not the default. */
  asked?: string;
  /** The file with the split, and an edit that does not affect requests. */
  file: string;
  /** The failing candidate of a further rollout. */
  rollsBackTo?: string;
}

const WALKS: Walk[] = [
  {
    folder: "node",
    program: "node",
    service: "prices",
    to: "tiered",
    path: "/prices/lamp",
    host: "prices.shop.localhost",
    file: "knative/prices/2-tiered.yaml",
  },
  {
    folder: "python",
    program: "python3",
    service: "orders",
    to: "express",
    path: "/orders/1234",
    host: "127.0.0.1",
    file: "istio/orders.yaml",
  },
];

const DEPLOYMENTS: Walk = {
  folder: "classic-istio",
  program: "sh",
  service: "credit-check",
  to: "v2",
  path: "/kyc/v1/customer",
  host: "127.0.0.1",
  asked: "classic.example",
  file: "istio/4-virtual-service.yaml",
  rollsBackTo: "v1",
};

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder of another team: a copy of an example, outside this repository. */
async function teamFolder(name: string): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), `kyc-team-${name}-`)));
  folders.push(folder);
  await cp(join(PROJECT, "examples", name), folder, { recursive: true });
  const dev = join(folder, "dev.yaml");
  const text = await readFile(dev, "utf8");
  await writeFile(dev, text.replace("functions: ../..", `functions: ${PROJECT}`));
  return folder;
}

const HAS_PROGRAMS = WALKS.every(({ program }) => Bun.which(program) !== null);

// Both run in parallel, because most of the time is spent waiting for the judges.
test.skipIf(!HAS_PROGRAMS)(
  "services in Node and Python pass lint, dev, equal, split and rollout, each in a folder of its own",
  async () => {
    await Promise.all(WALKS.map(walkThrough));
  },
  180_000,
);

test("Deployments with subsets pass lint, dev, equal, split and rollout, including a rollback", async () => {
  await walkThrough(DEPLOYMENTS);
}, 180_000);

async function walkThrough({
  folder,
  service,
  to,
  path,
  host,
  asked,
  file,
  rollsBackTo,
}: Walk): Promise<void> {
  const root = await teamFolder(folder);
  const kyc = (...args: string[]) => kycAt(root, args);
  const linted = await kyc("lint");
  expect({ code: linted.code, out: linted.out }).toMatchObject({ code: 0 });

  await using dev = await startDev(["--dir", root, "--seed", "1"]);
  const url = `http://${host}:${new URL(dev.ingress).port}${path}`;
  const get = (): Promise<Response> => fetch(url, asked === undefined ? {} : { headers: { host: asked } });
  const ask = async (): Promise<string> => (await get()).text();
  const answer = await get();
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);

  // A copy of the files routes each request the same way, until the split is changed.
  const same = await teamFolder(folder);
  expect((await kyc("split", service, "--traffic", `${to}=50`)).out).toContain("In force");
  expect(await readFile(join(root, file), "utf8")).toContain("50");
  expect((await kyc("equal", root, same)).code).toBe(1);
  const answers = await Promise.all(Array.from({ length: 40 }, ask));
  expect(new Set(answers).size).toBe(2);
  expect((await kyc("split", service, "--undo")).code).toBe(0);
  expect((await kyc("equal", root, same)).code).toBe(0);

  // Moves traffic to the version under load.
  await kyc("split", service, "--traffic", `${to}=0`);
  const stop = new AbortController();
  const load = (async () => {
    while (!stop.signal.aborted) {
      await Promise.all(Array.from({ length: 6 }, () => ask().catch(() => "")));
      await Bun.sleep(10);
    }
  })();
  const quickly = "--steps 50,100 --step-time 1s --bake 1s --look 1s --beta 0.3";
  const leniently = "--tolerate-latency 900% --tolerate-error-rate 20%";
  const moved = await kyc("rollout", service, "--to", to, ...`${quickly} ${leniently}`.split(" "));
  expect(moved.out).toContain(`promoted: ${service}`);
  expect(moved.code).toBe(0);
  expect(new Set(await Promise.all(Array.from({ length: 20 }, ask))).size).toBe(1);
  if (rollsBackTo !== undefined) {
    expect((await kyc("fault", service, rollsBackTo, "--error", "60%")).code).toBe(0);
    const back = await kyc("rollout", service, "--to", rollsBackTo, ...quickly.split(" "));
    expect(back.out).toContain(`rolled back: ${service}`);
    expect((await kyc("split", service, "-o", "json")).out).toContain('"live": 100');
  }
  stop.abort();
  await load;
}

describe("dev.yaml", () => {
  test("with a mistake is refused with its line", async () => {
    const root = await teamFolder("node");
    await writeFile(
      join(root, "dev.yaml"),
      "images:\n  registry.example.com/shop/prices:\n    comand: [node]\n",
    );
    const { code, err } = await kycAt(root, ["dev", "--port", "0"]);
    expect(code).toBe(1);
    expect(err).toContain("dev.yaml:3:5: error");
    expect(err).toContain("did you mean command?");
    await writeFile(
      join(root, "dev.yaml"),
      "images: {registry.example.com/shop/price: {command: [no-such-thing]}}",
    );
    const missing = await kycAt(root, ["dev", "--port", "0"]);
    expect(missing.err).toContain(
      'dev.yaml:1:54: error: images["registry.example.com/shop/price"].command[0]',
    );
  });

  test("is followed when it is edited", async () => {
    const root = await teamFolder("node");
    await using dev = await startDev(["--dir", root]);
    const url = `http://prices.shop.localhost:${new URL(dev.ingress).port}/prices/pen`;
    expect((await fetch(url)).status).toBe(200);
    const path = join(root, "dev.yaml");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace("app/server.mjs]", "app/server.mjs]\n    env: {PRICING: tiered}"));
    const flat = async (): Promise<number> => {
      const all = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()));
      return all.filter((answer) => answer.includes("flat")).length;
    };
    const end = performance.now() + 20_000;
    while ((await flat()) > 0 && performance.now() < end) await Bun.sleep(50);
    expect(await flat()).toBe(0);
  }, 60_000);
});

test("the example with Deployments and subsets passes lint, and equal finds swapped subsets", async () => {
  const root = await teamFolder("classic-istio");
  const linted = await kycAt(root, ["lint"]);
  expect({ code: linted.code, out: linted.out }).toMatchObject({
    code: 0,
    out: expect.not.stringContaining("warning"),
  });
  const istio = join(root, "istio");
  const copy = join(await teamFolder("classic-istio"), "istio");
  expect((await kycAt(root, ["equal", istio, copy])).code).toBe(0);
  const rule = join(copy, "3-destination-rule.yaml");
  const text = await readFile(rule, "utf8");
  await writeFile(rule, text.replace("version: v1", "version: v3"));
  expect((await kycAt(root, ["equal", istio, copy])).code).toBe(1);
});
