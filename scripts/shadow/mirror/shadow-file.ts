import { readFile } from "node:fs/promises";
import { join } from "node:path";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { type Document, isMap, isSeq, parseAllDocuments } from "yaml";
import { UserError } from "../../cluster/user-error.ts";
import type { MirrorRun } from "./mirror.ts";
import { revisionOfRun, RUN_TAG } from "./mirror.ts";
import { messageOf } from "../../text/message-of.ts";

const ShadowService = Type.Object({
  apiVersion: Type.Literal("serving.knative.dev/v1"),
  kind: Type.Literal("Service"),
  metadata: Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
  spec: Type.Object({
    template: Type.Object({
      metadata: Type.Optional(Type.Object({})),
      spec: Type.Object({
        containers: Type.Array(
          Type.Object({
            image: Type.String(),
            env: Type.Optional(
              Type.Array(Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) })),
            ),
          }),
          { minItems: 1, maxItems: 1 },
        ),
      }),
    }),
  }),
});
type ShadowService = Static<typeof ShadowService>;

/** The file of the Knative Service that compares a service's answers. */
export interface ShadowFile {
  /** As the user names it. */
  readonly path: string;
  readonly name: string;
  readonly namespace: string;
  /** The text for one run: the revision's name, its tag, and the run's environment set. */
  textFor(run: MirrorRun): string;
  /** The same as objects, in the order in which they are applied. @param image in place of the file's */
  objectsFor(run: MirrorRun, image: string): Record<string, unknown>[];
}

/** Returns the file of a service, below the folder of `knative` and `istio`. */
export function shadowFilePath(service: string): string {
  return join("shadow", `${service}.yaml`);
}

/** Reads the file of a service. @throws UserError if there is none, or it has no Knative Service */
export async function readShadowFile(root: string, service: string): Promise<ShadowFile> {
  const path = shadowFilePath(service);
  const text = await readFile(join(root, path), "utf8").catch((error: unknown) => {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new UserError(
      isMissing
        ? `There is no ${path} in ${root}. It holds the Knative Service that compares the answers of ${service}: docs/shadow.md shows one.`
        : `${path} cannot be read: ${messageOf(error)}`,
    );
  });
  const documents = documentsOf(text, path);
  const { service: found } = serviceIn(documents, path);
  const { name, namespace = "default" } = found.metadata;
  return {
    path,
    name,
    namespace,
    textFor: (run) => edited(text, path, run, undefined).map(String).join(""),
    objectsFor: (run, image) =>
      edited(text, path, run, image).map((document) => document.toJS() as Record<string, unknown>),
  };
}

function documentsOf(text: string, path: string): Document.Parsed[] {
  const documents = parseAllDocuments(text, { schema: "yaml-1.1", logLevel: "error" });
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error !== undefined) throw new UserError(`${path}: ${error.message}`);
  return documents;
}

function serviceIn(
  documents: readonly Document.Parsed[],
  path: string,
): { document: Document.Parsed; service: ShadowService } {
  for (const document of documents) {
    const service: unknown = document.toJS();
    if (Check(ShadowService, service)) return { document, service };
  }
  throw new UserError(`${path} holds no Knative Service with one container.`);
}

function edited(text: string, path: string, run: MirrorRun, image: string | undefined): Document.Parsed[] {
  const documents = documentsOf(text, path);
  const { document, service } = serviceIn(documents, path);
  const revisionName = revisionOfRun(service.metadata.name, run);
  document.setIn(["spec", "template", "metadata", "name"], revisionName);
  document.setIn(["spec", "traffic"], document.createNode([{ revisionName, tag: RUN_TAG, percent: 100 }]));
  const container = document.getIn(["spec", "template", "spec", "containers", 0]);
  if (!isMap(container))
    throw new UserError(`${path}: its container is written in a way that cannot be edited.`);
  if (image !== undefined) container.set("image", image);
  const others = (service.spec.template.spec.containers[0]?.env ?? []).filter(
    ({ name }) => !(name in run.env),
  );
  const own = Object.entries(run.env).map(([name, value]) => ({ name, value }));
  // Other variables of the file are kept, including those from a Secret.
  const env: unknown = container.get("env");
  if (isSeq(env)) {
    env.items = env.items.filter((item) => isMap(item) && !(String(item.get("name")) in run.env));
    for (const variable of own) env.add(document.createNode(variable));
  } else container.set("env", document.createNode([...others, ...own]));
  return documents;
}
