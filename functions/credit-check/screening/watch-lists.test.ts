import { describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeService } from "../../shared/testing/fakes.ts";
import { openWatchLists, watchListMetrics } from "./lists-in-force.ts";
import { readName } from "./name.ts";
import { readPlainList } from "./read-plain-list.ts";
import { readSdn } from "./read-sdn.ts";

const SDN = `36,"DOE CORPORATION",-0- ,"TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"a company"
173,"TESTMANN, Erik ""the Tester""","individual","TEST",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,"DOB 12 Mar 1960; alt. DOB 1961; POB Nowhere; nationality Sweden; citizen Norway."
\x1a`;
const ALT = `173,1,"aka","TESTMAN, Eric",-0-\n`;
const HEADER = "list,name,aliases,dateOfBirth,nationality";

describe("OFAC's list", () => {
  test("contains individuals with their names, dates of birth and nationalities", async () => {
    expect(await readSdn({ file: "sdn.csv", text: SDN }, { file: "alt.csv", text: ALT })).toEqual([
      {
        list: "sanctions",
        names: ['TESTMANN, Erik "the Tester"', "TESTMAN, Eric"],
        birthDates: ["1960-03-12", "1961"],
        nationalities: ["SE", "NO"],
      },
    ]);
  });

  test.each([
    ["1,2\n", "sdn.csv:1: 2 fields, and 12 are expected"],
    [SDN.replace("173,", "x,"), "sdn.csv:2: the first field is not a number"],
    [SDN.replace(',"a company"', ',"a company'), "sdn.csv:2: text follows a closing quote"],
    [SDN.replace('Norway."', "Norway."), "sdn.csv:2: a quote is not closed"],
  ])("is refused if it is broken, with its line", async (text, message) => {
    await expect(readSdn({ file: "sdn.csv", text }, undefined)).rejects.toThrow(message);
  });
});

describe("a plain list", () => {
  test("has one person per line", async () => {
    const text = `${HEADER}\nnotices,Jane Test,"J. Test; Janet Test",1970;1971-02,SE;NO\n`;
    expect(await readPlainList({ file: "f.csv", text })).toEqual([
      {
        list: "notices",
        names: ["Jane Test", "J. Test", "Janet Test"],
        birthDates: ["1970", "1971-02"],
        nationalities: ["SE", "NO"],
      },
    ]);
  });

  test.each([
    ["name\nJane\n", "f.csv:1: the header is not list,name,aliases,dateOfBirth,nationality"],
    [`${HEADER}\nblack,Jane,,,\n`, "f.csv:2: list is neither sanctions nor notices"],
    [`${HEADER}\nnotices,,,,\n`, "f.csv:2: name is empty"],
    [`${HEADER}\nnotices,Jane,,1.1.1970,\n`, "f.csv:2: dateOfBirth is not"],
    [`${HEADER}\nnotices,Jane,,,Sweden\n`, "f.csv:2: nationality is not a code"],
    [`${HEADER}\nnotices,Jane,,\n`, "f.csv:2: this record has another number of fields"],
  ])("is refused if it is broken, with its line", async (text, message) => {
    await expect(readPlainList({ file: "f.csv", text })).rejects.toThrow(message);
  });
});

test("the synthetic lists of the repository can be read", async () => {
  const folder = join(import.meta.dir, "../lists");
  const names = ["sdn.csv", "alt.csv", "persons.csv"].map((name) => join(folder, name)).join();
  const { current } = await openWatchLists(names, fakeService().deps.log);
  expect(current.count).toBe(4);
  expect(current.persons.exact(readName("Victor Testov"))).toHaveLength(1);
});

