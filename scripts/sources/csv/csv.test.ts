import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { serviceContext } from "../../cluster/kube/service-context.ts";
import { openSource } from "../registry.ts";
import type { Outcome } from "../source.ts";
import { csvSource } from "./csv.ts";

let folder = "";
let path = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kyc-csv-"));
  path = join(folder, "outcomes.csv");
});
afterAll(() => rm(folder, { recursive: true }));

const HEADER = "time,revision,ok,ms\n";
// So fast that the whole file is due at once.
const AT_ONCE = 1e9;

async function read(text: string, speed = AT_ONCE): Promise<Outcome[]> {
  await writeFile(path, text);
  const seen: Outcome[] = [];
  for await (const batch of csvSource(path, speed).outcomes(new AbortController().signal))
    seen.push(...batch);
  return seen;
}

describe("a recorded CSV file", () => {
  test("is replayed from its start, each line at its distance from the first", async () => {
    const begun = Date.now();
    const seen = await read("time,revision,ok,ms\n100,a,true,5\n102.5,b,false,7\n105,a,true,6", 10);
    const took = Date.now() - begun;
    expect(seen.map(({ revision, ok, ms, count }) => ({ revision, ok, ms, count }))).toEqual([
      { revision: "a", ok: true, ms: 5, count: 1 },
      { revision: "b", ok: false, ms: 7, count: 1 },
      { revision: "a", ok: true, ms: 6, count: 1 },
    ]);
    const [first, second, third] = seen.map(({ atMs }) => atMs);
    expect((second ?? 0) - (first ?? 0)).toBeCloseTo(250);
    expect((third ?? 0) - (first ?? 0)).toBeCloseTo(500);
    expect(took).toBeGreaterThanOrEqual(499);
  });

  test("may have its columns in any order, quotes, empty fields, and CRLF", async () => {
    const seen = await read(
      '\uFEFFms,ok,"revision",time,excluded,count,kind\r\n1.5,true,"a ""b"", c",2026-01-31T12:00:00Z,probe,3,rejected\r\n\r\n2,false,,2026-01-31T12:00:00Z,,,\r\n',
    );
    const shown = seen.map(({ revision, ok, ms, count, kind, excluded }) => ({
      revision,
      ok,
      ms,
      count,
      kind,
      excluded,
    }));
    expect(shown).toEqual([
      { revision: 'a "b", c', ok: true, ms: 1.5, count: 3, kind: "rejected", excluded: "probe" },
      { revision: undefined, ok: false, ms: 2, count: 1, kind: undefined, excluded: undefined },
    ]);
  });

  test("may say for whom a request was, by which route, and how it failed", async () => {
    const [told, not] = await read(
      "time,revision,ok,ms,unit,route,failure,request_id\n1,a,false,5,0421,GET /report,503,r-1\n2,a,true,5,,,,\n",
    );
    expect(told).toMatchObject({
      unit: "0421",
      route: "GET /report",
      failure: { what: "503", requestId: "r-1" },
    });
    expect(not).not.toContainKey("failure");
    expect([not?.unit, not?.route]).toEqual([undefined, undefined]);
  });

  test.each([
    ["time,revision,ok,ms\n", false],
    ["time,revision,ok,ms,route\n", true],
  ])("reports routes if it has a column for them: %j", async (header, tellsRoutes) => {
    await writeFile(path, header);
    const context = serviceContext({ service: "check", root: folder });
    expect(await openSource(context, { location: "cluster", flags: { csv: path } })).toMatchObject({
      tellsRoutes,
    });
  });

  test("reads any name that is quoted by RFC 4180", async () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(name, { minLength: 1, maxLength: 20 }), async (names) => {
        const lines = names.map((each) => `1,"${each.replaceAll('"', '""')}",true,1\n`);
        const seen = await read(HEADER + lines.join(""));
        expect(seen.map(({ revision }) => revision)).toEqual(names);
      }),
      { numRuns: 25 },
    );
  });

  test.each([
    ['2:5: ok is "yes": true or false is expected', "", "1,a,yes,1"],
    ['2:10: ms is "-1": a number of milliseconds from 0 is expected', "", "1,a,true,-1"],
    ['2:1: time is "noon": a time such as', "", "noon,a,true,1"],
    ["2:12: there are 5 fields, and 4 columns", "", "1,a,true,1,9"],
    ["2:1: ms is missing: a number of milliseconds from 0 is expected", "", "1,a,true"],
    ["2:3: the quote is not closed", "", '1,"a,true,1'],
    ["2:6: a comma is expected after the closing quote", "", '1,"a"b,true,1'],
    ['2:12: count is "0": a whole number from 1', "time,revision,ok,ms,count\n", "1,a,true,1,0"],
    ['2:12: excluded is "cold": cold start, probe', "time,revision,ok,ms,excluded\n", "1,a,true,1,cold"],
    ['1:6: there is no column "revison": did you mean revision?', "time,revison,ok,ms\n", ""],
    ["1:9: column time is there twice", "time,ok,time\n", ""],
    ["1:1: the first line names the columns, and revision, ms is missing", "time,ok\n", ""],
    ["2:1: the line has over 10000 characters", "", "x".repeat(10_001)],
  ])("names file, line and column of an error: %s", async (message, header, line) => {
    const error: unknown = await read((header || HEADER) + line).catch((error: unknown) => error);
    expect(String(error)).toStartWith(`Error: ${path}:${message}`);
  });
});

describe("a CSV file that grows", () => {
  test("is read from its end, even if a line arrives in parts", async () => {
    await writeFile(path, `${HEADER}1,old,true,1\n2,b`);
    const seen: Outcome[] = [];
    const end = new AbortController();
    const source = await openSource(serviceContext({ service: "check", root: folder }), {
      location: "machine",
      flags: { csv: path },
    });
    expect(source).toMatchObject({ name: "csv", place: path });
    const reading = (async () => {
      for await (const batch of source.outcomes(end.signal)) seen.push(...batch);
    })();
    await Bun.sleep(300);
    await appendFile(path, ",true,5\n3,c,false,");
    while (seen.length < 1) await Bun.sleep(10);
    await appendFile(path, "6\n");
    while (seen.length < 2) await Bun.sleep(10);
    expect(seen.map(({ revision, atMs, ok, ms }) => [revision, atMs, ok, ms])).toEqual([
      ["b", 2_000, true, 5],
      ["c", 3_000, false, 6],
    ]);
    await truncate(path, 10);
    expect(reading).rejects.toThrow(`${path} was cut shorter`);
    await reading.catch(() => {});
    end.abort();
  });

  test("is an error at once if it is missing, or has other columns", async () => {
    const context = serviceContext({ service: "check", root: folder });
    const opened = (flags: Record<string, string>) => openSource(context, { location: "cluster", flags });
    expect(opened({ csv: join(folder, "none.csv") })).rejects.toThrow("none.csv cannot be read: ENOENT");
    expect(opened({ "csv-replay": "1" })).rejects.toThrow("Which file? --csv FILE");
    await writeFile(path, HEADER);
    expect(opened({ csv: path, "csv-replay": "fast" })).rejects.toThrow("a number above 0 is expected");
    expect(opened({ csv: path, prometheus: "http://127.0.0.1:1" })).rejects.toThrow("give one of them");
    await writeFile(path, "when\n");
    expect(opened({ csv: path })).rejects.toThrow(`${path}:1:1: there is no column "when"`);
  });
});
