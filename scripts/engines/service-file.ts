import { readFile } from "node:fs/promises";
import Type, { type Static } from "typebox";
import { Check } from "typebox/schema";
import { parseDocuments } from "../manifests/document.ts";
import { InvalidManifests } from "../manifests/problem.ts";
import { didYouMean } from "../nearest.ts";
import { CannotWrite, UnknownService } from "../traffic/split/split.ts";
import { messageOf } from "../text/message-of.ts";

const Target = Type.Object({
  revisionName: Type.Optional(Type.String()),
  latestRevision: Type.Optional(Type.Boolean()),
  tag: Type.Optional(Type.String()),
  percent: Type.Optional(Type.Integer()),
});

/** A Knative Service in a file or from `kubectl get -o yaml`, with the fields about traffic. */
const ServiceObject = Type.Object({
  apiVersion: Type.String({ pattern: "^serving\\.knative\\.dev/" }),
  kind: Type.Literal("Service"),
  metadata: Type.Object({ name: Type.String() }),
  spec: Type.Object({
    template: Type.Optional(
      Type.Object({ metadata: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })) }),
    ),
    traffic: Type.Optional(Type.Array(Target)),
  }),
  status: Type.Optional(
    Type.Object({
      latestReadyRevisionName: Type.Optional(Type.String()),
      traffic: Type.Optional(Type.Array(Target)),
    }),
  ),
});

/** One state of a Knative Service. */
export interface ServiceStateInFile {
  /** The name that the state gives its revision. */
  template: string | undefined;
  traffic: Static<typeof Target>[] | undefined;
  latestReady: string | undefined;
  /** The traffic that the cluster reports in its status. */
  observed: Static<typeof Target>[] | undefined;
}

/**
 * Reads the states of a Knative Service from a file, which may be the output of a cluster, with fields that the local
 * mesh does not implement.
 * @param shown the name of the file as the user gave it
 * @throws CannotWrite if there is no such file; UnknownService if it has no such service; InvalidManifests if it is
 *   not YAML
 */
export async function readServiceStates(
  path: string,
  shown: string,
  service: string,
): Promise<ServiceStateInFile[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new CannotWrite(`${shown} cannot be read: ${messageOf(error)}`);
  });
  const { documents, problems } = parseDocuments(shown, text);
  if (problems.length > 0) throw new InvalidManifests(problems);
  const services: Static<typeof ServiceObject>[] = [];
  for (const { value } of documents) if (Check(ServiceObject, value)) services.push(value);
  const states = services.filter(({ metadata }) => metadata.name === service);
  if (states.length > 0)
    return states.map(({ spec, status }) => ({
      template: spec.template?.metadata?.name,
      traffic: spec.traffic,
      latestReady: status?.latestReadyRevisionName,
      observed: status?.traffic,
    }));
  const names = [...new Set(services.map(({ metadata }) => metadata.name))];
  throw new UnknownService(`${shown} has no Knative Service ${service}; ${didYouMean(service, names)}`);
}
