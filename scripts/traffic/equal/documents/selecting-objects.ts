import { groupOf } from "../../../manifests/kinds/registry.ts";
import type { FieldPath, ManifestDocument } from "../../../manifests/document.ts";
import { kindOf } from "../../../manifests/resources.ts";
import { isRecord, listAt, valueAt } from "../../../schema/value.ts";
import { fullHost } from "../../hosts.ts";
import { canonical, type Unmodelled } from "./object-kinds.ts";
import { oneSided } from "./one-sided.ts";

/** A part of an object that a Sidecar or an EnvoyFilter can select. */
interface Selectable {
  /** The object as text, for messages. */
  what: string;
  /** The name by which an EnvoyFilter selects it. */
  name: string;
  /** Its content. */
  text: string;
}

/**
 * The parts of two sides that are not alike and that a Sidecar selects by namespace or an EnvoyFilter by name, in
 * sentences. Names and namespaces have no effect otherwise, so nothing else compares them.
 * @param unmodelled the objects of both sides that are not modelled
 */
export function selectedApart(
  a: readonly ManifestDocument[],
  b: readonly ManifestDocument[],
  unmodelled: readonly Unmodelled[],
): string[] {
  const doubts: string[] = [];
  for (const { name, value } of unmodelled) {
    if (!isRecord(value) || groupOf(String(value["apiVersion"])) !== "networking.istio.io") continue;
    if (value["kind"] === "Sidecar") {
      for (const { what } of oneSided(hostsOfMesh(a), hostsOfMesh(b), textOf))
        doubts.push(`${what} is only on one side, and ${name} selects by namespace what its callers see`);
    } else if (value["kind"] === "EnvoyFilter") {
      const words = wordsOf(value);
      const isNamed = ({ name }: Selectable): boolean => words.has(name);
      const [ofA, ofB] = [a, b].map((documents) => documents.flatMap(namedParts).filter(isNamed)) as [
        Selectable[],
        Selectable[],
      ];
      for (const { what } of oneSided(ofA, ofB, textOf))
        doubts.push(`${what} differs between the sides, and ${name} changes objects with this name`);
    }
  }
  return [...new Set(doubts)];
}

const textOf = ({ text }: Selectable): string => text;

/** The hosts of VirtualServices for sidecars. A Sidecar selects VirtualServices by namespace and host. */
function hostsOfMesh(documents: readonly ManifestDocument[]): Selectable[] {
  return documents.flatMap((document) => {
    const { value } = document;
    if (kindOf(document) !== "virtualServices") return [];
    const gateways = listAt(value, ["spec", "gateways"]);
    if (gateways.length > 0 && !gateways.includes("mesh")) return [];
    const namespace = String(valueAt(value, ["metadata", "namespace"]) ?? "default");
    return listAt(value, ["spec", "hosts"]).map((written): Selectable => {
      const host = fullHost(String(written), namespace);
      const what = `a VirtualService for ${host} in the namespace ${namespace}`;
      return { what, name: host, text: canonical([host, namespace]) };
    });
  });
}

/** Returns the named rules, subsets, Gateways and servers of an object, each with its content. */
function namedParts(document: ManifestDocument): Selectable[] {
  const { value } = document;
  const named = (what: string, path: FieldPath, list: FieldPath, beside: FieldPath): Selectable[] =>
    listAt(value, list).flatMap((item) => {
      const name = valueAt(item, path);
      const text = canonical([valueAt(value, beside), item]);
      return typeof name === "string" ? [{ what: `${what} ${name}`, name, text }] : [];
    });
  switch (kindOf(document)) {
    case "virtualServices":
      return [
        ...named("the rule", ["name"], ["spec", "http"], ["spec", "hosts"]),
        ...listAt(value, ["spec", "http"]).flatMap((rule) =>
          listAt(rule, ["match"]).flatMap((match): Selectable[] => {
            const name = valueAt(match, ["name"]);
            return typeof name === "string"
              ? [{ what: `the match ${name}`, name, text: canonical(rule) }]
              : [];
          }),
        ),
      ];
    case "destinationRules":
      return named("the subset", ["name"], ["spec", "subsets"], ["spec", "host"]);
    case "gateways": {
      const name = String(valueAt(value, ["metadata", "name"]));
      const all = canonical([valueAt(value, ["metadata", "namespace"]), name, valueAt(value, ["spec"])]);
      return [
        { what: `the Gateway ${name}`, name, text: all },
        ...named("the server", ["name"], ["spec", "servers"], ["spec", "selector"]),
        ...named("the port", ["port", "name"], ["spec", "servers"], ["spec", "selector"]),
      ];
    }
    default:
      return [];
  }
}

/** The names in the conditions of an EnvoyFilter's patches, and the parts of those that Istio composes of others. */
function wordsOf(filter: unknown): Set<string> {
  const words = new Set<string>();
  for (const patch of listAt(filter, ["spec", "configPatches"])) collect(valueAt(patch, ["match"]));
  return words;

  function collect(value: unknown): void {
    if (typeof value === "string") for (const word of [value, ...value.split(/[|/:]|_?\./)]) words.add(word);
    else if (Array.isArray(value)) value.forEach(collect);
    else if (isRecord(value)) Object.values(value).forEach(collect);
  }
}
