import { join } from "node:path";
import Type, { type Static } from "typebox";
import { InvalidManifests } from "../manifests/problem.ts";
import { readFileDocuments } from "../manifests/file-documents.ts";
import { validate } from "../manifests/validate.ts";
import type { SplitCall } from "./live/live-split.ts";
import { shellWord } from "../text/command-lines.ts";
import { type FieldNotes, strict } from "../schema/schema.ts";

/** The file next to knative/ and istio/ with the expected responses of a running system. */
export const CHECKS_FILE = "checks.yaml";

const Text = Type.String({ minLength: 1 });
const Path = Type.String({ pattern: "^/", expected: "a path that begins with /" } satisfies FieldNotes & {
  pattern: string;
});
const Headers = Type.Record(Text, Type.String());
const Status = Type.Integer({ minimum: 100, maximum: 599 });

const RequestCheck = strict({
  name: Type.Optional(Type.String({ minLength: 1, description: "The name of the check." })),
  method: Type.Optional(Type.String({ pattern: "^[A-Z]+$", description: "Default: GET." })),
  path: Path,
  host: Type.Optional(Type.String({ minLength: 1, description: "The Host header. Default: the gateway's." })),
  headers: Type.Optional(Headers),
  body: Type.Optional(Type.String()),
  mayBeClosed: Type.Optional(
    Type.Boolean({
      description:
        "Whether the path may be closed to the outside: if no route of the gateway reaches a revision, 403 or 404 is expected.",
    }),
  ),
  expect: strict({
    status: Type.Optional(
      Type.Union([Status, Type.Array(Status, { minItems: 1 })], { description: "Default: 200." }),
    ),
    headers: Type.Optional(Headers),
    json: Type.Optional(Type.Unknown({ description: "The JSON of the answer." })),
    jsonOneOf: Type.Optional(
      Type.Array(Type.Unknown(), { minItems: 1, description: "The answer is one of these." }),
    ),
    keysInOrder: Type.Optional(
      Type.Boolean({ description: "Whether the keys of the JSON must be in this order." }),
    ),
  }),
});
export type RequestCheck = Static<typeof RequestCheck>;

const SplitCheck = strict({
  service: Type.String({ minLength: 1, description: "The Knative Service." }),
  path: Type.String({
    ...Path,
    description: "A path at the ingress gateway whose requests are split.",
  }),
  headers: Type.Optional(Headers),
  revisionHeader: Type.String({
    minLength: 1,
    description: "The header of an answer that names the revision.",
  }),
  decidedAt: Type.Optional(
    strict(
      { host: Text, path: Path },
      {
        description:
          "The cluster-local host of the split, if another service calls it: the first label of the host, and a path.",
      },
    ),
  ),
});
export type SplitCheck = Static<typeof SplitCheck>;

/** `checks.yaml`: the requests of `verify`, and the expected responses. */
export const ChecksFile = strict(
  {
    requests: Type.Optional(Type.Array(RequestCheck)),
    splits: Type.Optional(Type.Array(SplitCheck)),
  },
  {
    title: "kyc checks.yaml",
    description: "The requests of kyc verify to a running system, and the expected responses.",
  },
);

/** The checks of a folder. */
export interface Checks {
  requests: readonly RequestCheck[];
  splits: readonly SplitCheck[];
}

/** Whether a check is a GET without headers, which a browser and curl send by themselves, of a path that is open. */
export function isPlainGet({ method = "GET", host, headers, mayBeClosed }: RequestCheck): boolean {
  return method === "GET" && host === undefined && headers === undefined && mayBeClosed !== true;
}

/** Commands that send the first plain requests of a file to a gateway. */
export function curlsOf(checks: Checks | undefined, url: string): string[] {
  const plain = (checks?.requests ?? []).filter(isPlainGet).slice(0, 2);
  return plain.map(({ path }) => `curl ${shellWord(`${url}${path}`)}`);
}

/** Returns the call that the first split is about; undefined if there is none. */
export function splitCallOf(checks: Checks | undefined): SplitCall | undefined {
  const [split] = checks?.splits ?? [];
  return split && callOf(split);
}

/** Returns the call at which a split is decided: by default at the host of the service itself. */
export function callOf({ service, path, decidedAt = { host: service, path } }: SplitCheck): SplitCall {
  return { service, ...decidedAt };
}

/** Reads `checks.yaml` of a folder; undefined if there is none. @throws InvalidManifests */
export async function readChecks(root: string): Promise<Checks | undefined> {
  const parsed = await readFileDocuments(join(root, CHECKS_FILE), CHECKS_FILE);
  if (parsed === undefined) return undefined;
  if (parsed.problems.length > 0) throw new InvalidManifests(parsed.problems);
  const [document] = parsed.documents;
  if (document === undefined) return { requests: [], splits: [] };
  const { value, problems } = validate(ChecksFile, document);
  if (value === undefined || problems.length > 0) throw new InvalidManifests(problems);
  const { requests = [], splits = [] } = value;
  return { requests, splits };
}