describe("lists in force", () => {
  test("follow their files, and stay unchanged if a file is invalid", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lists-"));
    try {
      const file = join(folder, "own.csv");
      const put = async (text: string): Promise<void> => {
        await writeFile(`${file}.new`, text);
        await rename(`${file}.new`, file);
      };
      await put(`${HEADER}\nsanctions,Jane Test,,,\n`);
      const { deps, lines, text } = fakeService();
      const lists = await openWatchLists(file, deps.log);
      expect(lists.current.persons.exact(readName("Jane Test"))).toHaveLength(1);
      expect(watchListMetrics(lists.current)).toContain(`version="${lists.current.version}"`);
      const first = lists.current;

      for (const broken of [`${HEADER}\nsanctions,Jane Secret,,\n`, "", "\n"]) {
        await put(broken);
        await lists.reload();
        expect(lists.current).toBe(first);
        expect(lines().at(-1)).toMatchObject({
          level: "error",
          msg: "watch list refused",
          version: first.version,
        });
      }
      await rm(file);
      await lists.reload();
      expect(lists.current).toBe(first);

      await put(`${HEADER}\nsanctions,Jane Test,,,\nsanctions,John Test,,,\n`);
      await lists.reload();
      expect(lists.current.count).toBe(2);
      expect(lists.current.version).not.toBe(first.version);
      expect(text()).not.toMatch(/Secret|Jane/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("let requests be answered while they are read", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("answered") });
    const folder = await mkdtemp(join(tmpdir(), "lists-"));
    try {
      const file = join(folder, "own.csv");
      const named = (count: number): string => {
        const persons = Array.from(
          { length: count },
          (_, i) => `sanctions,Person${i.toString(36)} Tester${i},,,`,
        );
        return [HEADER, ...persons, ""].join("\n");
      };
      await writeFile(file, named(1));
      const lists = await openWatchLists(file, fakeService().deps.log);
      await writeFile(file, named(3_000));
      const reading = lists.reload();
      let answers = 0;
      while (lists.current.count === 1) {
        expect(await (await fetch(server.url)).text()).toBe("answered");
        // Until the new ones are complete, the old ones are in force.
        if (lists.current.count === 1) answers++;
      }
      await reading;
      expect(lists.current.count).toBe(3_000);
      expect(lists.current.persons.exact(readName("Personzz Tester1295"))).toHaveLength(1);
      expect(answers).toBeGreaterThan(5);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("are empty if no file is named, and keep a service from starting if a file is invalid", async () => {
    const { log } = fakeService().deps;
    expect((await openWatchLists("", log)).current.count).toBe(0);
    expect(openWatchLists("/nowhere/sdn.csv", log)).rejects.toThrow(
      "/nowhere/sdn.csv:1: the file cannot be read",
    );
  });
});

describe("a list of many pieces", () => {
  const pad = "x".repeat(3_000);

  test("is read as one, with line feeds in quotes and lines counted through", async () => {
    const records = Array.from({ length: 30 }, (_, i) => `notices,"Jane ${i}\n${pad}""",,,`);
    const persons = await readPlainList({ file: "f.csv", text: [HEADER, ...records].join("\n") });
    expect(persons.map(({ names }) => names)).toEqual(
      Array.from({ length: 30 }, (_, i) => [`Jane ${i}\n${pad}"`]),
    );
    const broken = [HEADER, ...records, "notices,Jane,,,Sweden"].join("\n");
    await expect(readPlainList({ file: "f.csv", text: broken })).rejects.toThrow("f.csv:62: nationality");
  });

  test.each([
    ["notices,Jane,,", "f.csv:62: this record has another number of fields"],
    ['notices,"Jane,,,', "f.csv:62: a quote is not closed"],
    ['notices,Ja"ne,,,', "f.csv:62: a quote opens in the middle of a field"],
  ])("is refused if it is broken: %s", async (record, message) => {
    const records = Array.from({ length: 30 }, () => `notices,"Jane\n${pad}",,,`);
    const text = [HEADER, ...records, record].join("\n");
    await expect(readPlainList({ file: "f.csv", text })).rejects.toThrow(message);
  });
});
