import { aCase, type Case, type Wish } from "./cases.ts";
import { difference, essence, seenDifference } from "./compare.ts";
import { eachAtOnce } from "./each-at-once.ts";
import type { EnvoySide } from "./envoy-side.ts";
import { commonManifests, hostOf, tableManifest } from "./manifests.ts";
import { type LocalEchoes, MeshSide, tableOf } from "./mesh-side.ts";
import type { Answer, Seen } from "./answer-schema.ts";

/** One request with different answers. */
export interface Difference {
  what: string;
  /** The table with this request alone. */
  of: Case;
  mesh: Answer;
  envoy: Answer;
}

/** The name of every table in recordings. */
export const RECORDED = "table";

const AT_ONCE = 6;
const ATTEMPTS = 3;
// Enough draws to hit each destination of a table. Consecutive draws are far apart, so that the destination that Envoy
// chose is found quickly.
const DRAWS = [...Array.from({ length: 40 }, (_, i) => (((i * 17) % 40) + 0.5) / 40), 0.001, 0.999];

/** The differences between the mesh and Envoy, and all of Envoy's answers in the order of the cases. */
export async function differences(
  cases: readonly Case[],
  envoy: EnvoySide,
  echoes: LocalEchoes,
  progress: (text: string) => void = () => {},
): Promise<{ found: Difference[]; asked: number; answers: Answer[][] }> {
  const run = crypto.randomUUID().slice(0, 6);
  const names = cases.map((_, i) => `t${run}-${i}`);
  const tables = new Map(cases.map(({ rules }, i) => [names[i] as string, rules]));
  await envoy.use(tables);
  progress("the tables are in force");
  const found: Difference[] = [];
  const answers: Answer[][] = cases.map(() => []);
  const copied = new Map<string, { of: Case; answer: Answer; taken: string }>();
  let asked = 0;
  await eachAtOnce(AT_ONCE, [...cases.keys()], async (i) => {
    const { rules, requests } = cases[i] as Case;
    const name = names[i] as string;
    using mesh = new MeshSide(tableOf([...commonManifests(), tableManifest(name, rules)]), echoes);
    for (const [j, wish] of requests.entries()) {
      const id = `${name}-${j}`;
      asked++;
      const of = { rules, requests: [wish] };
      for (let attempt = 1; ; attempt++) {
        const tried = `${id}-${attempt}`;
        const answer = await envoy.ask(hostOf(name), wish, tried);
        const result = await compared(mesh, hostOf(name), wish, tried, answer);
        // On a busy machine a time limit may affect only one side; a real difference is reproducible.
        if ("what" in result && attempt < ATTEMPTS) continue;
        answers[i]?.push(essence(answer, hostOf(name), hostOf(RECORDED)));
        if ("what" in result) found.push({ ...result, of, envoy: answer });
        // Without a revision's answer its choice is unknown, and its changes are in the copy.
        else if (answer.seen !== undefined || !mesh.leavesToChance)
          copied.set(tried, { of, answer, taken: result.taken });
        break;
      }
    }
  });
  await Bun.sleep(200);
  const [theirs, ours] = [await envoy.copies(), await echoes.copies()];
  for (const [id, { of, answer, taken }] of copied) {
    const what = copyDifference(ours.get(taken) ?? [], theirs.get(id) ?? []);
    if (what !== undefined) found.push({ what, of, mesh: answer, envoy: answer });
  }
  await envoy.forget(names);
  return { found, asked, answers };
}

/** The difference of the mesh's answers from this one for all draws; or the name of the case with an equal answer. */
export async function compared(
  mesh: MeshSide,
  host: string,
  wish: Wish,
  id: string,
  answer: Answer,
): Promise<{ what: string; mesh: Answer } | { taken: string }> {
  let first: { what: string; mesh: Answer } | undefined;
  for (const [k, draw] of (mesh.leavesToChance ? DRAWS : [0.5]).entries()) {
    mesh.draw = draw;
    // Each draw is a separate case for the echo.
    const taken = `${id}.${k}`;
    const own = await mesh.ask(host, wish, taken);
    const what = difference(own, answer);
    if (what === undefined) return { taken };
    // The draw of Envoy's revision explains more than other draws.
    if (first === undefined || own.seen?.revision === answer.seen?.revision) first = { what, mesh: own };
  }
  return first as { what: string; mesh: Answer };
}

function copyDifference(mesh: readonly Seen[], envoy: readonly Seen[]): string | undefined {
  const [a] = mesh;
  const [b] = envoy;
  if (mesh.length !== envoy.length) return `${mesh.length} and ${envoy.length} copies`;
  if (a === undefined || b === undefined) return undefined;
  if (a.revision !== b.revision) return `a copy to ${a.revision} and ${b.revision}`;
  const what = seenDifference(a, b);
  return what === undefined ? undefined : `of a copy, ${what}`;
}

// Smaller cases are tried in parallel, because each round waits until a change is in force.
const CANDIDATES = 40;
const MAX_ROUNDS = 25;

/** The smallest case that fast-check finds and that still differs. */
export async function shrunk(
  difference: Difference,
  envoy: EnvoySide,
  echoes: LocalEchoes,
): Promise<Difference> {
  const arbitrary = aCase(1);
  let smallest = difference;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const smaller: Case[] = [];
    if (!arbitrary.canShrinkWithoutContext(smallest.of)) return smallest;
    for (const { value } of arbitrary.shrink(smallest.of, undefined)) {
      if (smaller.push(value) === CANDIDATES) break;
    }
    const { found } = await differences(smaller, envoy, echoes);
    const next = smaller
      .map(({ rules }) => found.find(({ of }) => of.rules === rules))
      .find((one) => one !== undefined);
    if (next === undefined) return smallest;
    smallest = next;
  }
  return smallest;
}
