import fc from "fast-check";
import { type KnTarget, resolved, withDefaults } from "../../scripts/traffic/kn/target.ts";

/** A Service on a cluster, and the arguments after `kn service update NAME`. */
export interface Case {
  service: string;
  spec: KnTarget[];
  status: KnTarget[];
  revisions: string[];
  /** Missing if no revision has ever been ready. */
  latest?: string;
  args: string[];
}

const REVISIONS = ["echo-v0", "echo-v1", "echo-v2", "echo-v3"];
const TAGS = ["a", "b", "c", "candidate", "echo-v1"];
const ODD_NAMES = [
  "echo-v9",
  "echo",
  "Echo-v1",
  "a b",
  "latest",
  "@Latest",
  "",
  "x/y",
  "x/y/z",
  "/y",
  "X_/y",
];
const ODD_TAGS = ["A", "-a", "a-", "a_b", "1a", "ä", "", "@latest", "a%", "a%%", " a"];
const LONG = ["x".repeat(63), "x".repeat(64), "é".repeat(40)];
const ROUND = ["0", "10", "20", "40", "50", "60", "80", "90", "100"];
const ODD_PERCENTS = [
  "101",
  "-1",
  "-0",
  "+10",
  "010",
  "10%",
  "10%%",
  "1.5",
  "1e1",
  "0x10",
  "1_0",
  " 10",
  "10 ",
];
const NO_PERCENTS = ["", "%", "ten", "١٠", "+", "-", "9223372036854775807", "9223372036854775808"];
const BELOW = ["-9223372036854775808", "-9223372036854775809"];
const ODD_PAIRS = ["a=1=2", "=", "==", "=5", "a=", "@latest", "echo-v1", "a:10", "a==10", ""];
const NO_LISTS = [
  '"a=1',
  'a"b=1',
  '"a"b=1',
  '"a=1""',
  '"a\nb',
  ' "a=100"',
  '"',
  '"""',
  'ä"b',
  '"a=1" ,b',
  "\n",
];
const ODD_LISTS = [
  '"a=50,b=50"',
  "a=50\nb=50",
  "\na=100",
  'a=50,"b\n=1"',
  "a=100\r",
  ",",
  ",,",
  '"",a=100',
  "",
];
const MORE_LISTS = ['""', '\n\n"a', 'a=\u00011"', "\r\n", 'é,"x', '"a\n\r', '"a""=50",b=50'];

const revision = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...REVISIONS, "@latest") },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES) },
);
const tag = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TAGS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_TAGS, ...LONG) },
);
const percent = fc.oneof(
  { weight: 6, arbitrary: fc.nat(100).map(String) },
  { weight: 8, arbitrary: fc.constantFrom(...ROUND) },
  { weight: 2, arbitrary: fc.constantFrom(...ODD_PERCENTS, ...NO_PERCENTS, ...BELOW) },
);
const reference = fc.oneof(revision, tag);
const share = fc.oneof(
  { weight: 14, arbitrary: fc.tuple(reference, percent).map((pair) => pair.join("=")) },
  { weight: 1, arbitrary: percent },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_PAIRS) },
);
const cuts = fc.array(fc.nat(100), { minLength: 3, maxLength: 3 });
/** Shares that sum to 100, which kn accepts. */
const whole = fc
  .tuple(fc.uniqueArray(reference, { minLength: 1, maxLength: 4 }), cuts)
  .map(([references, at]) => {
    const ends = [...at.slice(0, references.length - 1).sort((x, y) => x - y), 100];
    return references.map((name, i) => `${name}=${(ends[i] ?? 0) - (ends[i - 1] ?? 0)}`);
  });
const tagging = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(revision, tag).map((pair) => pair.join("=")) },
  { weight: 1, arbitrary: fc.constantFrom(...TAGS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_PAIRS) },
);
const oddList = fc.constantFrom(...NO_LISTS, ...ODD_LISTS, ...MORE_LISTS);

const slot = fc.record({
  revision: fc.constantFrom(...REVISIONS, "@latest"),
  tag: fc.option(fc.constantFrom(...TAGS), { nil: undefined }),
  percent: fc.nat(100),
});
const block = fc
  .uniqueArray(slot, { maxLength: 4, comparator: (x, y) => x.tag !== undefined && x.tag === y.tag })
  .map((slots) => {
    let left = 100;
    return slots.map(({ revision, tag, percent }, i): KnTarget => {
      const given = i === slots.length - 1 ? left : Math.min(left, percent);
      left -= given;
      const isLatest = revision === "@latest";
      return {
        ...(tag === undefined ? {} : { tag }),
        ...(isLatest ? {} : { revisionName: revision }),
        latestRevision: isLatest,
        percent: given,
      };
    });
  });

/** A case. kn accepts about a third of them, and refuses the others, with each of its messages. */
export const aCase: fc.Arbitrary<Case> = fc
  .record({
    spec: block,
    other: fc.option(block, { freq: 12 }),
    latest: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...REVISIONS) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    isFirstGone: fc.nat(8).map((n) => n === 0),
    flags: fc
      .tuple(
        given("--traffic", fc.oneof(fc.array(share, { minLength: 1, maxLength: 4 }), whole), 6),
        given("--tag", fc.array(tagging, { minLength: 1, maxLength: 3 }), 1),
        given("--untag", fc.array(tag, { minLength: 1, maxLength: 3 }), 1),
      )
      .chain((flags) => fc.shuffledSubarray(flags, { minLength: 3, maxLength: 3 })),
  })
  .filter(({ flags }) => flags.some(({ length }) => length > 0))
  .map(({ spec, other, latest, isFirstGone, flags }) => ({
    service: "echo",
    spec,
    // The block in the status, which may differ.
    status: resolved(withDefaults(other ?? spec), latest),
    revisions: isFirstGone ? REVISIONS.slice(1) : REVISIONS,
    ...(latest === undefined ? {} : { latest }),
    args: flags.flat(),
  }));

/** A flag, given several times or not at all, with lists of items, some of them in quotes. */
function given(flag: string, items: fc.Arbitrary<string[]>, frequency: number): fc.Arbitrary<string[]> {
  const style = fc.record({
    isQuoted: fc.nat(11).map((n) => n === 0),
    isLast: fc.boolean(),
    isJoined: fc.boolean(),
  });
  const lists = fc.tuple(items, fc.array(style, { minLength: 4, maxLength: 4 })).map(([list, styles]) => {
    const args: string[] = [];
    let open: string[] = [];
    for (const [i, item] of list.entries()) {
      const { isQuoted, isLast, isJoined } = styles[i] ?? { isQuoted: false, isLast: true, isJoined: true };
      open.push(isQuoted ? `"${item.replaceAll('"', '""')}"` : item);
      if (!isLast && i < list.length - 1) continue;
      args.push(...(isJoined ? [`${flag}=${open.join(",")}`] : [flag, open.join(",")]));
      open = [];
    }
    return args;
  });
  const written = fc.oneof(
    { weight: 12, arbitrary: lists },
    { weight: 1, arbitrary: oddList.map((value) => [flag, value]) },
  );
  return fc.option(written, { nil: [], freq: frequency });
}
