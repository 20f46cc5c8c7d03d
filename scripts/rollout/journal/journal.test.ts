import { afterEach, describe, expect, test } from "bun:test";
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LostLock } from "../lock/lock.ts";
import { initialState } from "../machine/state.ts";
import { Simulation } from "../testing/simulation.ts";
import { ObjectStore } from "../testing/object-store.ts";
import { ConfigMapJournal } from "./config-map-journal.ts";
import { FileJournal } from "./file-journal.ts";
import { type Entry, type Journal, type Request, CorruptJournal } from "./journal.ts";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "kyc-journal-"));
  folders.push(folder);
  return folder;
}

const { plan } = new Simulation();
const state = initialState(plan.original, 0);
const entry = (seq: number): Entry => ({ seq, event: seq === 0 ? null : { type: "time", atMs: seq }, state });
const request: Request = { command: "pause", by: "ann", why: "", overwrite: false, atMs: 1 };

const KINDS: [string, () => Promise<{ open(): Journal }>][] = [
  [
    "in a file",
    async () => {
      const folder = join(await newFolder(), "credit-check");
      return { open: () => new FileJournal(folder) };
    },
  ],
  [
    "in a ConfigMap",
    async () => {
      const { kube } = new ObjectStore();
      return { open: () => new ConfigMapJournal(kube, "kyc", "credit-check") };
    },
  ],
];

describe.each(KINDS)("a journal %s", (_, make) => {
  test("is empty at first, then has the plan, entries, checkpoint and requests", async () => {
    const { open } = await make();
    expect(await open().load()).toBeUndefined();
    const journal = open();
    await journal.begin(plan, entry(0));
    await journal.append(entry(1));
    await journal.checkpoint({ judge: [1, 2] });
    await open().ask(request);
    await open().ask({ ...request, command: "abort" });
    expect(await open().load()).toEqual({
      plan,
      entries: [entry(0), entry(1)],
      checkpoint: { judge: [1, 2] },
    });
    expect((await open().requests()).map(({ command }) => command)).toEqual(["pause", "abort"]);
  });

  test("starts without earlier requests and checkpoint", async () => {
    const { open } = await make();
    const journal = open();
    await journal.begin(plan, entry(0));
    await journal.append(entry(1));
    await journal.checkpoint(1);
    await journal.ask(request);
    await journal.begin({ ...plan, id: "r2" }, entry(0));
    expect(await open().load()).toEqual({
      plan: { ...plan, id: "r2" },
      entries: [entry(0)],
      checkpoint: undefined,
    });
    expect(await open().requests()).toEqual([]);
  });
});

describe("a journal in a file", () => {
  test("loses only a line that a crash left incomplete, and continues after it", async () => {
    const folder = await newFolder();
    const journal = new FileJournal(folder);
    await journal.begin(plan, entry(0));
    await journal.append(entry(1));
    await appendFile(journal.place, '{"seq":2,"eve');
    expect((await journal.load())?.entries).toHaveLength(2);
    await journal.append(entry(2));
    expect((await journal.load())?.entries.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  test("archives the previous rollout completely", async () => {
    const folder = await newFolder();
    const journal = new FileJournal(folder);
    await journal.begin(plan, entry(0));
    const text = await readFile(journal.place, "utf8");
    await journal.begin({ ...plan, id: "r2" }, entry(0));
    expect(await readdir(join(folder, "before"))).toEqual(["r1.ndjson"]);
    expect(await readFile(join(folder, "before/r1.ndjson"), "utf8")).toBe(text);
  });

  test("that is damaged is refused with file and line", async () => {
    const journal = new FileJournal(await newFolder());
    await journal.begin(plan, entry(0));
    await appendFile(journal.place, `${JSON.stringify(entry(2))}\n`);
    await expect(journal.load()).rejects.toThrow(`${journal.place}, line 3: entry 1 is missing`);
    await writeFile(journal.place, '{"no":"plan"}\n{}\n');
    await expect(journal.load()).rejects.toBeInstanceOf(CorruptJournal);
  });

  test("without a readable checkpoint still has every decision", async () => {
    const folder = await newFolder();
    const journal = new FileJournal(folder);
    await journal.begin(plan, entry(0));
    await writeFile(join(folder, "checkpoint.json"), "{");
    expect((await journal.load())?.checkpoint).toBeUndefined();
  });
});

describe("a journal in a ConfigMap", () => {
  test("accepts transitions from one process only, and a request at any time", async () => {
    const { kube } = new ObjectStore();
    const first = new ConfigMapJournal(kube, "kyc", "credit-check");
    await first.begin(plan, entry(0));
    const second = new ConfigMapJournal(kube, "kyc", "credit-check");
    await second.load();
    await second.append(entry(1));
    const other: Entry = { ...entry(1), event: { type: "time", atMs: 99 } };
    expect(await first.append(other).catch((error: unknown) => error)).toBeInstanceOf(LostLock);
    await first.ask(request);
    await second.append(entry(2));
    expect((await first.load())?.entries.map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });
});
