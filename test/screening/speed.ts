import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { listsWith } from "../../functions/credit-check/rules/black-listed.ts";
import { PLAIN_HEADER } from "../../functions/credit-check/screening/read-plain-list.ts";
import { readWatchLists } from "../../functions/credit-check/screening/watch-lists.ts";
import { freePort, residentMiB, start, untilAnswers } from "../../scripts/bench/http/pinned-process.ts";
import { seededRandom } from "../../scripts/traffic/random.ts";

const HELP = `Measures the time of a screening and the memory of a service with the list.

Usage: bun test/screening/speed.ts [--names 20000] [--screenings 2000]

  --names N        the number of listed synthetic persons
  --screenings N   the number of screened applicants; every tenth is on the list with one letter changed
`;

const SYLLABLES = "an ba be cha da el fa go ha i jo ka la mi na o pe ra sa ti u va wa xe yu za".split(" ");

const { values } = parseArgs({
  options: {
    names: { type: "string", default: "20000" },
    screenings: { type: "string", default: "2000" },
    help: { type: "boolean" },
  },
});
const [size, screenings] = [Number(values.names), Number(values.screenings)];
if (values.help === true || !(size > 0 && screenings > 0)) {
  process.stdout.write(HELP);
  process.exit(values.help === true ? 0 : 2);
}
const random = seededRandom(1);
const folder = await mkdtemp(join(tmpdir(), "screening-"));
try {
  await measure();
} finally {
  await rm(folder, { recursive: true });
}

async function measure(): Promise<void> {
  const listed = Array.from({ length: size }, () => name());
  const applicants = Array.from({ length: screenings }, (_, i) => {
    const known = listed[i % size] ?? "";
    return { applicantId: `A-${i}`, name: i % 10 === 0 ? `${known.slice(0, -1)}q` : name() };
  });
  const file = join(folder, "list.csv");
  const text = [PLAIN_HEADER.join(","), ...listed.map((person) => `sanctions,${person},,,`), ""].join("\n");
  await writeFile(file, text);
  const began = process.cpuUsage();
  const { persons } = await readWatchLists([{ file, text, changedAt: 0 }]);
  const { user, system } = process.cpuUsage(began);
  for (const applicant of applicants.slice(0, 200)) listsWith(applicant, persons);
  let found = 0;
  const took = applicants.map((applicant) => {
    const before = performance.now();
    found += listsWith(applicant, persons).size;
    return performance.now() - before;
  });
  took.sort((a, b) => a - b);
  const at = (share: number) => (took[Math.floor(share * (took.length - 1))] ?? 0).toFixed(2);
  console.log(`${size} listed names, read in ${((user + system) / 1e6).toFixed(1)} s of processor time`);
  console.log(
    `one screening: median ${at(0.5)} ms, 99 % ${at(0.99)} ms; ${found} of ${screenings} are found`,
  );
  await measureService(file, text, applicants);
}

/** The advanced credit check: its memory after it has screened all applicants, and the latency while a list changes. */
async function measureService(file: string, text: string, applicants: readonly object[]): Promise<void> {
  const origin = `http://127.0.0.1:${freePort()}`;
  await using service = start({
    command: [process.execPath, join(import.meta.dir, "../../functions/credit-check/main.ts")],
    env: {
      HOST: "127.0.0.1",
      PORT: new URL(origin).port,
      CREDIT_CHECK_VARIANT: "advanced",
      WATCH_LISTS: file,
    },
  });
  await untilAnswers(`${origin}/readyz`, service);
  const memory = async () => ((await residentMiB(service.pid)) ?? Number.NaN).toFixed(0);
  const ask = async (applicant: object): Promise<number> => {
    const before = performance.now();
    const answer = await fetch(`${origin}/credit-check/report`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(applicant),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`the service answered ${answer.status}: ${text}`);
    return performance.now() - before;
  };
  const usual: number[] = [];
  for (const applicant of applicants) usual.push(await ask(applicant));
  console.log(`memory of the service: ${await memory()} MiB`);
  const versionInForce = async () =>
    /kyc_watch_lists\{version="(\w+)"/.exec(await (await fetch(`${origin}/metrics`)).text())?.[1];
  const before = await versionInForce();
  await writeFile(file, `${text}sanctions,Another Person,,,\n`);
  const during: number[] = [];
  // A service checks its lists every five seconds.
  for (let i = 0; ; i++) {
    const askedAt = performance.now();
    const isChanged = (await versionInForce()) !== before;
    during.push(performance.now() - askedAt, await ask(applicants[i % applicants.length] ?? {}));
    if (isChanged) break;
    await Bun.sleep(2);
  }
  const last = (took: number[]) =>
    took
      .toSorted((a, b) => b - a)
      .slice(0, 5)
      .map((ms) => ms.toFixed(0))
      .join(", ");
  console.log(
    `the slowest responses: ${last(usual)} ms; until a changed list is in force: ${last(during)} ms`,
  );
  console.log(`memory after it was read: ${await memory()} MiB`);
  for (const applicant of applicants) await ask(applicant);
  console.log(`memory after the screenings: ${await memory()} MiB`);
}

function name(): string {
  const part = (least: number): string => {
    const length = least + Math.floor(random() * 2);
    return Array.from({ length }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join("");
  };
  return `${part(2)} ${part(3)}`;
}
